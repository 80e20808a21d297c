package command

import (
	"context"
	"slices"

	"tideline/engine/event"
	"tideline/feeds"
	"tideline/rulesets/templates"
	"tideline/streams"
	"tideline/timelines"
)

// openInbox opens what notifications lead to: the inboxes in Redis and the
// record in MongoDB.
func (a *app) openInbox(kafka streams.Config) error {
	var err error
	a.projector, err = streams.NewProjector(kafka, inboxStore{a.store, a.texts}, 1000, a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers("inbox projector", a.projector.Close)
	a.record, err = streams.NewProjection(kafka, "notifications", []string{streams.Notifications}, 500, a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers("record of notifications", a.record.Close)
	return nil
}

// recordNotifications copies notification records to MongoDB.
func (a *app) recordNotifications(ctx context.Context, inputs []streams.Input) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	var changes []timelines.NotificationChange
	for _, in := range inputs {
		n, err := event.DecodeNotification(in.Value)
		if err != nil {
			continue // the projector of the inboxes has counted it
		}
		changes = append(changes, timelines.NotificationChange{
			Notification: n, Incarnation: in.Incarnation, Partition: in.Partition, Offset: in.Offset,
		})
	}
	return a.timelines.ApplyNotifications(ctx, changes)
}

// inboxStore lets the projector fill the inboxes in Redis, in words.
type inboxStore struct {
	store *feeds.Store
	texts *templates.Texts
}

func (s inboxStore) Positions(ctx context.Context, partition int32, incarnation string) (event.InboxOffsets, bool, error) {
	return s.store.InboxPositions(ctx, partition, incarnation)
}

func (s inboxStore) Begin(ctx context.Context, partition int32, incarnation string, at event.InboxOffsets) error {
	return s.store.BeginInbox(ctx, partition, incarnation, at)
}

func (s inboxStore) Apply(ctx context.Context, b streams.InboxBatch) (bool, error) {
	batch := feeds.InboxBatch{Partition: b.Partition, Incarnation: b.Incarnation, From: b.From, To: b.To}
	for _, r := range b.Records {
		batch.Changes = append(batch.Changes, s.changes(r)...)
	}
	return s.store.ApplyInbox(ctx, batch)
}

// changes says what follows from one record.
func (s inboxStore) changes(r streams.InboxRecord) []feeds.InboxChange {
	switch {
	case r.Mark != nil:
		return []feeds.InboxChange{{Recipient: r.Mark.Recipient, Mark: r.Mark}}
	case r.Preferences != nil:
		return []feeds.InboxChange{{Recipient: r.Preferences.Recipient, Preferences: r.Preferences}}
	case r.Notification == nil:
		return []feeds.InboxChange{{Recipient: r.Erased, Erase: true}}
	}
	n := *r.Notification
	var changes []feeds.InboxChange
	switch {
	case n.Outcome == event.Sent && slices.Contains(n.Channels, event.InApp):
		changes = append(changes, feeds.InboxChange{Recipient: n.Recipient, Put: new(s.item(n, r.Offset))})
	case n.Outcome == event.Retracted:
		changes = append(changes, feeds.InboxChange{Recipient: n.Recipient, Retract: &event.InboxChange{Seq: r.Offset, Retract: n.ID}})
	}
	if n.Reason == event.ByErasure { // the last that is told of a recipient
		return append(changes, feeds.InboxChange{Recipient: n.Recipient, Forget: true})
	}
	if n.Key != "" {
		changes = append(changes, feeds.InboxChange{Recipient: n.Recipient, Decision: new(event.DecisionOf(n, r.Offset))})
	}
	return changes
}

// item is a notification as its recipient sees it.
func (s inboxStore) item(n event.Notification, seq int64) event.InboxItem {
	message, _ := s.texts.Render(n) // without its template it is told plainly
	i := event.InboxItem{
		Seq: seq, ID: n.ID, Rule: n.Rule, Category: n.Notice.Category, Priority: n.Notice.Priority, Subject: n.Subject,
		Bucket: n.Facts.Bucket, Deadline: n.Facts.Deadline, At: n.Decided,
		Title: message.Title, Body: message.Body, Action: message.Action, URL: message.URL, More: n.More,
	}
	for _, part := range n.Items {
		i.Items = append(i.Items, part.Subject)
	}
	return i
}
