package internships

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

func readFile(t *testing.T, path string) ([]sources.Record, sources.Report) {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	var records []sources.Record
	report, err := New().Read(t.Context(), file, "history.jsonl", func(r sources.Record) error {
		records = append(records, r)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return records, report
}

func TestReadFollowsTheHistory(t *testing.T) {
	records, report := readFile(t, "testdata/history.jsonl")
	var story []string
	for _, r := range records {
		line := r.At.Format("01-02 ") + strings.TrimPrefix(r.ID, "internships:") + " "
		if r.Deleted {
			line += "gone"
		} else {
			line += string(r.Opportunity.Status) + " " + r.Opportunity.Title
		}
		story = append(story, line)
	}
	want := []string{
		"01-02 p1 open Software Engineer Intern - Go",
		"01-02 p2 open Office Helper",
		"01-04 p1 open Backend Intern (Python, Go)",
		"01-05 p1 closed Backend Intern (Python, Go)",
		"01-07 p1 open Backend Intern (Python, Go)",
		"01-10 p1 gone",
		"01-11 p3 open Too early",
	}
	if !slices.Equal(story, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(story, "\n"), strings.Join(want, "\n"))
	}
	rejected := map[event.Code]int{
		event.WrongType: 1, event.BadDate: 3, sources.UnknownID: 2, event.UnknownValue: 1, event.Missing: 2, event.MalformedJSON: 1,
	}
	if !maps.Equal(report.Rejected, rejected) {
		t.Errorf("rejected %v, want %v\n%+v", report.Rejected, rejected, report.Samples)
	}
	if report.Read != 19 || report.Kept != 7 || report.Deleted != 1 || report.Unchanged != 2 || report.Read != report.Kept+report.Unchanged+report.Refused() {
		t.Errorf("report %+v", report)
	}
}

func TestReadMapsTheFields(t *testing.T) {
	records, _ := readFile(t, "testdata/history.jsonl")
	got := string(records[0].Opportunity.Encode())
	want := `{"id":"internships:p1","bucket":"jobs","kind":"internship","title":"Software Engineer Intern - Go","organisation":"Harbor Labs",` +
		`"url":"https://example.org/p1","source":"internships","skills":[{"name":"go","level":2,"weight":1},{"name":"software engineering","level":2,"weight":1}],` +
		`"graduation_years":[2025,2026,2027,2028,2029,2030],"locations":["San Francisco, CA","United States"],"remote":true,"status":"open",` +
		`"posted_at":"2025-01-02T00:00:00Z"}`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if posted := records[1].Opportunity.PostedAt; !posted.Equal(time.Date(2024, 12, 31, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("a text date became %s", posted)
	}
	changed, unset := records[2].Opportunity, records[4].Opportunity
	if !slices.Equal(changed.Locations, []string{"Oslo, Norway", "Norway"}) || changed.Remote || changed.Organisation != "Harbor Labs" {
		t.Errorf("the delta gave %+v", changed)
	}
	if len(changed.GraduationYears) == 0 || len(unset.GraduationYears) != 0 {
		t.Error("unset terms must open the posting to every year")
	}
}

// A refused delta changes nothing at all, not even the fields before the bad one.
func TestARefusedDeltaChangesNothing(t *testing.T) {
	p := posting{ID: "p", Active: true, Terms: []string{"Summer 2025"}}
	before := p
	if err := p.apply(delta{"active": []byte("false"), "title": []byte("7")}, []string{"terms"}); err == nil {
		t.Fatal("a number passed as a title")
	}
	if p.Active != before.Active || len(p.Terms) != 1 {
		t.Errorf("posting became %+v", p)
	}
}

func TestADeltaLeavesTheListsOfTheOldPostingAlone(t *testing.T) {
	p := posting{Locations: []string{"Oslo", "Bergen"}}
	old := p
	if err := p.apply(delta{"locations": []byte(`["Rome"]`)}, nil); err != nil {
		t.Fatal(err)
	}
	if old.Locations[0] != "Oslo" || len(p.Locations) != 1 {
		t.Errorf("old %v, new %v", old.Locations, p.Locations)
	}
}

func TestEveryFieldCanBeUnset(t *testing.T) {
	p := posting{"id", "c", "t", "u", []string{"l"}, []string{"s"}, true, true, stamp{time.Unix(1, 0)}}
	fields := []string{"company_name", "title", "url", "locations", "terms", "active", "is_visible", "date_posted", "whatever"}
	if err := p.apply(nil, fields); err != nil {
		t.Fatal(err)
	}
	if p.Company+p.Title+p.URL != "" || p.Locations != nil || p.Terms != nil || p.Active || p.Visible || !p.Posted.IsZero() || p.ID != "id" {
		t.Errorf("left over: %+v", p)
	}
}

func TestWhatWasRemovedIsUnknown(t *testing.T) {
	history := `{"op":"add","at":"2025-01-02T10:00:00Z","doc":{"id":"p","title":"T","date_posted":1735776000}}
{"op":"remove","at":"2025-01-03T10:00:00Z","id":"p"}
{"op":"change","at":"2025-01-04T10:00:00Z","id":"p","set":{"active":true}}`
	report, err := New().Read(t.Context(), strings.NewReader(history), "h", func(sources.Record) error { return nil })
	if err != nil || report.Kept != 2 || report.Rejected[sources.UnknownID] != 1 {
		t.Errorf("error %v, report %+v", err, report)
	}
}
