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

// App is `app`.
type App = event.Application

// Truth is the value of a condition.
type Truth int8

// The three values. Unknown is what a missing field or an error gives.
const (
	Unknown Truth = iota
	False
	True
)
