package api

import (
	"context"
	"errors"
	"time"

	"tideline/engine/event"
	"tideline/rulesets"
)

// Errors that these ports wrap; see also ports.go.
var (
	ErrNoRuleset       = errors.New("no such ruleset or version")
	ErrNoItem          = errors.New("no such notification in the inbox")
	ErrVersionConflict = errors.New("the ruleset has been changed meanwhile; read it again")
)

// inboxItem is one notification as the API shows it.
type inboxItem struct {
	Sequence int64 `json:"sequence" doc:"grows with time; the id of the event in a stream"`
	event.InboxItem
	Seen     bool `json:"seen"`
	Read     bool `json:"read"`
	Clicked  bool `json:"clicked"`
	Archived bool `json:"archived"`
}

func shownItem(i event.InboxItem) inboxItem {
	has := func(f event.MarkFlags) bool { return i.Flags&f != 0 }
	return inboxItem{i.Seq, i, has(event.Seen), has(event.Read), has(event.Clicked), has(event.Archived)}
}

// Inbox reads what recipients were told and what they want to be told. Errors
// wrap ErrRebuilding or ErrUnavailable. Safe for concurrent use.
type Inbox interface {
	// List gives items newest first, at most limit, those below a sequence when
	// before is not 0.
	List(ctx context.Context, recipient string, before int64, limit int) ([]event.InboxItem, error)
	// Unread counts the items that are neither read nor archived.
	Unread(ctx context.Context, recipient string) (int, error)
	// After gives what came and what was taken back above a sequence, oldest first, at most limit.
	After(ctx context.Context, recipient string, seq int64, limit int) (Since, error)
	// Mark shows a mark at once; that it stays is the topic's business. The error
	// wraps ErrNoItem when there is no such item.
	Mark(ctx context.Context, m event.Mark) error
	Preferences(ctx context.Context, recipient string) (event.Preferences, error)
	// Decision is the last one about a key; false when none is known.
	Decision(ctx context.Context, recipient, key string) (event.Decision, bool, error)
}

// Since is what happened in an inbox after a point in time.
type Since struct {
	Told []Told // oldest first
	Lost int64  // what came up to this sequence may be incomplete; -1: nothing is
	Next int64  // the inbox shows what everything below this sequence led to
}

// Told is what a subscription receives: an item that came, or the id of one that
// was taken back. Neither: others up to this sequence were missed, and the stream
// must be resumed from the inbox.
type Told struct {
	Sequence int64
	Item     *event.InboxItem
	Retract  string
}

// Subscription receives what one recipient is told from now on.
type Subscription interface {
	Told() <-chan Told
	Close()
}

// Live hands out what is told as it is written. Safe for concurrent use.
type Live interface {
	Subscribe(recipient string) Subscription
	// Position is the sequence below which everything was handed out, or is being, to
	// those who had subscribed: whoever subscribes first and asks then misses nothing from there.
	Position(recipient string) int64
}

// Candidates reads the best of a job, best first, by rule. Safe for concurrent use.
type Candidates interface {
	Candidates(ctx context.Context, opportunity string) ([]Shortlist, error)
}

// Shortlist is the best of a job under one rule.
type Shortlist struct {
	Rule       string            `json:"rule"`
	Candidates []event.Candidate `json:"candidates"`
}

// RulesetVersion is one version of a ruleset.
type RulesetVersion struct {
	Name    string    `json:"name"`
	Version int       `json:"version"`
	Digest  string    `json:"digest" doc:"SHA-256 of the source, hex"`
	Source  string    `json:"source,omitempty" doc:"YAML"`
	By      string    `json:"by"`
	At      time.Time `json:"at"`
	Comment string    `json:"comment,omitempty"`
	Tests   string    `json:"tests,omitempty" doc:"YAML; they must pass before an activation"`
	Active  bool      `json:"active"`
}

// Rulesets keeps every version of every ruleset. Errors wrap ErrNoRuleset,
// ErrVersionConflict or ErrUnavailable. Safe for concurrent use.
type Rulesets interface {
	// Latest lists the rulesets with their latest version.
	Latest(ctx context.Context) ([]RulesetVersion, error)
	// Version gives one; 0 is the latest.
	Version(ctx context.Context, name string, version int) (RulesetVersion, error)
	// Versions lists newest first, below a version when before is not 0.
	Versions(ctx context.Context, name string, before, limit int) ([]RulesetVersion, error)
	// Put stores a version after the given latest one.
	Put(ctx context.Context, v RulesetVersion, latest int) (RulesetVersion, error)
}

// Rehearsal tries rulesets without sending anything.
type Rehearsal interface {
	// Test runs the tests of a ruleset, or those given.
	Test(ctx context.Context, name, source, tests string) (TestReport, error)
	// Plan replays the recorded past under the rules in force and the proposed ones.
	Plan(ctx context.Context, name, source string, days int) (any, error)
}

// TestReport is what the tests of a ruleset gave.
type TestReport struct {
	Passed int          `json:"passed"`
	Failed int          `json:"failed"`
	Tests  []TestResult `json:"tests"`
}

// TestResult is one test.
type TestResult struct {
	Name     string   `json:"name"`
	Passed   bool     `json:"passed"`
	Failures []string `json:"failures,omitempty"`
}

// NotifyPublisher writes what belongs to rules and notifications. Errors and
// concurrency as Publisher.
type NotifyPublisher interface {
	PutPreferences(ctx context.Context, p event.Preferences) error
	DeletePreferences(ctx context.Context, recipient string) error
	Marks(ctx context.Context, list []event.Mark) error
	PutRuleset(ctx context.Context, a event.Activation) error
	PutSilence(ctx context.Context, s event.Silence) error
	DeleteSilence(ctx context.Context, id string) error
}

// NotifyPorts is what rules and notifications stand on; nil: not served.
type NotifyPorts struct {
	Inbox      Inbox
	Live       Live
	Candidates Candidates
	Rulesets   Rulesets
	Rehearsal  Rehearsal
	Publisher  NotifyPublisher
	// Active gives the rulesets and silences in force in this process, by key.
	Active func() map[string]event.RulesetRecord
	// RuleCounts gives, by ruleset/id, what the rules of this process did.
	RuleCounts func() map[string]RuleCounts
	// Opportunities gives every opportunity that is not deleted, by id, until
	// yield returns false.
	Opportunities func(yield func(event.Opportunity) bool)
	// Compile is how rulesets are compiled wherever they run.
	Compile rulesets.Options
	// Unsubscribe reads a token of an email's unsubscribe link.
	Unsubscribe func(token string) (recipient, category string, err error)
}
