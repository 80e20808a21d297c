package timelines

import (
	"context"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/harvest"
)

// maxSourceRuns is how many runs of a source are kept.
const maxSourceRuns = 100

// sourceRun is a harvest.Run as it is stored: source|run is its _id.
type sourceRun struct {
	ID      string `bson:"_id"`
	Content bson.D `bson:"content"`
}

func (s *Store) sourceRuns() *mongo.Collection { return s.database.Collection("source_runs") }

// storedRun panics on nothing: a run is made of what JSON can hold.
func storedRun(r *harvest.Run) *sourceRun {
	if r == nil {
		return nil
	}
	content, err := toBSON(r)
	if err != nil {
		panic(fmt.Sprintf("timelines: encode a run: %v", err))
	}
	return &sourceRun{ofSource(r.Source, r.ID), content}
}

// run gives nil for what is not there or cannot be read.
func (d *sourceRun) run() *harvest.Run {
	if d == nil {
		return nil
	}
	var r harvest.Run
	if fromBSON(d.Content, &r) != nil {
		return nil
	}
	return &r
}

// ofSource makes the _id of what belongs to a source, whose name has no bar.
func ofSource(source, id string) string { return source + "|" + id }

// allOfSource selects by _id everything that ofSource names.
func allOfSource(source string) bson.D {
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: source + "|"}, {Key: "$lt", Value: source + "}"}}}} // } follows |
}

// AddSourceRun stores the record of a run, in place of one of the same id, and
// forgets the oldest. The ids of a source's runs are in the order of time.
func (s *Store) AddSourceRun(ctx context.Context, r harvest.Run) error {
	d := storedRun(&r)
	if _, err := s.sourceRuns().ReplaceOne(ctx, byID(d.ID), d, options.Replace().SetUpsert(true)); err != nil {
		return fmt.Errorf("record a run of source %q: %w", r.Source, err)
	}
	old, err := s.listRuns(ctx, r.Source, options.Find().SetSkip(maxSourceRuns).SetLimit(maxSourceRuns).SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil || len(old) == 0 {
		return err
	}
	var ids bson.A
	for _, d := range old {
		ids = append(ids, d.ID)
	}
	if _, err := s.sourceRuns().DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}); err != nil {
		return fmt.Errorf("forget old runs of source %q: %w", r.Source, err)
	}
	return nil
}

// SourceRuns gives the newest runs of a source, newest first, at most limit.
func (s *Store) SourceRuns(ctx context.Context, source string, limit int) ([]harvest.Run, error) {
	stored, err := s.listRuns(ctx, source, options.Find().SetLimit(int64(limit)))
	var list []harvest.Run
	for _, d := range stored {
		if r := d.run(); r != nil {
			list = append(list, *r)
		}
	}
	return list, err
}

func (s *Store) listRuns(ctx context.Context, source string, o *options.FindOptionsBuilder) ([]sourceRun, error) {
	cursor, err := s.sourceRuns().Find(ctx, allOfSource(source), o.SetSort(bson.D{{Key: "_id", Value: -1}}))
	if err != nil {
		return nil, fmt.Errorf("list the runs of source %q: %w", source, err)
	}
	var stored []sourceRun
	if err := cursor.All(ctx, &stored); err != nil {
		return nil, fmt.Errorf("list the runs of source %q: %w", source, err)
	}
	return stored, nil
}
