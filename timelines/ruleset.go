package timelines

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// ErrConflict says that something else was stored meanwhile.
var ErrConflict = errors.New("changed by somebody else meanwhile")

// RulesetVersion is one version of a ruleset. It never changes.
type RulesetVersion struct {
	Name    string    `bson:"name"`
	Version int       `bson:"version"` // from 1
	Source  string    `bson:"source"`  // YAML
	Digest  string    `bson:"digest"`  // SHA-256 of Source, hex
	By      string    `bson:"by"`
	At      time.Time `bson:"at"`
	Comment string    `bson:"comment"`
	Tests   string    `bson:"tests"` // YAML; empty: none
}

// Ruleset says how far a ruleset has come.
type Ruleset struct {
	Name    string    `bson:"_id"`
	Latest  int       `bson:"latest"`  // version
	Current int       `bson:"current"` // version that was activated last; 0: none
	Since   time.Time `bson:"since"`   // of the activation
}

func (s *Store) rulesets() *mongo.Collection { return s.database.Collection("rulesets") }
func (s *Store) versions() *mongo.Collection { return s.database.Collection("ruleset_versions") }

func versionID(name string, version int) string { return name + "@" + strconv.Itoa(version) }

// PutVersion stores a new version after the latest, which must be the expected
// one, 0 for none, and returns its number. Otherwise the error wraps
// ErrConflict. Version is ignored.
//
// The version's _id is the compare-and-set: of all who follow the same version
// one can insert the next.
func (s *Store) PutVersion(ctx context.Context, v RulesetVersion, expected int) (int, error) {
	if expected > 0 {
		if _, err := s.Version(ctx, v.Name, expected); errors.Is(err, ErrNotFound) {
			return 0, fmt.Errorf("ruleset %q has no version %d: %w", v.Name, expected, ErrConflict)
		} else if err != nil {
			return 0, err
		}
	}
	v.Version = expected + 1
	_, err := s.versions().InsertOne(ctx, struct {
		ID             string `bson:"_id"`
		RulesetVersion `bson:",inline"`
	}{versionID(v.Name, v.Version), v})
	taken := mongo.IsDuplicateKeyError(err)
	if err != nil && !taken {
		return 0, fmt.Errorf("store version %d of ruleset %q: %w", v.Version, v.Name, err)
	}
	// Also where it was taken: whoever took it may have crashed before this.
	if err := s.noteLatest(ctx, v.Name, v.Version); err != nil {
		return 0, err
	}
	if taken {
		return 0, fmt.Errorf("ruleset %q has a version %d already: %w", v.Name, v.Version, ErrConflict)
	}
	return v.Version, nil
}

// noteLatest raises the latest version of a ruleset.
func (s *Store) noteLatest(ctx context.Context, name string, version int) error {
	_, err := s.rulesets().UpdateOne(ctx,
		bson.D{{Key: "_id", Value: name}, {Key: "latest", Value: bson.D{{Key: "$lt", Value: version}}}},
		bson.D{
			{Key: "$set", Value: bson.D{{Key: "latest", Value: version}}},
			{Key: "$setOnInsert", Value: bson.D{{Key: "current", Value: 0}, {Key: "since", Value: time.Time{}}}},
		}, options.UpdateOne().SetUpsert(true))
	if err != nil && !mongo.IsDuplicateKeyError(err) { // a duplicate: the latest is this one, or later
		return fmt.Errorf("note the latest version of ruleset %q: %w", name, err)
	}
	return nil
}

// SetCurrent notes which version of a ruleset was activated and when, unless a
// later activation is known. The ruleset must have been stored: ErrNotFound.
func (s *Store) SetCurrent(ctx context.Context, name string, version int, at time.Time) error {
	result, err := s.rulesets().UpdateOne(ctx,
		bson.D{{Key: "_id", Value: name}, {Key: "since", Value: bson.D{{Key: "$lte", Value: at}}}},
		bson.D{{Key: "$set", Value: bson.D{{Key: "current", Value: version}, {Key: "since", Value: at}}}})
	if err != nil {
		return fmt.Errorf("note the current version of ruleset %q: %w", name, err)
	}
	if result.MatchedCount > 0 {
		return nil
	}
	_, err = s.Ruleset(ctx, name) // there, and activated later than at
	return err
}

// Ruleset gives one ruleset, or ErrNotFound.
func (s *Store) Ruleset(ctx context.Context, name string) (Ruleset, error) {
	var r Ruleset
	err := s.rulesets().FindOne(ctx, bson.D{{Key: "_id", Value: name}}).Decode(&r)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return Ruleset{}, fmt.Errorf("ruleset %q: %w", name, ErrNotFound)
	}
	if err != nil {
		return Ruleset{}, fmt.Errorf("find ruleset %q: %w", name, err)
	}
	r.Since = r.Since.UTC()
	return r, nil
}

// Rulesets gives all rulesets by name.
func (s *Store) Rulesets(ctx context.Context) ([]Ruleset, error) {
	cursor, err := s.rulesets().Find(ctx, bson.D{}, options.Find().SetSort(bson.D{{Key: "_id", Value: 1}}))
	if err != nil {
		return nil, fmt.Errorf("list the rulesets: %w", err)
	}
	var list []Ruleset
	if err := cursor.All(ctx, &list); err != nil {
		return nil, fmt.Errorf("list the rulesets: %w", err)
	}
	for i := range list {
		list[i].Since = list[i].Since.UTC()
	}
	return list, nil
}

// Version gives one version of a ruleset, or ErrNotFound.
func (s *Store) Version(ctx context.Context, name string, version int) (RulesetVersion, error) {
	var v RulesetVersion
	err := s.versions().FindOne(ctx, bson.D{{Key: "_id", Value: versionID(name, version)}}).Decode(&v)
	if errors.Is(err, mongo.ErrNoDocuments) {
		return RulesetVersion{}, fmt.Errorf("version %d of ruleset %q: %w", version, name, ErrNotFound)
	}
	if err != nil {
		return RulesetVersion{}, fmt.Errorf("find version %d of ruleset %q: %w", version, name, err)
	}
	v.At = v.At.UTC()
	return v, nil
}

// Versions gives the newest versions of a ruleset, newest first, at most limit;
// none when there is no such ruleset.
func (s *Store) Versions(ctx context.Context, name string, limit int) ([]RulesetVersion, error) {
	cursor, err := s.versions().Find(ctx, bson.D{{Key: "name", Value: name}},
		options.Find().SetSort(bson.D{{Key: "version", Value: -1}}).SetLimit(int64(limit)))
	if err != nil {
		return nil, fmt.Errorf("list the versions of ruleset %q: %w", name, err)
	}
	var list []RulesetVersion
	if err := cursor.All(ctx, &list); err != nil {
		return nil, fmt.Errorf("list the versions of ruleset %q: %w", name, err)
	}
	for i := range list {
		list[i].At = list[i].At.UTC()
	}
	return list, nil
}

// prepareRulesets creates the collections and their index, where missing.
func (s *Store) prepareRulesets(ctx context.Context) error {
	if err := s.create(ctx, s.rulesets().Name(), s.versions().Name()); err != nil {
		return err
	}
	_, err := s.versions().Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "name", Value: 1}, {Key: "version", Value: -1}}})
	if err != nil {
		return fmt.Errorf("index ruleset_versions by name: %w", err)
	}
	return nil
}
