package greenhouse

import (
	"maps"
	"os"
	"testing"

	"tideline/engine/event"
	"tideline/streams/sources"
)

func TestRead(t *testing.T) {
	file, err := os.Open("testdata/boards.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var records []sources.Record
	report, err := New().Read(t.Context(), file, "boards.jsonl", func(r sources.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if report.Read != 8 || report.Kept != 2 || report.Unchanged != 1 || report.Skilled != 2 {
		t.Fatalf("report %+v", report)
	}
	want := map[event.Code]int{event.Missing: 2, event.BadDate: 2, event.MalformedJSON: 1}
	if !maps.Equal(report.Rejected, want) {
		t.Errorf("rejected %v, want %v", report.Rejected, want)
	}
	for i, want := range []string{
		`{"id":"greenhouse:9001","bucket":"jobs","kind":"job","title":"Graduate C++ Developer (2027)","organisation":"Harbor","url":"https://example.org/9001",` +
			`"source":"greenhouse","skills":[{"name":"c++","level":3,"weight":1}],"locations":["Chicago, IL","United States"],"difficulty":45,"language":"en","status":"open",` +
			`"posted_at":"2026-04-17T16:08:49Z","deadline":"2026-06-02T03:45:00Z"}`,
		`{"id":"greenhouse:9002","bucket":"jobs","kind":"internship","title":"Marketing Co-op, Fall 2026","organisation":"Harbor",` +
			`"source":"greenhouse","skills":[{"name":"marketing","level":2,"weight":1}],"graduation_years":[2026,2027,2028,2029,2030,2031],` +
			`"remote":true,"difficulty":30,"workplace":"remote","status":"open","posted_at":"2026-04-30T14:51:27Z"}`,
	} {
		if got := string(records[i].Opportunity.Encode()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
