package application

import (
	"time"

	"tideline/engine/event"
)

// Move is a request to change the stage. EventID is chosen by who asks for it:
// one that the log already has changes nothing; see Record.Known.
type Move struct {
	EventID     string
	Request     string    // digest of what was asked for, under an idempotency key
	From        string    // where it must stand: a stage or a step; empty: wherever it stands
	To          string    // a stage or a step of the job's pipeline
	Reason      string    // a code of the organisation's taxonomy
	Note        string    // for recruiters
	At          time.Time // when it took effect; zero: now
	InterviewAt *time.Time
	OfferEnds   *time.Time
}

// ahead is how far a clock may go before ours.
const ahead = 5 * time.Minute

// Known gives the item of an event that the log has, of those that it still holds.
func (r *Record) Known(eventID string) (Item, bool) {
	for _, i := range r.Log {
		if i.EventID == eventID {
			return i, true
		}
	}
	return Item{}, false
}

// Repeat answers a request that was made before: its item; nil when it is new.
// The error is a *Refusal when the key stood for another request.
func (r *Record) Repeat(eventID, request string) (*Item, error) {
	i, known := r.Known(eventID)
	if !known {
		return nil, nil
	}
	if i.Request != request {
		return nil, r.refuse(OtherRequest, "this Idempotency-Key stands for another request; use a new one")
	}
	return &i, nil
}

// Move decides about a change of the stage. The error is a *Refusal.
func (r *Record) Move(m Move, by Actor, p Pipeline, now time.Time) (Item, error) {
	now = now.UTC().Truncate(time.Second)
	if r.Stage == "" {
		return Item{}, r.refuse(NotApplied, "there is no application yet")
	}
	stage, step, ok := p.find(m.To)
	if !ok {
		return Item{}, r.refuse(UnknownStage, "%q is neither a stage nor a step of this job's pipeline", m.To)
	}
	if m.From != "" && m.From != string(r.Stage) && m.From != r.Step {
		return Item{}, r.refuse(StageChanged, "the application no longer stands at %s; it stands at %s since %s", m.From, r.where(), r.StepSince.Format(time.RFC3339))
	}
	t, err := r.transition(stage, step, by.Role, p)
	if err != nil {
		return Item{}, err
	}
	at, err := r.effective(m.At, now)
	if err != nil {
		return Item{}, err
	}
	switch {
	case t == event.Reject && m.Reason == "" && by.Role != Service:
		return Item{}, r.refuse(ReasonRequired, "a rejection says why: name a reason of the organisation's list")
	case t == event.Reject && by.Role != Service && !p.Reasons.has(m.Reason):
		return Item{}, r.refuse(UnknownReason, "%q is no reason of the organisation's list", m.Reason)
	case stage == event.OfferAccepted && r.OfferEnds != nil && at.After(*r.OfferEnds) && by.Role == Student:
		return Item{}, r.refuse(OfferExpired, "the offer ended at %s; ask the recruiter to extend it", r.OfferEnds.Format(time.RFC3339))
	}
	return r.step(m, Change{Kind: t, To: stage, ToStep: step, At: at}, by, now)
}

// where names where it stands: the step, if there is one.
func (r *Record) where() string {
	if r.Step != "" {
		return r.Step
	}
	return string(r.Stage)
}

// transition finds out what a step from here to there is, and whether a role may take it.
func (r *Record) transition(to event.Stage, step string, role Role, p Pipeline) (event.ChangeKind, error) {
	t, ok := transitions[[2]event.Stage{r.Stage, to}]
	switch {
	case to == r.Stage && step == r.Step:
		return "", r.refuse(AlreadyThere, "the application stands at %s already", r.where())
	case !ok:
		return "", r.refuse(NoTransition, "an application cannot go from %s to %s", r.Stage, to)
	case !t.may(role):
		return "", r.refuse(NotForRole, "a %s may not move an application from %s to %s", role, r.Stage, to)
	case t.kind == within && p.place(step) < p.place(r.Step):
		return event.Regress, nil
	case t.kind == within:
		return event.Advance, nil
	}
	return t.kind, nil
}

// effective is when a step takes effect: not in the future, and not before the
// one that it follows.
func (r *Record) effective(at, now time.Time) (time.Time, error) {
	if at.IsZero() {
		at = now
	}
	at = at.UTC().Truncate(time.Second)
	switch {
	case at.After(now.Add(ahead)):
		return at, r.refuse(InTheFuture, "%s is in the future; a step is recorded when it has happened", at.Format(time.RFC3339))
	case at.Before(r.StepSince):
		return at, r.refuse(BeforeTheLast, "%s is before %s, when the application came to %s", at.Format(time.RFC3339), r.StepSince.Format(time.RFC3339), r.where())
	}
	return at, nil
}

// step makes an item of a change.
func (r *Record) step(m Move, c Change, by Actor, now time.Time) (Item, error) {
	if len(r.Path) >= maxChanges || r.Version >= maxItems {
		return Item{}, r.refuse(TooLong, "the application has %d steps and %d entries; no more can be added", len(r.Path), r.Version)
	}
	c.Seq, c.From, c.FromStep, c.RecordedAt, c.Role, c.Reason = len(r.Path)+1, r.Stage, r.Step, now, by.Role, m.Reason
	i := r.item(m.EventID, m.Request, by, now)
	i.At, i.Change, i.Note, i.InterviewAt, i.OfferEnds = c.At, &c, m.Note, m.InterviewAt, m.OfferEnds
	i.Visibility = event.ForStudent
	return i, nil
}

func (r *Record) item(eventID, request string, by Actor, now time.Time) Item {
	return Item{N: r.Version + 1, EventID: eventID, Request: request, At: now, RecordedAt: now, Actor: by}
}

// Correct takes back the last step in force: it never happened. A recruiter
// takes back what recruiters and services did, ops anything but the application itself.
func (r *Record) Correct(m Move, seq int, by Actor, now time.Time) (Item, error) {
	now = now.UTC().Truncate(time.Second)
	list := InForce(r.Path)
	at := -1
	for i, c := range list {
		if c.Seq == seq {
			at = i
		}
	}
	switch {
	case at < 0:
		return Item{}, r.refuse(NothingToCorrect, "step %d is not in force", seq)
	case at != len(list)-1:
		return Item{}, r.refuse(NotTheLast, "step %d is not the last one; take back step %d first", seq, list[len(list)-1].Seq)
	case at == 0:
		return Item{}, r.refuse(NothingToCorrect, "that a student applied is not taken back; the student can withdraw")
	case by.Role == Student, by.Role == Recruiter && list[at].Role == Student:
		return Item{}, r.refuse(NotForRole, "a %s may not take back what a %s did", by.Role, list[at].Role)
	}
	before := Settle(list[:at])
	return r.step(m, Change{Kind: event.Correction, To: before.Stage, ToStep: before.Step, At: now, Corrects: seq}, by, now)
}
