package timelines

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/application"
)

// storedApplication is a record as it is stored: what it is looked up by, and the whole of it.
type storedApplication struct {
	ID           string    `bson:"_id"`
	Student      string    `bson:"student"`
	Opportunity  string    `bson:"opportunity"`
	Organisation string    `bson:"organisation"`
	Recruiter    string    `bson:"recruiter"`
	Stage        string    `bson:"stage"`
	Since        time.Time `bson:"since"`
	Revision     int64     `bson:"revision"` // grows by one with every write
	Pending      bool      `bson:"pending"`  // the topics have not been told all of its log
	Receipts     []receipt `bson:"receipts,omitempty"`
	Record       bson.D    `bson:"record"` // without the receipts
}

// receipt says how far a reader has read. Receipts are a list, since the name of
// a reader may have a dot or a dollar, which the name of a field may not.
type receipt struct {
	Reader string `bson:"reader"`
	N      int    `bson:"n"`
}

func (s *Store) applications() *mongo.Collection { return s.database.Collection("applications") }

func storeApplication(r *application.Record, revision int64) (storedApplication, error) {
	stored := storedApplication{
		ID: r.ID, Student: r.Student, Opportunity: r.Opportunity, Organisation: r.Organisation, Recruiter: r.Recruiter,
		Stage: string(r.Stage), Since: r.Since, Revision: revision, Pending: r.Published < r.Version,
	}
	for _, reader := range slices.Sorted(maps.Keys(r.Receipts)) {
		stored.Receipts = append(stored.Receipts, receipt{reader, r.Receipts[reader]})
	}
	bare := *r
	bare.Receipts = nil
	var err error
	stored.Record, err = toBSON(&bare)
	return stored, err
}

func (a storedApplication) record() (*application.Record, error) {
	data, err := bson.MarshalExtJSON(a.Record, false, false)
	if err != nil {
		return nil, fmt.Errorf("read application %q: %w", a.ID, err)
	}
	r, err := application.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("application %q: %w", a.ID, err)
	}
	for _, read := range a.Receipts {
		if r.Receipts == nil {
			r.Receipts = map[string]int{}
		}
		r.Receipts[read.Reader] = read.N
	}
	return r, nil
}

// toBSON goes by way of JSON, so that fields have the names that the topics and
// the API give them. No field of v may be a map: its keys might be read as commands.
func toBSON(v any) (bson.D, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var d bson.D
	return d, bson.UnmarshalExtJSON(data, false, &d)
}

func fromBSON(d bson.D, v any) error {
	data, err := bson.MarshalExtJSON(d, false, false)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, v)
}

// Application gives one application and its revision, or ErrNotFound. Of a long
// log it has the newest items; see ApplicationLog.
func (s *Store) Application(ctx context.Context, id string) (*application.Record, int64, error) {
	var stored storedApplication
	if err := s.findApplication(ctx, id, &stored); err != nil {
		return nil, 0, err
	}
	r, err := stored.record()
	return r, stored.Revision, err
}

// findApplication decodes the document of an application, or the fields named, into found.
func (s *Store) findApplication(ctx context.Context, id string, found any, fields ...string) error {
	projection := bson.D{}
	for _, field := range fields {
		projection = append(projection, bson.E{Key: field, Value: 1})
	}
	err := s.applications().FindOne(ctx, bson.D{{Key: "_id", Value: id}}, options.FindOne().SetProjection(projection)).Decode(found)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return fmt.Errorf("application %q: %w", id, ErrNotFound)
	}
	if err != nil {
		return fmt.Errorf("find application %q: %w", id, err)
	}
	return nil
}

// InsertApplication stores a new application, at revision 1. The error wraps
// ErrConflict when there is one of this id.
func (s *Store) InsertApplication(ctx context.Context, r *application.Record) error {
	if err := complete(r); err != nil {
		return err
	}
	stored, err := storeApplication(r, 1)
	if err != nil {
		return fmt.Errorf("store application %q: %w", r.ID, err)
	}
	_, err = s.applications().InsertOne(ctx, stored)
	if mongo.IsDuplicateKeyError(err) {
		return fmt.Errorf("application %q is there already: %w", r.ID, ErrConflict)
	}
	if err != nil {
		return fmt.Errorf("store application %q: %w", r.ID, err)
	}
	return nil
}

// InsertApplications stores new applications, at revision 1, and says of each
// whether it did: those that are there already stay as they are.
func (s *Store) InsertApplications(ctx context.Context, list []*application.Record) ([]bool, error) {
	documents, inserted := make([]storedApplication, len(list)), make([]bool, len(list))
	for i, r := range list {
		err := complete(r)
		if err == nil {
			documents[i], err = storeApplication(r, 1)
		}
		if err != nil {
			return inserted, fmt.Errorf("store application %q: %w", r.ID, err)
		}
		inserted[i] = true
	}
	if len(list) == 0 {
		return inserted, nil
	}
	_, err := s.applications().InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
	failed, ok := errors.AsType[mongo.BulkWriteException](err)
	if err != nil && !ok {
		return make([]bool, len(list)), fmt.Errorf("store %d applications: %w", len(list), err)
	}
	for _, one := range failed.WriteErrors {
		if !mongo.IsDuplicateKeyError(one) {
			return make([]bool, len(list)), fmt.Errorf("store application %q: %w", list[one.Index].ID, one)
		}
		inserted[one.Index] = false
	}
	return inserted, nil
}

// ReplaceApplication stores an application at revision + 1, if it is stored at
// this revision; else the error wraps ErrConflict, also when it is not there.
// Old items of a long log go to buckets; the caller's record stays as it is.
func (s *Store) ReplaceApplication(ctx context.Context, r *application.Record, revision int64) error {
	if err := complete(r); err != nil {
		return err
	}
	kept, err := s.shorten(ctx, r, revision)
	if err != nil {
		return err
	}
	stored, err := storeApplication(kept, revision+1)
	if err != nil {
		return fmt.Errorf("store application %q: %w", r.ID, err)
	}
	return s.swap(ctx, r.ID, revision, func(filter bson.D) (*mongo.UpdateResult, error) {
		return s.applications().ReplaceOne(ctx, filter, stored)
	})
}

// complete refuses a record of which the log was left out, as EachApplication
// does: storing it would lose the log.
func complete(r *application.Record) error {
	next := r.Version + 1 - len(r.Log)
	if next < 1 || (next-1)%bucketSize != 0 {
		return fmt.Errorf("store application %q: its log has %d items and cannot be that of version %d; read it with Application",
			r.ID, len(r.Log), r.Version)
	}
	for _, i := range r.Log {
		if i.N != next {
			return fmt.Errorf("store application %q: item %d of its log stands where item %d belongs", r.ID, i.N, next)
		}
		next++
	}
	if len(r.Log) == 0 && r.Version > 0 {
		return fmt.Errorf("store application %q: it comes without its log of %d items; read it with Application", r.ID, r.Version)
	}
	return nil
}

// prepareApplications creates the collections and their indexes, where missing.
func (s *Store) prepareApplications(ctx context.Context) error {
	if err := s.create(ctx, s.applications().Name(), s.overflow().Name()); err != nil {
		return err
	}
	indexes := s.applications().Indexes()
	for _, keys := range []bson.D{
		{{Key: "opportunity", Value: 1}, {Key: "stage", Value: 1}, {Key: "since", Value: 1}},
		{{Key: "student", Value: 1}},
		{{Key: "recruiter", Value: 1}},
		{{Key: "pending", Value: 1}},
	} {
		if _, err := indexes.CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			return fmt.Errorf("index applications by %s: %w", keys[0].Key, err)
		}
	}
	return nil
}
