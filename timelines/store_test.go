//go:build !noembed

package timelines

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/deploy/local"
	"tideline/engine/event"
)

func open(t *testing.T) *Store { return openAs(t, false) }

// openAs opens a store that counts on being the only writer, or does not.
func openAs(t *testing.T, serial bool) *Store {
	log := slog.New(slog.DiscardHandler)
	servers, err := local.Start(t.Context(), local.Options{Dir: t.TempDir(), Mongo: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	s, err := New(Config{URI: servers.MongoURI, Database: "test", Serial: serial}, nil, log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := servers.IndexIDs(t.Context(), "test"); err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatalf("a second time: %v", err)
	}
	return s
}

func change(id string, offset int64, b event.Bucket, title string) Change {
	c := Change{ID: id, Offset: offset}
	if title != "" {
		c.Opportunity = &event.Opportunity{
			ID: id, Bucket: b, Title: title, Status: event.Open, PostedAt: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
			Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 2}}, Difficulty: new(40.0), Locations: []string{"Oslo"},
			Workplace: "hybrid", Language: "en", Compensation: &event.Compensation{Min: 10, Max: 12.5, Currency: "INR", Period: "month", Note: "plus incentives"},
			Also: []event.Listing{{ID: "apify:1", Source: "apify", URL: "https://list.example/1", By: "url"}}, MergedInto: "other",
		}
	}
	return c
}

func (s *Store) must(t *testing.T, changes ...Change) {
	t.Helper()
	if err := s.ApplyOpportunities(t.Context(), changes); err != nil {
		t.Fatal(err)
	}
}

func (s *Store) title(t *testing.T, b event.Bucket, id string) string {
	t.Helper()
	o, err := s.Opportunity(t.Context(), b, id)
	if errors.Is(err, ErrNotFound) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return o.Title
}

func TestAnOpportunityComesBackAsItWas(t *testing.T) {
	s := open(t)
	c := change("o", 1, event.Hackathons, "first")
	s.must(t, c)
	got, err := s.Opportunity(t.Context(), event.Hackathons, "o")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(*c.Opportunity, got); diff != "" {
		t.Error(diff)
	}
}

func TestOlderRecordsChangeNothing(t *testing.T) {
	s := open(t)
	s.must(t, change("o", 5, event.Jobs, "fifth"))
	s.must(t, change("o", 4, event.Jobs, "fourth"))
	s.must(t, change("o", 5, event.Jobs, "fifth again"))
	if got := s.title(t, event.Jobs, "o"); got != "fifth" {
		t.Errorf("title %q", got)
	}
	s.must(t, change("o", 7, event.Jobs, "seventh"), change("o", 6, event.Jobs, "sixth"))
	if got := s.title(t, event.Jobs, "o"); got != "seventh" {
		t.Errorf("title %q", got)
	}
}

func TestAReplayDoesNotBringADeletedOneBack(t *testing.T) {
	s := open(t)
	s.must(t, change("o", 1, event.Jobs, "first"))
	s.must(t, change("o", 2, "", ""))
	if got := s.title(t, event.Jobs, "o"); got != "" {
		t.Errorf("still there: %q", got)
	}
	s.must(t, change("o", 1, event.Jobs, "first"))
	if got := s.title(t, event.Jobs, "o"); got != "" {
		t.Errorf("back: %q", got)
	}
	s.must(t, change("o", 3, event.Jobs, "third"))
	if got := s.title(t, event.Jobs, "o"); got != "third" {
		t.Errorf("published anew: %q", got)
	}
}

func TestATopicThatIsMadeAnewBeginsAnew(t *testing.T) {
	s := open(t)
	in := func(topic string, c Change) Change {
		c.Topic = topic
		return c
	}
	s.must(t, in("first", change("o", 500, event.Jobs, "of the first")), in("first", change("gone", 501, "", "")))
	s.must(t, in("second", change("o", 3, event.Jobs, "of the second")), in("second", change("gone", 4, event.Jobs, "back")))
	if a, b := s.title(t, event.Jobs, "o"), s.title(t, event.Jobs, "gone"); a != "of the second" || b != "back" {
		t.Errorf("%q and %q are what the topic that is no more said", a, b)
	}
	// Within the second one, order counts as ever.
	s.must(t, in("second", change("o", 2, event.Jobs, "earlier")), in("second", change("gone", 5, "", "")))
	if a, b := s.title(t, event.Jobs, "o"), s.title(t, event.Jobs, "gone"); a != "of the second" || b != "" {
		t.Errorf("%q and %q", a, b)
	}
	// Both in one batch, as they come when the topic is replaced while it is read.
	s.must(t, in("second", change("o", 600, event.Jobs, "last of the second")), in("third", change("o", 0, event.Jobs, "of the third")))
	if got := s.title(t, event.Jobs, "o"); got != "of the third" {
		t.Errorf("%q", got)
	}
}

func TestAnOpportunityIsInOneBucket(t *testing.T) {
	s := open(t)
	s.must(t, change("o", 1, event.Jobs, "job"))
	s.must(t, change("o", 2, event.Content, "article"))
	if s.title(t, event.Jobs, "o") != "" || s.title(t, event.Content, "o") != "article" {
		t.Errorf("jobs %q, content %q", s.title(t, event.Jobs, "o"), s.title(t, event.Content, "o"))
	}
}

func TestManyRecordsAtOnce(t *testing.T) {
	s := open(t)
	var list []Change
	for i := range 130 {
		list = append(list, change(fmt.Sprint("o", i), int64(i), event.Jobs, "t"))
	}
	s.must(t, list...)
	s.must(t, list...)
	n, err := s.collection(event.Jobs).CountDocuments(t.Context(), bson.D{})
	if err != nil || n != 130 {
		t.Errorf("%d documents, %v", n, err)
	}
}

func TestOneConnectionMakesUpdatesSerial(t *testing.T) {
	s := open(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	c := s.collection(event.Jobs)
	if _, err := c.InsertOne(ctx, bson.D{{Key: "_id", Value: "n"}, {Key: "n", Value: int64(0)}}); err != nil {
		t.Fatal(err)
	}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for range 25 {
				if _, err := c.UpdateOne(ctx, bson.D{{Key: "_id", Value: "n"}}, bson.D{{Key: "$inc", Value: bson.D{{Key: "n", Value: int64(1)}}}}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	group.Wait()
	var got struct{ N int64 }
	if err := c.FindOne(ctx, bson.D{{Key: "_id", Value: "n"}}).Decode(&got); err != nil || got.N != 100 {
		t.Errorf("%d of 100 updates, %v", got.N, err)
	}
}
