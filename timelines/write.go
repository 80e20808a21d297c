package timelines

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

const (
	maxInsert = 500 // documents of one call
	maxBulk   = 50  // updates of one call: FerretDB hangs on about 110
)

// guarded is a document that replaces an older one of its id, and no newer.
type guarded struct {
	id       string
	topic    string // the incarnation of the topic that the record is from
	position int64  // its offset, which an id's partition never changes
	document any    // with the fields _id, topic and position
	upsert   bool   // it is also stored where there is none
}

// older selects the document of the id if it is older: it stands before this one
// in the same topic, or is of another incarnation of the topic, which has been
// deleted since. Offsets of two incarnations do not compare; with offsets alone
// everything that a topic made anew brings would seem known.
func (g guarded) older() bson.D {
	before := bson.D{{Key: "position", Value: bson.D{{Key: "$lt", Value: g.position}}}}
	elsewhere := bson.D{{Key: "topic", Value: bson.D{{Key: "$ne", Value: g.topic}}}}
	return bson.D{{Key: "_id", Value: g.id}, {Key: "$or", Value: bson.A{before, elsewhere}}}
}

// write stores documents, each of another id. New ones, which most are, are
// inserted many at a time; those that are there already are looked up, and
// replaced where they are older. Only the embedded MongoDB cares: a filter on
// more than _id makes it read the whole collection, so it is used as rarely as can be.
func (s *Store) write(ctx context.Context, c *mongo.Collection, docs []guarded) error {
	for len(docs) > 0 {
		n := min(maxInsert, len(docs))
		present, err := s.insert(ctx, c, docs[:n])
		if err == nil {
			present, err = s.stale(ctx, c, present)
		}
		if err == nil {
			err = s.replace(ctx, c, present)
		}
		if err != nil {
			return fmt.Errorf("write %d documents to %s: %w", n, c.Name(), err)
		}
		docs = docs[n:]
	}
	return nil
}

// insert stores what may be stored where there is none, and gives back the rest.
func (s *Store) insert(ctx context.Context, c *mongo.Collection, docs []guarded) (present []guarded, err error) {
	var fresh []guarded
	var values []any
	for _, g := range docs {
		if !g.upsert {
			present = append(present, g)
			continue
		}
		fresh, values = append(fresh, g), append(values, g.document)
	}
	if len(fresh) == 0 {
		return present, nil
	}
	_, err = c.InsertMany(ctx, values, options.InsertMany().SetOrdered(false))
	if err != nil && !onlyDuplicates(err) {
		return nil, err
	}
	known := 0
	if bulk, ok := errors.AsType[mongo.BulkWriteException](err); ok {
		known = len(bulk.WriteErrors)
		for _, e := range bulk.WriteErrors {
			present = append(present, fresh[e.Index])
		}
	}
	s.writes.WithLabelValues("written").Add(float64(len(fresh) - known))
	return present, nil
}

// stale keeps those of which an older document is stored.
func (s *Store) stale(ctx context.Context, c *mongo.Collection, docs []guarded) ([]guarded, error) {
	if len(docs) == 0 {
		return nil, nil
	}
	found, err := s.standing(ctx, c, docs)
	if err != nil {
		return nil, err
	}
	older := map[string]bool{}
	byID := map[string]guarded{}
	for _, g := range docs {
		byID[g.id] = g
	}
	for _, f := range found {
		g := byID[f.ID]
		older[f.ID] = f.Topic != g.topic || f.Position < g.position
	}
	var stale []guarded
	for _, g := range docs {
		if older[g.id] {
			stale = append(stale, g)
		}
	}
	s.writes.WithLabelValues("unchanged").Add(float64(len(docs) - len(stale)))
	return stale, nil
}

// stands is where a stored document comes from.
type stands struct {
	ID       string `bson:"_id"`
	Topic    string `bson:"topic"`
	Position int64  `bson:"position"`
}

// standing looks up where the stored documents of these ids come from: in one
// call, or, in the embedded MongoDB, which would read the whole collection for
// it, one by one.
func (s *Store) standing(ctx context.Context, c *mongo.Collection, docs []guarded) (found []stands, err error) {
	projection := bson.D{{Key: "topic", Value: 1}, {Key: "position", Value: 1}}
	if s.serial {
		for _, g := range docs {
			var one stands
			err := c.FindOne(ctx, bson.D{{Key: "_id", Value: g.id}}, options.FindOne().SetProjection(projection)).Decode(&one)
			if errors.Is(err, mongo.ErrNoDocuments) {
				continue
			}
			if err != nil {
				return nil, err
			}
			found = append(found, one)
		}
		return found, nil
	}
	ids := make(bson.A, len(docs))
	for i, g := range docs {
		ids[i] = g.id
	}
	cursor, err := c.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}, options.Find().SetProjection(projection))
	if err != nil {
		return nil, err
	}
	err = cursor.All(ctx, &found)
	return found, err
}

// replace replaces what is still older by then.
func (s *Store) replace(ctx context.Context, c *mongo.Collection, docs []guarded) error {
	for len(docs) > 0 {
		n := min(maxBulk, len(docs))
		models := make([]mongo.WriteModel, n)
		for i, g := range docs[:n] {
			filter := g.older()
			if s.serial {
				filter = filter[:1] // _id
			}
			models[i] = mongo.NewReplaceOneModel().SetFilter(filter).SetReplacement(g.document)
		}
		result, err := c.BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false))
		if err != nil {
			return err
		}
		s.writes.WithLabelValues("written").Add(float64(result.ModifiedCount))
		s.writes.WithLabelValues("unchanged").Add(float64(int64(n) - result.ModifiedCount))
		docs = docs[n:]
	}
	return nil
}
