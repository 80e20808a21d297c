package application

import (
	"fmt"
	"time"

	"tideline/engine/event"
)

// Step is a stage of a job's own pipeline, and the canonical stage that it means.
type Step struct {
	ID    string      `json:"id"`
	Name  string      `json:"name"`
	Stage event.Stage `json:"stage"`
	Days  int         `json:"days,omitempty"` // after which an application is stuck here; 0: as its stage
}

// Pipeline is how a job's recruiter works. The zero value has the canonical
// stages alone.
type Pipeline struct {
	Job   string `json:"job"`
	Steps []Step `json:"steps,omitempty"` // in order; stages without one stand for themselves
	// Reasons is the taxonomy of the job's organisation.
	Reasons Reasons `json:"-"`
}

// days after which an application is stuck in a stage.
var days = map[event.Stage]int{
	event.Applied: 7, event.Shortlisted: 7, event.InterviewScheduled: 14, event.InterviewCompleted: 7, event.OfferExtended: 7,
}

const (
	maxSteps = 32
	maxID    = 128 // bytes of an id; to_step of a stage change has the same limit
	maxText  = 200 // bytes of a name
)

// Check says everything that is wrong with a pipeline, with paths below "steps".
func (p Pipeline) Check() error {
	var wrong []event.FieldError
	complain := func(path string, code event.Code, format string, args ...any) {
		wrong = append(wrong, event.FieldError{Path: path, Code: code, Message: fmt.Sprintf(format, args...)})
	}
	if len(p.Steps) > maxSteps {
		complain("steps", event.TooMany, "has %d items; at most %d are allowed", len(p.Steps), maxSteps)
	}
	known, last := map[string]bool{}, 0
	for i, s := range p.Steps {
		path := fmt.Sprintf("steps[%d].", i)
		switch {
		case s.ID == "" || len(s.ID) > maxID:
			complain(path+"id", event.Missing, "must be an id of 1 to %d bytes", maxID)
		case known[s.ID] || event.Stage(s.ID).Index() >= 0 && event.Stage(s.ID) != s.Stage:
			complain(path+"id", event.UnknownValue, "is %q, which stands for something else already", s.ID)
		}
		known[s.ID] = true
		if s.Name == "" || len(s.Name) > maxText {
			complain(path+"name", event.Missing, "must be a text of 1 to %d bytes", maxText)
		}
		if s.Days < 0 || s.Days > 365 {
			complain(path+"days", event.OutOfRange, "is %d; must be from 0 to 365", s.Days)
		}
		if !s.Stage.Open() {
			complain(path+"stage", event.UnknownValue, "is %q; must be one of %v", s.Stage, event.Stages[:5])
			continue
		}
		if s.Stage.Index() < last {
			complain(path+"stage", event.UnknownValue, "is %q, which comes before %q, the stage of the step before it", s.Stage, event.Stages[last])
		}
		last = s.Stage.Index()
	}
	if len(wrong) == 0 {
		return nil
	}
	return &event.Invalid{What: "pipeline", Fields: wrong}
}

// find reads where a move goes: a step, or a canonical stage, which means its first step.
func (p Pipeline) find(to string) (event.Stage, string, bool) {
	for _, s := range p.Steps {
		if s.ID == to {
			return s.Stage, s.ID, true
		}
	}
	stage := event.Stage(to)
	if stage.Index() < 0 {
		return "", "", false
	}
	for _, s := range p.Steps {
		if s.Stage == stage {
			return stage, s.ID, true
		}
	}
	return stage, "", true
}

// place is a step's place in the pipeline; -1 for a stage that stands for itself.
func (p Pipeline) place(step string) int {
	for i, s := range p.Steps {
		if s.ID == step {
			return i
		}
	}
	return -1
}

// Patience is how long an application may stay in a stage or step before it
// counts as stuck; 0 where nobody waits any more.
func (p Pipeline) Patience(stage event.Stage, step string) time.Duration {
	n := days[stage]
	if i := p.place(step); i >= 0 && p.Steps[i].Days > 0 {
		n = p.Steps[i].Days
	}
	return time.Duration(n) * 24 * time.Hour
}

// SLA is how an application's wait compares with the patience of its step.
type SLA string

// The states. DueSoon is the last quarter of the patience; Overdue is stuck.
const (
	OnTime  SLA = "on_time"
	DueSoon SLA = "due_soon"
	Overdue SLA = "late"
)

// SLA says so of an application that has been in a stage or step since then;
// empty where nobody waits any more.
func (p Pipeline) SLA(stage event.Stage, step string, since, now time.Time) SLA {
	patience, waited := p.Patience(stage, step), now.Sub(since)
	switch {
	case patience == 0:
		return ""
	case waited >= patience:
		return Overdue
	case waited >= patience-patience/4:
		return DueSoon
	}
	return OnTime
}
