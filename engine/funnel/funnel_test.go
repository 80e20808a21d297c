package funnel_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
	"tideline/engine/funnel"
)

func hour(n int) time.Time {
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
}

// path reads steps such as "applied@0 shortlisted@5 late:interview_scheduled@3 undo:2@7".
func path(text string) funnel.Case {
	var c funnel.Case
	for i, word := range strings.Fields(text) {
		what, when, _ := strings.Cut(word, "@")
		kind, to, tagged := strings.Cut(what, ":")
		if !tagged {
			kind, to = "advance", what
		}
		to, reason, _ := strings.Cut(to, "/")
		change := application.Change{Seq: i + 1, Kind: event.ChangeKind(kind), To: event.Stage(to), Reason: reason}
		if kind == "undo" {
			change.Kind, change.To = event.Correction, ""
			if _, err := fmt.Sscan(to, &change.Corrects); err != nil {
				panic(err)
			}
		}
		var at int
		if _, err := fmt.Sscan(when, &at); err != nil {
			panic(err)
		}
		change.At = hour(at)
		c.Path = append(c.Path, change)
	}
	return c
}

func paths(texts ...string) []funnel.Story {
	var cases []funnel.Case
	for _, text := range texts {
		cases = append(cases, path(text))
	}
	return funnel.TellAll(cases)
}

func rungs(c funnel.Cohort) string {
	var list []string
	for _, r := range c.Stages {
		list = append(list, fmt.Sprintf("%d/%d", r.Reached, r.Stood))
	}
	return strings.Join(list, " ")
}

func visits(s funnel.Story, now int) string {
	var list []string
	for _, v := range s.Visits {
		end := ""
		if v.To.IsZero() {
			end = "+"
		}
		list = append(list, fmt.Sprintf("%s %d%s", v.Stage, v.Lasted(hour(now))/time.Hour, end))
	}
	return strings.Join(list, ", ")
}

func TestWhatAHistoryCountsAs(t *testing.T) {
	for name, c := range map[string]struct{ path, rungs, visits string }{
		"a skip reaches what it passes over, and stands there not": {
			"applied@0 skip:interview_completed@9", "1/1 1/0 1/0 1/1 0/0 0/0", "applied 9, interview_completed 11+",
		},
		"a regression stays in": {
			"applied@0 shortlisted@1 interview_scheduled@4 regress:shortlisted@6", "1/1 1/1 1/1 0/0 0/0 0/0",
			"applied 1, shortlisted 3, interview_scheduled 2, shortlisted 14+",
		},
		"a correction leaves": {
			"applied@0 shortlisted@1 interview_scheduled@4 undo:3@6", "1/1 1/1 0/0 0/0 0/0 0/0", "applied 1, shortlisted 19+",
		},
		"a reopened one goes on, and the end is no visit": {
			"applied@0 reject:rejected@2 reopen:shortlisted@7", "1/1 1/1 0/0 0/0 0/0 0/0", "applied 2, shortlisted 13+",
		},
		"a late step is put where its time says": {
			"applied@0 skip:interview_scheduled@9 late:shortlisted@5", "1/1 1/1 1/1 0/0 0/0 0/0", "applied 5, shortlisted 4, interview_scheduled 11+",
		},
		"a late step of the present stage makes its visit longer": {
			"applied@0 shortlisted@9 late:shortlisted@5", "1/1 1/1 0/0 0/0 0/0 0/0", "applied 5, shortlisted 15+",
		},
		"a step within a stage is the same visit": {
			"applied@0 shortlisted@1 shortlisted@3 interview_scheduled@8", "1/1 1/1 1/1 0/0 0/0 0/0", "applied 1, shortlisted 7, interview_scheduled 12+",
		},
		"an accepted offer reached everything": {
			"applied@0 skip:offer_accepted@3", "1/1 1/0 1/0 1/0 1/0 1/1", "applied 3",
		},
		"an offer that was turned down was an offer": {
			"applied@0 skip:offer_rejected@3", "1/1 1/0 1/0 1/0 1/0 0/0", "applied 3",
		},
		"a rejection reaches nothing":        {"applied@0 reject:rejected@3", "1/1 0/0 0/0 0/0 0/0 0/0", "applied 3"},
		"who begins further on applied, too": {"skip:shortlisted@0", "1/0 1/1 0/0 0/0 0/0 0/0", "shortlisted 20+"},
	} {
		stories := paths(c.path)
		cohort := funnel.ReportOf(stories, time.Time{}, time.Time{}, hour(20)).Cohort
		if got := rungs(cohort); got != c.rungs {
			t.Errorf("%s: %s, want %s", name, got, c.rungs)
		}
		if got := visits(stories[0], 20); got != c.visits {
			t.Errorf("%s: %s, want %s", name, got, c.visits)
		}
	}
}

func TestACohortHasAFirstMomentAndNoLast(t *testing.T) {
	stories := paths("applied@0", "applied@5", "applied@9", "applied@8 late:applied@4")
	for want, period := range map[int][2]time.Time{4: {}, 3: {hour(4)}, 2: {{}, hour(5)}, 1: {hour(4), hour(5)}} {
		if got := len(funnel.In(stories, period[0], period[1])); got != want {
			t.Errorf("in %v: %d, want %d", period, got, want)
		}
	}
}

func TestSharesOfNobodyAreNull(t *testing.T) {
	empty := funnel.ReportOf(nil, time.Time{}, time.Time{}, hour(0))
	if r := empty.Cohort.Stages[0]; r.FromPrior != nil || r.FromStart != nil || empty.Cohort.Immature || len(empty.Snapshot.Stages) != 9 {
		t.Errorf("%+v", empty)
	}
	c := funnel.ReportOf(paths("applied@0", "applied@0 shortlisted@1", "applied@0", "applied@0 skip:interview_scheduled@1"), time.Time{}, time.Time{}, hour(9)).Cohort
	if *c.Stages[1].FromPrior != 0.5 || *c.Stages[2].FromPrior != 0.5 || *c.Stages[2].FromStart != 0.25 || c.Stages[4].FromPrior != nil {
		t.Errorf("%+v", c.Stages)
	}
}

func TestTimeInAStageCountsThoseWhoAreStillThere(t *testing.T) {
	for _, c := range []struct{ left, waiting, median, p90 string }{
		{"1 2 3", "", "2", "3"},
		{"1 2 3", "4 4 4 4", "?", "?"},   // four of seven are still there
		{"1 2 3 4", "0 0 0 0", "2", "4"}, // those who just came say nothing
		{"2 4", "2", "4", "4"},           // at the same time, who leaves comes first
		{"1 2 3 4 5 6 7 8 9 10", "", "5", "9"},
		{"", "5", "?", "?"},
	} {
		var texts []string
		for n := range strings.FieldsSeq(c.left) {
			texts = append(texts, "applied@0 shortlisted@"+n)
		}
		for n := range strings.FieldsSeq(c.waiting) {
			var h int
			if _, err := fmt.Sscan(n, &h); err != nil {
				t.Fatal(err)
			}
			texts = append(texts, fmt.Sprint("applied@", 20-h))
		}
		d := funnel.Durations(paths(texts...), hour(20))[0]
		name := func(p *int64) string {
			if p == nil {
				return "?"
			}
			return fmt.Sprint(*p / 3600)
		}
		if name(d.Median) != c.median || name(d.P90) != c.p90 || d.Open != len(strings.Fields(c.waiting)) || d.Cases != len(texts) {
			t.Errorf("%s, waiting %s: %s and %s of %d, %d open", c.left, c.waiting, name(d.Median), name(d.P90), d.Cases, d.Open)
		}
	}
}

func TestWhoWithdrewHadNoAnswer(t *testing.T) {
	stories := paths("applied@0 withdrawn@1", "applied@0 withdrawn@1", "applied@0 shortlisted@6", "applied@0 rejected@7")
	if d := funnel.Durations(stories, hour(20))[0]; *d.Median != 3600 || d.Open != 0 {
		t.Errorf("%+v", d)
	}
	if d := funnel.Answers(stories, hour(20))[0]; *d.Median != 6*3600 || d.Open != 2 || d.Cases != 4 {
		t.Errorf("%+v", d)
	}
}

func TestACohortIsImmatureWhileMoreThanATenthMayStillMoveOn(t *testing.T) {
	var texts []string
	for i := range 10 { // a long history: nine of ten leave within 9 hours
		texts = append(texts, fmt.Sprintf("applied@%d shortlisted@%d reject:rejected@%d", -100, -100+min(i+1, 9), -80))
	}
	for range 9 {
		texts = append(texts, "applied@0 shortlisted@1 reject:rejected@2")
	}
	texts = append(texts, "applied@0")
	cohort := func(now int, more ...string) funnel.Cohort {
		return funnel.ReportOf(paths(append(texts, more...)...), hour(0), time.Time{}, hour(now)).Cohort
	}
	if c := cohort(8); c.Pending != 1 || c.Stages[0].Pending != 1 || c.Immature { // one of ten
		t.Errorf("%+v", c)
	}
	if c := cohort(9); c.Pending != 0 { // nine of ten have left by then
		t.Errorf("%+v", c)
	}
	if c := cohort(8, "applied@7"); c.Pending != 2 || !c.Immature {
		t.Errorf("%+v", c)
	}
	if c := cohort(100, "applied@7"); c.Pending != 0 || c.Immature { // they will stay
		t.Errorf("%+v", c)
	}
	// Where nobody has left yet, nobody knows how long it takes.
	if c := cohort(10_000, "applied@7 skip:interview_scheduled@8", "applied@7 skip:interview_scheduled@8"); c.Stages[2].Pending != 2 || !c.Immature {
		t.Errorf("%+v", c)
	}
}

func TestEndsAndReasonsBySide(t *testing.T) {
	r := funnel.ReportOf(paths(
		"applied@0 rejected/skills@1", "applied@0 rejected/skills@1", "applied@0 rejected/location@1", "applied@0 rejected/unheard@1",
		"applied@0 rejected/other@1", "applied@0 withdrawn@1", "applied@0 offer_rejected/compensation@1", "applied@0 offer_accepted@1",
		"applied@0 rejected/skills@1 reopen:shortlisted@2",
	), time.Time{}, time.Time{}, hour(9))
	if want := (funnel.Ended{Rejected: 4, Declined: 2, Withdrawn: 1, Accepted: 1, Open: 1}); r.Cohort.Ended != want {
		t.Errorf("%+v, want %+v", r.Cohort.Ended, want)
	}
	want := "[{we_declined rejected skills 2} {we_declined rejected unheard 1} {they_declined offer_rejected compensation 1} {they_declined rejected location 1} {they_declined withdrawn  1} {other rejected other 1}]"
	if got := fmt.Sprint(r.Reasons); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestSourcesInOrder(t *testing.T) {
	var cases []funnel.Case
	for i, position := range []int{0, 1, 2, 3, 4, 10, 11} {
		c := path([]string{"applied@0", "applied@0 skip:interview_scheduled@1", "applied@0 offer_accepted@1 withdrawn@2"}[i%3])
		c.Position, c.Via, c.Source = position, []string{"", "feed"}[i%2], "lever"
		cases = append(cases, c)
	}
	got := fmt.Sprint(funnel.Sources(funnel.TellAll(cases)))
	want := "[{source lever 7 4 2 2} {via feed 3 2 1 1} {via unknown 4 2 1 1} {position 1 1 1 0 0} {position 2-3 2 1 1 1} {position 4-10 2 2 1 1} {position 11+ 1 0 0 0} {position unknown 1 0 0 0}]"
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// A forgotten application has no story, and is nowhere counted.
func TestAPathWithoutAStageIsNotCounted(t *testing.T) {
	if n := len(funnel.TellAll([]funnel.Case{{}})); n != 0 {
		t.Errorf("%d stories", n)
	}
}

func BenchmarkReportOfTenThousand(b *testing.B) {
	var cases []funnel.Case
	for i := range 10_000 {
		cases = append(cases, path(fmt.Sprintf("applied@%d shortlisted@%d interview_scheduled@%d undo:3@%d interview_scheduled@%d reject:rejected/skills@%d", i%700, i%700+i%13, i%700+20, i%700+21, i%700+22, i%700+30)))
	}
	for b.Loop() {
		funnel.ReportOf(funnel.TellAll(cases), time.Time{}, time.Time{}, hour(2000))
	}
}
