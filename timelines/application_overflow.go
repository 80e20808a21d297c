package timelines

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"tideline/engine/application"
)

const (
	maxLog     = 128 // items of a log that stay with the record, but for those that are not published
	bucketSize = 64  // items that are moved out together
)

// bucket is a part of a long log: bucket k has the items 64k+1 to 64k+64. Which
// buckets there are follows from the first item that the record still has, so
// that each is found by its _id.
type bucket struct {
	ID          string `bson:"_id"` // <application>|<k>
	Application string `bson:"application"`
	Content     bson.D `bson:"content"`
}

type content struct {
	Items []application.Item `json:"items"`
}

func (s *Store) overflow() *mongo.Collection { return s.database.Collection("application_overflow") }

func bucketID(id string, k int) string { return id + "|" + strconv.Itoa(k) }

// shorten gives the record without the items of a long log that it moved to
// buckets; the record itself stays as it is.
//
// A crash after this leaves buckets of items that the record also has. So only
// items are moved that never change any more: those that were stored as
// published. Then whoever fills the bucket again fills it with the same.
func (s *Store) shorten(ctx context.Context, r *application.Record, revision int64) (*application.Record, error) {
	if len(r.Log) <= maxLog {
		return r, nil
	}
	h, err := s.at(ctx, r.ID, revision)
	if err != nil {
		return nil, err
	}
	kept := *r
	for len(kept.Log) > maxLog && kept.Log[bucketSize-1].N <= h.Record.Published {
		if err := s.putBucket(ctx, r.ID, kept.Log[:bucketSize]); err != nil {
			return nil, err
		}
		kept.Log = kept.Log[bucketSize:]
	}
	return &kept, nil
}

func (s *Store) putBucket(ctx context.Context, id string, items []application.Item) error {
	b := bucket{ID: bucketID(id, (items[0].N-1)/bucketSize), Application: id}
	var err error
	if b.Content, err = toBSON(content{items}); err != nil {
		return fmt.Errorf("store bucket %q of a log: %w", b.ID, err)
	}
	_, err = s.overflow().InsertOne(ctx, b)
	if err != nil && !mongo.IsDuplicateKeyError(err) { // a duplicate: the same, from before a crash
		return fmt.Errorf("store bucket %q of a log: %w", b.ID, err)
	}
	return nil
}

// ApplicationLog gives the whole log of an application in order, or ErrNotFound.
func (s *Store) ApplicationLog(ctx context.Context, id string) ([]application.Item, error) {
	// The record before the buckets: what leaves it meanwhile is read here, what
	// left it before is in a bucket.
	r, _, err := s.Application(ctx, id)
	if err != nil {
		return nil, err
	}
	if len(r.Log) == 0 {
		return nil, nil
	}
	log := make([]application.Item, 0, r.Version)
	for k := range (r.Log[0].N - 1) / bucketSize {
		items, err := s.bucket(ctx, bucketID(id, k))
		if err != nil {
			return nil, err
		}
		log = append(log, items...)
	}
	return append(log, r.Log...), nil
}

func (s *Store) bucket(ctx context.Context, id string) ([]application.Item, error) {
	var b bucket
	err := s.overflow().FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&b)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return nil, fmt.Errorf("bucket %q of a log is missing; restore application_overflow from a backup", id)
	}
	if err != nil {
		return nil, fmt.Errorf("find bucket %q of a log: %w", id, err)
	}
	var c content
	if err := fromBSON(b.Content, &c); err != nil {
		return nil, fmt.Errorf("read bucket %q of a log: %w", id, err)
	}
	return c.Items, nil
}
