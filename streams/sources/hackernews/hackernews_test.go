package hackernews

import (
	"maps"
	"os"
	"testing"

	"tideline/engine/event"
	"tideline/streams/sources"
)

func TestRead(t *testing.T) {
	file, err := os.Open("testdata/items.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var records []sources.Record
	report, err := New().Read(t.Context(), file, "items.jsonl", func(r sources.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Read != 9 || report.Kept != 4 || report.Unchanged != 1 || report.Skilled != 3 {
		t.Fatalf("report %+v", report)
	}
	want := map[event.Code]int{event.Missing: 3, event.MalformedJSON: 1}
	if !maps.Equal(report.Rejected, want) {
		t.Errorf("rejected %v, want %v", report.Rejected, want)
	}
	for i, want := range []string{
		`{"id":"hackernews:501","bucket":"content","kind":"article","title":"A tour of the Go runtime","url":"https://example.org/go","source":"hackernews",` +
			`"skills":[{"name":"go","level":1,"weight":1}],"status":"open","posted_at":"2026-06-01T15:46:25Z"}`,
		`{"id":"hackernews:502","bucket":"content","kind":"discussion","title":"Ask HN: Which SQLite tools do you use?",` +
			`"url":"https://news.ycombinator.com/item?id=502","source":"hackernews",` +
			`"skills":[{"name":"sqlite","level":1,"weight":1}],"status":"open","posted_at":"2026-06-01T15:46:25Z"}`,
		`{"id":"hackernews:503","bucket":"jobs","kind":"job","title":"Harbor (YC S23) Is Hiring a Rust Engineer","organisation":"Harbor",` +
			`"url":"https://example.org/jobs","source":"hackernews",` +
			`"skills":[{"name":"rust","level":3,"weight":1}],"status":"open","posted_at":"2026-06-02T15:46:25Z"}`,
		`{"id":"hackernews:504","bucket":"content","kind":"project","title":"Show HN: A garden planner","url":"https://example.org/garden",` +
			`"source":"hackernews","status":"open","posted_at":"2026-06-02T15:46:25Z"}`,
	} {
		if got := string(records[i].Opportunity.Encode()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestEmployer(t *testing.T) {
	for title, want := range map[string]string{
		"Harbor (YC W24) hiring a lead": "Harbor",
		"Harbor Is Hiring":              "Harbor",
		"Why nobody is hired":           "",
		"Is hiring dead?":               "",
		"İstanbul is hiring":            "",
	} {
		if got, hiring := employer(title); got != want || hiring != (want != "") {
			t.Errorf("employer(%q) = %q, %v; want %q", title, got, hiring, want)
		}
	}
}
