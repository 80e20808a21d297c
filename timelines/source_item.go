package timelines

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/harvest"
)

// sourceItem is a harvest.Item as it is stored: source|id is its _id.
type sourceItem struct {
	ID        string           `bson:"_id"`
	Of        string           `bson:"of"` // id of the opportunity
	Hash      int64            `bson:"hash"`
	PostedAt  time.Time        `bson:"posted_at"`
	FirstSeen time.Time        `bson:"first_seen"`
	ChangedAt time.Time        `bson:"changed_at"`
	Absent    int              `bson:"absent"`
	Gone      bool             `bson:"gone"`
	Counters  map[string]int64 `bson:"counters,omitempty"`
	Value     string           `bson:"value,omitempty"` // JSON
}

func (s *Store) sourceItems() *mongo.Collection { return s.database.Collection("sources_seen") }

// SourceItems gives what is remembered of a source, without the values.
func (s *Store) SourceItems(ctx context.Context, source string) ([]harvest.Item, error) {
	cursor, err := s.sourceItems().Find(ctx, allOfSource(source), options.Find().SetProjection(bson.D{{Key: "value", Value: 0}}))
	if err != nil {
		return nil, fmt.Errorf("list what source %q had: %w", source, err)
	}
	var list []harvest.Item
	for cursor.Next(ctx) {
		var d sourceItem
		if err := cursor.Decode(&d); err != nil {
			return nil, errors.Join(fmt.Errorf("read what source %q had: %w", source, err), cursor.Close(ctx))
		}
		list = append(list, harvest.Item{
			ID: d.Of, Hash: uint64(d.Hash), PostedAt: d.PostedAt.UTC(), FirstSeen: d.FirstSeen.UTC(), ChangedAt: d.ChangedAt.UTC(),
			Absent: d.Absent, Gone: d.Gone, Counters: d.Counters,
		})
	}
	if err := errors.Join(cursor.Err(), cursor.Close(ctx)); err != nil {
		return nil, fmt.Errorf("list what source %q had: %w", source, err)
	}
	return list, nil
}

// SourceValue gives an opportunity of a source as it was remembered last; nil when
// it was not.
func (s *Store) SourceValue(ctx context.Context, source, id string) ([]byte, error) {
	var d sourceItem
	err := s.sourceItems().FindOne(ctx, byID(ofSource(source, id))).Decode(&d)
	if err != nil && !errors.Is(err, mongo.ErrNoDocuments) {
		return nil, fmt.Errorf("find opportunity %q of source %q: %w", id, source, err)
	}
	if d.Value == "" {
		return nil, nil
	}
	return []byte(d.Value), nil
}

// PutSourceItems remembers items of a source, each of another id; without a
// value, the one that is stored stays. Those that are seen for the first time,
// which the first run of a source has thousands of, are inserted many at a time.
func (s *Store) PutSourceItems(ctx context.Context, source string, items []harvest.Item) error {
	known, err := s.insertSourceItems(ctx, source, items)
	if err != nil {
		return fmt.Errorf("remember %d opportunities of source %q: %w", len(items), source, err)
	}
	for len(known) > 0 {
		n := min(maxBulk, len(known))
		models := make([]mongo.WriteModel, n)
		for i, item := range known[:n] {
			models[i] = mongo.NewUpdateOneModel().SetFilter(byID(ofSource(source, item.ID))).SetUpdate(set(itemFields(item))).SetUpsert(true)
		}
		if _, err := s.sourceItems().BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false)); err != nil {
			return fmt.Errorf("remember %d opportunities of source %q: %w", n, source, err)
		}
		known = known[n:]
	}
	return nil
}

// insertSourceItems inserts what has not changed since it was first seen, and
// gives back the rest, among it what is there already: the run before was cut off.
func (s *Store) insertSourceItems(ctx context.Context, source string, items []harvest.Item) (known []harvest.Item, err error) {
	var fresh []harvest.Item
	var documents []any
	for _, item := range items {
		if len(item.Value) == 0 || !item.ChangedAt.Equal(item.FirstSeen) {
			known = append(known, item)
			continue
		}
		fresh = append(fresh, item)
		documents = append(documents, append(byID(ofSource(source, item.ID)), itemFields(item)...))
	}
	for len(fresh) > 0 {
		n := min(maxInsert, len(fresh))
		_, err := s.sourceItems().InsertMany(ctx, documents[:n], options.InsertMany().SetOrdered(false))
		if err != nil && !onlyDuplicates(err) {
			return nil, err
		}
		if bulk, ok := errors.AsType[mongo.BulkWriteException](err); ok {
			for _, e := range bulk.WriteErrors {
				known = append(known, fresh[e.Index])
			}
		}
		fresh, documents = fresh[n:], documents[n:]
	}
	return known, nil
}

func itemFields(i harvest.Item) bson.D {
	fields := bson.D{
		{Key: "of", Value: i.ID},
		{Key: "hash", Value: int64(i.Hash)},
		{Key: "posted_at", Value: i.PostedAt},
		{Key: "first_seen", Value: i.FirstSeen},
		{Key: "changed_at", Value: i.ChangedAt},
		{Key: "absent", Value: i.Absent},
		{Key: "gone", Value: i.Gone},
	}
	if len(i.Counters) > 0 {
		fields = append(fields, bson.E{Key: "counters", Value: i.Counters})
	}
	if len(i.Value) > 0 {
		fields = append(fields, bson.E{Key: "value", Value: string(i.Value)})
	}
	return fields
}
