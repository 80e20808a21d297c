package rulesets

import (
	"time"

	"tideline/engine/event"
)

// Scope is what the subjects of a rule are; it follows from what its expressions name.
type Scope uint8

// The scopes; see ARCHITECTURE.md.
const (
	PairScope        Scope = iota // student x opportunity
	ApplicationScope              // one application
	ItemScope                     // student x gap
	StudentScope                  // the student
)

// Touch is a kind of record that may make a rule fire; several make a set.
type Touch uint8

// The kinds.
const (
	OnOpportunities Touch = 1 << iota
	OnProfiles
	OnSignals
	OnStageChanges
	OnEvaluations
	OnMessages
)

// Mode says whether a rule is at work.
type Mode string

// The modes. A shadow rule fires and its firings are dropped at the first gate.
const (
	Live   Mode = "live"
	Shadow Mode = "shadow"
	Off    Mode = "off"
)

// Among says which pairs a pair rule is about.
type Among string

// The two kinds of pairs.
const (
	Eligible Among = "eligible" // that may stand in the student's feed
	Saved    Among = "saved"    // that the student saved, open and not expired
)

// Set is a compiled ruleset. It is immutable and safe for concurrent use.
type Set struct {
	Name   string
	Digest string // SHA-256 of the source, hex
	Rules  []*Rule
}

// Rule is one compiled rule. It is immutable and safe for concurrent use.
type Rule struct {
	ID          string
	Line        int    // in the source
	Title       string // for people; may be empty
	Description string // for people; may be empty
	Meaning     string // digest of all that decides when it fires: neither notify nor budget nor mode
	Audience    event.Audience
	Mode        Mode
	Scope       Scope
	Among       Among
	On          Touch
	HeldFor     time.Duration // 0: fires at once
	Late        time.Duration // meaningful with HasAt
	HasAt       bool
	HasRearm    bool
	OncePer     bool    // once_per was given
	Repeat      *Repeat // nil: none
	Rank        *Rank   // nil: none
	Notice      event.Notice
	Narrow      Narrow

	programs programs
}

// Repeat says how often a rule speaks again while its condition holds.
type Repeat struct {
	Every time.Duration
	Max   int // notifications in all, the first included
}

// Rank makes a rule speak of the best of a job only.
type Rank struct {
	Top    int
	Settle time.Duration
	Margin float64
}

// Narrow is what was pushed down into the indexes: necessary conditions of
// `when`, so that candidates can be found without looking at everybody. It may
// let through what `when` refuses, never the reverse.
type Narrow struct {
	Buckets [3]bool  // opportunities of these buckets only, by event.Bucket.Index
	Overlap float64  // match.overlap is at least this; 0: no bound
	Opp     bool     // Rule.Opp has something to refuse
	Seeking bool     // students open to work only
	Text    []string // the conjuncts that were pushed down, as written, for people
	Rest    []string // those that were not
}

// When evaluates the condition.
func (r *Rule) When(s *Subject) Truth { return r.programs.when.truth(s) }

// Opp evaluates the conjuncts of `when` that look at nothing but `opp`; True
// when there are none. What is not True here is not True in When.
func (r *Rule) Opp(s *Subject) Truth {
	if !r.programs.opp.given() {
		return True
	}
	return r.programs.opp.truth(s)
}

// Rearm evaluates `rearm`; Unknown without one.
func (r *Rule) Rearm(s *Subject) Truth { return r.programs.rearm.truth(s) }

// At evaluates `at`; false when there is none or it is unknown.
func (r *Rule) At(s *Subject) (time.Time, bool) { return r.programs.at.time(s) }

// By evaluates `rank.by`; false when it is unknown or not a finite number.
func (r *Rule) By(s *Subject) (float64, bool) { return r.programs.by.number(s) }

// Values gives what identifies the subject: the values of once_per, or the
// natural subject without it. False when one of them is unknown.
func (r *Rule) Values(s *Subject) ([]string, bool) { return r.programs.values(r, s) }
