package application

import (
	"fmt"

	"tideline/engine/event"
)

// Rule names why something was refused. Rules are part of the contract: they
// stand in problem details, dead letters and metrics.
type Rule string

// The rules.
const (
	UnknownStage     Rule = "unknown_stage"      // neither a canonical stage nor one of the job's own
	StageChanged     Rule = "stage_changed"      // it no longer stands where the move says
	AlreadyThere     Rule = "already_there"      // it stands there
	NoTransition     Rule = "no_transition"      // nobody can go this way
	NotForRole       Rule = "not_for_role"       // others may, this role may not
	ReasonRequired   Rule = "reason_required"    // a rejection by a recruiter says why
	UnknownReason    Rule = "unknown_reason"     // not of the organisation's list
	OfferExpired     Rule = "offer_expired"      // an offer is accepted before it ends
	InTheFuture      Rule = "in_the_future"      // nothing has happened that is to happen
	BeforeTheLast    Rule = "before_the_last"    // a step takes effect after the one before it
	NothingToCorrect Rule = "nothing_to_correct" // no such step, or not one that can be taken back
	NotTheLast       Rule = "not_the_last"       // only the last step in force can be taken back
	TooLong          Rule = "too_long"           // the log is full
	NotApplied       Rule = "not_applied"        // there is no application yet
	Ended            Rule = "ended"              // what came after the end contradicts it
	UnknownInterview Rule = "unknown_interview"  // no such interview
	WrongStage       Rule = "wrong_stage"        // feedback of this kind does not fit here
	OtherRequest     Rule = "other_request"      // the idempotency key stands for another request
	UnknownMessage   Rule = "unknown_message"    // nothing stands there that could have been read
	IsErased         Rule = "erased"             // the student was erased; what stays is only counted
)

// Refusal says why something cannot be, and what is.
type Refusal struct {
	Rule    Rule
	Message string
	Stage   event.Stage // where the application stands; empty: nowhere
	Step    string      // of the job's own pipeline
	Version int         // length of its log
}

// Error gives the message.
func (r *Refusal) Error() string { return r.Message }

func (r *Record) refuse(rule Rule, format string, args ...any) *Refusal {
	return &Refusal{Rule: rule, Message: fmt.Sprintf(format, args...), Stage: r.Stage, Step: r.Step, Version: r.Version}
}
