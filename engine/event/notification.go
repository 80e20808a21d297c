package event

import (
	"encoding/json"
	"time"
)

// Audience is whom a rule speaks to.
type Audience string

// The two audiences.
const (
	ToStudent   Audience = "student"
	ToRecruiter Audience = "recruiter"
)

// Channel is a way to reach somebody. In-app comes first and is always there.
type Channel string

// The channels.
const (
	InApp   Channel = "inapp"
	Email   Channel = "email"
	Webhook Channel = "webhook"
)

// Channels lists all channels.
var Channels = [3]Channel{InApp, Email, Webhook}

// Priority orders notifications; high ones are not put into digests.
type Priority string

// The priorities.
const (
	Low    Priority = "low"
	Normal Priority = "normal"
	High   Priority = "high"
)

// Outcome is what became of a firing at the gates.
type Outcome string

// The outcomes. Deferred and Digested are not final: another record with the
// same id, or with the id of the digest, follows.
const (
	Sent       Outcome = "sent"
	Suppressed Outcome = "suppressed" // Reason names the gate
	Deferred   Outcome = "deferred"   // until the end of the recipient's quiet hours
	Digested   Outcome = "digested"   // waits to be part of a digest
	Retracted  Outcome = "retracted"  // was sent and is no longer true
)

// Reason names the gate that dropped a firing.
type Reason string

// The gates, in the order in which they are tried, and what else ends a firing.
const (
	ByMode       Reason = "mode" // the rule is in shadow
	BySilence    Reason = "silence"
	ByConsent    Reason = "consent"
	ByPreference Reason = "preference"
	ByDuplicate  Reason = "duplicate"
	ByQuietHours Reason = "quiet_hours" // with Deferred
	ByBudget     Reason = "budget"
	ByWithdrawal Reason = "withdrawn" // no longer true before it was sent
	ByErasure    Reason = "erased"
)

// Subject is what a firing is about. Empty fields do not apply.
type Subject struct {
	Student      string `json:"student,omitempty"`
	Opportunity  string `json:"opportunity,omitempty"`
	Application  string `json:"application,omitempty"`
	Gap          string `json:"gap,omitempty"` // the skill
	Organisation string `json:"organisation,omitempty"`
}

// Facts are the values that a message may show, as they were when the rule fired.
type Facts struct {
	Title      string     `json:"title,omitempty"` // of the opportunity
	URL        string     `json:"url,omitempty"`
	Bucket     Bucket     `json:"bucket,omitempty"`
	Deadline   *time.Time `json:"deadline,omitempty"`
	Overlap    float64    `json:"overlap,omitempty"` // 0..1
	Relevance  float64    `json:"relevance,omitempty"`
	Matched    []string   `json:"matched,omitempty"`
	Missing    []string   `json:"missing,omitempty"`
	Severity   float64    `json:"severity,omitempty"` // of the gap, 0..1
	Stage      string     `json:"stage,omitempty"`
	StageSince *time.Time `json:"stage_since,omitempty"`
	At         *time.Time `json:"at,omitempty"` // of the interview, or when the offer ends
	Rank       int        `json:"rank,omitempty"`
}

// Digest says how firings of a rule to one recipient are gathered.
type Digest struct {
	Window Duration `json:"window"`
	Max    int      `json:"max"`            // items named in one digest; the rest are counted
	Wait   bool     `json:"wait,omitempty"` // also the first waits for the end of the window
}

// Budget is how many notifications of a rule a recipient may get within a time.
type Budget struct {
	Count int      `json:"count"`
	Per   Duration `json:"per"`
}

// Notice says how a rule wants its firings to be delivered.
type Notice struct {
	Category string    `json:"category"`
	Priority Priority  `json:"priority"`
	Template string    `json:"template"`
	Channels []Channel `json:"channels"`
	Digest   *Digest   `json:"digest,omitempty"`
	Budget   *Budget   `json:"budget,omitempty"`
}

// Proposal is a firing on its way to the gates of its recipient: a record of
// the proposals topic, keyed by recipient.
type Proposal struct {
	ID        string    `json:"id"`  // see NotificationID
	Key       string    `json:"key"` // the same for all episodes and repeats
	Rule      string    `json:"rule"`
	Ruleset   string    `json:"ruleset"`
	Digest    string    `json:"digest"` // of the ruleset's text
	Shadow    bool      `json:"shadow,omitempty"`
	Audience  Audience  `json:"audience"`
	Recipient string    `json:"recipient"`
	Subject   Subject   `json:"subject"`
	Facts     Facts     `json:"facts"`
	Episode   int       `json:"episode"`
	Repeat    int       `json:"repeat"`
	At        time.Time `json:"at"` // when the rule fired, by the clock of the student's partition
	Notice    Notice    `json:"notice"`
	// Withdraw says that what the proposal of this id said is no longer true.
	// Only ID, Key, Rule, Recipient and At are set then.
	Withdraw bool `json:"withdraw,omitempty"`
}

// Notification is what the gates decided: a record of the notifications topic,
// keyed by recipient.
type Notification struct {
	Proposal
	Outcome  Outcome    `json:"outcome"`
	Reason   Reason     `json:"reason,omitempty"`
	Decided  time.Time  `json:"decided"`         // by the clock of the recipient's partition
	Until    *time.Time `json:"until,omitempty"` // with Deferred and Digested: when it is looked at again
	Language string     `json:"language,omitempty"`
	TimeZone string     `json:"time_zone,omitempty"` // IANA, for the times in the message; empty: UTC
	Email    string     `json:"email,omitempty"`     // where an email goes; empty: none
	Channels []Channel  `json:"channels,omitempty"`  // those left after preferences, with Sent
	Items    []Item     `json:"items,omitempty"`     // of a digest, best first
	More     int        `json:"more,omitempty"`      // further items, not named
}

// Item is one firing named in a digest.
type Item struct {
	ID      string  `json:"id"`
	Subject Subject `json:"subject"`
	Facts   Facts   `json:"facts"`
}

// DecodeProposal reads one proposal. The error is an *Invalid.
func DecodeProposal(data []byte) (Proposal, error) {
	var p Proposal
	if err := unmarshal("proposal", data, &p); err != nil {
		return Proposal{}, err
	}
	c := checker{what: "proposal"}
	c.id("id", p.ID)
	c.id("rule", p.Rule)
	c.id("recipient", p.Recipient)
	return p, c.err()
}

// DecodeNotification reads one notification. The error is an *Invalid.
func DecodeNotification(data []byte) (Notification, error) {
	var n Notification
	if err := unmarshal("notification", data, &n); err != nil {
		return Notification{}, err
	}
	c := checker{what: "notification"}
	c.id("id", n.ID)
	c.id("recipient", n.Recipient)
	return n, c.err()
}

// Encode gives the record value.
func (p Proposal) Encode() []byte { return encode(p) }

// Encode gives the record value.
func (n Notification) Encode() []byte { return encode(n) }

// Duration is a time.Duration whose JSON form is text such as "36h0m0s".
type Duration time.Duration

// MarshalJSON gives the text form.
func (d Duration) MarshalJSON() ([]byte, error) { return json.Marshal(time.Duration(d).String()) }

// UnmarshalJSON reads the text form.
func (d *Duration) UnmarshalJSON(data []byte) error {
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return err
	}
	parsed, err := time.ParseDuration(text)
	*d = Duration(parsed)
	return err
}
