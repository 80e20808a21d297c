package board

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tideline/engine/application"
	"tideline/engine/event"
)

func hour(n int) time.Time {
	return time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Hour)
}

// record is an application that went through these stages, an hour each.
func record(student, job string, stages ...event.Stage) *application.Record {
	r := &application.Record{ID: event.ApplicationID(student, job), Student: student, Opportunity: job, Organisation: "acme", Recruiter: "rita", Source: "lever"}
	for i, s := range stages {
		step(r, application.Change{Kind: event.Advance, To: s, At: hour(i)})
	}
	return r
}

func step(r *application.Record, c application.Change) event.StageChange {
	c.Seq, c.From = len(r.Path)+1, r.Stage
	i := application.Item{N: r.Version + 1, EventID: fmt.Sprint(r.ID, c.Seq), Change: &c, At: c.At}
	r.Append(i)
	return r.StageChange(i)
}

// told is the record's steps as the topic has them.
func told(r *application.Record) []event.StageChange {
	var list []event.StageChange
	for _, i := range r.Log {
		list = append(list, r.StageChange(i))
	}
	return list
}

func TestPutKeepsTheNewer(t *testing.T) {
	b := New()
	long, short := RowOf(record("s", "j", event.Applied, event.Shortlisted)), RowOf(record("s", "j", event.Applied))
	if !b.Put(long) || b.Put(short) || b.Put(long) {
		t.Error("it says otherwise what it shows")
	}
	if r, ok := b.Get(long.ID); !ok || r.Stage != event.Shortlisted || b.Len() != 1 {
		t.Errorf("%+v", r)
	}
	if _, ok := b.Get("unknown"); ok {
		t.Error("it has what nobody put")
	}
}

func TestApplyNeedsEveryStepInItsPlace(t *testing.T) {
	steps := told(record("s", "j", event.Applied, event.Shortlisted, event.InterviewScheduled))
	b := New()
	if b.Apply(steps[1]) || b.Len() != 0 {
		t.Error("a row began with its second step")
	}
	if !b.Apply(steps[0]) || b.Apply(steps[2]) {
		t.Error("the first is missing, or a gap was filled with nothing")
	}
	if r, _ := b.Get(steps[0].Application); r.Stage != event.Applied {
		t.Errorf("after a gap it stands at %s", r.Stage)
	}
	for _, i := range []int{1, 0, 1, 2, 1} { // what is known changes nothing
		if !b.Apply(steps[i]) {
			t.Errorf("step %d was not taken", i+1)
		}
	}
	if !b.Apply(event.StageChange{Application: steps[0].Application, To: event.Rejected}) {
		t.Error("what has no place is not for the board")
	}
	r, _ := b.Get(steps[0].Application)
	if r.Stage != event.InterviewScheduled || r.Seq() != 3 || !r.Since.Equal(hour(2)) || !r.AppliedAt.Equal(hour(0)) || r.Organisation != "acme" || r.Source != "lever" {
		t.Errorf("%+v", r)
	}
}

func TestARowThatWasHandedOutDoesNotChange(t *testing.T) {
	steps := told(record("s", "j", event.Applied, event.Shortlisted))
	end := new(steps[1])
	end.InterviewAt, end.OfferEnds = new(hour(7)), new(hour(8))
	b := New()
	b.Apply(steps[0])
	before, _ := b.Get(steps[0].Application)
	b.Apply(*end)
	after, _ := b.Get(steps[0].Application)
	if before.Stage != event.Applied || before.Seq() != 1 || before.InterviewAt != nil {
		t.Errorf("the old row became %+v", before)
	}
	if after.Stage != event.Shortlisted || !after.InterviewAt.Equal(hour(7)) || !after.OfferEnds.Equal(hour(8)) {
		t.Errorf("%+v", after)
	}
}

func TestRowsAreFoundByStudentJobAndOrganisation(t *testing.T) {
	b := New()
	b.Put(RowOf(record("s", "j", event.Applied)))
	b.Put(RowOf(record("s", "k", event.Applied, event.Shortlisted)))
	b.Put(RowOf(record("t", "j", event.Applied, event.Rejected)))
	nameless := RowOf(record("", "l", event.Applied))
	nameless.Organisation = ""
	b.Put(nameless)
	var of []string
	for _, r := range b.OfStudent("s") { // what moved last comes first
		of = append(of, r.Opportunity)
	}
	if !slices.Equal(of, []string{"k", "j"}) || len(b.OfJob("j")) != 2 || len(b.OfOrganisation("acme")) != 3 {
		t.Errorf("of s %q, of j %d, of acme %d", of, len(b.OfJob("j")), len(b.OfOrganisation("acme")))
	}
	if len(b.OfStudent(""))+len(b.OfOrganisation(""))+len(b.OfJob("none")) > 0 {
		t.Error("nobody has applications")
	}
	jobs := b.Jobs()
	slices.Sort(jobs)
	if !slices.Equal(jobs, []string{"j", "k", "l"}) {
		t.Errorf("jobs %q", jobs)
	}
	want := map[event.Stage]int{event.Applied: 2, event.Shortlisted: 1, event.Rejected: 1}
	if all := b.CountAll(); fmt.Sprint(all) != fmt.Sprint(want) {
		t.Errorf("%v, want %v", all, want)
	}
}

// Whatever order loading, following and the process's own writes come in, the
// board that grew is the one that is loaded at the end.
func TestABoardThatGrewIsTheOneThatIsLoaded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		grown := New()
		var records []*application.Record
		for i := range rapid.IntRange(1, 4).Draw(t, "applications") {
			records = append(records, record(fmt.Sprint("s", i), "j", event.Applied))
		}
		known := slices.Clone(records) // as a loader read them, long ago
		for range rapid.IntRange(0, 20).Draw(t, "moves") {
			r := *rapid.SampledFrom(records).Draw(t, "which")
			i := slices.IndexFunc(records, func(o *application.Record) bool { return o.ID == r.ID })
			change := application.Change{Kind: event.Advance, To: event.Stages[rapid.IntRange(0, 8).Draw(t, "to")], At: hour(len(r.Path))}
			if last := len(r.Path); last > 1 && r.Path[last-1].Kind == event.Advance && rapid.Bool().Draw(t, "undo") {
				change.Kind, change.Corrects, change.To = event.Correction, last, application.Settle(r.Path[:last-1]).Stage
			}
			step(&r, change)
			records[i] = &r
			switch rapid.IntRange(0, 3).Draw(t, "how") {
			case 0:
				grown.Put(RowOf(&r)) // this process's own
			case 1:
				grown.Put(RowOf(rapid.SampledFrom(known).Draw(t, "old")))
			case 2:
				for _, s := range told(&r)[rapid.IntRange(0, len(r.Path)-1).Draw(t, "since"):] {
					grown.Apply(s)
				}
			}
		}
		loaded := New()
		for _, r := range records {
			for _, s := range told(r) { // the topic brings everything in the end
				if !grown.Apply(s) {
					t.Fatalf("step %d of %s is missing those before", s.Seq, r.ID)
				}
			}
			loaded.Put(RowOf(r))
		}
		if got, want := fmt.Sprint(Count(grown.OfJob("j"))), fmt.Sprint(Count(loaded.OfJob("j"))); got != want || fmt.Sprint(grown.CountAll()) != want {
			t.Fatalf("grown %s, loaded %s", got, want)
		}
		for _, r := range records {
			a, _ := grown.Get(r.ID)
			b, _ := loaded.Get(r.ID)
			if a.Settled != b.Settled || a.Seq() != b.Seq() || a.Student != b.Student {
				t.Fatalf("grown %+v, loaded %+v", a, b)
			}
		}
	})
}
