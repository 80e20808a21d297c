//go:build !noembed

package timelines

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/harvest"
)

func TestOneRunnerHasASource(t *testing.T) {
	s := openAs(t, true)
	var won atomic.Int32
	var racing sync.WaitGroup
	for i := range 8 {
		racing.Go(func() {
			_, err := s.AcquireSource(t.Context(), "board", fmt.Sprint("p", i), noon, noon.Add(time.Minute))
			if err == nil {
				won.Add(1)
			} else if !errors.Is(err, harvest.ErrTaken) {
				t.Error(err)
			}
		})
	}
	racing.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d have it", won.Load())
	}
	if _, err := s.AcquireSource(t.Context(), "other", "x", noon, noon.Add(time.Minute)); err != nil {
		t.Errorf("another source: %v", err)
	}
	// Its holder died: when the time is over, another takes it, and the first has lost it.
	before, err := s.AcquireSource(t.Context(), "board", "later", noon.Add(time.Minute), noon.Add(2*time.Minute))
	if err != nil || before.Started != noon || before.Holder == "" || !before.Finished.IsZero() {
		t.Errorf("%+v, %v", before, err)
	}
	if err := s.KeepSource(t.Context(), "board", before.Holder, noon.Add(time.Hour), harvest.Run{}, nil); !errors.Is(err, harvest.ErrTaken) {
		t.Errorf("who lost it keeps it: %v", err)
	}
	if err := s.FinishSource(t.Context(), harvest.State{Name: "board"}, before.Holder); !errors.Is(err, harvest.ErrTaken) {
		t.Errorf("who lost it ends it: %v", err)
	}
}

func TestARunLeavesItsState(t *testing.T) {
	s := open(t)
	if err := s.RequestSource(t.Context(), "board", noon); err != nil {
		t.Fatal(err)
	}
	before, err := s.AcquireSource(t.Context(), "board", "me", noon, noon.Add(time.Minute))
	if err != nil || before.Requested != noon {
		t.Fatalf("%+v, %v", before, err)
	}
	run := harvest.Run{ID: "1", Source: "board", Started: noon, Read: 3, Rejected: map[string]int{"missing": 1}, Bytes: 1 << 40}
	if err := s.KeepSource(t.Context(), "board", "me", noon.Add(2*time.Minute), run, []string{"x:1"}); err != nil {
		t.Fatal(err)
	}
	if got := s.states(t)[0]; !got.Requested.IsZero() || got.Until != noon.Add(2*time.Minute) || got.Progress == nil || got.Progress.Read != 3 || got.Last != nil || len(got.Pending) != 1 {
		t.Errorf("under way: %+v", got)
	}
	want := harvest.State{
		Name: "board", Started: noon, Finished: noon.Add(time.Minute), NotBefore: noon.Add(time.Hour), Last: &run, SpentDay: "2026-05-01", Spent: 4, Failures: 2, Pending: []string{"x:2"}, Shrunk: 1,
		Fingerprint: "f", Validators: []harvest.Validator{{URL: "https://x.example/a.b?c=$1", ETag: `"1"`}},
	}
	if err := s.FinishSource(t.Context(), want, "me"); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]harvest.State{want}, s.states(t)); diff != "" {
		t.Error(diff)
	}
}

func (s *Store) states(t *testing.T) []harvest.State {
	t.Helper()
	list, err := s.SourceStates(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestItemsAreRememberedBySource(t *testing.T) {
	s := open(t)
	var items []harvest.Item
	for i := range 130 { // more than two bulks
		items = append(items, harvest.Item{ID: fmt.Sprintf("x:%03d", i), Hash: 1<<63 + uint64(i), PostedAt: noon, FirstSeen: noon, ChangedAt: noon, Value: []byte(`{"a":1}`)})
	}
	for _, source := range []string{"board", "board-2"} {
		if err := s.PutSourceItems(t.Context(), source, items); err != nil {
			t.Fatal(err)
		}
	}
	changed := items[7]
	changed.Absent, changed.Gone, changed.Counters, changed.Value = 2, true, map[string]int64{"score": 5}, nil
	if err := s.PutSourceItems(t.Context(), "board", []harvest.Item{changed}); err != nil {
		t.Fatal(err)
	}
	items[8].Hash = 9 // a run that was cut off had stored it otherwise; it is as new to this one
	if err := s.PutSourceItems(t.Context(), "board", items[8:20]); err != nil {
		t.Fatal(err)
	}
	got, err := s.SourceItems(t.Context(), "board")
	if err != nil || len(got) != 130 {
		t.Fatalf("%d, %v", len(got), err)
	}
	for _, i := range got {
		if i.ID == items[8].ID && i.Hash != 9 {
			t.Errorf("what was stored by a run that was cut off stays: %+v", i)
		}
		if i.ID == changed.ID {
			if diff := cmp.Diff(changed, i); diff != "" {
				t.Error(diff)
			}
		}
	}
	if value, err := s.SourceValue(t.Context(), "board", changed.ID); err != nil || string(value) != `{"a":1}` {
		t.Errorf("value %s, %v", value, err)
	}
	if value, err := s.SourceValue(t.Context(), "board", "y"); err != nil || value != nil {
		t.Errorf("value %s, %v", value, err)
	}
}

func TestTheNewestRunsAreKept(t *testing.T) {
	s := open(t)
	for i := range maxSourceRuns + 2 {
		r := harvest.Run{ID: fmt.Sprintf("%03d", i), Source: "board", Read: i}
		if err := s.AddSourceRun(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.AddSourceRun(t.Context(), harvest.Run{ID: "999", Source: "board-2"}); err != nil {
		t.Fatal(err)
	}
	got, err := s.SourceRuns(t.Context(), "board", 1000)
	if err != nil || len(got) != maxSourceRuns || got[0].Read != maxSourceRuns+1 || got[len(got)-1].Read != 2 {
		t.Errorf("%d runs, %v", len(got), err)
	}
	if got, err := s.SourceRuns(t.Context(), "board", 2); err != nil || len(got) != 2 {
		t.Errorf("%d runs, %v", len(got), err)
	}
}
