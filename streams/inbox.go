package streams

import (
	"errors"
	"fmt"

	"tideline/engine/event"
)

// inboxTopics are what inboxes are made of. Marks are worked on after the items
// that they are about.
var inboxTopics = []string{Notifications, InboxMarks, Preferences}

// maxInboxBatch bounds the records of one InboxBatch, which a store applies in one step.
const maxInboxBatch = 200

// InboxBatch is a run of records of one student partition.
type InboxBatch struct {
	Partition   int32
	Incarnation string             // of the topics
	From, To    event.InboxOffsets // the next offsets before and after
	Records     []InboxRecord      // notifications, then marks, then preferences
}

// InboxRecord is a record of one of the three topics: one of its fields is set.
type InboxRecord struct {
	Offset       int64
	Notification *event.Notification
	Mark         *event.Mark
	Preferences  *event.Preferences
	Erased       string // the recipient whose preferences are to be forgotten
}

// offsetOf gives the place of a topic's offset.
func offsetOf(o *event.InboxOffsets, topic string) *int64 {
	switch topic {
	case Notifications:
		return &o.Notifications
	case InboxMarks:
		return &o.Marks
	default:
		return &o.Preferences
	}
}

// add decodes a record into the batch and moves its end past it. The error is an
// *event.Invalid; then the record is passed over.
func (b *InboxBatch) add(in Input) error {
	*offsetOf(&b.To, in.Topic) = in.Offset + 1
	r := InboxRecord{Offset: in.Offset}
	var err error
	switch {
	case in.Topic == Notifications:
		r.Notification, err = pointer(event.DecodeNotification(in.Value))
	case in.Topic == InboxMarks:
		r.Mark, err = pointer(event.DecodeMark(in.Value))
		if err == nil && r.Mark.Recipient != string(in.Key) {
			err = underKey("mark", r.Mark.Recipient, in.Key)
		}
	case in.Value != nil:
		r.Preferences, err = pointer(event.DecodePreferences(in.Value))
		if err == nil && r.Preferences.Recipient != string(in.Key) {
			err = underKey("preferences", r.Preferences.Recipient, in.Key)
		}
	default:
		if r.Erased = string(in.Key); r.Erased == "" {
			err = underKey("preferences", "", nil)
		}
	}
	if err == nil {
		b.Records = append(b.Records, r)
	}
	return err
}

func pointer[T any](v T, err error) (*T, error) { return &v, err }

func underKey(what, id string, key []byte) error {
	return &event.Invalid{What: what, Fields: []event.FieldError{{
		Path: "recipient", Code: event.KeyMismatch,
		Message: fmt.Sprintf("is %q but the record's key is %q; both must be the same", id, key),
	}}}
}

func codeOf(err error) string {
	if bad, ok := errors.AsType[*event.Invalid](err); ok {
		return string(bad.Code())
	}
	return "unknown"
}
