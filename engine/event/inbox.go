package event

import (
	"encoding/json"
	"time"
)

// InboxKept is how many items, how many retractions and how many decisions an inbox keeps: the newest.
const InboxKept = 200

// InboxItem is a notification as its recipient sees it.
type InboxItem struct {
	Seq   int64     `json:"-"` // offset in the recipient's partition of notifications: the item's place in time
	Flags MarkFlags `json:"-"`

	ID       string     `json:"id"`
	Rule     string     `json:"rule"`
	Category string     `json:"category,omitempty"`
	Priority Priority   `json:"priority,omitempty"`
	Subject  Subject    `json:"subject,omitzero"`
	Bucket   Bucket     `json:"bucket,omitempty"`
	Deadline *time.Time `json:"deadline,omitempty"`
	At       time.Time  `json:"at"` // when it was sent

	Title  string `json:"title"`
	Body   string `json:"body,omitempty"`
	Action string `json:"action,omitempty"` // what the link says
	URL    string `json:"url,omitempty"`

	Items []Subject `json:"items,omitempty"` // of a digest, best first
	More  int       `json:"more,omitempty"`  // further items, not named
}

// Encode gives the stored form, without Seq and Flags.
func (i InboxItem) Encode() []byte { return encode(i) }

// DecodeInboxItem reads the stored form.
func DecodeInboxItem(data []byte) (InboxItem, error) {
	var i InboxItem
	err := json.Unmarshal(data, &i)
	return i, err
}

// InboxChange is one thing that a recipient was told: an item that came, or the
// id of one that was taken back.
type InboxChange struct {
	Seq     int64 // offset in the recipient's partition of notifications
	Item    *InboxItem
	Retract string
}

// Decision is the last word about one key: what a recipient, or somebody who
// asks why, can be told about a firing.
type Decision struct {
	Seq      int64      `json:"-"` // offset in notifications
	Key      string     `json:"key"`
	ID       string     `json:"id"`
	Rule     string     `json:"rule"`
	Digest   string     `json:"digest,omitempty"` // of the ruleset's text
	Episode  int        `json:"episode"`
	Repeat   int        `json:"repeat"`
	Fired    time.Time  `json:"fired"`
	Outcome  Outcome    `json:"outcome"`
	Reason   Reason     `json:"reason,omitempty"`
	Decided  time.Time  `json:"decided"`
	Until    *time.Time `json:"until,omitempty"`
	Channels []Channel  `json:"channels,omitempty"`
}

// DecisionOf is the part of a notification that is remembered under its key.
func DecisionOf(n Notification, seq int64) Decision {
	return Decision{
		Seq: seq, Key: n.Key, ID: n.ID, Rule: n.Rule, Digest: n.Digest, Episode: n.Episode, Repeat: n.Repeat, Fired: n.At,
		Outcome: n.Outcome, Reason: n.Reason, Decided: n.Decided, Until: n.Until, Channels: n.Channels,
	}
}

// Encode gives the stored form, without Seq.
func (d Decision) Encode() []byte { return encode(d) }

// DecodeDecision reads the stored form.
func DecodeDecision(data []byte) (Decision, error) {
	var d Decision
	err := json.Unmarshal(data, &d)
	return d, err
}

// InboxOffsets are the next offsets to be read of one partition of the topics
// that inboxes are made of.
type InboxOffsets struct{ Notifications, Marks, Preferences int64 }
