package timelines

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"tideline/engine/event"
)

const (
	subjectStudent = "record.subject.student"
	itemStudent    = "record.items.subject.student"
)

// ForgetNotifications takes a student out of the record of notifications: who
// was told, about whom, in which words. That something was decided stays, under
// its id and its place in the topic, so that the topic cannot bring it back. It
// gives how many there were.
func (s *Store) ForgetNotifications(ctx context.Context, student string) (changed int, err error) {
	found, err := s.notificationsOf(ctx, student)
	if err != nil {
		return 0, err
	}
	var docs []mongo.WriteModel
	for _, n := range found {
		if n, err = nameless(n, student); err != nil {
			return 0, fmt.Errorf("take a student out of notification %q: %w", n.ID, err)
		}
		docs = append(docs, mongo.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: n.ID}}).SetReplacement(n))
	}
	for some := range slices.Chunk(docs, maxBulk) {
		if _, err := s.notifications().BulkWrite(ctx, some); err != nil {
			return 0, fmt.Errorf("take a student out of %d notifications: %w", len(some), err)
		}
	}
	return len(docs), nil
}

// ToldAbout gives who else was sent something about a student.
func (s *Store) ToldAbout(ctx context.Context, student string) ([]string, error) {
	found, err := s.notificationsOf(ctx, student)
	if err != nil {
		return nil, err
	}
	recipients := map[string]bool{}
	for _, n := range found {
		if n.Recipient != student {
			recipients[n.Recipient] = true
		}
	}
	return slices.Sorted(maps.Keys(recipients)), nil
}

// notificationsOf finds what a student was told, and what others were told of them.
func (s *Store) notificationsOf(ctx context.Context, student string) ([]notification, error) {
	all := map[string]notification{}
	for _, field := range []string{"recipient", subjectStudent, itemStudent} {
		cursor, err := s.notifications().Find(ctx, bson.D{{Key: field, Value: student}})
		if err != nil {
			return nil, fmt.Errorf("find the notifications whose %s is a student: %w", field, err)
		}
		var list []notification
		if err := cursor.All(ctx, &list); err != nil {
			return nil, fmt.Errorf("read the notifications whose %s is a student: %w", field, err)
		}
		for _, n := range list {
			all[n.ID] = n
		}
	}
	found := make([]notification, 0, len(all))
	for _, id := range slices.Sorted(maps.Keys(all)) {
		found = append(found, all[id])
	}
	return found, nil
}

// nameless is a record without a student: of one to them, or about them alone,
// only that there was something stays; of a digest, the others.
func nameless(stored notification, student string) (notification, error) {
	var n event.Notification
	if err := fromBSON(stored.Record, &n); err != nil {
		return stored, err
	}
	if n.Recipient == student || n.Subject.Student == student {
		kept := event.Notification{
			Proposal: event.Proposal{ID: n.ID, Rule: n.Rule, Ruleset: n.Ruleset, Recipient: n.Recipient, At: n.At},
			Outcome:  n.Outcome, Reason: n.Reason, Decided: n.Decided, Items: n.Items,
		}
		if n.Recipient == student {
			kept.Recipient, kept.Items = "", nil
		}
		n = kept
	}
	for i, item := range n.Items {
		if item.Subject.Student == student {
			n.Items[i] = event.Item{ID: item.ID}
		}
	}
	stored.Recipient, stored.Key = n.Recipient, n.Key
	var err error
	stored.Record, err = toBSON(n)
	return stored, err
}
