package timelines

import (
	"context"
	"fmt"
	"slices"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/harvest"
)

// CountSourceItems says how many postings of a source are neither closed as gone nor
// closed by the source itself, as far as is remembered.
func (s *Store) CountSourceItems(ctx context.Context, source string) (int, error) {
	open := bson.D{{Key: "gone", Value: false}, {Key: "value", Value: bson.D{{Key: "$regex", Value: `"status":"open"`}}}} // in a text the quotes are escaped
	n, err := s.sourceItems().CountDocuments(ctx, append(allOfSource(source), open...))
	if err != nil {
		return 0, fmt.Errorf("count what source %q has open: %w", source, err)
	}
	return int(n), nil
}

// ListedBy gives, of some opportunities, those that some sources remember and have not
// closed as gone, each with these sources by name. What they say of it may be closed.
func (s *Store) ListedBy(ctx context.Context, sources, ids []string) (map[string][]string, error) {
	var keys []string
	of := map[string]string{} // to the source
	for _, source := range sources {
		for _, id := range ids {
			key := ofSource(source, id)
			of[key], keys = source, append(keys, key)
		}
	}
	found, err := s.notGone(ctx, keys)
	if err != nil {
		return nil, fmt.Errorf("find which sources list %d opportunities: %w", len(ids), err)
	}
	listed := map[string][]string{}
	for _, d := range found {
		listed[d.Of] = append(listed[d.Of], of[d.ID])
	}
	for _, names := range listed {
		slices.Sort(names)
	}
	return listed, nil
}

// notGone gives the items of some keys that are not gone. The embedded server finds
// one _id at a time; for more it reads the whole collection.
func (s *Store) notGone(ctx context.Context, keys []string) (found []sourceItem, err error) {
	step, filter := 1000, func(keys []string) bson.D {
		return bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: keys}}}}
	}
	if s.serial {
		step, filter = 1, func(keys []string) bson.D { return byID(keys[0]) }
	}
	for part := range slices.Chunk(keys, step) {
		cursor, err := s.sourceItems().Find(ctx, filter(part), options.Find().SetProjection(bson.D{{Key: "of", Value: 1}, {Key: "gone", Value: 1}}))
		if err != nil {
			return nil, err
		}
		var list []sourceItem
		if err := cursor.All(ctx, &list); err != nil {
			return nil, err
		}
		found = append(found, slices.DeleteFunc(list, func(d sourceItem) bool { return d.Gone })...)
	}
	return found, nil
}

// DropSourceItems forgets opportunities of a source.
func (s *Store) DropSourceItems(ctx context.Context, source string, ids []string) error {
	for len(ids) > 0 {
		n := min(maxBulk, len(ids))
		models := make([]mongo.WriteModel, n)
		for i, id := range ids[:n] {
			models[i] = mongo.NewDeleteOneModel().SetFilter(byID(ofSource(source, id)))
		}
		if _, err := s.sourceItems().BulkWrite(ctx, models, options.BulkWrite().SetOrdered(false)); err != nil {
			return fmt.Errorf("forget %d opportunities of source %q: %w", n, source, err)
		}
		ids = ids[n:]
	}
	return nil
}

// DropSource forgets a source and gives it back. If the holder has lost it the error
// wraps harvest.ErrTaken and nothing is forgotten.
func (s *Store) DropSource(ctx context.Context, name, holder string) error {
	result, err := s.sourceStates().DeleteOne(ctx, bson.D{{Key: "_id", Value: name}, {Key: "holder", Value: holder}})
	if err != nil {
		return fmt.Errorf("forget source %q: %w", name, err)
	}
	if result.DeletedCount == 0 {
		return fmt.Errorf("source %q was taken by somebody else: %w", name, harvest.ErrTaken)
	}
	return nil
}
