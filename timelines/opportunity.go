package timelines

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"tideline/engine/event"
)

// Change is one record of the opportunities topic. A nil Opportunity deletes.
type Change struct {
	ID          string
	Opportunity *event.Opportunity
	Topic       string // id of the topic's incarnation; empty: not known
	Offset      int64  // in the topic partition, which an id never changes
}

// maxBulk is how many writes one call carries: FerretDB hangs on about 110.
const maxBulk = 50

// ApplyOpportunities brings the collections to these records. A record that is
// older than what is stored changes nothing. An opportunity is in the
// collection of its bucket and a tombstone in those it left.
func (s *Store) ApplyOpportunities(ctx context.Context, changes []Change) error {
	newest := map[string]Change{}
	for _, c := range changes {
		// Of two incarnations the one read later is the newer: the other is gone.
		if old, ok := newest[c.ID]; !ok || c.Offset > old.Offset || c.Topic != old.Topic {
			newest[c.ID] = c
		}
	}
	for _, b := range event.Buckets {
		var put, away []Change
		for _, c := range newest {
			if c.Opportunity != nil && c.Opportunity.Bucket == b {
				put = append(put, c)
			} else {
				away = append(away, c)
			}
		}
		if err := s.put(ctx, b, put); err != nil {
			return err
		}
		if err := s.takeAway(ctx, b, away); err != nil {
			return err
		}
	}
	return nil
}

// older selects the document of a change's id if what is stored is older: it
// stands before it in the same topic, or is of another incarnation of the topic,
// which has been deleted since. Offsets of two incarnations do not compare; with
// offsets alone everything that a topic made anew brings would seem known.
func (c Change) older() bson.D {
	before := bson.D{{Key: "position", Value: bson.D{{Key: "$lt", Value: c.Offset}}}}
	elsewhere := bson.D{{Key: "topic", Value: bson.D{{Key: "$ne", Value: c.Topic}}}}
	return bson.D{{Key: "_id", Value: c.ID}, {Key: "$or", Value: bson.A{before, elsewhere}}}
}

// put writes documents whose stored version is older, or that are not there. A
// newer one makes the upsert collide with its own _id, which is the guard.
func (s *Store) put(ctx context.Context, b event.Bucket, changes []Change) error {
	var models []mongo.WriteModel
	for _, c := range changes {
		models = append(models, mongo.NewReplaceOneModel().
			SetFilter(c.older()).
			SetReplacement(documentOf(c)).SetUpsert(true))
	}
	return s.write(ctx, s.collection(b), models)
}

// takeAway makes tombstones of what the collection has and should not. A
// deletion leaves one in every collection, since it does not say which bucket
// it was; an opportunity that is elsewhere only where it has been.
func (s *Store) takeAway(ctx context.Context, b event.Bucket, changes []Change) error {
	var models []mongo.WriteModel
	for _, c := range changes {
		deleted := c.Opportunity == nil
		c.Opportunity = nil
		models = append(models, mongo.NewReplaceOneModel().
			SetFilter(c.older()).
			SetReplacement(documentOf(c)).SetUpsert(deleted))
	}
	return s.write(ctx, s.collection(b), models)
}

// onlyDuplicates says whether all that went wrong is that newer documents were there.
func onlyDuplicates(err error) bool {
	bulk, ok := errors.AsType[mongo.BulkWriteException](err)
	if !ok || bulk.WriteConcernError != nil {
		return mongo.IsDuplicateKeyError(err)
	}
	for _, e := range bulk.WriteErrors {
		if e.Code != 11000 {
			return false
		}
	}
	return true
}

// Opportunity gives one opportunity, or ErrNotFound.
func (s *Store) Opportunity(ctx context.Context, b event.Bucket, id string) (event.Opportunity, error) {
	var d document
	err := s.collection(b).FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) || err == nil && d.Deleted {
		return event.Opportunity{}, fmt.Errorf("opportunity %q in %s: %w", id, b, ErrNotFound)
	}
	if err != nil {
		return event.Opportunity{}, fmt.Errorf("find opportunity %q: %w", id, err)
	}
	return d.opportunity(b), nil
}
