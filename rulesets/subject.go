package rulesets

import (
	"time"

	"tideline/engine/event"
)

// Subject is what a rule's expressions look at. Nil parts make every field of
// theirs unknown. The parts may be shared between subjects; a Subject is used by
// one goroutine at a time.
type Subject struct {
	Student *Student
	Opp     *Opp
	Match   *Match
	App     *App
	Gap     *event.Gap // skill under its canonical name
	Signal  *event.Signal
	Now     time.Time
}

// Student is `student`.
type Student struct {
	ID string
	// Load gives the profile, skills under their canonical names. It is called
	// at most once, and only when an expression looks beyond the id.
	Load func() event.Profile

	profile *event.Profile
	names   []string // of the skills, each once; made when first asked for
}

// Profile gives what Load gave.
func (s *Student) Profile() *event.Profile {
	if s.profile == nil {
		p := s.Load()
		s.profile = &p
	}
	return s.profile
}

// Opp is `opp`. Skills are under their canonical names.
type Opp struct {
	*event.Opportunity
	Skills []string
}

// Match is `match`: how a student and an opportunity fit; see Scoring.
type Match struct {
	Overlap   float64 // 0..1
	Fit       float64 // 0..1
	Interest  float64 // 0..2
	Relevance float64 // the product of the three, each to the power of its weight
	Saved     bool
	// Skills gives the required skills that the student has and lacks. It is
	// called only when an expression looks at them.
	Skills func() (matched, missing []string)
}

// App is `app`: one application as the stage changes left it.
type App struct {
	ID          string      `json:"id"`
	Student     string      `json:"student"`
	Opportunity string      `json:"opportunity"`
	Stage       event.Stage `json:"stage"`
	Previous    event.Stage `json:"previous,omitempty"`
	StageSeq    int         `json:"stage_seq"`   // seq of the change that led to the stage
	StageSince  time.Time   `json:"stage_since"` // when it took effect
	AppliedAt   time.Time   `json:"applied_at"`
	InterviewAt *time.Time  `json:"interview_at,omitempty"`
	OfferEnds   *time.Time  `json:"offer_ends,omitempty"`
	ActorRole   string      `json:"actor_role,omitempty"` // of the last change

	InterviewedAt   *time.Time `json:"interviewed_at,omitempty"` // when the last interview that was held ended
	FeedbackMissing bool       `json:"feedback_missing,omitempty"`
	Scorecards      int        `json:"scorecards,omitempty"`
	MessageSeq      int        `json:"message_seq,omitempty"` // number of the last message to both sides, in the log
	MessageAt       *time.Time `json:"message_at,omitempty"`
	MessageRole     string     `json:"message_role,omitempty"` // of who wrote it
}

// Truth is the value of a condition.
type Truth int8

// The three values. Unknown is what a missing field or an error gives.
const (
	Unknown Truth = iota
	False
	True
)
