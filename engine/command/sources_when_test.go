//go:build !noembed

package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"tideline/engine/harvest"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
)

func TestOneProcessRunsASource(t *testing.T) {
	b := newBoard(t)
	b.list("A", 1)
	first, second := b.runner(), b.process("other")
	var other error
	b.spoil = func(w http.ResponseWriter, _ *http.Request) { // while the first is at it
		_, other = second.Once(t.Context(), "harbor", harvest.BySchedule)
		for _, r := range []*runner.Runner{first, second} {
			if list, err := r.List(t.Context()); err != nil || list[0].Running == nil {
				t.Errorf("while it runs: %+v, %v", list, err)
			}
		}
		w.WriteHeader(http.StatusNotFound)
	}
	if _, err := first.Once(t.Context(), "harbor", harvest.BySchedule); err != nil || !errors.Is(other, harvest.ErrTaken) {
		t.Errorf("%v; the other %v", err, other)
	}
	b.spoil = nil
	if run := b.once(second); run.New != 1 {
		t.Errorf("afterwards: %+v", run)
	}
}

func TestWhoLosesTheLeaseStops(t *testing.T) {
	b := newBoard(t)
	b.list("A", 1)
	second := b.process("other")
	slow := true
	b.spoil = func(w http.ResponseWriter, r *http.Request) {
		if slow { // longer than a lease: another takes over and completes
			slow = false
			b.clock.Advance(20 * time.Minute)
			b.mu.Unlock()
			if _, err := second.Once(t.Context(), "harbor", harvest.ByRetry); err != nil {
				t.Error(err)
			}
			b.mu.Lock()
		}
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"jobs":[{"id":7,"title":"A","first_published":"2026-04-01T00:00:00Z"}]}`)
	}
	long := b.runner(func(e *manifest.Entry) { e.Limits.Timeout = time.Hour })
	if _, err := long.Once(t.Context(), "harbor", harvest.BySchedule); !errors.Is(err, harvest.ErrTaken) {
		t.Errorf("it went on: %v", err)
	}
	if len(b.events) != 1 {
		t.Errorf("published %v", b.events)
	}
}

// What was killed while it ran a source starts again under its name, and need not
// wait until its lease is over; others do.
func TestAProcessThatStartsAgainGoesOnAtOnce(t *testing.T) {
	b := newBoard(t)
	b.list("A", 1)
	asked := make(chan struct{}, 10)
	b.spoil = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		asked <- struct{}{}
	}
	at := b.clock.Now()
	if _, err := b.store.AcquireSource(t.Context(), "harbor", "test/killed", at, at.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	other := b.process("other")
	if _, err := other.Once(t.Context(), "harbor", harvest.ByRetry); !errors.Is(err, harvest.ErrTaken) {
		t.Errorf("another: %v", err)
	}
	if list, err := other.List(t.Context()); err != nil || list[0].Running == nil {
		t.Errorf("another sees %+v, %v", list, err)
	}
	r := b.runner()
	if list, err := r.List(t.Context()); err != nil || list[0].Running != nil {
		t.Errorf("it sees %+v, %v", list, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	<-asked
	cancel()
	running.Wait()
}

func TestSourcesRunWhenDueOrAsked(t *testing.T) {
	b := newBoard(t)
	b.list("A", 1)
	r := b.runner()
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan struct{}, 10)
	b.spoil = func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		ran <- struct{}{}
	}
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	if err := r.RunNow(t.Context(), "harbor"); err != nil {
		t.Fatal(err)
	}
	<-ran
	cancel()
	running.Wait()
	if err := r.RunNow(t.Context(), "nowhere"); !errors.Is(err, harvest.ErrNoSource) {
		t.Error(err)
	}
	if err := b.runner(func(e *manifest.Entry) { e.Enabled = false }).RunNow(t.Context(), "harbor"); !errors.Is(err, harvest.ErrDisabled) {
		t.Error(err)
	}
}

func TestASourceThatAsksToBeLeftAloneIs(t *testing.T) {
	b := newBoard(t)
	r := b.runner()
	b.spoil = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "86400")
		w.WriteHeader(http.StatusTooManyRequests)
	}
	b.once(r)
	list, err := r.List(t.Context())
	if err != nil || len(list) != 1 || list[0].LeftOff == nil || list[0].LeftOff.Sub(b.clock.Now()) != 24*time.Hour || list[0].Budget != 1999 || list[0].Last.Error == "" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestARunThatFailedIsTriedAgainSoon(t *testing.T) {
	b := newBoard(t)
	r := b.runner()
	due := func() string {
		t.Helper()
		states, err := b.store.SourceStates(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		schedule, err := harvest.NewSchedule("0 2 * * *", time.UTC, 0)
		if err != nil {
			t.Fatal(err)
		}
		return harvest.Due(schedule, states[0], b.clock.Now(), b.clock.Now())
	}
	b.spoil = func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }
	b.once(r)
	if got := due(); got != "" {
		t.Errorf("at once: %q", got)
	}
	b.clock.Advance(15 * time.Minute)
	if got := due(); got != harvest.ByRetry {
		t.Errorf("a little later: %q", got)
	}
	b.spoil = nil
	b.once(r)
	if got := due(); got != "" {
		t.Errorf("after one that did not fail: %q", got)
	}
}

func TestTheDaysBudgetHoldsAcrossRuns(t *testing.T) {
	b := newBoard(t)
	r := b.runner(func(e *manifest.Entry) { e.Limits.Budget = 2 })
	for n, want := range []harvest.Outcome{harvest.Whole, harvest.Unchanged, harvest.Failed} {
		if run := b.once(r); run.Outcome != want {
			t.Errorf("run %d: %+v", n, run)
		}
	}
	if b.asked != 2 {
		t.Errorf("asked %d times", b.asked)
	}
	b.clock.Advance(24 * time.Hour)
	if run := b.once(r); run.Outcome == harvest.Failed {
		t.Errorf("the next day: %+v", run)
	}
}
