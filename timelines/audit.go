package timelines

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/application"
)

// AuditEntry says who did or read what. It is written once, and changes only when
// a student is erased: then hashes stand for them and for their applications.
type AuditEntry struct {
	ID           string    `bson:"_id"` // empty: one is made. An entry whose id is there is not written again
	Actor        string    `bson:"actor"`
	Role         string    `bson:"role"`
	Action       string    `bson:"action"`
	Students     []string  `bson:"students,omitempty"`     // whom it is about
	Applications []string  `bson:"applications,omitempty"` // ids; where there are several, those of the students, one by one
	Job          string    `bson:"job,omitempty"`          // id
	At           time.Time `bson:"at"`                     // to the millisecond
}

// AuditFilter says which entries are wanted; empty fields: all. Before is the
// last entry that was seen, of which At and ID count.
type AuditFilter struct {
	Student, Application, Actor string
	Before                      *AuditEntry
}

func (s *Store) audit() *mongo.Collection { return s.database.Collection("audit") }

// Audit stores entries, all or none that the error names.
func (s *Store) Audit(ctx context.Context, entries ...AuditEntry) error {
	if len(entries) == 0 {
		return nil
	}
	docs := make([]any, len(entries))
	for i, e := range entries {
		if e.ID == "" {
			id, err := uuid.NewV7()
			if err != nil {
				return fmt.Errorf("make an id for an entry of the audit: %w", err)
			}
			e.ID = id.String()
		}
		docs[i] = e
	}
	_, err := s.audit().InsertMany(ctx, docs, options.InsertMany().SetOrdered(false))
	if err != nil && !onlyDuplicates(err) {
		return fmt.Errorf("note that %q did %q, and %d more: %w", entries[0].Actor, entries[0].Action, len(entries)-1, err)
	}
	return nil
}

// Note keeps what was done with applications.
func (s *Store) Note(ctx context.Context, done []application.Done) error {
	entries := make([]AuditEntry, len(done))
	for i, d := range done {
		entries[i] = AuditEntry{
			ID: d.ID, Actor: d.Actor.ID, Role: string(d.Actor.Role), Action: d.Action,
			Students: []string{d.Student}, Applications: []string{d.Application}, Job: d.Opportunity, At: d.At,
		}
	}
	return s.Audit(ctx, entries...)
}

// AuditTrail gives the newest entries that a filter lets through, newest first, at most limit.
func (s *Store) AuditTrail(ctx context.Context, f AuditFilter, limit int) ([]AuditEntry, error) {
	filter := bson.D{}
	for _, field := range [][2]string{{"students", f.Student}, {"applications", f.Application}, {"actor", f.Actor}} {
		if field[1] != "" {
			filter = append(filter, bson.E{Key: field[0], Value: field[1]})
		}
	}
	if f.Before != nil {
		filter = append(filter, bson.E{Key: "$or", Value: bson.A{
			bson.D{{Key: "at", Value: bson.D{{Key: "$lt", Value: f.Before.At}}}},
			bson.D{{Key: "at", Value: f.Before.At}, {Key: "_id", Value: bson.D{{Key: "$lt", Value: f.Before.ID}}}},
		}})
	}
	cursor, err := s.audit().Find(ctx, filter,
		options.Find().SetSort(bson.D{{Key: "at", Value: -1}, {Key: "_id", Value: -1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("find who did what: %w", err)
	}
	var list []AuditEntry
	if err := cursor.All(ctx, &list); err != nil {
		return nil, fmt.Errorf("read who did what: %w", err)
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, nil
}

// ForgetAudit puts hashes in the place of a student and of their applications.
// Who looked at them and when stays. It gives how many entries that changed.
func (s *Store) ForgetAudit(ctx context.Context, student string) (int, error) {
	ids, err := s.naming(ctx, s.audit(), student, "students", "actor")
	if err != nil {
		return 0, err
	}
	hash, err := s.HashOf(ctx, student)
	if err != nil {
		return 0, err
	}
	var docs []mongo.WriteModel
	for _, id := range ids {
		var e AuditEntry
		if err := s.audit().FindOne(ctx, bson.D{{Key: "_id", Value: id}}).Decode(&e); err != nil {
			return 0, fmt.Errorf("read entry %q of the audit: %w", id, err)
		}
		if !slices.Contains(e.Students, student) && e.Role != "student" {
			continue // a recruiter who has the same id
		}
		if e.Actor == student && e.Role == "student" {
			e.Actor = hash
		}
		if err := s.pseudonymise(ctx, &e, student, hash); err != nil {
			return 0, err
		}
		docs = append(docs, mongo.NewReplaceOneModel().SetFilter(bson.D{{Key: "_id", Value: e.ID}}).SetReplacement(e))
	}
	for some := range slices.Chunk(docs, maxBulk) {
		if _, err := s.audit().BulkWrite(ctx, some); err != nil {
			return 0, fmt.Errorf("take a student out of the audit: %w", err)
		}
	}
	return len(docs), nil
}

func (s *Store) pseudonymise(ctx context.Context, e *AuditEntry, student, hash string) error {
	whose := e.Students
	e.Students = slices.Clone(whose)
	e.Applications = slices.Clone(e.Applications)
	for i, id := range whose {
		if id != student {
			continue
		}
		e.Students[i] = hash
		for k, application := range e.Applications {
			if k != i && len(whose) != 1 { // of somebody else
				continue
			}
			other, err := s.HashOf(ctx, application)
			if err != nil {
				return err
			}
			e.Applications[k] = other
		}
	}
	return nil
}

// prepareAudit creates the collection and its indexes, where missing.
func (s *Store) prepareAudit(ctx context.Context) error {
	if err := s.create(ctx, s.audit().Name()); err != nil {
		return err
	}
	var wrong []error
	for _, field := range []string{"", "applications", "students", "actor"} {
		keys := bson.D{{Key: "at", Value: -1}, {Key: "_id", Value: -1}}
		if field != "" {
			keys = append(bson.D{{Key: field, Value: 1}}, keys...)
		}
		if _, err := s.audit().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
			wrong = append(wrong, fmt.Errorf("index the audit by %s: %w", keys[0].Key, err))
		}
	}
	return errors.Join(wrong...)
}
