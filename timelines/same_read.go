package timelines

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"

	"tideline/engine/harvest/same"
)

// prepareSameKeys lets what identifies a posting find others, also one that was stored
// before there were keys. The embedded server reads all of them in any case, and would
// only write more.
func (s *Store) prepareSameKeys(ctx context.Context) error {
	if s.serial {
		return nil
	}
	_, err := s.sameMembers().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "keys", Value: 1}}})
	if err != nil {
		return fmt.Errorf("index same by keys: %w", err)
	}
	return s.addSameKeys(ctx)
}

// addSameKeys adds the keys where there are none. Who merges at the same time writes
// them too, and is not overwritten.
func (s *Store) addSameKeys(ctx context.Context) error {
	without := bson.E{Key: "keys", Value: bson.D{{Key: "$exists", Value: false}}}
	old, err := s.findSame(ctx, bson.D{without})
	if err != nil {
		return fmt.Errorf("list postings without keys: %w", err)
	}
	var models []mongo.WriteModel
	for _, m := range old {
		if keys := m.Keys(); len(keys) > 0 {
			models = append(models, mongo.NewUpdateOneModel().SetFilter(append(byID(m.ID), without)).SetUpdate(set(bson.D{{Key: "keys", Value: keys}})))
		}
	}
	if err := s.changeSame(ctx, models); err != nil {
		return fmt.Errorf("add keys to %d postings: %w", len(models), err)
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
	list, err = s.findSame(ctx, bson.D{{Key: "keys", Value: bson.D{{Key: "$in", Value: keys}}}})
	if err != nil {
		return nil, fmt.Errorf("find what is the same: %w", err)
	}
	return list, nil
}

func (s *Store) findSame(ctx context.Context, which bson.D) (list []same.Member, err error) {
	cursor, err := s.sameMembers().Find(ctx, which)
	if err != nil {
		return nil, err
	}
	for cursor.Next(ctx) {
		var d sameMember
		if err := cursor.Decode(&d); err != nil {
			return nil, errors.Join(err, cursor.Close(ctx))
		}
		list = append(list, d.member())
	}
	return list, errors.Join(cursor.Err(), cursor.Close(ctx))
}
