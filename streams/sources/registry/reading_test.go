package registry

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"

	"tideline/engine/event"
	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/fetchtest"
)

// reading is what a kind makes of one document, whatever address it asks for.
type reading struct {
	all      map[string]event.Opportunity // by title
	coverage sources.Coverage
	report   sources.Report
	err      error
}

func ask(t *testing.T, kind, options, contentType, document string) reading {
	t.Helper()
	return asked(t, kind, options, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", contentType)
		_, _ = w.Write([]byte(document))
	})
}

func asked(t *testing.T, kind, options string, answer http.HandlerFunc) reading {
	t.Helper()
	server := httptest.NewServer(answer)
	t.Cleanup(server.Close)
	source, err := Kinds()[kind].New(func(into any) error {
		return yaml.UnmarshalWithOptions([]byte(strings.ReplaceAll(options, "BASE", server.URL)), into, yaml.Strict())
	})
	if err != nil {
		t.Fatalf("%s: %v", kind, err)
	}
	clock := fetchtest.NewClock()
	hosts := fetch.NewHosts(clock)
	t.Cleanup(hosts.Close)
	limits := fetch.DefaultLimits()
	limits.AllowPrivate, limits.Robots = true, false
	r := reading{all: map[string]event.Opportunity{}}
	sink := sources.NewPoll(clock.Now(), func(record sources.Record) error {
		r.all[record.Opportunity.Title] = *record.Opportunity
		return nil
	})
	r.coverage, r.err = source.Poll(t.Context(), fetch.New(hosts, limits, &breaker.Breaker{}, nil), sink)
	r.report = sink.Report
	return r
}

// one reads a document that lists one posting.
func one(t *testing.T, kind, options, contentType, document string) event.Opportunity {
	t.Helper()
	r := ask(t, kind, options, contentType, document)
	if r.err != nil || len(r.all) != 1 {
		t.Fatalf("%s: %d read, %v, rejected %v", kind, len(r.all), r.err, r.report.Samples)
	}
	for _, o := range r.all {
		return o
	}
	panic("unreachable")
}

// posting is a page that describes one posting with more fields.
func posting(fields string) string {
	return `<script type="application/ld+json">{"@type":"JobPosting","title":"Analyst","identifier":"7",` + fields + `}</script>`
}

const (
	html         = "text/html"
	jsonType     = "application/json"
	page         = "urls: [BASE/careers]"
	board        = "board: harbor\nbase_url: BASE"
	site         = "site: harbor\nbase_url: BASE"
	document     = "url: BASE/jobs.json\nmapping: {source: partner, fields: {id: id, title: title, pay_min: low, pay_max: high, pay_currency: unit, locations: where, deadline: until}}"
	unstopSearch = "opportunity: jobs\nbase_url: BASE"
)

// What no number of money is must cost neither the posting nor the process.
func TestAmountsThatAreNone(t *testing.T) {
	for _, bad := range []string{`"NaN"`, `"Infinity"`, `"-Inf"`, `"1e400"`, `-5`, `1e300`, `"many"`, `null`, `{}`} {
		if o := one(t, "json", document, jsonType, `[{"id":1,"title":"Analyst","low":`+bad+`,"unit":"EUR"}]`); o.Compensation != nil {
			t.Errorf("json: %s is %+v", bad, o.Compensation)
		}
		if o := one(t, "jsonld", page, html, posting(`"baseSalary":{"currency":"EUR","value":{"minValue":`+bad+`}}`)); o.Compensation != nil {
			t.Errorf("jsonld: %s is %+v", bad, o.Compensation)
		}
	}
	for _, bad := range []string{"-5", "1e300"} {
		if o := one(t, "lever", site, jsonType, `[{"id":"p","text":"Analyst","createdAt":1775000000000,"salaryRange":{"min":`+bad+`}}]`); o.Compensation != nil {
			t.Errorf("lever: %s is %+v", bad, o.Compensation)
		}
	}
}

func TestStructuredPayIsRead(t *testing.T) {
	lever := `[{"id":"p","text":"Analyst","createdAt":1775000000000,"salaryRange":{"min":%s,"max":%s,"currency":"%s","interval":"per-hour-wage"}}]`
	ashby := `{"jobs":[{"id":"a","title":"Analyst","publishedAt":"2026-04-30T16:21:55Z","compensation":{"summaryComponents":[{"compensationType":"Salary","interval":"1 YEAR","currencyCode":"%[3]s","minValue":%[1]s,"maxValue":%[2]s}]}}]}`
	unstop := `{"data":{"last_page":1,"data":[{"id":1,"title":"Analyst","jobDetail":{"min_salary":%[1]s,"max_salary":%[2]s,"currency":"%[3]s","pay_in":"monthly"}}]}}`
	for _, c := range []struct {
		kind, options, document string
		low, high, currency     string
		want                    event.Compensation
	}{
		{"lever", site, lever, "20", "30", "USD", event.Compensation{Min: 20, Max: 30, Currency: "USD", Period: "hour"}},
		{"lever", site, lever, "30", "20", "元", event.Compensation{Min: 20, Max: 30, Period: "hour"}},
		{"lever", site, lever, "20", "null", "eur", event.Compensation{Min: 20, Currency: "EUR", Period: "hour"}},
		{"ashby", board, ashby, "60000", "null", "GBP", event.Compensation{Min: 60000, Currency: "GBP", Period: "year"}},
		{"ashby", board, ashby, "70000", "60000", "GBP", event.Compensation{Min: 60000, Max: 70000, Currency: "GBP", Period: "year"}},
		{"unstop", unstopSearch, unstop, "10000", "0", "Rs.", event.Compensation{Min: 10000, Currency: "INR", Period: "month"}},
	} {
		o := one(t, c.kind, c.options, jsonType, fmt.Sprintf(c.document, c.low, c.high, c.currency))
		if o.Compensation == nil || *o.Compensation != c.want {
			t.Errorf("%s %s to %s %s: %+v", c.kind, c.low, c.high, c.currency, o.Compensation)
		}
	}
	for fields, want := range map[string]event.Compensation{
		`"baseSalary":{"currency":"USD","value":{"minValue":"50,000","maxValue":"60,000","unitText":"YEAR"}}`: {Min: 50000, Max: 60000, Currency: "USD", Period: "year"},
		`"baseSalary":{"currency":"USD","value":50000}`:                                                       {Min: 50000, Max: 50000, Currency: "USD"},
		`"baseSalary":50000,"salaryCurrency":"CHF"`:                                                           {Min: 50000, Max: 50000, Currency: "CHF"},
		`"baseSalary":"₹ 25k /month"`:                                                                         {Min: 25000, Max: 25000, Currency: "INR", Period: "month"},
		`"baseSalary":{"minValue":10.125,"unitText":"HOUR"},"salaryCurrency":"EUR"`:                           {Min: 10.125, Currency: "EUR", Period: "hour"},
	} {
		if o := one(t, "jsonld", page, html, posting(fields)); o.Compensation == nil || *o.Compensation != want {
			t.Errorf("%s: %+v", fields, o.Compensation)
		}
	}
}

// The reader of feeds calls itself for each element: without a bound a feed of some
// megabytes uses up the stack, which nothing can recover from.
func TestAFeedThatIsNestedWithoutEndIsRefused(t *testing.T) {
	for _, element := range []string{"<a>", "<x:a>"} {
		r := ask(t, "feed", "url: BASE/feed", "application/xml", `<rss version="2.0" xmlns:x="u"><channel><item><guid>1</guid><title>x</title>`+
			strings.Repeat(element, 1000)+"\x01")
		if invalid, ok := errors.AsType[*event.Invalid](r.err); !ok || invalid.Code() != event.TooMany {
			t.Errorf("%s: %v", element, r.err)
		}
	}
	if r := ask(t, "feed", "url: BASE/feed", "application/xml", "\x01<rss version='2.0'><channel><item><guid>1</guid><title>A\x02b</title></item></channel></rss>"); len(r.all) != 1 {
		t.Errorf("control characters cost a feed: %v", r.err)
	}
}

func places(o event.Opportunity) string { return strings.Join(o.Locations, "|") }

func TestStructuredPlacesAreRead(t *testing.T) {
	lever := one(t, "lever", site, jsonType, `[{"id":"p","text":"Analyst","createdAt":1775000000000,"country":"DE","categories":{"location":"Potsdam"}}]`)
	if got := places(lever); got != "Potsdam|Germany" {
		t.Errorf("lever: %s", got)
	}
	ashby := one(t, "ashby", board, jsonType, `{"jobs":[{"id":"a","title":"Analyst","publishedAt":"2026-04-30T16:21:55Z","location":"HQ",
		"address":{"postalAddress":{"addressCountry":"USA"}},"secondaryLocations":[{"location":"Potsdam","address":{"postalAddress":{"addressCountry":"Germany"}}},{"location":"Lab","address":null}]}]}`)
	if got := places(ashby); got != "HQ|United States|Potsdam|Germany|Lab" {
		t.Errorf("ashby: %s", got)
	}
	greenhouse := `{"jobs":[{"id":1,"title":"Analyst","updated_at":"2026-04-30T16:21:55Z","location":{"name":"%s"},"offices":[{"name":"South","location":"Pune, India"},{"name":"Oslo"}]}],"meta":{"total":1}}`
	for location, want := range map[string]string{"Multiple Locations": "Pune, India|India|Oslo|Norway", "Lyon": "Lyon|France", "Remote": ""} {
		if got := places(one(t, "greenhouse", board, jsonType, fmt.Sprintf(greenhouse, location))); got != want {
			t.Errorf("greenhouse %s: %s", location, got)
		}
	}
}

func TestPayOfGreenhouseIsInCents(t *testing.T) {
	o := one(t, "greenhouse", board, jsonType, `{"jobs":[{"id":1,"title":"Analyst","updated_at":"2026-04-30T16:21:55Z",
		"pay_input_ranges":[{"min_cents":null,"max_cents":null},{"min_cents":2050,"max_cents":3000,"currency_type":"USD","title":"Hourly rate:"}]}],"meta":{"total":1}}`)
	if want := (event.Compensation{Min: 20.5, Max: 30, Currency: "USD", Period: "hour"}); o.Compensation == nil || *o.Compensation != want {
		t.Errorf("%+v", o.Compensation)
	}
}

func TestUnstopIsReadInIndianTime(t *testing.T) {
	r := ask(t, "unstop", unstopSearch, jsonType, `{"data":{"last_page":1,"total":2,"data":[{"id":1,"title":"Analyst","regnRequirements":{"end_regn_dt":"2026-05-30 23:59:00"},
		"filters":[{"name":"2026 batch","type":"eligible"}],"required_skills":[{"skill_name":"Python","skill":"Python"}],"jobDetail":null,"organisation":null,"address_with_country_logo":null}]}}`)
	o := r.all["Analyst"]
	if r.err != nil || o.Deadline == nil || o.Deadline.Format("2006-01-02T15:04") != "2026-05-30T18:29" || len(o.Skills) != 1 || len(o.GraduationYears) != 1 {
		t.Errorf("%v: %s", r.err, o.Encode())
	}
	if r.coverage.Complete || r.coverage.Why == "" {
		t.Errorf("one of two is complete: %+v", r.coverage)
	}
}

// What pages really have, none of which is as the standard has it.
func TestDescriptionsAreReadAsPagesHaveThem(t *testing.T) {
	const a = `{"@type":"JobPosting","title":"Analyst"}`
	for name, c := range map[string]struct{ kind, document string }{
		"parameter": {html, `<script type="application/LD+json; charset=utf-8">` + a + `</script>`},
		"full type": {html, `<script type="application/ld+json">{"@type":["Thing","http://schema.org/JobPosting"],"title":"Analyst"}</script>`},
		"prefix":    {html, `<script type="application/ld+json">{"@type":"schema:JobPosting","name":"Analyst"}</script>`},
		"cdata":     {html, `<script type="application/ld+json">/*<![CDATA[*/` + a + `/*]]>*/</script>`},
		"// cdata":  {html, "<script type=\"application/ld+json\">\n//<![CDATA[\n" + a + "\n//]]>\n</script>"},
		"comment":   {html, `<script type="application/ld+json"><!-- ` + a + ` --></script>`},
		"semicolon": {html, `<script type="application/ld+json">` + a + `;</script>`},
		"raw line":  {html, "<script type=\"application/ld+json\">{\"@type\":\"JobPosting\",\"title\":\"Analyst\",\"description\":\"one\n\ttwo\"}</script>"},
		"no page":   {"application/ld+json; charset=utf-8", "\ufeff" + a},
		"deep":      {html, `<script type="application/ld+json">{"@type":"WebPage","mainEntity":{"@graph":[{"@type":"ItemList","itemListElement":[{"item":` + a + `}]}]}}</script>`},
	} {
		r := ask(t, "jsonld", page, c.kind, c.document)
		if r.err != nil || !r.coverage.Complete || len(r.all) != 1 || r.all["Analyst"].Title == "" {
			t.Errorf("%s: %d read, %+v, %v %v", name, len(r.all), r.coverage, r.err, r.report.Samples)
		}
	}
}

func TestPostingsOfAPageAreToldApart(t *testing.T) {
	list := `<script type="application/ld+json">[{"@type":"JobPosting","title":"A",%s},{"@type":"JobPosting","title":"B",%s}]</script>`
	for _, c := range [][2]string{
		{`"identifier":{"value":9007199254740993}`, `"identifier":{"value":9007199254740992}`}, // one and the same as floats
		{`"x":1`, `"x":1`},
		{`"identifier":{"name":"Harbor"}`, `"identifier":{"name":"Harbor"}`},
	} {
		r := ask(t, "jsonld", page, html, fmt.Sprintf(list, c[0], c[1]))
		if r.all["A"].ID == "" || r.all["A"].ID == r.all["B"].ID {
			t.Errorf("%s and %s: %q and %q", c[0], c[1], r.all["A"].ID, r.all["B"].ID)
		}
	}
}

func TestWhatAPostingOfAPageSays(t *testing.T) {
	for fields, want := range map[string]string{
		`"jobLocation":{"address":{"addressLocality":"Nashik","addressRegion":"MH","addressCountry":"IN"}}`:                                        "Nashik, MH, India|India",
		`"jobLocation":{"address":{"addressLocality":"Kanata","addressCountry":"CA"}}`:                                                             "Kanata, Canada|Canada",
		`"jobLocation":{"@type":"Place","address":"Nashik, India"}`:                                                                                "Nashik, India|India",
		`"jobLocationType":"TELECOMMUTE","applicantLocationRequirements":[{"@type":"Country","name":"IN"},{"@type":"Country","name":"Sri Lanka"}]`: "India|Sri Lanka",
	} {
		if o := one(t, "jsonld", page, html, posting(fields)); places(o) != want || o.Remote != strings.Contains(fields, "TELECOMMUTE") {
			t.Errorf("%s: %s", fields, o.Encode())
		}
	}
	o := one(t, "jsonld", page, html, posting(`"employmentType":"Internship","inLanguage":"de","description":"We sail.","skills":[{"@type":"DefinedTerm","name":"Python"}],"qualifications":"<li>SQL</li>"`))
	if o.Kind != "internship" || o.Language != "de" || len(o.Skills) != 2 || o.Description != "We sail.\nRequirements:\n- SQL" {
		t.Errorf("%s", o.Encode())
	}
	if o := one(t, "jsonld", page, html, posting(`"validThrough":"2026-08-20T10:00+05:30"`)); o.Deadline == nil || o.Deadline.Format("15:04") != "04:30" {
		t.Errorf("%s", o.Encode())
	}
}

func TestTablesAreReadAsProgramsWriteThem(t *testing.T) {
	o := one(t, "csv", document, "text/csv", "\ufeffid, title ,where\r\n1,\"Data\nAnalyst\",\"Pune, India\"\r\n")
	if o.ID != "partner:1" || o.Title != "Data Analyst" || places(o) != "Pune, India|India" {
		t.Errorf("%s", o.Encode())
	}
	for _, sheet := range []string{"", "id;title\n1;x\n", "ref,title\n", "id,title\n1,\xe9t\xe9\n", "\xff\xfei\x00d\x00", "id,title\n1,x,y\n"} {
		if r := ask(t, "csv", document, "text/csv", sheet); r.err == nil || r.coverage.Complete {
			t.Errorf("%q: %d read, %+v", sheet, len(r.all), r.coverage)
		}
	}
	for _, comma := range []string{";", "\t"} {
		r := ask(t, "csv", fmt.Sprintf("comma: %q\n", comma)+document, "text/csv", strings.ReplaceAll("id;title\n1;Analyst\n", ";", comma))
		if r.err != nil || len(r.all) != 1 {
			t.Errorf("%q: %v", comma, r.err)
		}
	}
}

func TestNoAddressOfAConfigurationIsRepeatedWithItsSecrets(t *testing.T) {
	for _, address := range []string{"https://me:hidden-word@h.example/x", "ftp://h.example/x?key=hidden-word", "https://h.example:bad/hidden-word", "/x?key=hidden-word"} {
		for kind, options := range map[string]string{
			"feed": "url: %q", "courses": "url: %q", "jsonld": "urls: [%q]", "json": "url: %q\nmapping: {source: x, fields: {id: id, title: t}}",
			"csv": "url: %q\nmapping: {source: x, fields: {id: id, title: t}}", "greenhouse": "board: x\nbase_url: %q", "lever": "site: x\nbase_url: %q",
			"ashby": "board: x\nbase_url: %q", "devpost": "base_url: %q", "unstop": "base_url: %q", "devto": "base_url: %q", "hackernews": "base_url: %q",
		} {
			_, err := Kinds()[kind].New(func(into any) error {
				return yaml.UnmarshalWithOptions(fmt.Appendf(nil, options, address), into, yaml.Strict())
			})
			if err == nil || strings.Contains(err.Error(), "hidden-word") {
				t.Errorf("%s: %v", kind, err)
			}
		}
	}
}

func TestOneLongPlaceCostsNoPosting(t *testing.T) {
	o := one(t, "lever", site, jsonType, `[{"id":"p","text":"R&amp;D Analyst","createdAt":1775000000000,"categories":{"allLocations":["`+strings.Repeat("Lyon ", 60)+`","Oslo"]}}]`)
	if places(o) != "Oslo|Norway" || o.Title != "R&D Analyst" {
		t.Errorf("%s", o.Encode())
	}
}

// A listing that moves while it is read shows an entry on two pages, and another on none.
func TestAnEntryThatIsSeenTwiceIsNoOther(t *testing.T) {
	const hackathon = `{"id":1,"title":"A","open_state":"open","submission_period_dates":"Apr 17 - May 30, 2026"}`
	const other = `{"id":1,"title":"A","public_url":"hackathons/a-1","seo_url":"https://unstop.com/hackathons/a-1","end_date":"2026-05-30T23:59:00+05:30"}`
	for kind, answer := range map[string]string{
		"devpost": `{"hackathons":[` + hackathon + `],"meta":{"total_count":2}}`,
		"unstop":  `{"data":{"data":[` + other + `,` + other + `],"last_page":1,"total":2}}`,
	} {
		if r := ask(t, kind, "base_url: BASE", jsonType, answer); r.err != nil || r.coverage.Complete || len(r.all) != 1 {
			t.Errorf("%s: %+v, %d, %v", kind, r.coverage, len(r.all), r.err)
		}
	}
}

func TestDocumentsAreTakenAsHostsOfFilesServeThem(t *testing.T) {
	for kind, types := range map[string][]string{"json": {"text/plain; charset=utf-8"}, "csv": {"text/plain", "application/octet-stream", "application/vnd.ms-excel"}} {
		text := map[string]string{"json": `[{"id":1,"title":"Analyst"}]`, "csv": "id,title\n1,Analyst\n"}[kind]
		for _, given := range types {
			if o := one(t, kind, document, given, text); o.Title != "Analyst" {
				t.Errorf("%s as %s: %s", kind, given, o.Encode())
			}
		}
	}
}

func TestABoardThatListsLessThanItCountsProvesNothing(t *testing.T) {
	r := ask(t, "greenhouse", board, jsonType, `{"jobs":[{"id":1,"title":"A","updated_at":"2026-04-30T16:21:55Z"}],"meta":{"total":2}}`)
	if r.err != nil || r.coverage.Complete || len(r.all) != 1 {
		t.Errorf("%+v, %v", r.coverage, r.err)
	}
}

func TestWhatAshbyDoesNotListIsNotThere(t *testing.T) {
	r := ask(t, "ashby", board, jsonType, `{"jobs":[{"id":"a","title":"A","publishedAt":"2026-04-30T16:21:55Z","isListed":false},{"id":"b","title":"B","publishedAt":"2026-04-30T16:21:55Z","employmentType":"Intern","isRemote":true}]}`)
	if o := r.all["B"]; r.err != nil || len(r.all) != 1 || o.Kind != "internship" || !o.Remote || !r.coverage.Complete {
		t.Errorf("%v, %v", r.all, r.err)
	}
}

// pages answers by path; what it has not is not found.
func pages(t *testing.T, kind, options string, statuses map[string]int, documents map[string]string) reading {
	t.Helper()
	return asked(t, kind, options, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", jsonType)
		if strings.HasPrefix(r.URL.Path, "/careers") {
			w.Header().Set("Content-Type", html)
		}
		if status := statuses[r.URL.Path]; status > 0 {
			w.WriteHeader(status)
		}
		_, _ = w.Write([]byte(documents[r.URL.Path]))
	})
}

func TestAPageThatIsGoneHasNoPostings(t *testing.T) {
	for status, gone := range map[int]bool{http.StatusNotFound: true, http.StatusGone: true, http.StatusForbidden: false, http.StatusInternalServerError: false} {
		r := pages(t, "jsonld", "urls: [BASE/careers/1, BASE/careers/2]", map[string]int{"/careers/1": status}, map[string]string{"/careers/2": posting(`"x":1`)})
		if (r.err == nil) != gone || r.coverage.Complete != gone || gone && len(r.all) != 1 {
			t.Errorf("%d: %d read, %+v, %v", status, len(r.all), r.coverage, r.err)
		}
	}
}

func TestItemsOfHackerNewsAreWantedByScoreAndSpeed(t *testing.T) {
	// The clock stands at 2026-05-01 12:00; an hour ago is 1777633200.
	item := `{"id":%d,"type":"%s","title":"%s","time":%d,"score":%d,"descendants":3}`
	documents := map[string]string{
		"/v0/topstories.json": `[1,2,3,4,5,6,7]`,
		"/v0/item/1.json":     fmt.Sprintf(item, 1, "story", "fast", 1777633200, 60),
		"/v0/item/2.json":     fmt.Sprintf(item, 2, "story", "slow", 1777633200-36000, 60),
		"/v0/item/3.json":     fmt.Sprintf(item, 3, "story", "unknown", 1777633200, 9),
		"/v0/item/4.json":     fmt.Sprintf(item, 9, "story", "another", 1777633200, 60),
		"/v0/item/5.json":     `null`,
		"/v0/item/6.json":     fmt.Sprintf(item, 6, "comment", "comment", 1777633200, 60),
		"/v0/item/7.json":     `{"id":7,"type":"story","title":"dead","time":1777633200,"score":60,"dead":true}`,
	}
	r := pages(t, "hackernews", "min_score: 10\nmin_velocity: 20\nbase_url: BASE", nil, documents)
	if r.err != nil || len(r.all) != 1 || r.all["fast"].ID != "hackernews:1" || r.report.Rejected[event.Missing] != 1 {
		t.Errorf("%v, %v, %+v", r.err, r.all, r.report)
	}
}

func TestArticlesOfFewReactionsAreLeftOut(t *testing.T) {
	article := `{"id":%d,"title":"%s","url":"https://dev.to/x","tag_list":["go","beginners"],"published_timestamp":"2026-04-30T07:00:00Z","public_reactions_count":%d,"organization":null}`
	r := ask(t, "devto", "min_reactions: 20\nbase_url: BASE", jsonType, "["+fmt.Sprintf(article, 1, "few", 19)+","+fmt.Sprintf(article, 2, "many", 20)+"]")
	if o := r.all["many"]; r.err != nil || len(r.all) != 1 || len(o.Skills) != 1 || o.Skills[0].Level != 1 {
		t.Errorf("%v, %v", r.err, r.all)
	}
}
