package courses

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"

	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/fetchtest"
)

const list = "### Index\n* [Databases](#databases)\n\n### Databases\n" +
	"* [SQL \\[full\\] course [2026]](https://c.example/sql) - Ada Example *(account required)*\n" +
	"  - [Nested](<https://c.example/nested>)\n" +
	"* [SQL again](https://C.example/sql/)\n" +
	"* [Mail](mailto:ada@c.example)\n" +
	"Some words with [a link](https://c.example/words)\n" +
	"### C\n* [Pointers](https://c.example/c \"title\")\n" +
	"1. [ ] **[Unions](https://c.example/C_(language))** - Ada Example\n"

func TestListsAreRead(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/markdown")
		fmt.Fprint(w, list)
	}))
	defer server.Close()
	s, err := NewSource(Config{URL: server.URL})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	sink := sources.NewPoll(fetchtest.NewClock().Now(), func(r sources.Record) error {
		var skills []string
		for _, s := range r.Opportunity.Skills {
			skills = append(skills, s.Name)
		}
		got = append(got, fmt.Sprintf("%s|%s|%v", r.Opportunity.Title, r.Opportunity.Description, skills))
		return nil
	})
	limits := fetch.DefaultLimits()
	limits.AllowPrivate, limits.Robots = true, false
	coverage, err := s.Poll(t.Context(), fetch.New(fetch.NewHosts(fetchtest.NewClock()), limits, &breaker.Breaker{}, nil), sink)
	want := []string{
		"SQL [full] course [2026]|Topic: Databases. By Ada Example.|[databases sql]", "Nested|Topic: Databases.|[databases]",
		"SQL again|Topic: Databases.|[databases sql]", "Pointers|Topic: C.|[c]", "Unions|Topic: C. By Ada Example.|[c]",
	}
	if err != nil || !coverage.Complete || !slices.Equal(got, want) || sink.Report.Refused() != 1 || sink.Nameless() > 0 {
		t.Errorf("%q, %+v, %v", got, sink.Report, err)
	}
}
