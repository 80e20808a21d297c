package application

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

// random makes a record by moves, corrections, facts, interviews and feedback,
// whichever are allowed.
func random(t *rapid.T) *Record {
	r, err := Begin("s1", job, Origin{}, Move{EventID: "e0"}, student, custom, start)
	if err != nil {
		t.Fatal(err)
	}
	targets := []string{"screening", "task", "panel"}
	for _, s := range event.Stages {
		targets = append(targets, string(s))
	}
	actor := rapid.SampledFrom([]Actor{student, recruiter, ops})
	for n := range rapid.IntRange(0, 25).Draw(t, "steps") {
		now, id, by := hours(3*n+1), fmt.Sprint("e", n+1), actor.Draw(t, "by")
		to := rapid.SampledFrom(targets).Draw(t, "to")
		var i Item
		err := error(nil)
		switch rapid.SampledFrom([]string{"move", "move", "undo", "fact", "meet", "note", "say", "read"}).Draw(t, "what") {
		case "move":
			i, err = r.Move(Move{EventID: id, To: to, Reason: "skills", OfferEnds: new(hours(200))}, by, custom, now)
		case "undo":
			i, err = r.Correct(Move{EventID: id}, rapid.IntRange(1, len(r.Path)).Draw(t, "seq"), by, now)
		case "fact":
			f := fact(event.Stages[rapid.IntRange(0, 8).Draw(t, "stage")], rapid.IntRange(-5, 3*n+1).Draw(t, "at"))
			var told *Item
			if told, err = r.Fact(f, custom, now); err == nil && told == nil {
				continue
			} else if err == nil {
				i = *told
			}
		case "meet":
			i, err = r.Meet(event.Interview{ID: fmt.Sprint("i", n%3), State: event.InterviewPlanned, Starts: now}, id, "", by, now)
		case "say":
			i, err = r.Say(Said{Body: "x"}, rapid.SampledFrom([]event.Visibility{event.ForStudent, event.ForRecruiters}).Draw(t, "for"), id, "", by, now, now)
		case "read":
			var read *Item
			if read, err = r.Receive(rapid.IntRange(0, r.Version).Draw(t, "up to"), id, "", by, now); err == nil && read == nil {
				continue
			} else if err == nil {
				i = *read
			}
		case "note":
			i, err = r.Submit(event.Feedback{Kind: event.Shortlisting, Summary: "x"}, id, "", by, nil, now)
		}
		if err == nil {
			r.Append(i)
		}
	}
	return r
}

func TestReplayingTheLogGivesTheRecord(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := random(t)
		again := &Record{
			ID: r.ID, Student: r.Student, Opportunity: r.Opportunity, Title: r.Title,
			Organisation: r.Organisation, Recruiter: r.Recruiter, Source: r.Source, Origin: r.Origin,
		}
		for n, i := range r.Log {
			if i.N != n+1 {
				t.Fatalf("item %d has the number %d", n+1, i.N)
			}
			again.Append(i)
		}
		want, _ := json.Marshal(r)
		got, _ := json.Marshal(again)
		if string(got) != string(want) || again.Seq != r.Seq {
			t.Fatalf("got  %s\nwant %s", got, want)
		}
		read, err := Decode(want)
		if err != nil {
			t.Fatal(err)
		}
		if back, _ := json.Marshal(read); string(back) != string(want) || read.Seq != r.Seq {
			t.Fatalf("read back: %s", back)
		}
	})
}

// naive folds a path with a stack: a correction pops, what is late lies aside.
func naive(path []Change) (stage event.Stage, since, applied time.Time) {
	var stack []Change
	for _, c := range path {
		if c.Kind == event.Correction {
			stack = slices.DeleteFunc(stack, func(old Change) bool { return old.Seq == c.Corrects })
		} else {
			stack = append(stack, c)
		}
	}
	applied = stack[0].At
	for _, c := range stack {
		if c.At.Before(applied) {
			applied = c.At
		}
	}
	stack = slices.DeleteFunc(stack, func(c Change) bool { return c.Kind == event.Late })
	last := len(stack) - 1
	first := last // of the run of steps in the last stage
	for first > 0 && stack[first-1].To == stack[last].To {
		first--
	}
	return stack[last].To, stack[first].At, applied
}

func TestSettleAgreesWithANaiveFold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := random(t)
		stage, since, applied := naive(r.Path)
		if r.Stage != stage || !r.Since.Equal(since) || !r.AppliedAt.Equal(applied) {
			t.Fatalf("%s since %s, applied %s; the naive fold says %s since %s, applied %s\n%+v",
				r.Stage, r.Since, r.AppliedAt, stage, since, applied, r.Path)
		}
		if r.StepSince.Before(r.Since) {
			t.Fatalf("in the step since %s, in the stage since %s", r.StepSince, r.Since)
		}
	})
}

// Whatever goes forward can be told in any order.
func TestForwardFactsCommute(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var facts []event.StageChange
		for i, s := range event.Stages[1:6] {
			if rapid.Bool().Draw(t, string(s)) {
				facts = append(facts, fact(s, 2*i+1))
			}
		}
		if rapid.Bool().Draw(t, "applied") {
			facts = append(facts, fact(event.Applied, -1))
		}
		if len(facts) == 0 {
			return
		}
		shuffled := rapid.Permutation(facts).Draw(t, "order")
		slices.SortFunc(facts, func(a, b event.StageChange) int { return a.At.Compare(b.At) })
		one, other := &Record{}, &Record{}
		for i := range facts {
			for r, f := range map[*Record]event.StageChange{one: facts[i], other: shuffled[i]} {
				item, err := r.Fact(f, Pipeline{}, hours(100))
				if err != nil {
					t.Fatal(err)
				}
				if item != nil {
					r.Append(*item)
				}
			}
		}
		if one.Stage != other.Stage || !one.Since.Equal(other.Since) || !one.AppliedAt.Equal(other.AppliedAt) || !slices.Equal(reached(one), reached(other)) {
			t.Fatalf("in order: %s %v, applied %s; else: %s %v, applied %s", one.Stage, reached(one), one.AppliedAt, other.Stage, reached(other), other.AppliedAt)
		}
	})
}
