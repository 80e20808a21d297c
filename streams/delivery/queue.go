package delivery

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/event"
)

// Config is what a Queue is told; it is not changed after New.
type Config struct {
	Targets      []Target
	Schedule     []time.Duration // pauses between attempts; nil: Schedule
	MaxAge       time.Duration   // after the decision; 0: 80 h, a little more than the schedule
	MaxQueued    int             // in this process; 0: 50,000, about 100 MB
	MaxPerTarget int             // waiting for one target; 0: 20,000
	Timeout      time.Duration   // of one attempt; 0: 30 s
}

func (c Config) withDefaults() Config {
	if c.Schedule == nil {
		c.Schedule = Schedule
	}
	c.MaxAge = cmp.Or(c.MaxAge, 80*time.Hour)
	c.MaxQueued, c.MaxPerTarget = cmp.Or(c.MaxQueued, 50_000), cmp.Or(c.MaxPerTarget, 20_000)
	c.Timeout = cmp.Or(c.Timeout, 30*time.Second)
	return c
}

// Entry is one record of the deliveries topic; without a value it ends the key.
type Entry struct {
	Key   string
	Value []byte
}

// Journal is the deliveries topic. Write returns once the entries are durable,
// in order; it is safe for concurrent use.
type Journal interface {
	Write(ctx context.Context, partition int32, entries ...Entry) error
}

// Queue holds the deliveries of the partitions that this process owns and makes
// the attempts. Its methods are safe for concurrent use; per partition, one
// caller at a time does Take, any number of Accept, Release, in this order.
type Queue struct {
	config  Config
	journal Journal
	log     *slog.Logger
	metrics metrics

	mu     sync.Mutex
	lanes  []*lane
	shards map[int32]*shard
	queued int // items of all shards
	order  uint64
	space  chan struct{} // queued fell
	flying sync.WaitGroup
}

// New returns a queue for the targets.
func New(config Config, journal Journal, reg prometheus.Registerer, log *slog.Logger) *Queue {
	q := &Queue{
		config: config.withDefaults(), journal: journal, log: log, metrics: newMetrics(reg),
		shards: map[int32]*shard{}, space: make(chan struct{}, 1),
	}
	for _, t := range config.Targets {
		t.Parallel = cmp.Or(t.Parallel, 4)
		l := &lane{Target: t, wake: make(chan struct{}, 1)}
		q.lanes = append(q.lanes, l)
		q.metrics.observe(l, time.Now())
	}
	return q
}

// stopWithin is how long attempts under way may take to end when the queue stops.
const stopWithin = 5 * time.Second

// Run makes attempts until ctx ends, and waits for those under way; what does
// not end soon is broken off and made again by the next owner.
func (q *Queue) Run(ctx context.Context) error {
	sending, cut := context.WithCancel(context.WithoutCancel(ctx))
	defer cut()
	var lanes sync.WaitGroup
	for _, l := range q.lanes {
		lanes.Go(func() { q.serve(ctx, sending, l) })
	}
	lanes.Wait()
	stop := time.AfterFunc(stopWithin, cut)
	defer stop.Stop()
	q.flying.Wait()
	return nil
}

// serve makes the attempts of one lane.
func (q *Queue) serve(ctx, sending context.Context, l *lane) {
	timer := time.NewTimer(never)
	defer timer.Stop()
	for ctx.Err() == nil {
		now := time.Now()
		q.mu.Lock()
		todo := l.sweep(now, q.config.MaxAge)
		i, wait := l.next(now)
		if i != nil {
			todo = append(todo, i)
		}
		for _, i := range todo {
			i.shard.flying++
		}
		q.metrics.observe(l, now)
		q.mu.Unlock()
		for _, i := range todo {
			q.flying.Go(func() { q.attempt(sending, i) })
		}
		if len(todo) > 0 {
			continue
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
		case <-l.wake:
		case <-timer.C:
		}
	}
}

// Take begins a partition with what its deliveries topic holds: the newest
// entry of each key, in the order of the log. What cannot be read is skipped:
// there is nobody who could repair it.
func (q *Queue) Take(ctx context.Context, partition int32, entries []Entry) error {
	s := newShard(partition)
	var removed []Entry
	q.mu.Lock()
	q.shards[partition] = s
	for _, e := range entries {
		d, err := Decode(e.Value)
		switch {
		case e.Value == nil || err == nil && d.State == GivenUp:
			s.recent.add(e.Key)
			continue
		case err != nil:
			q.log.Error("a delivery cannot be read and is left out", "partition", partition, "error", err)
			continue
		}
		l := q.lane(d.Channel, d.Endpoint)
		if l == nil {
			q.metrics.count(d.Channel, "", Removed)
			removed = append(removed, Entry{e.Key, d.giveUp(Removed, "no longer configured").Encode()})
			continue
		}
		q.add(s, l, d)
	}
	q.mu.Unlock()
	if len(removed) == 0 {
		return nil
	}
	return q.journal.Write(ctx, partition, removed...)
}

func (q *Queue) lane(channel event.Channel, endpoint string) *lane {
	for _, l := range q.lanes {
		if l.Channel == channel && l.Endpoint == endpoint {
			return l
		}
	}
	return nil
}

// add puts a delivery into its lane. The lock is held.
func (q *Queue) add(s *shard, l *lane, d Delivery) {
	q.order++
	i := &item{Delivery: d, key: d.Key(), lane: l, shard: s, order: q.order}
	s.items[i.key] = i
	q.queued++
	l.add(i)
}

// forget is for a delivery that is over. The lock is held.
func (q *Queue) forget(i *item) {
	if i.shard.released {
		return // Release has counted it out
	}
	delete(i.shard.items, i.key)
	i.shard.recent.add(i.key)
	q.freed(1)
}

func (q *Queue) freed(n int) {
	q.queued -= n
	select {
	case q.space <- struct{}{}:
	default:
	}
}

// releaseWithin is less than a group waits for a member that is to give up partitions.
const releaseWithin = 20 * time.Second

// Release ends a partition: it waits for its attempts under way, for a while,
// and forgets the rest, which the next owner finds in the topic.
func (q *Queue) Release(ctx context.Context, partition int32) {
	q.mu.Lock()
	s := q.shards[partition]
	if s == nil {
		q.mu.Unlock()
		return
	}
	delete(q.shards, partition)
	s.released = true
	for _, i := range s.items {
		if i.index >= 0 {
			i.lane.remove(i)
			i.lane.poke()
		}
	}
	q.freed(len(s.items))
	s.settle()
	q.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, releaseWithin)
	defer cancel()
	select {
	case <-s.idle:
	case <-ctx.Done():
		q.log.Warn("a partition goes with attempts under way; their messages may arrive twice", "partition", partition)
	}
}

// Room returns when more notifications may be read, or ctx ends.
func (q *Queue) Room(ctx context.Context) error {
	for {
		q.mu.Lock()
		room := q.queued < q.config.MaxQueued
		q.mu.Unlock()
		if room {
			return ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-q.space:
		}
	}
}

// has says whether a delivery of a partition is known, waiting or over.
func (s *shard) has(key string) bool { return s.items[key] != nil || s.recent.has(key) }

// wants says whether a notification goes to a lane.
func (l *lane) wants(n event.Notification) bool {
	return slices.Contains(n.Channels, l.Channel) && (l.Wants == nil || l.Wants(n))
}
