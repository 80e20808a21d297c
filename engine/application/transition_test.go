package application

import (
	"errors"
	"slices"
	"testing"

	"tideline/engine/event"
)

// expected is the table of transitions said in words: what a step is, and which
// role may take it beside ops. Without a kind there is no such step.
func expected(from, to int) (kind event.ChangeKind, who Role) {
	const accepted, declined, rejected, withdrawn = 5, 6, 7, 8
	open := func(i int) bool { return i < 5 }
	switch {
	case open(from) && open(to) && to == from+1:
		return event.Advance, Recruiter
	case open(from) && open(to) && to > from:
		return event.Skip, Recruiter
	case open(from) && open(to) && to < from:
		return event.Regress, Recruiter
	case from == 4 && (to == accepted || to == declined):
		return event.Advance, Student
	case (open(from) || from == accepted) && to == rejected:
		return event.Reject, Recruiter
	case (open(from) || from == accepted) && to == withdrawn:
		return event.Withdraw, Student
	case from == withdrawn && to == 0:
		return event.Reopen, Student
	case from == withdrawn && open(to):
		return event.Reopen, Ops
	case !open(from) && open(to):
		return event.Reopen, Recruiter
	}
	return "", ""
}

func TestEveryCellForEveryRole(t *testing.T) {
	for i, from := range event.Stages {
		for j, to := range event.Stages {
			for _, by := range []Actor{student, recruiter, ops, {"svc", Service}} {
				kind, who := expected(i, j)
				r := stands(t, from, 1)
				got, err := r.Move(Move{To: string(to), Reason: "skills"}, by, Pipeline{}, hours(2))
				rule := Rule("")
				if no, ok := errors.AsType[*Refusal](err); ok {
					rule = no.Rule
				}
				want := Rule("")
				switch {
				case from == to:
					want = AlreadyThere
				case kind == "":
					want = NoTransition
				case by.Role != Ops && by.Role != who:
					want = NotForRole
				}
				if rule != want {
					t.Errorf("%s from %s to %s: refused by %q, want %q", by.Role, from, to, rule, want)
				}
				allowed := want == ""
				if allowed && (got.Change == nil || got.Change.Kind != kind) {
					t.Errorf("%s from %s to %s: %+v, want %s", by.Role, from, to, got.Change, kind)
				}
				if slices.Contains(Targets(from, by.Role), to) != allowed {
					t.Errorf("Targets(%s, %s) and Move disagree about %s", from, by.Role, to)
				}
			}
		}
	}
}
