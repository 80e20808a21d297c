package application

import (
	"slices"
	"testing"

	"tideline/engine/event"
)

func reached(r *Record) []event.Stage {
	var list []event.Stage
	for _, s := range event.Stages {
		if slices.ContainsFunc(InForce(r.Path), func(c Change) bool { return c.To == s }) {
			list = append(list, s)
		}
	}
	return list
}

func TestAFactThatIsKnownChangesNothing(t *testing.T) {
	r := begun(t, Pipeline{})
	if !tell(t, r, fact(event.Shortlisted, 2), Pipeline{}) {
		t.Fatal("a new fact is not appended")
	}
	again := fact(event.Shortlisted, 3)
	again.EventID = "another"
	for _, f := range []event.StageChange{fact(event.Shortlisted, 2), again} {
		if tell(t, r, f, Pipeline{}) {
			t.Errorf("%s is appended twice", f.EventID)
		}
	}
	at(t, r, event.Shortlisted, "", 2)
	if c := r.Path[1]; c.Role != Service || c.Kind != event.Advance || r.Log[1].Actor.ID != "ats" {
		t.Errorf("%+v", c)
	}
}

func TestFactsInAnyOrderLeadToTheSame(t *testing.T) {
	for _, c := range []struct {
		name  string
		facts []event.StageChange // as they happened
	}{
		{"forward", []event.StageChange{fact(event.Shortlisted, 2), fact(event.InterviewScheduled, 4)}},
		{"rejected after", []event.StageChange{fact(event.Shortlisted, 2), fact(event.Rejected, 4)}},
		{"an answer before its offer", []event.StageChange{fact(event.OfferExtended, 2), fact(event.OfferAccepted, 4)}},
		{"declined before its offer", []event.StageChange{fact(event.OfferExtended, 2), fact(event.OfferRejected, 4)}},
	} {
		t.Run(c.name, func(t *testing.T) {
			forth, back := begun(t, Pipeline{}), begun(t, Pipeline{})
			for i := range c.facts {
				tell(t, forth, c.facts[i], Pipeline{})
				tell(t, back, c.facts[len(c.facts)-1-i], Pipeline{})
			}
			if forth.Stage != back.Stage || !forth.Since.Equal(back.Since) || !slices.Equal(reached(forth), reached(back)) {
				t.Errorf("in order: %s since %s, reached %v; backwards: %s since %s, reached %v",
					forth.Stage, forth.Since, reached(forth), back.Stage, back.Since, reached(back))
			}
		})
	}
}

func TestALateFactMovesNothingAndBringsNothing(t *testing.T) {
	r := begun(t, Pipeline{})
	tell(t, r, fact(event.OfferExtended, 5), Pipeline{})
	late := fact(event.InterviewScheduled, 2)
	late.InterviewAt, late.OfferEnds = new(hours(3)), new(hours(4))
	tell(t, r, late, Pipeline{})
	at(t, r, event.OfferExtended, "", 5)
	if r.Path[2].Kind != event.Late || r.InterviewAt != nil || r.OfferEnds != nil {
		t.Errorf("%+v, interview at %v, offer until %v", r.Path[2], r.InterviewAt, r.OfferEnds)
	}
	known := fact(event.InterviewScheduled, 3)
	if tell(t, r, known, Pipeline{}) {
		t.Error("that it was reached is appended twice")
	}
}

func TestTheFirstFactNeedNotBeTheApplication(t *testing.T) {
	r := &Record{}
	tell(t, r, fact(event.InterviewScheduled, 4), Pipeline{})
	if r.Path[0].Kind != event.Skip {
		t.Errorf("the first step is %s", r.Path[0].Kind)
	}
	tell(t, r, fact(event.Shortlisted, 2), Pipeline{})
	if !r.AppliedAt.Equal(hours(2)) {
		t.Errorf("applied at %s, though shortlisted before that", r.AppliedAt)
	}
	tell(t, r, fact(event.Applied, 1), Pipeline{})
	at(t, r, event.InterviewScheduled, "", 4)
	if !r.AppliedAt.Equal(hours(1)) {
		t.Errorf("applied at %s", r.AppliedAt)
	}
	one := &Record{}
	tell(t, one, fact(event.Applied, 1), Pipeline{})
	if one.Path[0].Kind != event.Advance {
		t.Errorf("an application is %s", one.Path[0].Kind)
	}
}

func TestFactsThatContradict(t *testing.T) {
	try := func(r *Record, f event.StageChange) error {
		i, err := r.Fact(f, Pipeline{}, hours(10))
		if i != nil {
			t.Errorf("%s is to be appended", f.To)
		}
		return err
	}
	over := stands(t, event.Rejected, 4)
	refused(t, try(over, fact(event.Withdrawn, 2)), Ended, "it says withdrawn at 2026-03-02T11:00:00Z; since 2026-03-02T13:00:00Z the application stands at rejected")
	refused(t, try(over, fact(event.Shortlisted, 6)), Ended, "the application ended at rejected; to go on it must be reopened (kind: reopen)")
	refused(t, try(over, fact(event.OfferAccepted, 6)), NoTransition, "an application cannot go from rejected to offer_accepted")
	refused(t, try(over, fact(event.Shortlisted, 11)), InTheFuture, "2026-03-02T20:00:00Z is in the future; a step is told when it has happened")
	over.Path = slices.Repeat(over.Path, 100)
	reopen := fact(event.Shortlisted, 6)
	reopen.Kind = event.Reopen
	refused(t, try(over, reopen), TooLong, "the application has 200 steps and 2 entries; no more can be added")
	over.Path = over.Path[:2]
	tell(t, over, reopen, Pipeline{})
	at(t, over, event.Shortlisted, "", 6)
}

func TestFactsOfStepsKeepTheirOrderWithinAStage(t *testing.T) {
	r := begun(t, custom)
	step := func(to event.Stage, id string, hour int) event.StageChange {
		f := fact(to, hour)
		f.ToStep = id
		return f
	}
	tell(t, r, step(event.Shortlisted, "screening", 1), custom)
	tell(t, r, step(event.Shortlisted, "task", 5), custom)
	tell(t, r, step(event.Shortlisted, "mystery", 6), custom) // not of this pipeline: the stage alone
	at(t, r, event.Shortlisted, "task", 1)
	tell(t, r, step(event.InterviewScheduled, "panel", 3), custom) // reached before the task, and left again
	at(t, r, event.Shortlisted, "task", 1)
	if r.Path[3].Kind != event.Late {
		t.Errorf("the last step is %s", r.Path[3].Kind)
	}
	tell(t, r, step(event.Shortlisted, "screening", 7), custom)
	if r.Path[4].Kind != event.Regress || r.Step != "screening" {
		t.Errorf("%+v", r.Path[4])
	}
	tell(t, r, step(event.Shortlisted, "panel", 8), custom) // a step of another stage: the stage counts
	at(t, r, event.Shortlisted, "screening", 1)
	tell(t, r, step(event.Shortlisted, "task", 9), custom)
	at(t, r, event.Shortlisted, "task", 1)
	if r.Path[5].Kind != event.Advance {
		t.Errorf("%+v", r.Path[5])
	}
}
