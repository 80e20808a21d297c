package timelines

import (
	"context"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// AuditEntry says who did or read what. It is written once and never changed.
type AuditEntry struct {
	Actor       string    `bson:"actor"`
	Role        string    `bson:"role"`
	Action      string    `bson:"action"`
	Application string    `bson:"application,omitempty"` // id
	Job         string    `bson:"job,omitempty"`         // id
	At          time.Time `bson:"at"`                    // to the millisecond
}

func (s *Store) audit() *mongo.Collection { return s.database.Collection("audit") }

// Audit stores an entry.
func (s *Store) Audit(ctx context.Context, e AuditEntry) error {
	if _, err := s.audit().InsertOne(ctx, e); err != nil {
		return fmt.Errorf("note that %q did %q: %w", e.Actor, e.Action, err)
	}
	return nil
}

// AuditTrail gives the newest entries about an application, newest first, at most limit.
func (s *Store) AuditTrail(ctx context.Context, application string, limit int) ([]AuditEntry, error) {
	cursor, err := s.audit().Find(ctx, bson.D{{Key: "application", Value: application}},
		options.Find().SetSort(bson.D{{Key: "at", Value: -1}, {Key: "_id", Value: -1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("find who did what with application %q: %w", application, err)
	}
	var list []AuditEntry
	if err := cursor.All(ctx, &list); err != nil {
		return nil, fmt.Errorf("read who did what with application %q: %w", application, err)
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, nil
}

// prepareAudit creates the collection and its index, where missing.
func (s *Store) prepareAudit(ctx context.Context) error {
	if err := s.create(ctx, s.audit().Name()); err != nil {
		return err
	}
	keys := bson.D{{Key: "application", Value: 1}, {Key: "at", Value: -1}, {Key: "_id", Value: -1}}
	if _, err := s.audit().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: keys}); err != nil {
		return fmt.Errorf("index audit by application: %w", err)
	}
	return nil
}
