// Package timelines keeps in MongoDB what people look up rather than stream:
// the opportunities, in opportunities_jobs, opportunities_hackathons and
// opportunities_content; what was sent to whom, in notifications; every version
// of every ruleset, in rulesets and ruleset_versions; and the applications, in
// applications and application_overflow, with pipelines, rejection_reasons,
// erasures and the audit beside them.
//
// What outside sources had and when they ran is in sources, sources_seen and
// source_runs; whoever runs a source holds a lease in sources. Which postings are
// open, by what identifies them, is in same, who split which in same_splits, and
// whoever merges holds the lease in same_lease.
//
// Rulesets and applications are kept here and nowhere else; an application is
// replaced by compare-and-set on its revision. Every other write is a guarded
// projection of a record: it names the topic's incarnation and the record's place
// in its partition, and does nothing when the document is already at that place
// or beyond. So records may come again, in any order, and a topic that is made
// anew begins anew. Only what MongoDB and FerretDB do alike is used:
// single-document guards, upserts, bulk writes.
package timelines

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/engine/event"
)

// Config says where MongoDB is.
type Config struct {
	URI      string
	Database string
	// Serial says that nobody else writes: the embedded server, which is this
	// process's and has one connection. What was looked up is true until it is
	// written then, and a filter by _id alone spares it reading a whole collection.
	Serial bool
}

// Store is safe for concurrent use.
type Store struct {
	client   *mongo.Client
	database *mongo.Database
	serial   bool
	stripes  *stripes // where serial
	log      *slog.Logger
	writes   *prometheus.CounterVec
	salted   atomic.Pointer[[]byte] // of the hashes of who was erased
}

// ErrNotFound says that there is no such document.
var ErrNotFound = errors.New("not found")

// New opens a client; it connects when it is first used.
func New(config Config, reg prometheus.Registerer, log *slog.Logger) (*Store, error) {
	client, err := mongo.Connect(options.Client().ApplyURI(config.URI).SetAppName("tideline").SetServerSelectionTimeout(10 * time.Second))
	if err != nil {
		return nil, fmt.Errorf("open a MongoDB client: %w", err)
	}
	return &Store{
		client: client, database: client.Database(config.Database), serial: config.Serial, log: log,
		stripes: &stripes{seed: maphash.MakeSeed()},
		writes: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_timelines_writes_total", Help: "Documents by what became of the write.",
		}, []string{"outcome"}),
	}, nil
}

// Prepare creates the collections that are missing and their indexes.
func (s *Store) Prepare(ctx context.Context) error {
	existing, err := s.database.ListCollectionNames(ctx, bson.D{})
	if err != nil {
		return fmt.Errorf("list the collections: %w", err)
	}
	for _, b := range event.Buckets {
		name := s.collection(b).Name()
		if !slices.Contains(existing, name) {
			if err := s.database.CreateCollection(ctx, name); err != nil && !exists(err) {
				return fmt.Errorf("create collection %s: %w", name, err)
			}
		}
		_, err := s.collection(b).Indexes().CreateOne(ctx, mongo.IndexModel{Keys: bson.D{{Key: "posted_at", Value: -1}}})
		if err != nil {
			return fmt.Errorf("index %s by posted_at: %w", name, err)
		}
	}
	for _, prepare := range []func(context.Context) error{
		s.prepareNotifications, s.prepareRulesets, s.prepareApplications, s.prepareAudit, s.prepareSources, s.prepareSame, s.prepareSameKeys, s.prepareErasures,
	} {
		if err := prepare(ctx); err != nil {
			return err
		}
	}
	return s.create(ctx, s.pipelines().Name(), s.reasons().Name())
}

// exists says whether another process was faster.
func exists(err error) bool {
	const namespaceExists = 48
	command, ok := errors.AsType[mongo.CommandError](err)
	return ok && command.Code == namespaceExists
}

// Close releases the client.
func (s *Store) Close() {
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := s.client.Disconnect(ctx); err != nil {
		s.log.Warn("MongoDB client not closed cleanly", "error", err)
	}
}

// collection is where a bucket's opportunities are.
func (s *Store) collection(b event.Bucket) *mongo.Collection {
	return s.database.Collection("opportunities_" + string(b))
}

// document is an opportunity as it is stored. A deleted one stays as a
// tombstone, without its fields, so that an old record cannot bring it back.
type document struct {
	ID              string     `bson:"_id"`
	Topic           string     `bson:"topic"`    // id of its incarnation
	Position        int64      `bson:"position"` // offset in the topic partition, which an id never changes
	Deleted         bool       `bson:"deleted"`
	Title           string     `bson:"title,omitempty"`
	Kind            string     `bson:"kind,omitempty"`
	Organisation    string     `bson:"organisation,omitempty"`
	URL             string     `bson:"url,omitempty"`
	Description     string     `bson:"description,omitempty"`
	Source          string     `bson:"source,omitempty"`
	Recruiter       string     `bson:"recruiter,omitempty"`
	Skills          []bson.M   `bson:"skills,omitempty"`
	GraduationYears []int      `bson:"graduation_years,omitempty"`
	Locations       []string   `bson:"locations,omitempty"`
	Remote          bool       `bson:"remote"`
	Difficulty      *float64   `bson:"difficulty,omitempty"`
	Workplace       string     `bson:"workplace,omitempty"`
	Language        string     `bson:"language,omitempty"`
	Compensation    *pay       `bson:"compensation,omitempty"`
	Status          string     `bson:"status,omitempty"`
	PostedAt        *time.Time `bson:"posted_at,omitempty"`
	Deadline        *time.Time `bson:"deadline,omitempty"`
	Also            []listing  `bson:"also,omitempty"`
	MergedInto      string     `bson:"merged_into,omitempty"`
}

// listing is an event.Listing as it is stored.
type listing struct {
	ID     string `bson:"id"`
	Source string `bson:"source"`
	URL    string `bson:"url,omitempty"`
	By     string `bson:"by"`
}

// pay is an event.Compensation as it is stored.
type pay struct {
	Min      float64 `bson:"min,omitempty"`
	Max      float64 `bson:"max,omitempty"`
	Currency string  `bson:"currency,omitempty"`
	Period   string  `bson:"period,omitempty"`
	Note     string  `bson:"note,omitempty"`
}

func documentOf(c Change) document {
	d := document{ID: c.ID, Topic: c.Topic, Position: c.Offset, Deleted: c.Opportunity == nil}
	o := c.Opportunity
	if o == nil {
		return d
	}
	d.Title, d.Kind, d.Organisation, d.URL, d.Description = o.Title, o.Kind, o.Organisation, o.URL, o.Description
	d.Source, d.Recruiter, d.GraduationYears, d.Locations, d.Remote = o.Source, o.Recruiter, o.GraduationYears, o.Locations, o.Remote
	d.Difficulty, d.Status, d.PostedAt, d.Deadline = o.Difficulty, string(o.Status), &o.PostedAt, o.Deadline
	d.Workplace, d.Language, d.Compensation = o.Workplace, o.Language, (*pay)(o.Compensation)
	d.MergedInto = o.MergedInto
	for _, l := range o.Also {
		d.Also = append(d.Also, listing(l))
	}
	for _, skill := range o.Skills {
		d.Skills = append(d.Skills, bson.M{"name": skill.Name, "level": skill.Level, "weight": skill.Weight})
	}
	return d
}

func (d document) opportunity(b event.Bucket) event.Opportunity {
	o := event.Opportunity{
		ID: d.ID, Bucket: b, Title: d.Title, Kind: d.Kind, Organisation: d.Organisation, URL: d.URL,
		Description: d.Description, Source: d.Source, Recruiter: d.Recruiter, GraduationYears: d.GraduationYears,
		Locations: d.Locations, Remote: d.Remote, Difficulty: d.Difficulty, Status: event.Status(d.Status), Deadline: d.Deadline,
		Workplace: d.Workplace, Language: d.Language, Compensation: (*event.Compensation)(d.Compensation), MergedInto: d.MergedInto,
	}
	for _, l := range d.Also {
		o.Also = append(o.Also, event.Listing(l))
	}
	if d.PostedAt != nil {
		o.PostedAt = d.PostedAt.UTC()
	}
	for _, skill := range d.Skills {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: text(skill["name"]), Level: number(skill["level"]), Weight: number(skill["weight"])})
	}
	return o
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) int {
	switch n := v.(type) {
	case int32:
		return int(n)
	case int64:
		return int(n)
	}
	return 0
}
