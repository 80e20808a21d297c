package application

import (
	"time"

	"tideline/engine/event"
)

// Fact decides about what happened elsewhere: a step that another service tells
// of. What it says is taken as true unless it contradicts what is known:
//
//   - known by its event id, or already so: nothing is appended, and no error;
//   - from before the present step, and of an open stage: Late, it counts as
//     reached and moves nothing;
//   - an offer's answer that is told before the offer: Skip, as what comes first;
//   - after the end, without being a reopening: refused (Ended);
//   - of no transition that anybody may take: refused (NoTransition).
//
// From is not held against the present: services publish in parallel. The error
// is a *Refusal.
func (r *Record) Fact(f event.StageChange, p Pipeline, now time.Time) (*Item, error) {
	now = now.UTC().Truncate(time.Second)
	if _, known := r.Known(f.EventID); known {
		return nil, nil
	}
	to := f.ToStep
	if to == "" {
		to = string(f.To)
	}
	stage, step, ok := p.find(to)
	if !ok || stage != f.To {
		f.ToStep = "" // not a step of this pipeline: it says the stage alone
		stage, step, _ = p.find(string(f.To))
	}
	if f.At.After(now.Add(ahead)) {
		return nil, r.refuse(InTheFuture, "%s is in the future; a step is told when it has happened", f.At.Format(time.RFC3339))
	}
	m := Move{EventID: f.EventID, Reason: f.Reason, InterviewAt: f.InterviewAt, OfferEnds: f.OfferEnds}
	by := Actor{ID: f.Actor, Role: Service}
	change := Change{To: stage, ToStep: step, At: f.At.UTC()}
	kind, err := r.fact(f, stage, step, p)
	if kind == "" || err != nil {
		return nil, err
	}
	change.Kind = kind
	i, err := r.step(m, change, by, now)
	if err != nil {
		return nil, err
	}
	if kind == event.Late { // what it brings along is older than what is known
		i.InterviewAt, i.OfferEnds = nil, nil
	}
	return &i, nil
}

// fact says what a step is; empty: it is so already.
func (r *Record) fact(f event.StageChange, to event.Stage, step string, p Pipeline) (event.ChangeKind, error) {
	t, ok := transitions[[2]event.Stage{r.Stage, to}]
	switch {
	case r.Stage == "" && to == event.Applied:
		return event.Advance, nil
	case r.Stage == "":
		return event.Skip, nil
	case f.At.Before(r.StepSince) && to.Open():
		if r.reachedBy(to, f.At) {
			return "", nil
		}
		return event.Late, nil
	case to == r.Stage && (step == r.Step || f.ToStep == ""):
		return "", nil
	case f.At.Before(r.StepSince):
		return "", r.refuse(Ended, "it says %s at %s; since %s the application stands at %s", to, f.At.Format(time.RFC3339), r.StepSince.Format(time.RFC3339), r.where())
	case !r.Stage.Open() && ok && t.kind == event.Reopen && f.Kind != event.Reopen:
		return "", r.refuse(Ended, "the application ended at %s; to go on it must be reopened (kind: reopen)", r.Stage)
	case r.Stage.Open() && (to == event.OfferAccepted || to == event.OfferRejected) && !ok:
		return event.Skip, nil
	case !ok:
		return "", r.refuse(NoTransition, "an application cannot go from %s to %s", r.Stage, to)
	case t.kind == within && p.place(step) < p.place(r.Step):
		return event.Regress, nil
	case t.kind == within:
		return event.Advance, nil
	}
	return t.kind, nil
}

// reachedBy says whether a stage is known to have been reached by then.
func (r *Record) reachedBy(s event.Stage, at time.Time) bool {
	for _, c := range InForce(r.Path) {
		if c.To == s && !c.At.After(at) {
			return true
		}
	}
	return false
}
