//go:build !noembed

package timelines

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/engine/application"
)

func (s *Store) buckets(t *testing.T) int64 {
	t.Helper()
	n, err := s.overflow().CountDocuments(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// hasLog checks the whole log, and from which item on it is with the record.
func (s *Store) hasLog(t *testing.T, id string, want []application.Item, first int) {
	t.Helper()
	got, err := s.ApplicationLog(t.Context(), id)
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	r, _, err := s.Application(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want[first-1:], r.Log); diff != "" {
		t.Error(diff)
	}
}

func TestALongLogGoesToBuckets(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		r := applied(t, "anna", maxLog-1)
		r.Published = r.Version
		s.insertApplication(t, r)
		s.replaceApplication(t, r, 1)
		if n := s.buckets(t); n != 0 {
			t.Fatalf("%d buckets of a log of %d", n, maxLog)
		}
		say(t, r, 1)
		before := *r
		s.replaceApplication(t, r, 2)
		if diff := cmp.Diff(&before, r); diff != "" {
			t.Errorf("the caller's record has changed: %s", diff)
		}
		s.hasLog(t, r.ID, r.Log, bucketSize+1)

		// On from what is stored, to several buckets at once.
		all := r.Log
		r, revision, err := s.Application(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		say(t, r, 200)
		all = append(all, r.Log[maxLog+1-bucketSize:]...)
		s.replaceApplication(t, r, revision)
		s.hasLog(t, r.ID, all, 2*bucketSize+1) // 129 were published, so no more can go
		if err := s.MarkPublished(t.Context(), map[string]int{r.ID: r.Version}); err != nil {
			t.Fatal(err)
		}
		r, revision, err = s.Application(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		s.replaceApplication(t, r, revision)
		s.hasLog(t, r.ID, all, 4*bucketSize+1)
		if n := s.buckets(t); n != 4 {
			t.Errorf("%d buckets", n)
		}
	})
}

func TestWhatIsNotPublishedStaysWithTheRecord(t *testing.T) {
	s := open(t)
	r := applied(t, "anna", 199)
	r.Published = bucketSize - 1
	s.insertApplication(t, r)
	// It says that it is published, but nobody has seen that stored: this write may still fail.
	r.Published = r.Version
	s.replaceApplication(t, r, 1)
	s.hasLog(t, r.ID, r.Log, 1)
	if n := s.buckets(t); n != 0 {
		t.Errorf("%d buckets", n)
	}
	s.replaceApplication(t, r, 2)
	s.hasLog(t, r.ID, r.Log, 2*bucketSize+1)
}

func TestAConflictLeavesNoBucket(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		r := applied(t, "anna", 199)
		r.Published = r.Version
		s.insertApplication(t, r)
		if err := s.ReplaceApplication(t.Context(), r, 2); !errors.Is(err, ErrConflict) {
			t.Errorf("%v", err)
		}
		if n := s.buckets(t); n != 0 {
			t.Errorf("%d buckets", n)
		}
	})
}

func TestACrashBetweenBucketAndRecordIsRepaired(t *testing.T) {
	s := open(t)
	r := applied(t, "anna", 199)
	r.Published = r.Version
	s.insertApplication(t, r)
	if _, err := s.shorten(t.Context(), r, 1); err != nil { // and no more
		t.Fatal(err)
	}
	s.hasLog(t, r.ID, r.Log, 1)
	s.replaceApplication(t, r, 1)
	s.hasLog(t, r.ID, r.Log, 2*bucketSize+1)
}

func TestAMissingBucketIsNotPassedOver(t *testing.T) {
	s := open(t)
	r := applied(t, "anna", 199)
	r.Published = r.Version
	s.insertApplication(t, r)
	s.replaceApplication(t, r, 1)
	if _, err := s.overflow().DeleteOne(t.Context(), bson.D{{Key: "_id", Value: r.ID + "|1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ApplicationLog(t.Context(), r.ID); err == nil || errors.Is(err, ErrNotFound) || !strings.Contains(err.Error(), r.ID+"|1") {
		t.Errorf("%v", err)
	}
	if _, err := s.ApplicationLog(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("the log of nobody: %v", err)
	}
}
