package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
)

// play is how a kind of source answers, in the shape it really has, and what is
// to be made of that.
type play struct {
	kind, variant string
	options       func(base string) string // YAML
	entries       int                      // listed; of a kind that pages, more than one page
	requests      int                      // that a poll of them takes
	id            func(n int) string
	serve         func(entries int, base string) http.HandlerFunc
	window        bool     // it never shows everything
	conditional   bool     // it is asked with validators
	anyText       bool     // cut anywhere, it is still of its shape
	names         []string // of fields that may be called otherwise one day
}

func (p play) name() string {
	if p.variant == "" {
		return p.kind
	}
	return p.kind + " " + p.variant
}

type object = map[string]any

// answer sends JSON.
func answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		panic(err)
	}
}

// list makes n entries.
func list(n int, entry func(i int) any) []any {
	all := []any{}
	for i := range n {
		all = append(all, entry(i))
	}
	return all
}

// slice gives what a page of a list holds.
func slice(all []any, from, size int) []any {
	return all[min(from, len(all)):min(from+size, len(all))]
}

func number(r *http.Request, name string, usual int) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return usual
	}
	return n
}

func numbered(prefix string) func(int) string {
	return func(n int) string { return fmt.Sprintf("%s%d", prefix, n) }
}

// at gives handlers by path.
func at(paths map[string]http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if h := paths[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	}
}

// plays are continued in plays_more_test.go.
var plays = append([]play{
	{
		kind: "greenhouse", entries: 3, requests: 1, id: numbered("greenhouse:100"), conditional: true, names: []string{`"jobs"`, `"id"`, `"title"`, `"first_published"`},
		options: func(base string) string { return "board: harbor\nbase_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			jobs := list(n, func(i int) any {
				return object{
					"id": 1000 + i, "title": "Data Intern", "company_name": "Harbor", "location": object{"name": "Pune, India"}, "absolute_url": "https://harbor.example/1",
					"updated_at": "2026-04-30T10:51:27-04:00", "first_published": "2026-04-17T12:08:49-04:00", "content": "&lt;p&gt;Python and SQL&lt;/p&gt;", "language": "en",
				}
			})
			return at(map[string]http.HandlerFunc{"/v1/boards/harbor/jobs": func(w http.ResponseWriter, _ *http.Request) {
				answer(w, object{"jobs": jobs, "meta": object{"total": n}})
			}})
		},
	},
	{
		kind: "lever", entries: 250, requests: 3, id: numbered("lever:p-"), names: []string{`"id"`, `"text"`, `"createdAt"`},
		options: func(base string) string { return "site: harbor\norganisation: Harbor\nbase_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			all := list(n, func(i int) any {
				return object{
					"id": fmt.Sprintf("p-%d", i), "text": "Backend Engineer", "hostedUrl": "https://jobs.lever.co/harbor/1", "createdAt": 1775000000000, "workplaceType": "hybrid",
					"categories": object{"commitment": "Full-time", "location": "Berlin", "allLocations": []string{"Berlin, Germany", "Oslo"}}, "description": "<div>Go</div>",
					"lists": []any{object{"text": "Nice to have", "content": "<li>Kubernetes</li>"}}, "salaryRange": object{"min": 50000, "max": 60000, "currency": "EUR", "interval": "per-year-salary"},
				}
			})
			return at(map[string]http.HandlerFunc{"/v0/postings/harbor": func(w http.ResponseWriter, r *http.Request) {
				answer(w, slice(all, number(r, "skip", 0), number(r, "limit", 1000)))
			}})
		},
	},
	{
		kind: "ashby", entries: 3, requests: 1, id: numbered("ashby:a-"), conditional: true, names: []string{`"jobs"`, `"title"`, `"publishedAt"`},
		options: func(base string) string { return "board: harbor\nbase_url: " + base },
		serve: func(n int, _ string) http.HandlerFunc {
			jobs := list(n, func(i int) any {
				return object{
					"id": fmt.Sprintf("a-%d", i), "title": "Platform Engineer", "location": "London, UK", "isListed": true, "isRemote": false, "workplaceType": "OnSite",
					"descriptionHtml": "<p>Rust</p>", "publishedAt": "2026-04-30T16:21:55.393+00:00", "employmentType": "FullTime", "jobUrl": "https://jobs.ashbyhq.com/harbor/1",
					"compensation": object{"summaryComponents": []any{object{"compensationType": "Salary", "interval": "1 YEAR", "currencyCode": "GBP", "minValue": 60000, "maxValue": 70000}}},
				}
			})
			return at(map[string]http.HandlerFunc{"/posting-api/job-board/harbor": func(w http.ResponseWriter, _ *http.Request) {
				answer(w, object{"apiVersion": "1", "jobs": jobs})
			}})
		},
	},
}, morePlays...)
