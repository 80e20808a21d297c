//go:build !noembed

package timelines

import (
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"
)

func version(name, source string) RulesetVersion {
	return RulesetVersion{Name: name, Source: source, Digest: "d-" + source, By: "ops", At: noon, Comment: "why"}
}

func (s *Store) putVersion(t *testing.T, v RulesetVersion, expected int) {
	t.Helper()
	if got, err := s.PutVersion(t.Context(), v, expected); err != nil || got != expected+1 {
		t.Fatalf("version %d after %d, %v", got, expected, err)
	}
}

func TestVersionsFollowOneAnother(t *testing.T) {
	s := open(t)
	s.putVersion(t, version("campus", "a"), 0)
	s.putVersion(t, version("campus", "b"), 1)
	s.putVersion(t, version("lab", "x"), 0)
	for _, stale := range []int{0, 1, 5} {
		if _, err := s.PutVersion(t.Context(), version("campus", "c"), stale); !errors.Is(err, ErrConflict) {
			t.Errorf("after %d: %v", stale, err)
		}
	}
	want := version("campus", "b")
	want.Version = 2
	if got, err := s.Version(t.Context(), "campus", 2); err != nil || cmp.Diff(want, got) != "" {
		t.Error(err, cmp.Diff(want, got))
	}
	if _, err := s.Version(t.Context(), "campus", 3); !errors.Is(err, ErrNotFound) {
		t.Errorf("a version that is not there: %v", err)
	}
	list, err := s.Versions(t.Context(), "campus", 10)
	if err != nil || len(list) != 2 || list[0].Version != 2 || list[1].Source != "a" {
		t.Errorf("versions %+v, %v", list, err)
	}
	if list, err := s.Versions(t.Context(), "campus", 1); err != nil || len(list) != 1 || list[0].Version != 2 {
		t.Errorf("the newest version %+v, %v", list, err)
	}
}

func TestRulesetsKnowTheirLatestAndCurrentVersion(t *testing.T) {
	s := open(t)
	s.putVersion(t, version("lab", "x"), 0)
	s.putVersion(t, version("campus", "a"), 0)
	s.putVersion(t, version("campus", "b"), 1)
	current := func(v int, at time.Time) {
		t.Helper()
		if err := s.SetCurrent(t.Context(), "campus", v, at); err != nil {
			t.Fatal(err)
		}
	}
	current(2, noon)
	current(1, noon.Add(time.Hour)) // a roll-back
	current(2, noon.Add(time.Minute))
	if err := s.SetCurrent(t.Context(), "nothing", 1, noon); !errors.Is(err, ErrNotFound) {
		t.Errorf("an unknown ruleset: %v", err)
	}
	got, err := s.Rulesets(t.Context())
	want := []Ruleset{{Name: "campus", Latest: 2, Current: 1, Since: noon.Add(time.Hour)}, {Name: "lab", Latest: 1}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
}

func TestOneOfManyStoresTheNextVersion(t *testing.T) {
	s := open(t)
	var group sync.WaitGroup
	var mu sync.Mutex
	outcomes := map[bool]int{}
	for i := range 8 {
		group.Go(func() {
			_, err := s.PutVersion(t.Context(), version("campus", fmt.Sprint(i)), 0)
			if err != nil && !errors.Is(err, ErrConflict) {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			outcomes[err == nil]++
		})
	}
	group.Wait()
	if outcomes[true] != 1 || outcomes[false] != 7 {
		t.Errorf("outcomes %v", outcomes)
	}
}

func TestACrashBetweenTheTwoWritesIsRepaired(t *testing.T) {
	s := open(t)
	s.putVersion(t, version("campus", "a"), 0)
	if _, err := s.rulesets().DeleteOne(t.Context(), bson.D{{Key: "_id", Value: "campus"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutVersion(t.Context(), version("campus", "a"), 0); !errors.Is(err, ErrConflict) {
		t.Errorf("tried again: %v", err)
	}
	if r, err := s.Ruleset(t.Context(), "campus"); err != nil || r.Latest != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
