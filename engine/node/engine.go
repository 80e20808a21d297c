package node

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/feeds"
	"tideline/streams"
)

// Open connects everything the engine needs. Close releases it.
func Open(ctx context.Context, kafka streams.Config, partitions int, store *feeds.Store, config EngineConfig,
	dict *match.Dictionary, reg prometheus.Registerer, log *slog.Logger,
) (*Engine, error) {
	if config.Partition.Compile == nil {
		config.Partition.Compile = newCompiler().compile
	}
	e := &Engine{
		config: config, log: log, metrics: newMetrics(reg), dict: dict, store: store,
		catalog: catalog.New(config.Partition.Match, dict), actors: map[int32]*actor{},
	}
	var err error
	if e.table, err = streams.NewTable(ctx, kafka, log, e.learn); err != nil {
		return nil, err
	}
	e.closers = append(e.closers, e.table.Close)
	if e.restore, err = streams.NewRestorer(kafka, log); err != nil {
		e.Close()
		return nil, err
	}
	e.closers = append(e.closers, e.restore.Close)
	if e.session, err = streams.NewSession(ctx, kafka, partitions, config.MaxRecords, reg, log); err != nil {
		e.Close()
		return nil, err
	}
	e.closers = append(e.closers, e.session.Close)
	if e.producer, err = streams.NewProducer(kafka, partitions, log); err != nil {
		e.Close()
		return nil, err
	}
	e.closers = append(e.closers, e.producer.Close)
	return e, nil
}

// Close leaves the group and releases all clients. Run must have returned.
func (e *Engine) Close() {
	for i := range e.closers {
		e.closers[len(e.closers)-1-i]()
	}
	e.closers = nil
}

// Catalog is every opportunity the process knows.
func (e *Engine) Catalog() *catalog.Catalog { return e.catalog }

// Producer publishes to the topics.
func (e *Engine) Producer() *streams.Producer { return e.producer }

// Ready says whether the process can serve, or what it waits for.
func (e *Engine) Ready() (bool, string) { return e.status.ready(len(e.session.Owned())) }

// Rules gives the rulesets and silences in force, by the key of their record;
// false while this process owns no partition and cannot know.
func (e *Engine) Rules() (map[string]event.RulesetRecord, bool) { return e.status.inForce() }

// RuleStats gives, by ruleset/rule, what the rules of this process did since it started.
func (e *Engine) RuleStats() map[string]partition.RuleStats { return e.metrics.ruleStats() }

// Settled says whether no feed is waiting for a rebuild.
func (e *Engine) Settled() bool { return e.status.settled() }

// Students is how many students the owned partitions have.
func (e *Engine) Students() int { return e.status.count() }

// Run processes until ctx ends or something fails for good; then it returns
// that error, or nil.
func (e *Engine) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if e.config.EndWithin > 0 {
		defer e.session.EndWithin(ctx, e.config.EndWithin)()
	}
	var (
		parts  sync.WaitGroup
		once   sync.Once
		failed error
	)
	fail := func(err error) { // the parts wait for each other: none goes on without the rest
		once.Do(func() { failed = err })
		cancel()
	}
	part := func(name string, run func(context.Context) error) {
		parts.Go(func() {
			if err := run(ctx); err != nil {
				fail(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	part("table of opportunities", e.table.Run)
	part("ticks", e.ticks)
	select {
	case <-e.table.CaughtUp():
		e.status.tableReady()
		counts := e.catalog.Count()
		e.log.Info("opportunities loaded", "jobs", counts[0], "hackathons", counts[1], "content", counts[2])
	case <-ctx.Done():
	}
	if err := e.loop(ctx); err != nil {
		fail(err)
	}
	cancel()
	parts.Wait()
	return failed
}

// learn takes opportunity records into the catalog. What cannot be decoded is
// the router's to report; here the version before it stays.
func (e *Engine) learn(inputs []streams.Input) error {
	changes := make([]catalog.Change, 0, len(inputs))
	for _, in := range inputs {
		if id, o, err := streams.DecodeOpportunity(in); err == nil {
			changes = append(changes, catalog.Change{
				Position: catalog.Position{Partition: in.Partition, Offset: in.Offset}, ID: id, Opportunity: o,
			})
		}
	}
	for size := e.chunk(len(changes)); len(changes) > 0; {
		n := min(size, len(changes))
		if err := e.catalog.Apply(changes[:n]); err != nil {
			return err
		}
		changes = changes[n:]
	}
	return nil
}

// chunk is how many changes go into one go-memdb transaction: a hundred while
// others read, everything at once before anybody does.
func (e *Engine) chunk(all int) int {
	select {
	case <-e.table.CaughtUp():
		return 100
	default:
		return max(1, all)
	}
}

// ticks tells the partitions this process owns what time it is.
func (e *Engine) ticks(ctx context.Context) error {
	ticker := time.NewTicker(e.config.Tick)
	defer ticker.Stop()
	for {
		if owned := e.session.Owned(); len(owned) > 0 {
			if err := e.producer.Tick(ctx, e.config.now(), owned...); err != nil && ctx.Err() == nil {
				e.log.Warn("no tick this time", "error", err)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-e.status.firstAssignment():
		}
	}
}
