package command

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"tideline/bench/oracle"
	"tideline/engine/event"
	"tideline/streams"
)

// inboxSize is how many items an inbox keeps.
const inboxSize = 200

// notices is what the notifications topic says.
type notices struct {
	sent    int
	decided map[string]bool          // ids that any record decides
	last    map[string]event.Outcome // of what was sent or retracted
	inboxes map[string][]inboxPlace  // recipient -> oldest first
	twice   []oracle.Difference
}

type inboxPlace struct {
	seq int64
	id  string
}

// notices reads the topic, as naively as an inbox can be made of it.
func (v verifier) notices(ctx context.Context) (notices, error) {
	n := notices{decided: map[string]bool{}, last: map[string]event.Outcome{}, inboxes: map[string][]inboxPlace{}}
	forgotten := map[string]bool{} // retracted because the recipient was erased: who comes back is told again
	err := streams.ReadLog(ctx, v.kafka, v.log, streams.Notifications, func(in streams.Input) error {
		record, err := event.DecodeNotification(in.Value)
		if err != nil {
			return nil // the projector of the inboxes has counted it
		}
		n.decided[record.ID] = true
		for _, item := range record.Items {
			n.decided[item.ID] = true
		}
		switch record.Outcome {
		case event.Sent:
			if _, again := n.last[record.ID]; again && !forgotten[record.ID] {
				n.twice = append(n.twice, oracle.Difference{
					Student: record.Recipient, Bucket: "notifications", Want: record.ID + " once", Got: fmt.Sprintf("again at %d", in.Offset),
				})
			}
			n.sent++
			delete(forgotten, record.ID)
			n.last[record.ID] = record.Outcome
			if slices.Contains(record.Channels, event.InApp) {
				list := append(n.without(record), inboxPlace{in.Offset, record.ID})
				n.inboxes[record.Recipient] = list[max(0, len(list)-inboxSize):]
			}
		case event.Retracted:
			forgotten[record.ID] = forgotten[record.ID] || record.Reason == event.ByErasure
			n.last[record.ID] = record.Outcome
			n.inboxes[record.Recipient] = n.without(record)
		}
		return nil
	})
	return n, err
}

// without is a recipient's inbox without one notification.
func (n notices) without(record event.Notification) []inboxPlace {
	return slices.DeleteFunc(n.inboxes[record.Recipient], func(p inboxPlace) bool { return p.id == record.ID })
}

// undecided lists what fired and stands, and the topic does not know of, nor
// waits it in a digest: every firing has gone through the gates.
func (n notices) undecided(state map[string][]byte) (list []oracle.Difference) {
	for key, value := range state {
		who, what, about := fact(key)
		if value == nil || what != "rule" && what != "alert" {
			continue
		}
		var raw struct {
			Rule, Recipient, State string
			Episode, Count         int
			Withdrawn              bool
		}
		if err := json.Unmarshal(value, &raw); err != nil {
			list = append(list, oracle.Difference{Student: who, Bucket: what, Want: "a fact", Got: err.Error()})
			continue
		}
		if raw.Recipient != "" {
			who = raw.Recipient
		}
		id := event.NotificationID(about, raw.Episode, max(0, raw.Count-1))
		if raw.State == "fired" && !raw.Withdrawn && !n.decided[id] && !waits(state[who+"\x1fdecided\x1f"+id]) {
			list = append(list, oracle.Difference{Student: who, Bucket: raw.Rule, Want: "a decision about " + id, Got: "none"})
		}
	}
	return list
}

// waits says whether a decision is that something is told in a digest; what is
// not named there is only counted, also when it is sent.
func waits(decision []byte) bool {
	var made struct{ Outcome event.Outcome }
	return json.Unmarshal(decision, &made) == nil && made.Outcome == event.Digested
}

// compareInboxes compares every inbox with what the topic says.
func (v verifier) compareInboxes(ctx context.Context, n notices) (list []oracle.Difference) {
	for recipient, want := range n.inboxes {
		items, err := v.store.Inbox(ctx, event.Partition(recipient, v.partitions), recipient, 0, inboxSize+1)
		if err != nil {
			list = append(list, oracle.Difference{Student: recipient, Bucket: "inbox", Want: "an inbox", Got: err.Error()})
			continue
		}
		var got []inboxPlace
		for _, item := range items {
			got = append(got, inboxPlace{item.Seq, item.ID})
		}
		slices.Reverse(got)
		if !slices.Equal(want, got) {
			list = append(list, oracle.Difference{Student: recipient, Bucket: "inbox", Want: fmt.Sprint(want), Got: fmt.Sprint(got)})
		}
	}
	return list
}

// compareRecord compares the record in MongoDB with what the topic says.
func (v verifier) compareRecord(ctx context.Context, n notices) (list []oracle.Difference) {
	got, err := v.record.Outcomes(ctx)
	if err != nil {
		return []oracle.Difference{{Student: "everybody", Bucket: "record", Want: "an answer", Got: err.Error()}}
	}
	for id, want := range n.last {
		if got[id] != want {
			list = append(list, oracle.Difference{Student: id, Bucket: "record", Want: string(want), Got: string(got[id])})
		}
	}
	for id, outcome := range got {
		if _, known := n.last[id]; !known {
			list = append(list, oracle.Difference{Student: id, Bucket: "record", Want: "nothing", Got: string(outcome)})
		}
	}
	return list
}
