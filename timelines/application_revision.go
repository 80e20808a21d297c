package timelines

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"maps"
	"slices"
	"sync"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

// stripes are locks by id; ids that share one wait for one another, no more.
type stripes struct {
	seed  maphash.Seed
	locks [64]sync.Mutex
}

func (l *stripes) of(id string) *sync.Mutex {
	return &l.locks[maphash.String(l.seed, id)%uint64(len(l.locks))]
}

// head is what decides whether a write may happen, without the bulk of the record.
type head struct {
	Revision int64 `bson:"revision"`
	Record   struct {
		Version   int `bson:"version"`
		Published int `bson:"published"`
	} `bson:"record"`
}

func (s *Store) head(ctx context.Context, id string) (head, error) {
	var h head
	return h, s.findApplication(ctx, id, &h, "revision", "record.version", "record.published")
}

// swap lets update write an application if it is stored at this revision; else
// the error wraps ErrConflict.
//
// The filter does this on MongoDB. The embedded one would read the whole
// collection for it; there nobody else writes, so a look under a lock does.
func (s *Store) swap(ctx context.Context, id string, revision int64, update func(filter bson.D) (*mongo.UpdateResult, error)) error {
	filter := bson.D{{Key: "_id", Value: id}, {Key: "revision", Value: revision}}
	if s.serial {
		lock := s.stripes.of(id)
		lock.Lock()
		defer lock.Unlock()
		if _, err := s.at(ctx, id, revision); err != nil {
			return err
		}
		filter = filter[:1] // _id
	}
	result, err := update(filter)
	if err != nil {
		return fmt.Errorf("replace revision %d of application %q: %w", revision, id, err)
	}
	if result.MatchedCount == 0 {
		return conflict(id, revision)
	}
	return nil
}

// at gives the head of an application that is stored at this revision; else the
// error wraps ErrConflict.
func (s *Store) at(ctx context.Context, id string, revision int64) (head, error) {
	h, err := s.head(ctx, id)
	if errors.Is(err, ErrNotFound) || err == nil && h.Revision != revision {
		return head{}, conflict(id, revision)
	}
	return h, err
}

func conflict(id string, revision int64) error {
	return fmt.Errorf("application %q is not at revision %d: %w", id, revision, ErrConflict)
}

// MarkPublished notes of each application, by id, that the topics have been told
// its log up to item N. What was told is never taken back. One that is not there
// was erased since. One that fails does not keep the others from being marked; the
// errors of all are joined.
func (s *Store) MarkPublished(ctx context.Context, told map[string]int) error {
	var wrong []error
	for _, id := range slices.Sorted(maps.Keys(told)) {
		err := s.markPublished(ctx, id, told[id])
		for errors.Is(err, ErrConflict) { // whoever was faster got on, so this ends
			err = s.markPublished(ctx, id, told[id])
		}
		if err != nil && !errors.Is(err, ErrNotFound) { // erased since
			wrong = append(wrong, fmt.Errorf("mark application %q as published up to %d: %w", id, told[id], err))
		}
	}
	return errors.Join(wrong...)
}

func (s *Store) markPublished(ctx context.Context, id string, n int) error {
	h, err := s.head(ctx, id)
	if err != nil {
		return err
	}
	n = min(n, h.Record.Version) // what is not stored is not published
	if n <= h.Record.Published {
		return nil
	}
	return s.swap(ctx, id, h.Revision, func(filter bson.D) (*mongo.UpdateResult, error) {
		return s.applications().UpdateOne(ctx, filter, bson.D{
			{Key: "$set", Value: bson.D{{Key: "record.published", Value: n}, {Key: "pending", Value: n < h.Record.Version}}},
			{Key: "$inc", Value: bson.D{{Key: "revision", Value: int64(1)}}},
		})
	})
}
