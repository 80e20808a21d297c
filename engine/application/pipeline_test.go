package application

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

var custom = Pipeline{Job: "j1", Steps: []Step{
	{ID: "screening", Name: "Screening", Stage: event.Shortlisted},
	{ID: "task", Name: "Task", Stage: event.Shortlisted, Days: 3},
	{ID: "panel", Name: "Panel", Stage: event.InterviewScheduled},
}}

func TestStepsMeanStagesAndMovesWithinAStageHaveADirection(t *testing.T) {
	r := begun(t, custom)
	for _, c := range []struct {
		to    string
		kind  event.ChangeKind
		stage event.Stage
		step  string
		since int
	}{
		{"shortlisted", event.Advance, event.Shortlisted, "screening", 1}, // the stage means its first step
		{"task", event.Advance, event.Shortlisted, "task", 1},
		{"screening", event.Regress, event.Shortlisted, "screening", 1},
		{"panel", event.Advance, event.InterviewScheduled, "panel", 4},
		{"task", event.Regress, event.Shortlisted, "task", 5},
		{"offer_extended", event.Skip, event.OfferExtended, "", 6}, // a stage without a step stands for itself
	} {
		move(t, r, c.to, recruiter, custom, len(r.Path))
		at(t, r, c.stage, c.step, c.since)
		if last := r.Path[len(r.Path)-1]; last.Kind != c.kind || !r.StepSince.Equal(hours(len(r.Path)-1)) {
			t.Errorf("to %s: %s since %s, want %s", c.to, last.Kind, r.StepSince, c.kind)
		}
	}
}

func TestRefusalsNameTheStep(t *testing.T) {
	r := begun(t, custom)
	move(t, r, "screening", recruiter, custom, 1)
	move(t, r, "task", recruiter, custom, 2)
	try := func(m Move, by Actor) error {
		_, err := r.Move(m, by, custom, hours(3))
		return err
	}
	refused(t, try(Move{To: "party"}, recruiter), UnknownStage, `"party" is neither a stage nor a step of this job's pipeline`)
	refused(t, try(Move{To: "task"}, recruiter), AlreadyThere, "the application stands at task already")
	refused(t, try(Move{To: "screening"}, student), NotForRole, "a student may not move an application from shortlisted to shortlisted")
	refused(t, try(Move{From: "screening", To: "panel"}, recruiter), StageChanged, "the application no longer stands at screening; it stands at task since 2026-03-02T11:00:00Z")
	for _, from := range []string{"task", "shortlisted"} {
		if err := try(Move{From: from, To: "panel"}, recruiter); err != nil {
			t.Errorf("from %s: %v", from, err)
		}
	}
}

func TestChecksOfPipelines(t *testing.T) {
	step := func(id string, s event.Stage) Step { return Step{ID: id, Name: "n", Stage: s} }
	for _, c := range []struct {
		name  string
		steps []Step
		want  string
	}{
		{"fine", custom.Steps, "<nil>"},
		{"a stage's own name", []Step{step("shortlisted", event.Shortlisted)}, "<nil>"},
		{"no id", []Step{step("", event.Applied)}, "invalid pipeline: steps[0].id: must be an id of 1 to 128 bytes (missing)"},
		{"long id", []Step{step(strings.Repeat("i", 129), event.Applied)}, "invalid pipeline: steps[0].id: must be an id of 1 to 128 bytes (missing)"},
		{"twice", []Step{step("a", event.Applied), step("a", event.Applied)}, `invalid pipeline: steps[1].id: is "a", which stands for something else already (unknown_value)`},
		{"another stage's name", []Step{step("rejected", event.Applied)}, `invalid pipeline: steps[0].id: is "rejected", which stands for something else already (unknown_value)`},
		{"no name", []Step{{ID: "a", Stage: event.Applied}}, "invalid pipeline: steps[0].name: must be a text of 1 to 200 bytes (missing)"},
		{"days", []Step{{ID: "a", Name: "n", Stage: event.Applied, Days: 366}}, "invalid pipeline: steps[0].days: is 366; must be from 0 to 365 (out_of_range)"},
		{"an end", []Step{step("a", event.Rejected)}, `invalid pipeline: steps[0].stage: is "rejected"; must be one of [applied shortlisted interview_scheduled interview_completed offer_extended] (unknown_value)`},
		{"backwards", []Step{step("a", event.OfferExtended), step("b", event.Applied)}, `invalid pipeline: steps[1].stage: is "applied", which comes before "offer_extended", the stage of the step before it (unknown_value)`},
		{"everything at once", []Step{{Days: -1}}, `invalid pipeline: steps[0].id: must be an id of 1 to 128 bytes (missing); steps[0].name: must be a text of 1 to 200 bytes (missing); steps[0].days: is -1; must be from 0 to 365 (out_of_range); steps[0].stage: is ""; must be one of [applied shortlisted interview_scheduled interview_completed offer_extended] (unknown_value)`},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := fmt.Sprint(Pipeline{Steps: c.steps}.Check()); got != c.want {
				t.Errorf("got  %s\nwant %s", got, c.want)
			}
		})
	}
	var many []Step
	for i := range 33 {
		many = append(many, step(fmt.Sprint("s", i), event.Applied))
	}
	if got := fmt.Sprint(Pipeline{Steps: many}.Check()); got != "invalid pipeline: steps: has 33 items; at most 32 are allowed (too_many)" {
		t.Error(got)
	}
}

func TestPatience(t *testing.T) {
	for _, c := range []struct {
		stage event.Stage
		step  string
		days  int
	}{{event.Shortlisted, "task", 3}, {event.Shortlisted, "screening", 7}, {event.InterviewScheduled, "", 14}, {event.Rejected, "", 0}} {
		if got := custom.Patience(c.stage, c.step); got != time.Duration(c.days)*24*time.Hour {
			t.Errorf("%s/%s: %s, want %d days", c.stage, c.step, got, c.days)
		}
	}
}

func TestTheLastQuarterOfThePatienceIsDueSoon(t *testing.T) {
	for _, c := range []struct {
		stage event.Stage
		step  string
		wait  time.Duration
		want  SLA
	}{
		{event.Applied, "", 0, OnTime},
		{event.Applied, "", 126*time.Hour - time.Second, OnTime}, // of 168
		{event.Applied, "", 126 * time.Hour, DueSoon},
		{event.Applied, "", 168*time.Hour - time.Second, DueSoon},
		{event.Applied, "", 168 * time.Hour, Overdue},
		{event.Shortlisted, "task", 54*time.Hour - time.Second, OnTime}, // of 3 days
		{event.Shortlisted, "task", 54 * time.Hour, DueSoon},
		{event.Shortlisted, "task", 72 * time.Hour, Overdue},
		{event.Shortlisted, "screening", 72 * time.Hour, OnTime},
		{event.Rejected, "", 9999 * time.Hour, ""},
		{event.OfferAccepted, "", 0, ""},
	} {
		if got := custom.SLA(c.stage, c.step, start, start.Add(c.wait)); got != c.want {
			t.Errorf("%s %s after %s: %q, want %q", c.stage, c.step, c.wait, got, c.want)
		}
	}
}
