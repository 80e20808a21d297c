package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"

	"tideline/timelines"
)

// Many who read at once are written down in few calls, each before it goes on.
func TestReadsOfOneMomentAreWrittenDownTogetherAndNoneIsLost(t *testing.T) {
	var mu sync.Mutex
	var written []string
	calls := 0
	first, release := make(chan struct{}), make(chan struct{})
	a := &audit{write: func(_ context.Context, entries ...timelines.AuditEntry) error {
		mu.Lock()
		defer mu.Unlock()
		if calls++; calls == 1 {
			close(first)
			<-release // the others come while this one is written
		}
		for _, e := range entries {
			written = append(written, e.Actor)
		}
		return nil
	}}
	var all sync.WaitGroup
	read := func(n int) {
		all.Go(func() {
			if err := a.note(timelines.AuditEntry{Actor: fmt.Sprintf("r%03d", n)}); err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			if !slices.Contains(written, fmt.Sprintf("r%03d", n)) {
				t.Errorf("%d goes on before it is written down", n)
			}
		})
	}
	read(0)
	<-first
	for n := range auditMost + 100 {
		read(n + 1)
	}
	for waiting := 0; waiting < auditMost+100; {
		a.mu.Lock()
		waiting = len(a.waiting)
		a.mu.Unlock()
	}
	close(release)
	all.Wait()
	slices.Sort(written)
	if len(slices.Compact(written)) != auditMost+101 || calls != 3 {
		t.Errorf("%d entries in %d calls", len(written), calls)
	}
}

func TestWhoeverCannotBeWrittenDownIsToldSo(t *testing.T) {
	failed := errors.New("no disk")
	a := &audit{write: func(context.Context, ...timelines.AuditEntry) error { return failed }}
	for range 2 {
		if err := a.note(timelines.AuditEntry{Actor: "r"}); !errors.Is(err, failed) {
			t.Error(err)
		}
	}
}
