package node

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"tideline/engine/event"
	"tideline/engine/partition"
	"tideline/streams"
)

// assign follows the consumer group: partitions that went are dropped, those
// that came, or that an aborted batch left behind, are restored and claimed.
func (e *Engine) assign(ctx context.Context, batch streams.Batch) error {
	for _, number := range batch.Revoked {
		delete(e.actors, number)
	}
	for _, number := range batch.Assigned {
		delete(e.actors, number) // came back after it went: others may have written meanwhile
	}
	var missing []int32
	for _, number := range e.session.Owned() {
		if e.actors[number] == nil {
			missing = append(missing, number)
		}
	}
	if len(missing) == 0 {
		e.status.assigned(batch.Generation)
		return nil
	}
	actors, err := e.acquire(ctx, missing)
	if err != nil {
		return err
	}
	maps.Copy(e.actors, actors)
	e.status.assigned(batch.Generation)
	return nil
}

// acquire restores and claims partitions, as many at once as there are processors to decode.
func (e *Engine) acquire(ctx context.Context, numbers []int32) (map[int32]*actor, error) {
	var (
		mu     sync.Mutex
		group  sync.WaitGroup
		actors = map[int32]*actor{}
		fails  []error
		slots  = make(chan struct{}, 2)
	)
	start := time.Now()
	for _, number := range slices.Sorted(slices.Values(numbers)) {
		group.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			a, err := e.open(ctx, number)
			mu.Lock()
			defer mu.Unlock()
			actors[number] = a
			if err != nil {
				fails = append(fails, err)
			}
		})
	}
	group.Wait()
	if err := errors.Join(fails...); err != nil {
		return nil, err
	}
	students, rebuilding := 0, 0
	for _, a := range actors {
		students += a.partition.Students()
		rebuilding += min(1, a.sweep+1)
	}
	e.log.Info("partitions restored", "partitions", len(actors), "students", students,
		"rebuilding", rebuilding, "seconds", time.Since(start).Seconds())
	return actors, nil
}

// open loads one partition as of its committed offsets and claims it.
func (e *Engine) open(ctx context.Context, number int32) (*actor, error) {
	start := time.Now()
	p := partition.New(number, e.config.Partition, e.dict, e.catalog)
	err := e.restore.Partition(ctx, number, streams.RestoreSinks{
		Preferences: func(in streams.Input) error { return restorePreferences(p, in) },
		Profile:     func(in streams.Input) error { return restoreProfile(p, in) },
		Candidates:  func(in streams.Input) error { return restoreCandidates(p, in) },
		State:       func(in streams.Input) error { return p.RestoreFact(string(in.Key), in.Value) },
	})
	if err != nil {
		return nil, fmt.Errorf("restore partition %d: %w", number, err)
	}
	p.Restored()
	a := &actor{partition: p, store: e.store, metrics: e.metrics, sweep: -1}
	if err := a.claim(ctx, e.passedBy(p)); err != nil {
		return nil, err
	}
	e.metrics.restores.Observe(time.Since(start).Seconds())
	return a, nil
}

// passedBy says whether the catalog has let go of versions that p's feeds may hold.
func (e *Engine) passedBy(p *partition.Partition) bool {
	for k, next := range p.Passed() {
		if next < e.catalog.Released(k) {
			return true
		}
	}
	return false
}

// restoreProfile loads a profile that was processed before; what was a dead
// letter then is passed over now.
func restoreProfile(p *partition.Partition, in streams.Input) error {
	if in.Value == nil {
		p.RestoreErasure(string(in.Key))
		return nil
	}
	profile, err := event.DecodeProfile(in.Value)
	if err == nil && profile.ID == string(in.Key) {
		p.RestoreProfile(profile)
	}
	return nil
}

// reclaim answers a store that refused a batch. The transaction has just been
// committed, so this process is the owner: it takes the store back and rebuilds.
func (e *Engine) reclaim(ctx context.Context, number int32) error {
	e.log.Warn("Redis lost data of a partition or another process wrote to it; its feeds are rebuilt", "partition", number)
	return e.actors[number].claim(ctx, true)
}

// forget drops the partitions that an uncommitted batch has changed: the next
// step restores them from what was committed.
func (e *Engine) forget(batch streams.Batch) {
	e.metrics.retries.Inc()
	for number := range batch.Partitions {
		delete(e.actors, number)
	}
}
