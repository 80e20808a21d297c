package timelines

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/event"
)

const (
	subjectStudent = "record.subject.student"
	itemStudent    = "record.items.subject.student"
)

// ForgetNotifications takes a student out of the record of notifications: who
// was told, about whom, in which words. That something was decided stays, under
// its id and its place in the topic, so that the topic cannot bring it back. To
// whom else they were sent, told is asked to forget first: the record is what
// knows them. It gives how many there were.
func (s *Store) ForgetNotifications(ctx context.Context, student string, told func(recipient string) error) (changed int, err error) {
	found, err := s.notificationsOf(ctx, student)
	if err != nil {
		return 0, err
	}
	recipients := map[string]bool{}
	for _, n := range found {
		if n.Recipient != student {
			recipients[n.Recipient] = true
		}
	}
	for _, recipient := range slices.Sorted(maps.Keys(recipients)) {
		if err := told(recipient); err != nil {
			return 0, err
		}
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

// notificationsOf finds what a student was told, and what others were told of them.
func (s *Store) notificationsOf(ctx context.Context, student string) ([]notification, error) {
	ids, err := s.naming(ctx, s.notifications(), student, "recipient", subjectStudent, itemStudent)
	if err != nil {
		return nil, err
	}
	found := make([]notification, len(ids))
	for i, id := range ids {
		if err := s.notifications().FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&found[i]); err != nil {
			return nil, fmt.Errorf("read notification %q: %w", id, err)
		}
	}
	return found, nil
}

// naming gives the ids of the documents in which one of the fields is a value,
// in order.
//
// Of the embedded MongoDB any filter reads the whole collection, and keeps its one
// connection from everybody else meanwhile; there the collection is walked through
// once, a little at a time, and looked at here.
func (s *Store) naming(ctx context.Context, c *mongo.Collection, value string, fields ...string) ([]string, error) {
	any, look := bson.A{}, bson.D{}
	for _, field := range fields {
		any = append(any, bson.D{{Key: field, Value: value}})
		top, _, nested := strings.Cut(field, ".items.") // a projection does not go into lists everywhere
		if nested {
			field = top + ".items"
		}
		look = append(look, bson.E{Key: field, Value: 1})
	}
	filter, projection, batch := bson.D{{Key: "$or", Value: any}}, bson.D{{Key: "_id", Value: 1}}, int32(1000)
	if s.serial {
		filter, projection, batch = bson.D{}, look, 100
	}
	cursor, err := c.Find(ctx, filter, options.Find().SetProjection(projection).SetBatchSize(batch))
	if err != nil {
		return nil, fmt.Errorf("find what %s has of a student: %w", c.Name(), err)
	}
	defer func() { _ = cursor.Close(ctx) }()
	var ids []string
	for cursor.Next(ctx) {
		id, _ := cursor.Current.Lookup("_id").StringValueOK()
		if !s.serial || slices.ContainsFunc(fields, func(field string) bool {
			return holds(bson.RawValue{Type: bson.TypeEmbeddedDocument, Value: cursor.Current}, field, value)
		}) {
			ids = append(ids, id)
		}
	}
	if err := cursor.Err(); err != nil {
		return nil, fmt.Errorf("read what %s has of a student: %w", c.Name(), err)
	}
	slices.Sort(ids)
	return ids, nil
}

// holds says whether a field, or an element of a list on the way to it, is a value.
func holds(v bson.RawValue, field, value string) bool {
	if list, ok := v.ArrayOK(); ok {
		elements, err := list.Values()
		return err == nil && slices.ContainsFunc(elements, func(e bson.RawValue) bool { return holds(e, field, value) })
	}
	if field == "" {
		text, ok := v.StringValueOK()
		return ok && text == value
	}
	doc, ok := v.DocumentOK()
	if !ok {
		return false
	}
	name, rest, _ := strings.Cut(field, ".")
	next, err := doc.LookupErr(name)
	return err == nil && holds(next, rest, value)
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
