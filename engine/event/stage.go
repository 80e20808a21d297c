package event

import (
	"slices"
	"time"
)

// Stage is where an application stands.
type Stage string

// The canonical stages: five in which it is open, in their order, and four that end it.
const (
	Applied            Stage = "applied"
	Shortlisted        Stage = "shortlisted"
	InterviewScheduled Stage = "interview_scheduled"
	InterviewCompleted Stage = "interview_completed"
	OfferExtended      Stage = "offer_extended"
	OfferAccepted      Stage = "offer_accepted"
	OfferRejected      Stage = "offer_rejected"
	Rejected           Stage = "rejected"
	Withdrawn          Stage = "withdrawn"
)

// Stages lists them in that order.
var Stages = [9]Stage{
	Applied, Shortlisted, InterviewScheduled, InterviewCompleted, OfferExtended,
	OfferAccepted, OfferRejected, Rejected, Withdrawn,
}

// Index is the stage's place in Stages; -1 when it is none of them.
func (s Stage) Index() int { return slices.Index(Stages[:], s) }

// Open says whether an application can go on from here.
func (s Stage) Open() bool { i := s.Index(); return i >= 0 && i <= 4 }

// ChangeKind says what a step in an application's history is.
type ChangeKind string

// The kinds of changes. A regression happened and was then taken back, so the
// stage it leaves was reached; a correction says that a change never happened. A
// late one says that a stage was reached earlier than what is known since, and
// moves nothing.
const (
	Advance    ChangeKind = "advance"
	Skip       ChangeKind = "skip" // forward over at least one stage
	Regress    ChangeKind = "regress"
	Reject     ChangeKind = "reject"
	Withdraw   ChangeKind = "withdraw"
	Reopen     ChangeKind = "reopen"
	Correction ChangeKind = "correction"
	Late       ChangeKind = "late"
	// Erased is no step: the student is forgotten, and Replacement stands for
	// the application in the counts from now on.
	Erased ChangeKind = "erased"
)

var changeKinds = [...]ChangeKind{Advance, Skip, Regress, Reject, Withdraw, Reopen, Correction, Late, Erased}

// StageChange is a record of the stage-changes topic, keyed by student. With a
// Seq it is a step of an application's history as it was accepted; without, it
// says what happened elsewhere, to be accepted or refused: then Application,
// From and Kind may be left out.
type StageChange struct {
	EventID     string     `json:"event_id"`
	Application string     `json:"application,omitempty"`
	Student     string     `json:"student"`
	Opportunity string     `json:"opportunity"`
	Seq         int        `json:"seq,omitempty"` // in the application's history, from 1
	Kind        ChangeKind `json:"kind,omitempty"`
	From        Stage      `json:"from,omitempty"`
	To          Stage      `json:"to"`
	FromStep    string     `json:"from_step,omitempty"` // of the job's own pipeline
	ToStep      string     `json:"to_step,omitempty"`
	At          time.Time  `json:"at"` // when it took effect
	RecordedAt  *time.Time `json:"recorded_at,omitempty"`
	Actor       string     `json:"actor,omitempty"`
	ActorRole   string     `json:"actor_role,omitempty"`
	Reason      string     `json:"reason,omitempty"`   // a code of the organisation's taxonomy
	Corrects    int        `json:"corrects,omitempty"` // the seq that never happened
	InterviewAt *time.Time `json:"interview_at,omitempty"`
	OfferEnds   *time.Time `json:"offer_ends,omitempty"`

	// What holds after an accepted step.
	Stage        Stage      `json:"stage,omitempty"`
	Since        *time.Time `json:"since,omitempty"` // in this stage
	AppliedAt    *time.Time `json:"applied_at,omitempty"`
	Organisation string     `json:"organisation,omitempty"`
	Recruiter    string     `json:"recruiter,omitempty"`
	Source       string     `json:"source,omitempty"` // of the opportunity
	Via          string     `json:"via,omitempty"`    // how the student came to it; see Origin
	Position     int        `json:"position,omitempty"`
	Match        int        `json:"match,omitempty"`       // overlap in per mille when they applied
	Replacement  string     `json:"replacement,omitempty"` // of an erased application
}

// Application is one application as the topics left it: what rules see.
type Application struct {
	ID          string     `json:"id"`
	Student     string     `json:"student"`
	Opportunity string     `json:"opportunity"`
	Stage       Stage      `json:"stage"`
	Previous    Stage      `json:"previous,omitempty"`
	StageSeq    int        `json:"stage_seq"`   // seq of the change that led to the stage
	StageSince  time.Time  `json:"stage_since"` // when it took effect
	AppliedAt   time.Time  `json:"applied_at"`
	InterviewAt *time.Time `json:"interview_at,omitempty"`
	OfferEnds   *time.Time `json:"offer_ends,omitempty"`
	ActorRole   string     `json:"actor_role,omitempty"` // of the last change

	InterviewedAt   *time.Time `json:"interviewed_at,omitempty"` // when the last interview that was held ended
	FeedbackMissing bool       `json:"feedback_missing,omitempty"`
	Scorecards      int        `json:"scorecards,omitempty"`
	MessageSeq      int        `json:"message_seq,omitempty"` // number of the last message to both sides, in the log
	MessageAt       *time.Time `json:"message_at,omitempty"`
	MessageRole     string     `json:"message_role,omitempty"` // of who wrote it
}

type stagePlain StageChange

type stageWire struct {
	stagePlain
	At          string `json:"at"`
	RecordedAt  string `json:"recorded_at"`
	InterviewAt string `json:"interview_at"`
	OfferEnds   string `json:"offer_ends"`
	Since       string `json:"since"`
	AppliedAt   string `json:"applied_at"`
}

// DecodeStageChange reads and checks one stage change. The error is an *Invalid.
func DecodeStageChange(data []byte) (StageChange, error) {
	var w stageWire
	if err := unmarshal("stage change", data, &w); err != nil {
		return StageChange{}, err
	}
	c := checker{what: "stage change"}
	s := StageChange(w.stagePlain)
	if at := c.date("at", w.At, true); at != nil {
		s.At = *at
	}
	s.RecordedAt = c.date("recorded_at", w.RecordedAt, false)
	s.InterviewAt = c.date("interview_at", w.InterviewAt, false)
	s.OfferEnds = c.date("offer_ends", w.OfferEnds, false)
	s.Since = c.date("since", w.Since, false)
	s.AppliedAt = c.date("applied_at", w.AppliedAt, false)
	c.id("event_id", s.EventID)
	c.id("student", s.Student)
	c.id("opportunity", s.Opportunity)
	c.within("seq", s.Seq, 0, 1_000_000)
	c.within("position", s.Position, 0, 10_000)
	c.within("match", s.Match, 0, 1000)
	c.text("reason", s.Reason, maxName)
	c.text("actor", s.Actor, maxID)
	c.text("to_step", s.ToStep, maxID)
	c.stage("to", s.To)
	if s.From != "" {
		c.stage("from", s.From)
	}
	if s.Kind != "" && !slices.Contains(changeKinds[:], s.Kind) {
		c.add("kind", UnknownValue, "is %q; must be one of %v", clip(string(s.Kind)), changeKinds)
	}
	s.identify(&c)
	return s, c.err()
}

// identify makes sure that there is one application for a student and a job.
// An accepted step names it; it may have become another since, by an erasure.
func (s *StageChange) identify(c *checker) {
	switch derived := ApplicationID(s.Student, s.Opportunity); {
	case s.Seq > 0:
		c.id("application", s.Application)
	case s.Application == "":
		s.Application = derived
	case s.Application != derived:
		c.add("application", UnknownValue, "is not the application of this student for this opportunity; leave it out")
	}
}

func (c *checker) stage(path string, s Stage) {
	if s.Index() < 0 {
		c.add(path, UnknownValue, "is %q; must be one of %v", clip(string(s)), Stages)
	}
}

// Encode gives the record value.
func (s StageChange) Encode() []byte { return encode(s) }
