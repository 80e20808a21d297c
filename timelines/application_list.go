package timelines

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/application"
)

// PendingApplications gives applications of which the topics have not been told
// everything, at most limit. The items to tell are in their logs, however long.
func (s *Store) PendingApplications(ctx context.Context, limit int) ([]*application.Record, error) {
	cursor, err := s.applications().Find(ctx, bson.D{{Key: "pending", Value: true}}, options.Find().SetLimit(int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("find applications to publish: %w", err)
	}
	var list []*application.Record
	if err := each(ctx, cursor, func(r *application.Record) error {
		list = append(list, r)
		return nil
	}); err != nil {
		return nil, fmt.Errorf("read applications to publish: %w", err)
	}
	return list, nil
}

// EachApplication gives every application without its log, in no order, and
// stops at the first error. Such a record is not one to store.
func (s *Store) EachApplication(ctx context.Context, yield func(*application.Record) error) error {
	cursor, err := s.applications().Find(ctx, bson.D{}, options.Find().SetProjection(bson.D{{Key: "record.log", Value: 0}}))
	if err != nil {
		return fmt.Errorf("find all applications: %w", err)
	}
	if err := each(ctx, cursor, yield); err != nil {
		return fmt.Errorf("read all applications: %w", err)
	}
	return nil
}

// each yields what a cursor finds, and closes it.
func each(ctx context.Context, cursor *mongo.Cursor, yield func(*application.Record) error) error {
	defer func() { _ = cursor.Close(ctx) }()
	for cursor.Next(ctx) {
		var stored storedApplication
		if err := cursor.Decode(&stored); err != nil {
			return err
		}
		r, err := stored.record()
		if err == nil {
			err = yield(r)
		}
		if err != nil {
			return err
		}
	}
	return cursor.Err()
}
