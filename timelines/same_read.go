package timelines

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"tideline/engine/harvest/same"
)

// prepareSameKeys lets what identifies a posting find others. The embedded server
// reads all of them in any case, and would only write more.
func (s *Store) prepareSameKeys(ctx context.Context) error {
	if s.serial {
		return nil
	}
	_, err := s.sameMembers().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "keys", Value: 1}}})
	if err != nil {
		return fmt.Errorf("index same by keys: %w", err)
	}
	return nil
}

// SameMember gives a posting that is open; false: none of that id is.
func (s *Store) SameMember(ctx context.Context, id string) (same.Member, bool, error) {
	var d sameMember
	err := s.sameMembers().FindOne(ctx, byID(id)).Decode(&d)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return same.Member{}, false, nil
	}
	if err != nil {
		return same.Member{}, false, fmt.Errorf("find what identifies %q: %w", id, err)
	}
	return d.member(), true, nil
}

// SameBy gives all postings that have one of some keys.
func (s *Store) SameBy(ctx context.Context, keys []string) (list []same.Member, err error) {
	cursor, err := s.sameMembers().Find(ctx, bson.D{{Key: "keys", Value: bson.D{{Key: "$in", Value: keys}}}})
	if err != nil {
		return nil, fmt.Errorf("find what is the same: %w", err)
	}
	var stored []sameMember
	if err := cursor.All(ctx, &stored); err != nil {
		return nil, fmt.Errorf("find what is the same: %w", err)
	}
	for _, d := range stored {
		list = append(list, d.member())
	}
	return list, nil
}
