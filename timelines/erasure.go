package timelines

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/application"
)

// Erasure is the last erasure of a student. While it is under way it has the
// student's id; then only Hash is left, which nobody can turn back, and which the
// same id gives again.
type Erasure struct {
	Hash    string         `bson:"_id"`
	Student string         `bson:"student,omitempty"` // empty: it is done
	By      string         `bson:"by"`                // who asked for it; a student: their hash
	Role    string         `bson:"role"`
	At      time.Time      `bson:"at"`
	Void    time.Time      `bson:"void"` // what happened or was recorded before counts no more
	Done    time.Time      `bson:"done,omitempty"`
	Counts  map[string]int `bson:"counts,omitempty"` // what was erased, by store
}

// Running says whether there is something left to do.
func (e Erasure) Running() bool { return e.Student != "" }

func (s *Store) erasures() *mongo.Collection { return s.database.Collection("erasures") }

// HashOf is what stays of an id that was erased: a hash under a salt of this
// database, so that lists of ids of elsewhere cannot be compared with it.
func (s *Store) HashOf(ctx context.Context, id string) (string, error) {
	salt, err := s.salt(ctx)
	if err != nil {
		return "", err
	}
	mac := hmac.New(sha256.New, salt)
	mac.Write([]byte(id))
	return "erased:" + hex.EncodeToString(mac.Sum(nil)[:16]), nil
}

// salt is made once; whoever comes second takes what is there.
func (s *Store) salt(ctx context.Context) ([]byte, error) {
	if known := s.salted.Load(); known != nil {
		return *known, nil
	}
	var kept struct {
		Salt []byte `bson:"salt"`
	}
	fresh := make([]byte, 32)
	rand.Read(fresh)
	_, err := s.salts().InsertOne(ctx, bson.D{{Key: "_id", Value: "erasures"}, {Key: "salt", Value: fresh}})
	if err == nil || mongo.IsDuplicateKeyError(err) {
		err = s.salts().FindOne(ctx, bson.D{{Key: "_id", Value: "erasures"}}).Decode(&kept)
	}
	if err != nil {
		return nil, fmt.Errorf("make the salt of erasures: %w", err)
	}
	s.salted.Store(&kept.Salt)
	return kept.Salt, nil
}

func (s *Store) salts() *mongo.Collection { return s.database.Collection("salts") }

// BeginErasure notes that a student is to be erased. When that is under way
// already, it gives what is known of it; one that is done begins anew.
func (s *Store) BeginErasure(ctx context.Context, e Erasure) (Erasure, error) {
	old, err := s.Erasure(ctx, e.Student)
	switch {
	case errors.Is(err, ErrNotFound):
	case err != nil || old.Running():
		return old, err
	case e.Void.Before(old.Void):
		e.Void = old.Void
	}
	if e.Hash, err = s.HashOf(ctx, e.Student); err != nil {
		return e, err
	}
	if e.By == e.Student {
		e.By = e.Hash
	}
	return e, s.PutErasure(ctx, e)
}

// PutErasure stores how far an erasure has come.
func (s *Store) PutErasure(ctx context.Context, e Erasure) error {
	filter := bson.D{{Key: "_id", Value: e.Hash}}
	if _, err := s.erasures().ReplaceOne(ctx, filter, e, options.Replace().SetUpsert(true)); err != nil {
		return fmt.Errorf("store the erasure %s: %w", e.Hash, err)
	}
	return nil
}

// Erasure gives the last erasure of a student, or ErrNotFound.
func (s *Store) Erasure(ctx context.Context, student string) (Erasure, error) {
	hash, err := s.HashOf(ctx, student)
	if err != nil {
		return Erasure{}, err
	}
	var e Erasure
	err = s.erasures().FindOne(ctx, bson.D{{Key: "_id", Value: hash}}).Decode(&e)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return e, fmt.Errorf("an erasure of %s: %w", hash, ErrNotFound)
	}
	if err != nil {
		return e, fmt.Errorf("find the erasure %s: %w", hash, err)
	}
	e.At, e.Void, e.Done = e.At.UTC(), e.Void.UTC(), e.Done.UTC()
	return e, nil
}

// RunningErasures gives those that are under way.
func (s *Store) RunningErasures(ctx context.Context) ([]Erasure, error) {
	cursor, err := s.erasures().Find(ctx, bson.D{{Key: "student", Value: bson.D{{Key: "$exists", Value: true}}}})
	if err != nil {
		return nil, fmt.Errorf("find the erasures under way: %w", err)
	}
	var list []Erasure
	if err := cursor.All(ctx, &list); err != nil {
		return nil, fmt.Errorf("read the erasures under way: %w", err)
	}
	return list, nil
}

// ApplicationsOf gives the ids of a student's applications.
func (s *Store) ApplicationsOf(ctx context.Context, student string) ([]string, error) {
	cursor, err := s.applications().Find(ctx, bson.D{{Key: "student", Value: student}}, options.Find().SetProjection(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, fmt.Errorf("find a student's applications: %w", err)
	}
	var found []struct {
		ID string `bson:"_id"`
	}
	if err := cursor.All(ctx, &found); err != nil {
		return nil, fmt.Errorf("read a student's applications: %w", err)
	}
	ids := make([]string, len(found))
	for i, f := range found {
		ids[i] = f.ID
	}
	return ids, nil
}

// Bury stores what remains of an application, unless it is there, and removes the
// application and its buckets, the application last: as long as it is there, a
// repetition finds what is left to do.
func (s *Store) Bury(ctx context.Context, id string, remains *application.Record) error {
	if err := s.InsertApplication(ctx, remains); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	if _, err := s.overflow().DeleteMany(ctx, bson.D{{Key: "application", Value: id}}); err != nil {
		return fmt.Errorf("remove the log of application %q: %w", id, err)
	}
	if _, err := s.applications().DeleteOne(ctx, bson.D{{Key: "_id", Value: id}}); err != nil {
		return fmt.Errorf("remove application %q: %w", id, err)
	}
	return nil
}

// prepareErasures creates the collections, where missing.
func (s *Store) prepareErasures(ctx context.Context) error {
	return s.create(ctx, s.erasures().Name(), s.salts().Name())
}
