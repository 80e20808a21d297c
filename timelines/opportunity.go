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

// put writes documents whose stored version is older, or that are not there.
func (s *Store) put(ctx context.Context, b event.Bucket, changes []Change) error {
	var docs []guarded
	for _, c := range changes {
		docs = append(docs, guarded{id: c.ID, topic: c.Topic, position: c.Offset, document: documentOf(c), upsert: true})
	}
	return s.write(ctx, s.collection(b), docs)
}

// takeAway makes tombstones of what the collection has and should not. A
// deletion leaves one in every collection, since it does not say which bucket
// it was; an opportunity that is elsewhere only where it has been.
func (s *Store) takeAway(ctx context.Context, b event.Bucket, changes []Change) error {
	var docs []guarded
	for _, c := range changes {
		deleted := c.Opportunity == nil
		c.Opportunity = nil
		docs = append(docs, guarded{id: c.ID, topic: c.Topic, position: c.Offset, document: documentOf(c), upsert: deleted})
	}
	return s.write(ctx, s.collection(b), docs)
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
