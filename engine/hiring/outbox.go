package hiring

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/engine/application"
)

const (
	relayEvery = 30 * time.Second // looks for what another process left untold
	markEvery  = time.Second      // writes down what was told; until then it would be told again
	relayMost  = 500
	markMost   = 64              // at a time, fewer while the store is slow: what is told waits meanwhile
	markWithin = 2 * time.Second // one time
	markCalm   = 30 * time.Second
)

// outbox tells the topics and the audit what the records' logs say, the topics at
// least once and in the order of each log, the audit once. Records wait by id, so a burst of changes of one costs one turn.
type outbox struct {
	store    Store
	topics   Topics
	log      *slog.Logger
	waiting  prometheus.Gauge
	failures prometheus.Counter
	wake     chan struct{}

	// Of the goroutine that runs.
	most   int       // to mark at a time
	behind time.Time // since when nothing could be marked; zero: it can
	warned time.Time

	mu     sync.Mutex
	queue  map[string]*application.Record // the newest version of each
	marked map[string]int                 // told, not yet written down
}

func newOutbox(store Store, topics Topics, reg prometheus.Registerer, log *slog.Logger) *outbox {
	return &outbox{
		store: store, topics: topics, log: log, wake: make(chan struct{}, 1), most: markMost,
		queue: map[string]*application.Record{}, marked: map[string]int{},
		waiting: promauto.With(reg).NewGauge(prometheus.GaugeOpts{
			Name: "tideline_applications_untold", Help: "Applications whose changes the topics have not been told yet by this process.",
		}),
		failures: promauto.With(reg).NewCounter(prometheus.CounterOpts{
			Name: "tideline_applications_tell_failures_total", Help: "Attempts to tell the topics that failed; they are repeated.",
		}),
	}
}

// put queues a record. The queue is no longer than there are applications changed at once.
func (o *outbox) put(r *application.Record) {
	o.enqueue(r)
	o.rouse()
}

func (o *outbox) enqueue(r *application.Record) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if old := o.queue[r.ID]; old == nil || old.Version < r.Version {
		o.queue[r.ID] = r
	}
	o.waiting.Set(float64(len(o.queue)))
}

func (o *outbox) rouse() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// told is how much of a log the topics have, as far as it is not written down yet.
func (o *outbox) told(id string) int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.marked[id]
}

func (o *outbox) run(ctx context.Context) error {
	relay, mark := time.NewTicker(relayEvery), time.NewTicker(markEvery)
	defer relay.Stop()
	defer mark.Stop()
	o.relay(ctx)
	for {
		select {
		case <-ctx.Done():
			o.mark(context.WithoutCancel(ctx))
			return nil
		case <-o.wake:
			o.tell(ctx)
		case <-mark.C:
			o.mark(ctx)
		case <-relay.C:
			o.relay(ctx)
		}
	}
}

// relay queues what a process that died left untold.
func (o *outbox) relay(ctx context.Context) {
	records, err := o.store.PendingApplications(ctx, relayMost)
	if err != nil {
		if ctx.Err() == nil {
			o.log.Warn("applications whose changes are not in the topics could not be looked up; tried again", "error", err, "in", relayEvery)
		}
		return
	}
	for _, r := range records {
		o.put(r)
	}
}

// tell publishes all that waits. One goroutine does it, so the order of a log
// is the order in the topic.
func (o *outbox) tell(ctx context.Context) {
	o.mu.Lock()
	batch := o.queue
	o.queue = map[string]*application.Record{}
	o.mu.Unlock()
	var told []application.Told
	var done []application.Done
	for id, r := range batch {
		from := *r
		from.Published = max(from.Published, o.told(id))
		told = append(told, from.Unpublished()...)
		done = append(done, from.Unnoted()...)
	}
	err := o.topics.Tell(ctx, told)
	if err == nil && len(done) > 0 {
		err = o.store.Note(ctx, done)
	}
	if err != nil {
		o.failures.Inc()
		if ctx.Err() == nil {
			o.log.Warn("changes of applications are not in the topics and the audit yet; tried again", "error", err)
		}
		for _, r := range batch {
			o.enqueue(r)
		}
		time.AfterFunc(time.Second, o.rouse) // not at once: the broker is in trouble
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for id, r := range batch {
		o.marked[id] = max(o.marked[id], r.Version)
	}
	o.waiting.Set(float64(len(o.queue)))
}

// mark writes down what was told, some at a time, until all is or one time takes
// too long: then it goes on at the next tick, with fewer. That a store is slow for
// a while is no reason to speak up: nothing is lost, and only a crash would tell
// it twice.
func (o *outbox) mark(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, markWithin)
	defer cancel()
	for {
		marks := o.marks()
		if len(marks) == 0 {
			o.behind = time.Time{}
			return
		}
		if err := o.store.MarkPublished(ctx, marks); err != nil {
			o.most = max(1, o.most/2)
			o.complain(err)
			return
		}
		o.most, o.behind = min(markMost, 2*o.most), time.Time{}
		o.mu.Lock()
		for id, n := range marks {
			if o.marked[id] == n {
				delete(o.marked, id)
			}
		}
		o.mu.Unlock()
	}
}

// marks gives some of what is to be written down.
func (o *outbox) marks() map[string]int {
	o.mu.Lock()
	defer o.mu.Unlock()
	some := map[string]int{}
	for id, n := range o.marked {
		if len(some) == o.most {
			break
		}
		some[id] = n
	}
	return some
}

func (o *outbox) complain(err error) {
	now := time.Now()
	if o.behind.IsZero() {
		o.behind = now
	}
	if now.Sub(o.behind) >= markCalm && now.Sub(o.warned) >= markCalm {
		o.warned = now
		o.log.Warn("what the topics were told is not written down yet; a crash now would tell it twice", "error", err, "for", now.Sub(o.behind).Round(time.Second))
	}
}
