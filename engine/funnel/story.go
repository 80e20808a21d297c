package funnel

import (
	"slices"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// Case is what is known of one application.
type Case struct {
	Path     []application.Change
	Source   string // of the job
	Via      string // how the student came to it
	Position int    // in the feed; 0: unknown
	Reasons  application.Reasons
}

// Visit is one stay in an open stage, from the step that came to it to the next
// step out of it, whichever way. Coming back is another visit; going between
// two of a job's own steps of the stage is not.
type Visit struct {
	Stage event.Stage
	From  time.Time
	To    time.Time   // zero: still there
	Next  event.Stage // where it went
}

// Lasted is how long a visit was, or has been by now. It is never negative.
func (v Visit) Lasted(now time.Time) time.Duration {
	if !v.To.IsZero() {
		now = v.To
	}
	return max(0, now.Sub(v.From))
}

// Story is what happened to an application, without what never happened.
type Story struct {
	Case
	Applied time.Time   // the earliest step in force
	Stage   event.Stage // where it stands
	Reason  string      // of the step that came there
	Visits  []Visit     // in order
	stood   [len(event.Stages)]bool
}

// Tell follows a path. It must have a step in force, as every application has.
func Tell(c Case) Story {
	s := Story{Case: c}
	steps := application.InForce(c.Path)
	for _, step := range steps {
		if step.Kind != event.Late && step.To != s.Stage {
			s.Stage, s.Reason = step.To, step.Reason
		}
		if i := step.To.Index(); i >= 0 {
			s.stood[i] = true
		}
	}
	// Steps of one moment stay in the order in which they were taken.
	slices.SortStableFunc(steps, func(a, b application.Change) int { return a.At.Compare(b.At) })
	var stage event.Stage
	for i, step := range steps {
		if i == 0 {
			s.Applied = step.At
		}
		if step.To == stage {
			continue
		}
		if stage.Open() {
			last := &s.Visits[len(s.Visits)-1]
			last.To, last.Next = step.At, step.To
		}
		if stage = step.To; stage.Open() {
			s.Visits = append(s.Visits, Visit{Stage: stage, From: step.At})
		}
	}
	return s
}

// Stood says whether the application ever stood in a stage.
func (s *Story) Stood(stage event.Stage) bool { return s.stood[stage.Index()] }

// Reached says whether it ever stood in a stage of Ladder or beyond. Who applied
// reached the first; who answered an offer had one.
func (s *Story) Reached(stage event.Stage) bool {
	i := stage.Index()
	if i == 0 || s.stood[event.OfferAccepted.Index()] {
		return true
	}
	return stage.Open() && slices.Contains(s.stood[i:event.OfferRejected.Index()+1], true)
}

// Ladder is the order in which a funnel narrows: the open stages, then the accepted offer.
var Ladder = event.Stages[:event.OfferAccepted.Index()+1]
