package delivery

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tideline/engine/event"
)

// State is where a delivery stands; one that is done has no record.
type State string

// The states.
const (
	Pending State = "pending"
	GivenUp State = "given_up"
)

// Outcome is how an attempt, or the delivery, ended; metrics count under it.
type Outcome string

// The outcomes. All but Retried are final.
const (
	Delivered Outcome = "delivered"
	Retried   Outcome = "retried"
	Refused   Outcome = "refused"   // the destination said never
	Exhausted Outcome = "exhausted" // the schedule is over
	Expired   Outcome = "expired"   // too old to be news
	Overflow  Outcome = "overflow"  // too many wait for the target
	Retracted Outcome = "retracted" // no longer true before it could be delivered
	Removed   Outcome = "removed"   // the target is no longer configured
)

// Delivery is one notification on its way to one destination: a record of the
// deliveries topic.
type Delivery struct {
	ID       string        `json:"id"` // of the notification
	Channel  event.Channel `json:"channel"`
	Endpoint string        `json:"endpoint,omitempty"` // of webhooks
	State    State         `json:"state"`
	Reason   Outcome       `json:"reason,omitempty"` // with GivenUp
	Attempt  int           `json:"attempt"`          // attempts made
	Due      time.Time     `json:"due"`              // of the next
	Error    string        `json:"error,omitempty"`  // of the last
	// Notification is gone once the delivery is given up: it is about a person,
	// and MongoDB has it under the id for those who may see it.
	Notification *event.Notification `json:"notification,omitempty"`
}

const (
	separator = "\x1f"
	maxError  = 500
)

// Key is the record's key.
func (d Delivery) Key() string { return key(d.ID, d.Channel, d.Endpoint) }

func key(id string, channel event.Channel, endpoint string) string {
	return strings.Join([]string{id, string(channel), endpoint}, separator)
}

// Decode reads the value of a record.
func Decode(value []byte) (Delivery, error) {
	var d Delivery
	if err := json.Unmarshal(value, &d); err != nil {
		return Delivery{}, fmt.Errorf("decode a delivery: %w", err)
	}
	if d.ID == "" || d.Channel == "" || d.State == Pending && d.Notification == nil {
		return Delivery{}, fmt.Errorf("decode a delivery: %.200s lacks id, channel or notification", value)
	}
	return d, nil
}

// Encode gives the value of a record.
func (d Delivery) Encode() []byte {
	data, err := json.Marshal(d)
	if err != nil { // a NaN among the facts, which Decode cannot have let through
		panic(fmt.Sprintf("encode delivery %s: %v", d.ID, err))
	}
	return data
}

// giveUp is the record that remains.
func (d Delivery) giveUp(why Outcome, text string) Delivery {
	d.State, d.Reason, d.Notification = GivenUp, why, nil
	if text != "" {
		d.Error = clip(text)
	}
	return d
}

func clip(s string) string { return strings.ToValidUTF8(s[:min(len(s), maxError)], "") }
