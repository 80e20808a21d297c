package delivery

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/engine/event"
)

var quietly = slog.New(slog.DiscardHandler)

// journal is the topic: entries in the order in which they were written.
type journal struct {
	mu       sync.Mutex
	entries  []Entry
	failures int
}

func (j *journal) Write(_ context.Context, _ int32, entries ...Entry) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.failures > 0 {
		j.failures--
		return errors.New("the broker is away")
	}
	j.entries = append(j.entries, entries...)
	return nil
}

// compacted gives the newest entry of each key.
func (j *journal) compacted() (kept []Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	newest := map[string]int{}
	for i, e := range j.entries {
		newest[e.Key] = i
	}
	for i, e := range j.entries {
		if newest[e.Key] == i {
			kept = append(kept, e)
		}
	}
	return kept
}

// states says what the topic holds, tombstones left out.
func (j *journal) states(t *testing.T) map[string]Delivery {
	t.Helper()
	found := map[string]Delivery{}
	for _, e := range j.compacted() {
		if e.Value == nil {
			continue
		}
		d, err := Decode(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		found[d.ID+" "+d.Endpoint] = d
	}
	return found
}

// receiver notes when which ids came, and answers as it is told.
type receiver struct {
	mu     sync.Mutex
	came   []string
	times  []time.Time
	answer func(attempt int) error
	takes  time.Duration
}

func (r *receiver) Send(ctx context.Context, n event.Notification) error {
	r.mu.Lock()
	r.came, r.times = append(r.came, n.ID), append(r.times, time.Now())
	attempt, answer := len(r.came), r.answer
	r.mu.Unlock()
	if r.takes > 0 {
		select {
		case <-time.After(r.takes):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if answer == nil {
		return nil
	}
	return answer(attempt)
}

func (r *receiver) got() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.came, " ")
}

func (r *receiver) count() int { return len(r.moments()) }

func (r *receiver) moments() []time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.times)
}

func (q *Queue) waiting() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.queued
}

func (r *receiver) target(endpoint string) Target {
	return Target{Channel: event.Webhook, Endpoint: endpoint, Sender: r, Parallel: 1}
}

func sent(id string) event.Notification {
	n := event.Notification{Outcome: event.Sent, Decided: time.Now(), Channels: []event.Channel{event.InApp, event.Webhook}}
	n.ID, n.Recipient = id, "s1"
	return n
}

func retracted(id string) event.Notification {
	n := sent(id)
	n.Outcome = event.Retracted
	return n
}

// start runs a queue that owns partition 1 with what the journal holds; stop
// ends it, gracefully.
func start(t *testing.T, j *journal, c Config) (q *Queue, stop func()) {
	t.Helper()
	q = New(c, j, prometheus.NewRegistry(), quietly)
	if err := q.Take(t.Context(), 1, j.compacted()); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { _ = q.Run(ctx) })
	return q, func() {
		cancel()
		running.Wait()
	}
}

func accept(t *testing.T, q *Queue, list ...event.Notification) {
	t.Helper()
	if err := q.Accept(t.Context(), 1, list); err != nil {
		t.Fatal(err)
	}
}

// pass lets time go by and everything happen that is due.
func pass(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func outcomes(q *Queue, endpoint string, o Outcome) float64 {
	return testutil.ToFloat64(q.metrics.outcomes.WithLabelValues("webhook", endpoint, string(o)))
}
