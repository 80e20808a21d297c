// Package streams speaks Kafka for Tideline: it creates the topics, runs the
// one transactional session of a process, routes opportunities to the student
// partitions, keeps the process's table of opportunities fed, restores
// partitions and produces what others publish.
//
// It guarantees that what a batch produced and what it consumed commit
// together or not at all, that a student partition of every topic has one
// owner at a time, and that nothing consumed is dropped: a record that cannot
// be processed is kept in dead-letters.
//
// It leaves out what records mean; engine/event decodes and checks them.
package streams

import "time"

// The topics.
const (
	Opportunities = "opportunities"
	Profiles      = "profiles"
	Signals       = "signals"
	StageChanges  = "stage-changes"
	Evaluations   = "evaluations"
	Messages      = "messages"
	ProfileScores = "profile-scores"
	Fanout        = "fanout"
	State         = "engine-state"
	Notifications = "notifications"
	Candidates    = "candidates"
	Proposals     = "proposals"
	Preferences   = "preferences"
	InboxMarks    = "inbox-marks"
	Rulesets      = "rulesets"
	Deliveries    = "deliveries"
	DeadLetters   = "dead-letters"
)

// copartitioned are the topics whose partition n one process consumes together,
// in the order in which the records of one poll are worked on: what people want
// and are comes before what happens to them, and firings before the next tick.
var copartitioned = []string{Preferences, Profiles, StageChanges, Evaluations, Messages, Signals, Candidates, Proposals, Fanout}

// routed are the topics whose records the router repeats to all student partitions.
var routed = []string{Opportunities, Rulesets}

// Input is one consumed record.
type Input struct {
	Topic     string
	Partition int32
	Offset    int64
	Key       []byte
	Value     []byte    // nil: a tombstone
	Time      time.Time // ce_time, else when the record was written
	ID        string    // ce_id; empty: none
	Erasure   int64     // that a null in signals is about; 0: none of the engine's
	// Incarnation is the id of the topic, of a Projection only: a topic that was
	// deleted and made anew counts from 0 again under another id. Empty: the
	// broker does not tell (before Kafka 3.1).
	Incarnation string
}

// Config says where Kafka is and who we are.
type Config struct {
	Brokers  []string
	Group    string // consumer group of the engine; others are derived from it
	TLS      bool
	SASL     SASL
	ClientID string
	// Instance names this process among those of the group, the same after a
	// restart: then a restart takes its partitions back at once and ends the
	// transaction that a crash left open.
	Instance string
	// Incarnation, with brokers that die with this process, is new at each start:
	// they lose the name of a transaction that a crash left open, not its records,
	// and would count them to the next transaction of that name. Empty with others.
	Incarnation string
	// SessionTimeout is how long the group waits for a process that says
	// nothing; 0: 20 s.
	SessionTimeout time.Duration
}

func (c Config) sessionTimeout() time.Duration {
	if c.SessionTimeout > 0 {
		return c.SessionTimeout
	}
	return 20 * time.Second
}

// SASL is empty for none.
type SASL struct {
	Mechanism string // plain, scram-sha-256, scram-sha-512
	Username  string
	Password  string
}
