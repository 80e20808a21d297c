// Package node runs one Tideline process: it reads batches of records from
// Kafka, lets each student partition work on its share, writes feeds to Redis
// and commits, in one transaction a batch, whatever followed.
//
// It guarantees that feeds never fall behind what was committed: effects are
// absolute and reach Redis before the commit, so a crash at any point repeats
// work and loses none. A partition is touched only by the process that claimed
// it in Redis and still belongs to the consumer group.
//
// It leaves out what an event means (engine/partition) and how the outside is
// spoken to (streams, feeds, timelines, api).
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"sync"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/feeds"
	"tideline/streams"
)

// Engine is the stream-processing half of a node.
type Engine struct {
	config  EngineConfig
	log     *slog.Logger
	metrics *metrics
	dict    *match.Dictionary
	catalog *catalog.Catalog
	store   *feeds.Store
	session *streams.Session
	table   *streams.Table
	restore *streams.Restorer

	producer *streams.Producer
	closers  []func() // last first

	actors map[int32]*actor // owned by the loop
	status status
}

// EngineConfig says how the engine scores and how much it does at once.
type EngineConfig struct {
	Partition  partition.Config
	MaxRecords int              // records of one batch
	RetryEvery time.Duration    // pause after an outage of Redis or Kafka
	Tick       time.Duration    // how often partitions are told the time
	Now        func() time.Time // what they are told; nil: the time it is
	EndWithin  time.Duration    // how long the transaction under way may take to end in a stop; 0: as long as ever
}

func (c EngineConfig) now() time.Time {
	if c.Now != nil {
		return c.Now()
	}
	return time.Now()
}

// loop reads and processes batches until ctx ends; then it returns nil.
func (e *Engine) loop(ctx context.Context) error {
	for ctx.Err() == nil {
		err := e.step(ctx)
		switch {
		case err == nil || ctx.Err() != nil:
		case errors.Is(err, streams.ErrFenced):
			return err
		default:
			e.log.Error("step failed; tried again", "error", err)
			pause(ctx, e.config.RetryEvery)
		}
	}
	return nil
}

// step polls once and does what came: assignments, records, overdue rebuilds.
func (e *Engine) step(ctx context.Context) error {
	wait := 500 * time.Millisecond
	if e.due() {
		wait = time.Millisecond // records first, but do not wait for them
	}
	poll, cancel := context.WithTimeout(ctx, wait)
	batch, err := e.session.Poll(poll)
	cancel()
	if err != nil {
		return fmt.Errorf("poll: %w", err)
	}
	if err := e.assign(ctx, batch); err != nil {
		return errors.Join(err, e.session.Rewind(ctx)) // or the next commit would count the batch as done
	}
	if !batch.Empty() {
		if err := e.process(ctx, batch); err != nil {
			return err
		}
	} else if err := e.idle(ctx); err != nil {
		return err
	}
	e.status.update(e.actors, e.metrics)
	return nil
}

// process carries one batch through all its partitions and commits it.
func (e *Engine) process(ctx context.Context, batch streams.Batch) error {
	start := time.Now()
	if err := e.session.Begin(); err != nil {
		return errors.Join(fmt.Errorf("begin a transaction: %w", err), e.session.Rewind(ctx))
	}
	turns, err := e.turns(ctx, batch)
	if err != nil {
		e.forget(batch)
		return errors.Join(err, e.session.Abort(ctx))
	}
	records, outcomes := streams.Route(batch, e.session.Partitions())
	for _, t := range turns {
		records = append(records, t.records...)
	}
	e.session.Produce(ctx, records...)
	committed, err := e.session.Commit(ctx)
	if err != nil || !committed {
		e.forget(batch)
	}
	if err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	if !committed {
		e.log.Info("transaction not committed; its records are read again", "records", len(records))
		return nil
	}
	e.metrics.batch.Observe(time.Since(start).Seconds())
	for outcome, n := range outcomes {
		e.metrics.events.WithLabelValues(streams.Opportunities, outcome).Add(float64(n))
	}
	for _, t := range turns {
		e.metrics.committed(t.tally)
	}
	for number, t := range turns {
		if t.lost {
			if err := e.reclaim(ctx, number); err != nil {
				return err
			}
		}
	}
	return e.release()
}

// turns lets every partition of the batch work on its records, in parallel.
func (e *Engine) turns(ctx context.Context, batch streams.Batch) (map[int32]turn, error) {
	var (
		mu    sync.Mutex
		group sync.WaitGroup
		turns = map[int32]turn{}
		fails []error
	)
	for number, inputs := range batch.Partitions {
		a, owned := e.actors[number]
		if !owned { // must not be counted as done
			mu.Lock()
			fails = append(fails, fmt.Errorf("partition %d is on its way to another process", number))
			mu.Unlock()
			continue
		}
		group.Go(func() {
			t, err := e.turn(ctx, a, inputs)
			mu.Lock()
			defer mu.Unlock()
			turns[number] = t
			if err != nil {
				fails = append(fails, fmt.Errorf("partition %d: %w", number, err))
			}
		})
	}
	group.Wait()
	return turns, errors.Join(fails...)
}

func (e *Engine) turn(ctx context.Context, a *actor, inputs []streams.Input) (turn, error) {
	if err := e.awaitTable(ctx, inputs); err != nil {
		return turn{}, err
	}
	return a.run(ctx, inputs)
}

// awaitTable waits until the catalog has reached every range of the batch.
func (e *Engine) awaitTable(ctx context.Context, inputs []streams.Input) error {
	ends := map[int32]int64{}
	for _, in := range inputs {
		if in.Topic != streams.Fanout {
			continue
		}
		if f, err := event.DecodeFanout(in.Value); err == nil && f.Range != nil {
			ends[f.Range.Partition] = max(ends[f.Range.Partition], f.Range.To)
		}
	}
	for k, end := range ends {
		if err := e.table.Wait(ctx, k, end); err != nil {
			return fmt.Errorf("wait for opportunities[%d] to reach offset %d: %w", k, end, err)
		}
	}
	return nil
}

// idle continues rebuilds and other overdue work of all partitions.
func (e *Engine) idle(ctx context.Context) error {
	for number, a := range e.actors {
		if a.sweep < 0 {
			continue
		}
		lost, err := a.idle(ctx)
		if err != nil {
			delete(e.actors, number) // the store still says that a rebuild is under way
			return err
		}
		if lost {
			if err := e.reclaim(ctx, number); err != nil {
				return err
			}
		}
	}
	return nil
}

func (e *Engine) due() bool {
	for _, a := range e.actors {
		if a.sweep >= 0 {
			return true
		}
	}
	return false
}

// release lets the catalog forget versions that every owned partition has
// passed; one that has seen nothing of an opportunities partition holds it all back.
func (e *Engine) release() error {
	passed := map[int32]int64{}
	for k := range int32(streams.OpportunityPartitions) {
		low := int64(math.MaxInt64)
		for _, a := range e.actors {
			low = min(low, a.partition.Passed()[k])
		}
		if low < math.MaxInt64 {
			passed[k] = low
		}
	}
	return e.catalog.Release(passed)
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}
