package timelines

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
)

// sameMember is a same.Member as it is stored.
type sameMember struct {
	ID      string    `bson:"_id"`
	Bucket  string    `bson:"bucket"`
	Entry   string    `bson:"entry"`
	Source  string    `bson:"source"`
	Rank    int       `bson:"rank"`
	URL     string    `bson:"url,omitempty"`
	Posted  time.Time `bson:"posted"`
	ATS     string    `bson:"ats,omitempty"`
	Address string    `bson:"address,omitempty"`
	Opening string    `bson:"opening,omitempty"`
	Company string    `bson:"company,omitempty"`
	Keys    []string  `bson:"keys,omitempty"`   // by which it is found
	Sketch  []byte    `bson:"sketch,omitempty"` // little endian; an array of numbers is slow to read
	Shown   bool      `bson:"shown"`
	Told    int64     `bson:"told"`
}

type sameSplit struct {
	ID   string   `bson:"_id"`
	From []string `bson:"from"`
}

func (s *Store) sameMembers() *mongo.Collection { return s.database.Collection("same") }
func (s *Store) sameSplits() *mongo.Collection  { return s.database.Collection("same_splits") }
func (s *Store) sameLease() *mongo.Collection   { return s.database.Collection("same_lease") }

func (s *Store) prepareSame(ctx context.Context) error {
	return s.create(ctx, s.sameMembers().Name(), s.sameSplits().Name(), s.sameLease().Name())
}

// mergingID is the one document of same_lease.
const mergingID = "merging"

// TakeMerging lets a holder alone merge until a time, unless another does: then the
// error wraps harvest.ErrTaken. Who held it under the same name died. Each taking
// has a number, one more than that before.
func (s *Store) TakeMerging(ctx context.Context, holder string, now, until time.Time) (number int64, err error) {
	_, err = s.sameLease().InsertOne(ctx, bson.D{{Key: "_id", Value: mergingID}, {Key: "holder", Value: ""}, {Key: "until", Value: time.Time{}}, {Key: "number", Value: int64(0)}})
	if err != nil && !mongo.IsDuplicateKeyError(err) {
		return 0, fmt.Errorf("begin the lease of merging: %w", err)
	}
	free := bson.A{
		bson.D{{Key: "until", Value: bson.D{{Key: "$lte", Value: now}}}},
		bson.D{{Key: "holder", Value: holder}},
	}
	var after struct {
		Number int64 `bson:"number"`
	}
	err = s.sameLease().FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: mergingID}, {Key: "$or", Value: free}}, bson.D{
		{Key: "$set", Value: bson.D{{Key: "holder", Value: holder}, {Key: "until", Value: until}}},
		{Key: "$inc", Value: bson.D{{Key: "number", Value: int64(1)}}},
	}, options.FindOneAndUpdate().SetReturnDocument(options.After)).Decode(&after)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return 0, fmt.Errorf("somebody else merges: %w", harvest.ErrTaken)
	}
	if err != nil {
		return 0, fmt.Errorf("take the lease of merging: %w", err)
	}
	return after.Number, nil
}

// LeaveMerging gives it back, if the holder still has it.
func (s *Store) LeaveMerging(ctx context.Context, holder string, number int64) error {
	mine := bson.D{{Key: "_id", Value: mergingID}, {Key: "holder", Value: holder}, {Key: "number", Value: number}}
	if _, err := s.sameLease().UpdateOne(ctx, mine, set(bson.D{{Key: "until", Value: time.Time{}}, {Key: "holder", Value: ""}})); err != nil {
		return fmt.Errorf("give back the lease of merging: %w", err)
	}
	return nil
}

// SameMembers gives all postings that are open, and SameSplits who was split from whom.
func (s *Store) SameMembers(ctx context.Context) (list []same.Member, err error) {
	if list, err = s.findSame(ctx, bson.D{}); err != nil {
		return nil, fmt.Errorf("list what is the same: %w", err)
	}
	return list, nil
}

// SameSplits gives all splits.
func (s *Store) SameSplits(ctx context.Context) (list []same.Split, err error) {
	cursor, err := s.sameSplits().Find(ctx, bson.D{})
	if err != nil {
		return nil, fmt.Errorf("list the splits: %w", err)
	}
	var stored []sameSplit
	if err := cursor.All(ctx, &stored); err != nil {
		return nil, fmt.Errorf("list the splits: %w", err)
	}
	for _, d := range stored {
		list = append(list, same.Split(d))
	}
	return list, nil
}

// PutSplit remembers a split; DropSplit forgets it.
func (s *Store) PutSplit(ctx context.Context, split same.Split) error {
	_, err := s.sameSplits().ReplaceOne(ctx, byID(split.ID), sameSplit(split), options.Replace().SetUpsert(true))
	if err != nil {
		return fmt.Errorf("remember the split of %q: %w", split.ID, err)
	}
	return nil
}

// DropSplit forgets a split.
func (s *Store) DropSplit(ctx context.Context, id string) error {
	if _, err := s.sameSplits().DeleteOne(ctx, byID(id)); err != nil {
		return fmt.Errorf("forget the split of %q: %w", id, err)
	}
	return nil
}

// PutSameMembers stores postings, each of another id. New ones are inserted many at a
// time, the others replaced.
func (s *Store) PutSameMembers(ctx context.Context, members []same.Member) error {
	for len(members) > 0 {
		n := min(maxInsert, len(members))
		documents := make([]any, n)
		for i, m := range members[:n] {
			documents[i] = storedMember(m)
		}
		_, err := s.sameMembers().InsertMany(ctx, documents, options.InsertMany().SetOrdered(false))
		if err != nil && !onlyDuplicates(err) {
			return fmt.Errorf("remember what identifies %d postings: %w", n, err)
		}
		var models []mongo.WriteModel
		if bulk, ok := errors.AsType[mongo.BulkWriteException](err); ok {
			for _, e := range bulk.WriteErrors {
				m := members[e.Index]
				models = append(models, mongo.NewReplaceOneModel().SetFilter(byID(m.ID)).SetReplacement(storedMember(m)))
			}
		}
		if err := s.changeSame(ctx, models); err != nil {
			return fmt.Errorf("remember what identifies %d postings: %w", len(models), err)
		}
		members = members[n:]
	}
	return nil
}

// DropSameMembers forgets postings that are not open any more.
func (s *Store) DropSameMembers(ctx context.Context, ids []string) error {
	models := make([]mongo.WriteModel, len(ids))
	for i, id := range ids {
		models[i] = mongo.NewDeleteOneModel().SetFilter(byID(id))
	}
	if err := s.changeSame(ctx, models); err != nil {
		return fmt.Errorf("forget what identified %d postings: %w", len(ids), err)
	}
	return nil
}

func (s *Store) changeSame(ctx context.Context, models []mongo.WriteModel) error {
	for len(models) > 0 {
		n := min(maxBulk, len(models))
		if _, err := s.sameMembers().BulkWrite(ctx, models[:n], options.BulkWrite().SetOrdered(false)); err != nil {
			return err
		}
		models = models[n:]
	}
	return nil
}

func storedMember(m same.Member) sameMember {
	d := sameMember{
		ID: m.ID, Bucket: string(m.Bucket), Entry: m.Entry, Source: m.Source, Rank: m.Rank, URL: m.URL, Posted: m.Posted, ATS: m.ATS, Address: m.Address, Opening: m.Opening,
		Company: m.Company, Keys: m.Keys(), Shown: m.Shown, Told: int64(m.Told),
	}
	for _, least := range m.Sketch {
		d.Sketch = binary.LittleEndian.AppendUint32(d.Sketch, least)
	}
	return d
}

func (d sameMember) member() same.Member {
	m := same.Member{
		ID: d.ID, Bucket: cmp.Or(event.Bucket(d.Bucket), event.Jobs), Entry: d.Entry, Source: d.Source, Rank: d.Rank, URL: d.URL, Posted: d.Posted.UTC(), ATS: d.ATS, Address: d.Address, Opening: d.Opening,
		Company: d.Company, Shown: d.Shown, Told: uint64(d.Told),
	}
	for rest := d.Sketch; len(rest) >= 4; rest = rest[4:] {
		m.Sketch = append(m.Sketch, binary.LittleEndian.Uint32(rest))
	}
	return m
}
