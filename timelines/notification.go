package timelines

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/event"
)

// NotificationChange is one record of the notifications topic.
type NotificationChange struct {
	event.Notification
	Incarnation string // of the topic
	Partition   int32
	Offset      int64
}

// notification is a record as it is stored: what it is looked up by, and the
// whole of it as the topic has it.
type notification struct {
	ID          string    `bson:"_id"`
	Incarnation string    `bson:"topic"`
	Partition   int32     `bson:"partition"`
	Position    int64     `bson:"position"` // offset in the topic partition, which an id never changes
	Recipient   string    `bson:"recipient"`
	Rule        string    `bson:"rule"`
	Key         string    `bson:"key"`
	Outcome     string    `bson:"outcome"`
	Decided     time.Time `bson:"decided"`
	Record      bson.D    `bson:"record"`
}

func (s *Store) notifications() *mongo.Collection { return s.database.Collection("notifications") }

// ApplyNotifications stores what was sent or retracted; what was only decided
// about is passed over. A record that is older than what is stored changes
// nothing; one of another incarnation of the topic replaces it.
func (s *Store) ApplyNotifications(ctx context.Context, changes []NotificationChange) error {
	newest := map[string]NotificationChange{}
	var ids []string // in the order in which they came first
	for _, c := range changes {
		if c.Outcome != event.Sent && c.Outcome != event.Retracted {
			continue
		}
		old, known := newest[c.ID]
		if !known {
			ids = append(ids, c.ID)
		}
		if !known || c.Offset > old.Offset {
			newest[c.ID] = c
		}
	}
	var docs []guarded
	for _, id := range ids {
		c := newest[id]
		stored, err := storedNotification(c)
		if err != nil {
			return fmt.Errorf("store notification %q: %w", id, err)
		}
		docs = append(docs, guarded{id: id, topic: c.Incarnation, position: c.Offset, document: stored, upsert: true})
	}
	return s.write(ctx, s.notifications(), docs)
}

func storedNotification(c NotificationChange) (notification, error) {
	stored := notification{
		ID: c.ID, Incarnation: c.Incarnation, Partition: c.Partition, Position: c.Offset, Recipient: c.Recipient,
		Rule: c.Rule, Key: c.Key, Outcome: string(c.Outcome), Decided: c.Decided,
	}
	// By way of JSON, so that fields have the names that the topic and the API give them.
	return stored, bson.UnmarshalExtJSON(c.Encode(), false, &stored.Record)
}

// Notification gives one notification that was sent, in its last state, or ErrNotFound.
func (s *Store) Notification(ctx context.Context, id string) (event.Notification, error) {
	var stored notification
	err := s.notifications().FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&stored)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return event.Notification{}, fmt.Errorf("notification %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return event.Notification{}, fmt.Errorf("find notification %q: %w", id, err)
	}
	data, err := bson.MarshalExtJSON(stored.Record, false, false)
	if err != nil {
		return event.Notification{}, fmt.Errorf("read notification %q: %w", id, err)
	}
	return event.DecodeNotification(data)
}

// Outcomes gives the last outcome of everything that was sent, by id. It is for
// checks: it reads the whole collection.
func (s *Store) Outcomes(ctx context.Context) (map[string]event.Outcome, error) {
	cursor, err := s.notifications().Find(ctx, bson.D{}, options.Find().SetProjection(bson.D{{Key: "outcome", Value: 1}}).SetBatchSize(5000))
	if err != nil {
		return nil, fmt.Errorf("find all notifications: %w", err)
	}
	defer func() { _ = cursor.Close(ctx) }()
	all := map[string]event.Outcome{}
	for cursor.Next(ctx) {
		id, _ := cursor.Current.Lookup("_id").StringValueOK()
		outcome, _ := cursor.Current.Lookup("outcome").StringValueOK()
		all[id] = event.Outcome(outcome)
	}
	if err := cursor.Err(); err != nil {
		return nil, fmt.Errorf("read all notifications: %w", err)
	}
	return all, nil
}

// prepareNotifications creates the collection and its index, where missing.
func (s *Store) prepareNotifications(ctx context.Context) error {
	if err := s.create(ctx, s.notifications().Name()); err != nil {
		return err
	}
	for _, keys := range []bson.D{
		{{Key: "recipient", Value: 1}, {Key: "decided", Value: -1}},
		{{Key: subjectStudent, Value: 1}},
		{{Key: itemStudent, Value: 1}},
	} {
		if _, err := s.notifications().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			return fmt.Errorf("index notifications by %s: %w", keys[0].Key, err)
		}
	}
	return nil
}

// create makes collections; one that is there is left as it is.
func (s *Store) create(ctx context.Context, names ...string) error {
	for _, name := range names {
		if err := s.database.CreateCollection(ctx, name); err != nil && !exists(err) {
			return fmt.Errorf("create collection %s: %w", name, err)
		}
	}
	return nil
}
