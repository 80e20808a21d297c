package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/streams"
)

const (
	visibleRate     = 1000 // events a second
	visibleStudents = 5000
	visibleJobs     = 2000
	visibleWithin   = 30 * time.Second // a probe not seen by then fails the run
)

// probe is an event that puts one member into one sorted set of Redis.
type probe struct {
	what        string // of errors
	key, member string
	due         time.Time
}

// probing sends a load with probes in it, and asks Redis when each was seen.
type probing struct {
	redis    *redisServer
	producer *streams.Producer
	load     *load
	span     time.Duration
}

// run sends the load and gives how long each probe took to be seen.
func (p *probing) run(ctx context.Context) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	sent := make(chan *probe, 1<<16)
	var group sync.WaitGroup
	var seen []time.Duration
	var failed error
	group.Go(func() {
		if seen, failed = p.watch(ctx, sent); failed != nil {
			cancel(failed)
		}
	})
	var sending sync.WaitGroup
	err := pace(ctx, visibleRate, p.span, func(due time.Time, n int) {
		records := make([]streams.Record, 0, n)
		for range n {
			record, probe := p.load.next(time.Now())
			records = append(records, record)
			if probe != nil {
				probe.due = due
				sent <- probe
			}
		}
		sending.Go(func() {
			if err := p.producer.Send(ctx, records...); err != nil {
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
func (p *probing) watch(ctx context.Context, sent <-chan *probe) ([]time.Duration, error) {
	ticker := time.NewTicker(time.Millisecond)
	defer ticker.Stop()
	var waiting []*probe
	var seen []time.Duration
	for open := true; open || len(waiting) > 0; {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case next, more := <-sent:
			if open = more; more {
				waiting = append(waiting, next)
			} else {
				sent = nil
			}
			continue
		case <-ticker.C:
		}
		arrived, err := p.arrived(ctx, waiting)
		if err != nil {
			return nil, err
		}
		now := time.Now()
		waiting = slices.DeleteFunc(waiting, func(w *probe) bool {
			if arrived[w] {
				seen = append(seen, now.Sub(w.due))
			}
			return arrived[w]
		})
		if len(waiting) > 0 && now.Sub(waiting[0].due) > visibleWithin {
			return nil, fmt.Errorf("%s: nothing is seen after %v", waiting[0].what, visibleWithin)
		}
	}
	return seen, nil
}

func (p *probing) arrived(ctx context.Context, waiting []*probe) (map[*probe]bool, error) {
	if len(waiting) == 0 {
		return nil, nil
	}
	pipe := p.redis.client.Pipeline()
	scores := make([]*redis.FloatCmd, len(waiting))
	for i, w := range waiting {
		scores[i] = pipe.ZScore(ctx, w.key, w.member)
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

// against holds what was seen against bare round trips through the same broker.
func against(seen, bare []time.Duration) (sample, string) {
	return sample{millis(percentile(seen, 0.99)), millis(percentile(bare, 0.99))},
		fmt.Sprintf("last run: Tideline %s; bare %s", percentiles(seen), percentiles(bare))
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
