package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
	"tideline/feeds"
)

const (
	fanoutFeeds   = 8000    // feeds of one sample
	fanoutRounds  = 8       // pieces of a sample, the two sides in turn
	fanoutEntries = 256_000 // that one sample writes at least
	fanoutWorkers = 2       // partitions, each with a writer of its own, on both sides
	batchEntries  = 20_000  // of one batch, and of one plain pipeline: the engine's default
	topKey        = 1 << 22
)

func (l *lab) fanoutRebuilt() row {
	return l.fanout("fan-out: whole feeds of 120", event.FeedStore, true)
}

func (l *lab) fanoutEight() row {
	return l.fanout("fan-out: 8 new entries a feed", 8, false)
}

func (l *lab) fanoutOne() row {
	return l.fanout("fan-out: 1 new entry a feed", 1, false)
}

// fanout writes the same entries twice: through the store, with fence, floors
// and trimming, and as plain pipelined ZADDs of several members a command.
func (l *lab) fanout(name string, each int, whole bool) row {
	return row{
		name: name, unit: "entries/s", against: "plain pipelined ZADD", bar: 0.8, atLeast: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			store := server.store()
			f := &fanoutRun{server: server, store: store, campus: newCampus(l.seed, streamFeeds), each: each, whole: whole}
			return func() (sample, error) { return f.sample(ctx) }, func() { store.Close() }, nil
		},
	}
}

type fanoutRun struct {
	server *redisServer
	store  *feeds.Store
	campus *campus
	each   int
	whole  bool
}

// sample lets both sides write in turn, round by round, so that what else the
// machine does falls on both.
func (f *fanoutRun) sample(ctx context.Context) (sample, error) {
	if err := f.server.client.FlushAll(ctx).Err(); err != nil {
		return sample{}, err
	}
	var plain, ours [fanoutWorkers]writer
	for w := range fanoutWorkers {
		fence, err := f.store.Claim(ctx, int32(w), 0, 0)
		if err != nil {
			return sample{}, err
		}
		plain[w], ours[w] = &plainWriter{f.server.client, w}, &storeWriter{f.store, feeds.Batch{Partition: int32(w), Token: fence.Token, Seq: 1}}
	}
	rounds := f.rounds()
	if !f.whole {
		all := f.ops(0, fanoutFeeds, event.FeedStore, true)
		if err := errors.Join(write(ctx, plain, all), write(ctx, ours, all)); err != nil {
			return sample{}, fmt.Errorf("fill the feeds: %w", err)
		}
	}
	var took [2]time.Duration
	entries := 0
	for i, ops := range rounds {
		sides := [2][fanoutWorkers]writer{plain, ours}
		for turn := range sides {
			side := (turn + i) % 2
			start := time.Now()
			if err := write(ctx, sides[side], ops); err != nil {
				return sample{}, err
			}
			took[side] += time.Since(start)
		}
		for _, share := range ops {
			entries += len(share) * f.each
		}
	}
	reached, peer := float64(entries)/took[1].Seconds(), float64(entries)/took[0].Seconds()
	return sample{reached, peer}, f.check(ctx, rounds[len(rounds)-1][0][0])
}

// rounds makes up everything that a sample writes: all feeds once, in pieces,
// or all feeds again and again.
func (f *fanoutRun) rounds() [][fanoutWorkers][]event.FeedOp {
	var rounds [][fanoutWorkers][]event.FeedOp
	if f.whole {
		const piece = fanoutFeeds / fanoutRounds
		for i := range fanoutRounds {
			rounds = append(rounds, f.ops(i*piece, piece, f.each, true))
		}
		return rounds
	}
	for range max(2, fanoutEntries/(fanoutFeeds*f.each)) {
		rounds = append(rounds, f.ops(0, fanoutFeeds, f.each, false))
	}
	return rounds
}

// ops changes n feeds, shared among the workers.
func (f *fanoutRun) ops(from, n, each int, whole bool) [fanoutWorkers][]event.FeedOp {
	var ops [fanoutWorkers][]event.FeedOp
	for i := from; i < from+n; i++ {
		ops[i%fanoutWorkers] = append(ops[i%fanoutWorkers], f.op(i, each, whole))
	}
	return ops
}

// op puts n entries into the i-th feed, above what the others hold.
func (f *fanoutRun) op(i, n int, whole bool) event.FeedOp {
	op := event.FeedOp{Student: studentID(i), Bucket: event.Jobs, Replace: whole, Truncated: whole}
	for range n {
		key := topKey + f.campus.random.Int64N(topKey)
		if whole {
			key -= topKey
		}
		member := event.Member(1_000_000_000_000_000_000 + f.campus.random.Uint64N(8_000_000_000_000_000_000))
		op.Add = append(op.Add, event.Entry{Member: member, Key: key})
	}
	return op
}

// check makes sure that what was timed was also done.
func (f *fanoutRun) check(ctx context.Context, op event.FeedOp) error {
	entries, truncated, err := f.store.All(ctx, 0, op.Student, op.Bucket)
	if err != nil {
		return err
	}
	if len(entries) != event.FeedStore || !truncated {
		return fmt.Errorf("a feed of %s has %d entries, truncated %v; it should be full", op.Student, len(entries), truncated)
	}
	for _, want := range op.Add {
		found := false
		for _, e := range entries {
			found = found || e == want
		}
		if !found {
			return fmt.Errorf("the feed of %s lacks %+v", op.Student, want)
		}
	}
	return nil
}

// writer carries out the changes of one partition, one batch a call.
type writer interface {
	write(ctx context.Context, ops []event.FeedOp) error
}

// write lets each worker write its share.
func write(ctx context.Context, workers [fanoutWorkers]writer, ops [fanoutWorkers][]event.FeedOp) error {
	var group sync.WaitGroup
	var fails [fanoutWorkers]error
	for w, worker := range workers {
		group.Go(func() {
			for rest := ops[w]; len(rest) > 0 && fails[w] == nil; {
				n := batchOf(rest)
				fails[w] = worker.write(ctx, rest[:n])
				rest = rest[n:]
			}
		})
	}
	group.Wait()
	return errors.Join(fails[:]...)
}

// batchOf is how many changes make a batch.
func batchOf(ops []event.FeedOp) int {
	entries := 0
	for i, op := range ops {
		if entries += len(op.Add); entries >= batchEntries {
			return i + 1
		}
	}
	return len(ops)
}

type storeWriter struct {
	store *feeds.Store
	next  feeds.Batch
}

func (w *storeWriter) write(ctx context.Context, ops []event.FeedOp) error {
	w.next.Feeds = ops
	result, err := w.store.Apply(ctx, w.next)
	if err != nil {
		return err
	}
	if result.Outcome != feeds.Applied {
		return fmt.Errorf("the store refused a batch: outcome %d", result.Outcome)
	}
	w.next.Seq += int64(feeds.Chunks(w.next))
	return nil
}

// plainWriter does the least that stores the entries: no fence, no floor, no
// trimming, no answer about the feed.
type plainWriter struct {
	client *redis.Client
	number int
}

func (w *plainWriter) write(ctx context.Context, ops []event.FeedOp) error {
	pipe := w.client.Pipeline()
	for _, op := range ops {
		args := make([]any, 0, 2+2*len(op.Add))
		args = append(args, "ZADD", fmt.Sprintf("plain:{p%03d}:%s:%s", w.number, op.Bucket, op.Student))
		for _, e := range op.Add {
			args = append(args, e.Key, strconv.FormatUint(uint64(e.Member), 10))
		}
		pipe.Do(ctx, args...)
	}
	_, err := pipe.Exec(ctx)
	return err
}
