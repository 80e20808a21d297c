package registry

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"tideline/streams/sources"
)

// text sends a document of a type.
func text(kind string, document func(r *http.Request) string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", kind)
		_, _ = io.WriteString(w, document(r))
	}
}

// hashed gives ids that are hashes.
func hashed(prefix string, parts func(n int) []string) func(int) string {
	return func(n int) string { return prefix + sources.Hash(parts(n)...) }
}

func repeat(n int, entry func(i int) string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(entry(i))
	}
	return b.String()
}

const simpleMapping = `
mapping:
  source: partner
  kind: internship
  time_zone: Asia/Kolkata
  fields: {id: ref, title: name, organisation: firm.name|firm, locations: places, posted: since, deadline: until, pay: pay, skills: skills}`

// hackathon is an entry of Devpost's listing.
func hackathon(i int) any {
	return object{
		"id": 500 + i, "title": "Harbor Hacks", "displayed_location": object{"icon": "globe", "location": "Online"}, "open_state": "open",
		"url": "https://harbor-hacks.devpost.com/", "submission_period_dates": "Apr 17 - May 30, 2026", "themes": []any{object{"id": 6, "name": "Machine Learning/AI"}},
		"prize_amount": "$<span data-currency-value>10,000</span>", "organization_name": "Harbor", "registrations_count": 70 + i,
	}
}

var morePlays = []play{
	{
		kind: "devpost", entries: 85, requests: 3, id: func(n int) string { return fmt.Sprintf("devpost:%d", 500+n) }, names: []string{`"hackathons"`, `"total_count"`, `"id"`, `"submission_period_dates"`},
		options: func(base string) string { return "base_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			all := list(n, hackathon)
			return at(map[string]http.HandlerFunc{"/api/hackathons": func(w http.ResponseWriter, r *http.Request) {
				answer(w, object{"hackathons": slice(all, 40*(number(r, "page", 1)-1), 40), "meta": object{"total_count": n, "per_page": 40}})
			}})
		},
	},
	{
		kind: "devto", entries: 150, requests: 2, id: numbered("devto:"), window: true,
		options: func(base string) string { return "pages: 3\ntag: go\nbase_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			all := list(n, func(i int) any {
				return object{
					"id": i, "title": "Channels in Go", "description": "How they block.", "url": "https://dev.to/a/1", "tag_list": []string{"go", "beginners"},
					"published_timestamp": "2026-04-30T07:00:00Z", "public_reactions_count": 12, "comments_count": 3, "organization": object{"name": "Harbor"},
				}
			})
			return at(map[string]http.HandlerFunc{"/api/articles": func(w http.ResponseWriter, r *http.Request) {
				answer(w, slice(all, 100*(number(r, "page", 1)-1), number(r, "per_page", 30)))
			}})
		},
	},
	{
		kind: "hackernews", entries: 4, requests: 5, id: numbered("hackernews:"), window: true,
		options: func(base string) string { return "list: best\nmin_score: 10\nbase_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			return func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/v0/beststories.json" {
					answer(w, list(n, func(i int) any { return i }))
					return
				}
				i, err := strconv.Atoi(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/v0/item/"), ".json"))
				if err != nil {
					http.NotFound(w, r)
					return
				}
				answer(w, object{"id": i, "type": "story", "title": "Show HN: A database in Rust", "url": "https://db.example", "time": 1777600000, "score": 120, "descendants": 7, "by": "x"})
			}
		},
	},
	{
		kind: "feed", variant: "rss", entries: 3, requests: 1, window: true, conditional: true,
		id:      func(int) string { return "" }, // see idAt
		options: func(base string) string { return "url: " + base + "/feed" },
		serve: func(n int, _ string) http.HandlerFunc {
			return at(map[string]http.HandlerFunc{"/feed": text("application/rss+xml; charset=utf-8", func(*http.Request) string {
				return `<?xml version="1.0"?><rss version="2.0"><channel><title>Harbor</title>` + repeat(n, func(i int) string {
					return fmt.Sprintf(`<item><title>Kubernetes &amp; you</title><link>https://h.example/%d</link><guid>g-%d</guid><pubDate>Fri, 01 May 2026 07:00:00 GMT</pubDate><description>&lt;p&gt;Pods&lt;/p&gt;</description></item>`, i, i)
				}) + `</channel></rss>`
			})})
		},
	},
	{
		kind: "feed", variant: "atom", entries: 3, requests: 1, window: true, conditional: true, id: func(int) string { return "" },
		options: func(base string) string { return "url: " + base + "/feed\nbucket: jobs" },
		serve: func(n int, _ string) http.HandlerFunc {
			return at(map[string]http.HandlerFunc{"/feed": text("application/atom+xml", func(*http.Request) string {
				return `<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><title>Harbor</title>` + repeat(n, func(i int) string {
					return fmt.Sprintf(`<entry><title>Go engineer</title><id>g-%d</id><link href="https://h.example/%d"/><published>2026-05-01T07:00:00Z</published><summary>SQL</summary></entry>`, i, i)
				}) + `</feed>`
			})})
		},
	},
	{
		kind: "feed", variant: "json feed", entries: 3, requests: 1, window: true, conditional: true, id: func(int) string { return "" },
		options: func(base string) string { return "url: " + base + "/feed" },
		serve: func(n int, _ string) http.HandlerFunc {
			items := list(n, func(i int) any {
				return object{"id": fmt.Sprintf("g-%d", i), "url": "https://h.example", "title": "Rust", "content_text": "Traits", "date_published": "2026-05-01T07:00:00Z"}
			})
			return at(map[string]http.HandlerFunc{"/feed": func(w http.ResponseWriter, _ *http.Request) {
				answer(w, object{"version": "https://jsonfeed.org/version/1.1", "title": "Harbor", "items": items})
			}})
		},
	},
	{
		kind: "courses", entries: 3, requests: 1, conditional: true, anyText: true, id: hashed("course:", func(n int) []string { return []string{fmt.Sprintf("c.example/%d", n)} }),
		options: func(base string) string { return "url: " + base + "/courses.md\nlicence: A list (CC BY 4.0)" },
		serve: func(n int, _ string) http.HandlerFunc {
			return at(map[string]http.HandlerFunc{"/courses.md": text("text/plain; charset=utf-8", func(*http.Request) string {
				return "# Courses\n\n* [Index](#databases)\n\n### Databases\n\n" + repeat(n, func(i int) string {
					return fmt.Sprintf("* [SQL from the start](https://c.example/%d) - Ada Example *(email address requested)*\n", i)
				})
			})})
		},
	},
	{
		kind: "json", entries: 3, requests: 1, conditional: true, id: numbered("partner:r"), names: []string{`"items"`, `"ref"`, `"name"`},
		options: func(base string) string {
			return "url: " + base + "/jobs.json" + simpleMapping + "\n  items: result.items"
		},
		serve: func(n int, _ string) http.HandlerFunc {
			items := list(n, func(i int) any {
				return object{
					"ref": fmt.Sprintf("r%d", i), "name": "Data Intern", "firm": object{"name": "Harbor"}, "places": []string{"Pune", "Work from home"},
					"since": "2026-04-30", "until": "2026-06-30", "pay": "₹ 10,000 /month", "skills": []any{"Python", "SQL"},
				}
			})
			return at(map[string]http.HandlerFunc{"/jobs.json": func(w http.ResponseWriter, _ *http.Request) {
				answer(w, object{"result": object{"items": items}})
			}})
		},
	},
	{
		kind: "csv", entries: 3, requests: 1, conditional: true, anyText: true, id: numbered("partner:r"), names: []string{"ref", "name"},
		options: func(base string) string { return "url: " + base + "/jobs.csv\ncomma: ;" + simpleMapping },
		serve: func(n int, _ string) http.HandlerFunc {
			return at(map[string]http.HandlerFunc{"/jobs.csv": text("text/csv", func(*http.Request) string {
				return "\ufeffref;name;firm;places;since;until;pay;skills\n" + repeat(n, func(i int) string {
					return fmt.Sprintf("r%d;Data Intern;Harbor;Pune;2026-04-30;2026-06-30;Unpaid;\"Python; SQL\"\n", i)
				})
			})})
		},
	},
	{
		kind: "unstop", entries: 120, requests: 3, id: numbered("unstop:"), names: []string{`"data"`, `"last_page"`, `"id"`, `"title"`},
		options: func(base string) string { return "opportunity: hackathons\nbase_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			all := list(n, func(i int) any {
				return object{
					"id": i, "title": "Harbor Challenge", "public_url": "hackathons/harbor-1", "status": "LIVE", "region": "online", "approved_date": "2026-04-20T10:00:00+05:30",
					"end_date": "2026-06-01T23:59:00+05:30", "organisation": object{"name": "Harbor"}, "regnRequirements": object{"end_regn_dt": "2026-05-30T23:59:00+05:30"},
					"filters": []any{object{"name": "Engineering Students", "type": "eligible"}}, "required_skills": []any{object{"skill_name": "Python"}}, "viewsCount": 9, "registerCount": 4,
				}
			})
			return at(map[string]http.HandlerFunc{"/api/public/opportunity/search-result": func(w http.ResponseWriter, r *http.Request) {
				size := number(r, "per_page", 15)
				answer(w, object{"data": object{"data": slice(all, size*(number(r, "page", 1)-1), size), "last_page": max(1, (n+size-1)/size), "total": n}})
			}})
		},
	},
	{
		kind: "jsonld", entries: 2, requests: 1, conditional: true, id: func(int) string { return "" }, names: []string{`"title"`},
		options: func(base string) string { return "urls: [" + base + "/careers]" },
		serve: func(n int, _ string) http.HandlerFunc {
			return at(map[string]http.HandlerFunc{"/careers": text("text/html; charset=utf-8", func(*http.Request) string {
				return `<html><head><script type="application/ld+json">{"@context":"https://schema.org","@graph":[{"@type":"Organization","name":"x"}` + repeat(n, func(i int) string {
					return fmt.Sprintf(`,{"@type":"JobPosting","title":"Security Intern","identifier":{"@type":"PropertyValue","value":"p-%d"},"datePosted":"2026-04-30","validThrough":"2026-06-30T23:59","employmentType":["INTERN"],"hiringOrganization":{"name":"Harbor"},"jobLocation":{"address":{"addressLocality":"Pune","addressCountry":{"name":"India"}}},"description":"&lt;p&gt;Linux&lt;/p&gt;","baseSalary":{"currency":"INR","value":{"minValue":10000,"maxValue":15000,"unitText":"MONTH"}}}`, i)
				}) + `]}</script></head><body>Careers</body></html>`
			})})
		},
	},
	{
		kind: "apify", entries: 1500, requests: 4, window: true, id: numbered("internshala:i"),
		options: func(base string) string {
			return "actor: someone~internshala\ntoken: {env: TIDELINE_TEST_TOKEN}\nmax_charge: 0.5\npreset: internshala\nbase_url: " + base
		},
		serve: func(n int, _ string) http.HandlerFunc { return apifyServer(n) },
	},
}

// apifyServer plays the three calls; each must carry the token.
func apifyServer(n int) http.HandlerFunc {
	items := list(n, func(i int) any {
		return object{
			"internship_id": fmt.Sprintf("i%d", i), "title": "Web Development", "company_name": "Harbor", "url": "/internship/detail/1", "location": "Delhi, Mumbai, Work from home",
			"stipend": "₹ 1,20,000 /month + Incentives", "apply_by": "30 Jun' 26", "skills": []string{"React", "Node.js"},
		}
	})
	run := func(status string) object {
		return object{"data": object{"id": "run1", "status": status, "defaultDatasetId": "set1"}}
	}
	routes := at(map[string]http.HandlerFunc{
		"/v2/acts/someone~internshala/runs": func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || r.URL.Query().Get("maxTotalChargeUsd") != "0.5" {
				http.Error(w, "", http.StatusBadRequest)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			answer(w, run("RUNNING"))
		},
		"/v2/actor-runs/run1": func(w http.ResponseWriter, _ *http.Request) { answer(w, run("SUCCEEDED")) },
		"/v2/datasets/set1/items": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Apify-Pagination-Total", strconv.Itoa(n))
			answer(w, slice(items, number(r, "offset", 0), number(r, "limit", 250000)))
		},
	})
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer secret-token" {
			http.Error(w, "", http.StatusUnauthorized)
			return
		}
		routes(w, r)
	}
}

// idAt is the id of an entry of a source at an address: those of feeds and pages
// depend on it.
func (p play) idAt(base string, n int) string {
	switch p.kind {
	case "feed":
		return "feed:" + sources.Hash(base+"/feed", fmt.Sprintf("g-%d", n))
	case "jsonld":
		u, err := url.Parse(base)
		if err != nil {
			panic(err)
		}
		return "jobposting:" + sources.Hash(u.Host, fmt.Sprintf("p-%d", n))
	}
	return p.id(n)
}
