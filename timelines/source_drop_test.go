//go:build !noembed

package timelines

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/harvest"
)

func TestASourceIsForgotten(t *testing.T) {
	s := open(t)
	var items []harvest.Item
	var ids []string
	for i := range 130 { // more than two bulks
		status := "open"
		if i == 0 {
			status = `closed","text":"\"status\":\"open\"`
		}
		item := harvest.Item{ID: fmt.Sprintf("x:%03d", i), FirstSeen: noon, ChangedAt: noon, Gone: i == 1, Value: fmt.Appendf(nil, `{"status":"%s"}`, status)}
		items, ids = append(items, item), append(ids, item.ID)
	}
	for _, source := range []string{"board", "board-2"} {
		if err := s.PutSourceItems(t.Context(), source, items); err != nil {
			t.Fatal(err)
		}
	}
	if n, err := s.CountSourceItems(t.Context(), "board"); n != 128 || err != nil {
		t.Errorf("%d open, %v", n, err)
	}
	if err := s.DropSourceItems(t.Context(), "board", ids[3:]); err != nil {
		t.Fatal(err)
	}
	if left, err := s.SourceItems(t.Context(), "board"); len(left) != 3 || err != nil {
		t.Errorf("%d left, %v", len(left), err)
	}
	if left, err := s.SourceItems(t.Context(), "board-2"); len(left) != 130 || err != nil {
		t.Errorf("%d of the other left, %v", len(left), err)
	}
	for _, serial := range []bool{true, false} {
		s.serial = serial
		got, err := s.ListedBy(t.Context(), []string{"board-2", "board", "none"}, []string{"x:001", "x:002", "x:003", "y"})
		if diff := cmp.Diff(map[string][]string{"x:002": {"board", "board-2"}, "x:003": {"board-2"}}, got); diff != "" || err != nil {
			t.Errorf("serial %v: %v: %s", serial, err, diff)
		}
	}
	if got, err := s.ListedBy(t.Context(), nil, []string{"x:002"}); len(got) != 0 || err != nil {
		t.Errorf("%v, %v", got, err)
	}

	if _, err := s.AcquireSource(t.Context(), "board", "me", noon, noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if err := s.DropSource(t.Context(), "board", "another"); !errors.Is(err, harvest.ErrTaken) || len(s.states(t)) != 1 {
		t.Errorf("who has not got it drops it: %v", err)
	}
	if err := s.DropSource(t.Context(), "board", "me"); err != nil || len(s.states(t)) != 0 {
		t.Errorf("%v, %+v", err, s.states(t))
	}
}

func TestARecordThatIsWrittenAgainIsOne(t *testing.T) {
	s := open(t)
	for n := range 2 {
		if err := s.AddSourceRun(t.Context(), harvest.Run{ID: "1", Source: "board", Closed: n}); err != nil {
			t.Fatal(err)
		}
	}
	if runs, err := s.SourceRuns(t.Context(), "board", 10); err != nil || len(runs) != 1 || runs[0].Closed != 1 {
		t.Errorf("%+v, %v", runs, err)
	}
}
