package devpost

import (
	"context"
	"errors"
	"maps"
	"os"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/skills"
	"tideline/streams/sources"
)

func TestReadDayAfterDay(t *testing.T) {
	format := New()
	var records []sources.Record
	var reports []sources.Report
	for _, file := range []string{"testdata/2026-07-01.json", "testdata/2026-07-05.json"} {
		f, err := os.Open(file)
		if err != nil {
			t.Fatal(err)
		}
		report, err := format.Read(t.Context(), f, file, func(r sources.Record) error {
			records = append(records, r)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		f.Close()
		reports = append(reports, report)
	}
	if r := reports[0]; r.Read != 5 || r.Kept != 2 || !maps.Equal(r.Rejected, map[event.Code]int{event.BadDate: 1, event.Missing: 1, event.WrongType: 1}) {
		t.Errorf("first day %+v", r)
	}
	if r := reports[1]; r.Read != 2 || r.Kept != 1 || r.Unchanged != 1 || r.Refused() != 0 {
		t.Errorf("second day %+v", r)
	}
	for i, want := range []string{
		`{"id":"devpost:71","bucket":"hackathons","kind":"hackathon","title":"Tide Hacks","organisation":"Tide Club","url":"https://tide.example.org/",` +
			`"description":"Submissions Jun 20 - Jul 10, 2026. Prizes $1,000. Invite only: Students of Munich.","source":"devpost",` +
			`"skills":[{"name":"artificial intelligence","level":1,"weight":1},{"name":"machine learning","level":1,"weight":1}],` +
			`"locations":["Munich, Germany","Germany"],"status":"open","posted_at":"2026-06-20T00:00:00Z","deadline":"2026-07-11T12:00:00Z"}`,
		`{"id":"devpost:72","bucket":"hackathons","kind":"hackathon","title":"Later Hacks","url":"https://later.example.org/",` +
			`"description":"Submissions Sep 05 - 06, 2026.","source":"devpost","skills":[{"name":"healthcare","level":2,"weight":1}],` +
			`"remote":true,"status":"open","posted_at":"2026-07-01T00:00:00Z","deadline":"2026-09-07T12:00:00Z"}`,
	} {
		if got := string(records[i].Opportunity.Encode()); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
	ended := records[2]
	if ended.Opportunity.Status != event.Closed || !ended.At.Equal(time.Date(2026, 7, 5, 0, 0, 0, 0, time.UTC)) {
		t.Errorf("an ended hackathon became %+v", ended)
	}
}

func TestReadCountsAFileThatIsNoListing(t *testing.T) {
	for text, code := range map[string]event.Code{"": event.MalformedJSON, "[]": event.WrongType, "{}": event.Missing, `{"hackathons":7}`: event.WrongType} {
		report, err := New().Read(t.Context(), strings.NewReader(text), "x.json", nil)
		if err != nil || report.Read != 1 || report.Rejected[code] != 1 {
			t.Errorf("%q: %v, %+v", text, err, report)
		}
	}
}

func TestReadStops(t *testing.T) {
	page := `{"hackathons":[{"id":1,"title":"A","open_state":"open","submission_period_dates":"Jul 10, 2026"},` +
		`{"id":2,"title":"B","open_state":"open","submission_period_dates":"Jul 10, 2026"}]}`
	full := errors.New("full")
	if _, err := New().Read(t.Context(), strings.NewReader(page), "x", func(sources.Record) error { return full }); !errors.Is(err, full) {
		t.Errorf("error %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	report, err := New().Read(ctx, strings.NewReader(page), "x", func(sources.Record) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) || report.Kept != 1 {
		t.Errorf("error %v, report %+v", err, report)
	}
}

func TestPeriod(t *testing.T) {
	for text, want := range map[string]string{
		"Jun 30, 2026":                "2026-06-30 2026-06-30",
		"Nov 07 - 08, 2026":           "2026-11-07 2026-11-08",
		"Aug 17 - Sep 03, 2026":       "2026-08-17 2026-09-03",
		"Dec 20 - Jan 11, 2027":       "2026-12-20 2027-01-11",
		"Dec 20, 2026 - Jan 11, 2027": "2026-12-20 2027-01-11",
		" Aug  7 - Sep 3, 2026 ":      "2026-08-07 2026-09-03",
		"":                            "",
		"soon":                        "",
		"Aug 17 - Sep 31, 2026":       "",
		"Aug 40 - Sep 03, 2026":       "",
		"Aug 17 - Sep 03":             "",
		"17 - 18, 2026":               "",
		"Jan 11, 2028 - Dec 20, 2027": "",
		"Nov 08 - 07, 2026":           "",
	} {
		first, last, err := period(text)
		got := ""
		if err == nil {
			got = first.Format(time.DateOnly) + " " + last.Format(time.DateOnly)
		}
		if got != want {
			t.Errorf("period(%q) = %q, %v; want %q", text, got, err, want)
		}
	}
}

func FuzzPeriod(f *testing.F) {
	f.Add("Aug 17 - Sep 03, 2026")
	f.Add("Feb 29 - 1, 2024")
	f.Fuzz(func(t *testing.T, text string) {
		if first, last, err := period(text); err == nil && first.After(last) {
			t.Errorf("period(%q) runs backwards: %s to %s", text, first, last)
		}
	})
}

func TestDay(t *testing.T) {
	for file, want := range map[string]int{"a/b/2026-07-01.json": 2026, `c:\x\2026-07-01.json.gz`: 2026, "page.json": 1, "": 1} {
		if got := day(file); got.Year() != want {
			t.Errorf("day(%q) = %s", file, got)
		}
	}
}

func TestThemesNameKnownSkills(t *testing.T) {
	for theme, words := range themes {
		for name := range strings.SplitSeq(words, ", ") {
			if words != "" && !skills.Known(name) {
				t.Errorf("theme %q names %q, which is no skill", theme, name)
			}
		}
		if words != "" && len(skills.Extract(words)) == 0 {
			t.Errorf("nothing is read from the words of theme %q", theme)
		}
	}
	if themeText("Blockchain") != "Blockchain" {
		t.Error("an unknown theme must be read as it is")
	}
}

func TestPrizesAreToldInTheirCurrency(t *testing.T) {
	for prize, want := range map[string]string{
		"$<span data-currency-value>10,000</span>": " Prizes $10,000.", "₹<span data-currency-value>1,00,000</span>": " Prizes ₹1,00,000.",
		"€<span>1.000</span> in cash": " Prizes €1.000 in cash.", "$<span>0</span>": "", "": "",
	} {
		if got := (hackathon{Prize: prize, Dates: "Jul 10, 2026"}).description(); got != "Submissions Jul 10, 2026."+want {
			t.Errorf("%s: %s", prize, got)
		}
	}
}

func TestOnlyOpenAndUpcomingHackathonsAreOpen(t *testing.T) {
	for want, list := range map[event.Status][]hackathon{
		event.Open:   {{State: "open"}, {State: "upcoming"}},
		event.Closed: {{State: "ended"}, {State: ""}, {State: "open", Winners: true}},
	} {
		for _, h := range list {
			if got := h.opportunity("x").Status; got != want {
				t.Errorf("%+v is %s, want %s", h, got, want)
			}
		}
	}
}
