package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/engine/node"
	"tideline/streams"
)

const (
	visibleRate     = 1000 // events a second
	visibleStudents = 5000
	visibleJobs     = 2000
	visibleWithin   = 30 * time.Second // a probe not seen by then fails the run
)

// visible is the way of an opportunity from the producer to the feed of the
// student who waits for it, under load, held against a bare produce and consume
// through the same broker at the same rate.
func (l *lab) visible() row {
	v := &visibleRun{lab: l}
	return row{
		name: "produce to visible in the feed, p99 at 1000 events/s", unit: "ms", against: "bare Kafka round trip, p99", bar: 5,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			v.redis = server
			if err := v.open(ctx); err != nil {
				v.close()
				return nil, nil, err
			}
			return func() (sample, error) { return v.sample(ctx) }, v.close, nil
		},
		note: func() string { return v.summary },
	}
}

type visibleRun struct {
	lab     *lab
	redis   *redisServer
	kafka   streams.Config
	engine  *node.Engine
	load    *load
	summary string
	closers []func()
}

func (v *visibleRun) defers(f func()) { v.closers = append(v.closers, f) }

func (v *visibleRun) close() {
	for i := range v.closers {
		v.closers[len(v.closers)-1-i]()
	}
}

// open starts a broker and an engine, and loads the campus.
func (v *visibleRun) open(ctx context.Context) error {
	kafka, stop, err := startKafka(ctx)
	if err != nil {
		return err
	}
	v.defers(stop)
	v.kafka = kafka
	store := v.redis.store()
	v.defers(func() { store.Close() })
	if v.engine, err = openEngine(ctx, v.kafka, store); err != nil {
		return err
	}
	v.defers(v.engine.Close)
	v.defers(running(ctx, v.engine))
	return v.fill(ctx)
}

// fill loads the campus and waits until all of it is processed.
func (v *visibleRun) fill(ctx context.Context) error {
	c := newCampus(v.lab.seed, streamLoad)
	v.load = &load{campus: c, students: visibleStudents}
	var records []streams.Record
	for i := range visibleJobs {
		o := c.job(fmt.Sprint("job", i), c.posted())
		v.load.jobs = append(v.load.jobs, o)
		records = append(records, streams.Opportunity(o))
	}
	for i := range visibleStudents {
		records = append(records, streams.Profile(c.student(i)))
	}
	for i := range probers {
		records = append(records, streams.Profile(prober(i)))
	}
	if err := v.engine.Producer().Send(ctx, records...); err != nil {
		return fmt.Errorf("load the campus: %w", err)
	}
	ready := func() bool { ok, _ := v.engine.Ready(); return ok && v.engine.Settled() }
	if err := until(ctx, 2*time.Minute, func() bool { return ready() && v.engine.Students() == visibleStudents+probers }); err != nil {
		return fmt.Errorf("wait for the campus: %w", err)
	}
	return nil
}

// until looks every 20 ms.
func until(ctx context.Context, patience time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

func (v *visibleRun) sample(ctx context.Context) (sample, error) {
	bare, err := roundTrips(ctx, v.kafka.Brokers, visibleRate, v.lab.span)
	if err != nil {
		return sample{}, fmt.Errorf("bare round trip: %w", err)
	}
	seen, err := v.probe(ctx)
	if err != nil {
		return sample{}, err
	}
	v.summary = fmt.Sprintf("last run: Tideline %s; bare %s", percentiles(seen), percentiles(bare))
	return sample{millis(percentile(seen, 0.99)), millis(percentile(bare, 0.99))}, nil
}

// probe sends the load and gives how long each probe took to be seen.
func (v *visibleRun) probe(ctx context.Context) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent := make(chan *probe, 1<<16)
	var group sync.WaitGroup
	var seen []time.Duration
	var failed error
	group.Go(func() { seen, failed = v.watch(ctx, sent) })
	var sending sync.WaitGroup
	err := pace(ctx, visibleRate, v.lab.span, func(due time.Time, n int) {
		records := make([]streams.Record, 0, n)
		for range n {
			record, p := v.load.next(time.Now())
			records = append(records, record)
			if p != nil {
				p.due = due
				sent <- p
			}
		}
		sending.Go(func() {
			if err := v.engine.Producer().Send(ctx, records...); err != nil {
				cancel(fmt.Errorf("send the load: %w", err))
			}
		})
	})
	sending.Wait()
	close(sent)
	group.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return seen, errors.Join(err, failed)
}

// watch asks Redis every millisecond for the probes that are on their way.
func (v *visibleRun) watch(ctx context.Context, sent <-chan *probe) ([]time.Duration, error) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	var waiting []*probe
	var seen []time.Duration
	for open := true; open || len(waiting) > 0; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case p, more := <-sent:
			if open = more; more {
				waiting = append(waiting, p)
			} else {
				sent = nil
			}
			continue
		case <-ticker.C:
		}
		arrived, err := v.arrived(ctx, waiting)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		waiting = slices.DeleteFunc(waiting, func(p *probe) bool {
			if arrived[p] {
				seen = append(seen, now.Sub(p.due))
			}
			return arrived[p]
		})
		if len(waiting) > 0 && now.Sub(waiting[0].due) > visibleWithin {
			return nil, fmt.Errorf("%s is not in the feed of %s after %v", waiting[0].id, proberID(waiting[0].prober), visibleWithin)
		}
	}
	return seen, nil
}

func (v *visibleRun) arrived(ctx context.Context, waiting []*probe) (map[*probe]bool, error) {
	if len(waiting) == 0 {
		return nil, nil
	}
	pipe := v.redis.client.Pipeline()
	scores := make([]*redis.FloatCmd, len(waiting))
	for i, p := range waiting {
		key, member := p.place(studentPartitions)
		scores[i] = pipe.ZScore(ctx, key, member)
	}
	if _, err := pipe.Exec(ctx); err != nil && !errors.Is(err, redis.Nil) {
		return nil, fmt.Errorf("look for the probes: %w", err)
	}
	arrived := map[*probe]bool{}
	for i, score := range scores {
		arrived[waiting[i]] = score.Err() == nil
	}
	return arrived, nil
}

// percentile gives the value that the share q does not exceed.
func percentile(list []time.Duration, q float64) time.Duration {
	sorted := slices.Sorted(slices.Values(list))
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

func percentiles(list []time.Duration) string {
	return fmt.Sprintf("p50 %.1f ms, p99 %.1f ms, most %.1f ms of %d",
		millis(percentile(list, 0.5)), millis(percentile(list, 0.99)), millis(percentile(list, 1)), len(list))
}

func millis(d time.Duration) float64 { return d.Seconds() * 1000 }
