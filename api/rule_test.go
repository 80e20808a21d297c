package api

import (
	"slices"
	"testing"

	"tideline/engine/event"
)

func TestARuleSaysWhatTheIndexesAnswerAndForHowMuch(t *testing.T) {
	w := matrixWorld(t)
	over := job("over")
	over.Status = event.Closed
	w.apply(over.ID, &over)
	plan := get[rulePlan](w, "/rules/fits", w.token(Ops, "o"))
	if plan.Rule != "test/fits" || len(plan.PushedDown) == 0 || plan.Overlap <= 0 || !slices.Contains(plan.On, "profiles") {
		t.Errorf("what is pushed down is not told: %+v", plan)
	}
	if plan.Opportunities == 0 || plan.Admitted == 0 || plan.Admitted > plan.Opportunities {
		t.Errorf("%d of %d opportunities can fire it", plan.Admitted, plan.Opportunities)
	}
	if plan.Counts.Evaluated != 7 || plan.Counts.Matched != 2 {
		t.Errorf("counts %+v", plan.Counts)
	}
	w.do("GET", "/rules/nobody", w.token(Ops, "o"), "").problem(t, 404)
}
