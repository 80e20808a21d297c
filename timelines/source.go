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

// sourceState is a harvest.State as it is stored.
type sourceState struct {
	Name        string              `bson:"_id"`
	Holder      string              `bson:"holder"`
	Instance    string              `bson:"instance"` // of the holder
	Until       time.Time           `bson:"until"`
	Requested   time.Time           `bson:"requested"`
	Started     time.Time           `bson:"started"`
	Finished    time.Time           `bson:"finished"`
	Progress    *sourceRun          `bson:"progress"`
	Last        *sourceRun          `bson:"last"`
	NotBefore   time.Time           `bson:"not_before"`
	SpentDay    string              `bson:"spent_day"`
	Spent       int                 `bson:"spent"`
	Failures    int                 `bson:"failures"`
	Shrunk      int                 `bson:"shrunk"`
	Pending     []string            `bson:"pending"`
	Fingerprint string              `bson:"fingerprint"`
	Validators  []harvest.Validator `bson:"validators"`
}

func (s *Store) sourceStates() *mongo.Collection { return s.database.Collection("sources") }

// prepareSources creates the collections that are missing.
func (s *Store) prepareSources(ctx context.Context) error {
	return s.create(ctx, s.sourceStates().Name(), s.sourceItems().Name(), s.sourceRuns().Name())
}

// SourceStates gives what is known of all sources that ever ran or were asked to.
func (s *Store) SourceStates(ctx context.Context) ([]harvest.State, error) {
	cursor, err := s.sourceStates().Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	var stored []sourceState
	if err := cursor.All(ctx, &stored); err != nil {
		return nil, fmt.Errorf("list the sources: %w", err)
	}
	var list []harvest.State
	for _, d := range stored {
		list = append(list, d.state())
	}
	return list, nil
}

// RequestSource notes that a source is to run now.
func (s *Store) RequestSource(ctx context.Context, name string, at time.Time) error {
	if err := s.ensureSource(ctx, name); err != nil {
		return err
	}
	_, err := s.sourceStates().UpdateOne(ctx, byID(name), set(bson.D{{Key: "requested", Value: at}}))
	if err != nil {
		return fmt.Errorf("ask for a run of source %q: %w", name, err)
	}
	return nil
}

// ensureSource makes the document that a source's lease is in.
func (s *Store) ensureSource(ctx context.Context, name string) error {
	_, err := s.sourceStates().InsertOne(ctx, sourceState{Name: name})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return fmt.Errorf("begin the record of source %q: %w", name, err)
	}
	return nil
}

// AcquireSource gives a source to a holder until a time, unless another has it:
// then the error wraps harvest.ErrTaken. An earlier holder of the same instance
// died. The state is as it was before, for the run:
// Requested is answered by it, and the validators are stored again when it ends,
// since what one that is cut off has taken in they do not stand for.
func (s *Store) AcquireSource(ctx context.Context, name, holder string, now, until time.Time) (harvest.State, error) {
	if err := s.ensureSource(ctx, name); err != nil {
		return harvest.State{}, err
	}
	var before sourceState
	instance := harvest.InstanceOf(holder)
	free := bson.D{{Key: "_id", Value: name}, {Key: "$or", Value: bson.A{
		bson.D{{Key: "until", Value: bson.D{{Key: "$lte", Value: now}}}},
		bson.D{{Key: "instance", Value: instance}},
	}}}
	err := s.sourceStates().FindOneAndUpdate(ctx, free, set(bson.D{
		{Key: "holder", Value: holder},
		{Key: "instance", Value: instance},
		{Key: "until", Value: until},
		{Key: "started", Value: now},
		{Key: "requested", Value: time.Time{}},
		{Key: "validators", Value: nil},
	})).Decode(&before)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return harvest.State{}, fmt.Errorf("source %q is run by somebody else: %w", name, harvest.ErrTaken)
	}
	if err != nil {
		return harvest.State{}, fmt.Errorf("take source %q: %w", name, err)
	}
	return before.state(), nil
}

// KeepSource keeps a source for its holder until a time and notes how far the run
// is, and which ids it is about to publish or may have published. If the holder has lost it the error wraps harvest.ErrTaken.
func (s *Store) KeepSource(ctx context.Context, name, holder string, until time.Time, progress harvest.Run, pending []string) error {
	return s.asHolder(ctx, name, holder, bson.D{{Key: "until", Value: until}, {Key: "progress", Value: storedRun(&progress)}, {Key: "pending", Value: pending}})
}

// FinishSource stores what a run leaves behind and gives the source back. If the
// holder has lost it the error wraps harvest.ErrTaken and nothing is stored.
func (s *Store) FinishSource(ctx context.Context, state harvest.State, holder string) error {
	return s.asHolder(ctx, state.Name, holder, bson.D{
		{Key: "holder", Value: ""},
		{Key: "until", Value: time.Time{}},
		{Key: "progress", Value: nil},
		{Key: "finished", Value: state.Finished},
		{Key: "last", Value: storedRun(state.Last)},
		{Key: "not_before", Value: state.NotBefore},
		{Key: "spent_day", Value: state.SpentDay},
		{Key: "spent", Value: state.Spent},
		{Key: "failures", Value: state.Failures},
		{Key: "shrunk", Value: state.Shrunk},
		{Key: "pending", Value: state.Pending},
		{Key: "fingerprint", Value: state.Fingerprint},
		{Key: "validators", Value: state.Validators},
	})
}

func (s *Store) asHolder(ctx context.Context, name, holder string, fields bson.D) error {
	result, err := s.sourceStates().UpdateOne(ctx, bson.D{{Key: "_id", Value: name}, {Key: "holder", Value: holder}}, set(fields))
	if err != nil {
		return fmt.Errorf("note the run of source %q: %w", name, err)
	}
	if result.MatchedCount == 0 {
		return fmt.Errorf("source %q was taken by somebody else: %w", name, harvest.ErrTaken)
	}
	return nil
}

func byID(id string) bson.D { return bson.D{{Key: "_id", Value: id}} }

func set(fields bson.D) bson.D { return bson.D{{Key: "$set", Value: fields}} }

func (d sourceState) state() harvest.State {
	return harvest.State{
		Name: d.Name, Holder: d.Holder, Until: d.Until.UTC(), Requested: d.Requested.UTC(), Started: d.Started.UTC(), Finished: d.Finished.UTC(),
		Progress: d.Progress.run(), Last: d.Last.run(), NotBefore: d.NotBefore.UTC(), SpentDay: d.SpentDay, Spent: d.Spent, Failures: d.Failures, Shrunk: d.Shrunk,
		Pending: d.Pending, Fingerprint: d.Fingerprint, Validators: d.Validators,
	}
}
