package registry

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"tideline/engine/harvest"
	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/fetchtest"
	"tideline/streams/sources/greenhouse"
)

// BenchmarkBoard reads a board of 2,000 postings with texts of about 5 KB from a
// server of this process, brings each to the contract and compares it with what is
// remembered; the bar is 40,000 a minute.
func BenchmarkBoard(b *testing.B) {
	const postings = 2000
	paragraph := "&lt;p&gt;You build services in %s with Kafka, Redis and PostgreSQL, write tests, and take part in reviews. No Java needed.&lt;/p&gt;" +
		"&lt;ul&gt;&lt;li&gt;Kubernetes is a plus&lt;/li&gt;&lt;li&gt;You like to explain what you do to others&lt;/li&gt;&lt;/ul&gt;"
	jobs := list(postings, func(i int) any {
		return object{
			"id": i + 1, "title": fmt.Sprintf("Backend Engineer %d (Go)", i), "company_name": "Harbor", "location": object{"name": "Pune, India; Remote"},
			"absolute_url": "https://harbor.example/1", "first_published": "2026-04-17T12:08:49-04:00", "content": strings.Repeat(fmt.Sprintf(paragraph, "Rust"), 20),
		}
	})
	document, err := json.Marshal(object{"jobs": jobs, "meta": object{"total": postings}})
	if err != nil {
		b.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(document)
	}))
	defer server.Close()
	source, err := greenhouse.NewSource(greenhouse.Config{Board: "harbor", BaseURL: server.URL})
	if err != nil {
		b.Fatal(err)
	}
	clock := fetchtest.NewClock()
	hosts := fetch.NewHosts(clock)
	defer hosts.Close()
	limits := fetch.DefaultLimits()
	limits.AllowPrivate, limits.Robots = true, false
	var remembered []harvest.Item
	for b.Loop() {
		ledger := harvest.NewLedger(remembered, nil, clock.Now())
		var items []harvest.Item
		sink := sources.NewPoll(clock.Now(), func(r sources.Record) error {
			item, _ := ledger.See(harvest.Sighting{Opportunity: *r.Opportunity})
			item.Value = nil
			items = append(items, item)
			return nil
		})
		if _, err := source.Poll(b.Context(), fetch.New(hosts, limits, &breaker.Breaker{}, nil), sink); err != nil || len(items) != postings {
			b.Fatal(len(items), err)
		}
		remembered = items
	}
	b.ReportMetric(float64(b.N)*postings*60/b.Elapsed().Seconds(), "postings/min")
}
