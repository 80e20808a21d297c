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
	for _, key := range []string{"ats", "address", "opening", "company"} {
		if _, err := s.sameMembers().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: key, Value: 1}}}); err != nil {
			return fmt.Errorf("index same by %s: %w", key, err)
		}
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

// SameLike gives all postings that share the key of a layer with one of some.
func (s *Store) SameLike(ctx context.Context, members []same.Member) ([]same.Member, error) {
	var ats, address, opening []string
	for _, m := range members {
		ats, address, opening = append(ats, m.ATS), append(address, m.Address), append(opening, m.Opening)
	}
	var or bson.A
	for _, by := range []struct {
		field string
		keys  []string
	}{{"ats", ats}, {"address", address}, {"opening", opening}} {
		if known := nonEmpty(by.keys); len(known) > 0 {
			or = append(or, bson.D{{Key: by.field, Value: bson.D{{Key: "$in", Value: known}}}})
		}
	}
	if len(or) == 0 {
		return nil, nil
	}
	return s.findSame(ctx, bson.D{{Key: "$or", Value: or}})
}

// SameCompany gives all postings of a company.
func (s *Store) SameCompany(ctx context.Context, company string) ([]same.Member, error) {
	return s.findSame(ctx, bson.D{{Key: "company", Value: company}})
}

func nonEmpty(keys []string) (list bson.A) {
	for _, k := range keys {
		if k != "" {
			list = append(list, k)
		}
	}
	return list
}

func (s *Store) findSame(ctx context.Context, filter bson.D) (list []same.Member, err error) {
	cursor, err := s.sameMembers().Find(ctx, filter)
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
