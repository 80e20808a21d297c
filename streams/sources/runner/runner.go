// Package runner runs the configured sources: when they are due or somebody asks,
// one run of a source at a time across all processes.
//
// A run takes a lease, polls, publishes what is new or changed and remembers it,
// batch by batch: first it notes what it is about to publish, then it publishes,
// then it remembers. So a run that is killed has published some things twice by
// the time the next one ends, which changes nothing, and forgotten none. What is not
// listed any more is looked at only at the end of a poll that saw everything; a poll
// that broke off closes nothing.
// Validators and the schedule are moved on at the very end.
//
// What is published of a posting depends on what other sources list: see package same.
// For that part of a batch all runs of all processes wait for each other.
//
// Who loses the lease stops before the next batch. Between that look and the
// writes of one batch another could begin; both then write what the source says.
package runner

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/harvest"
	"tideline/streams/breaker"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
)

const (
	lease    = 15 * time.Minute // longer than the longest wait between two requests
	keep     = time.Minute      // how often it is extended
	look     = 10 * time.Second // how often to look what is due
	parallel = 3                // runs at a time in this process
	batch    = 200              // records
	believe  = 3                // polls in a row that lost half of what there was
)

// Config is what a Runner is made of.
type Config struct {
	Entries  []manifest.Entry
	Instance string // name of this process
	Clock    fetch.Clock
}

// Runner is safe for concurrent use.
type Runner struct {
	entries   []manifest.Entry
	instance  string
	clock     fetch.Clock
	hosts     *fetch.Hosts
	store     Store
	publisher Publisher
	metrics   metrics
	log       *slog.Logger
	since     time.Time
	nudge     chan struct{}
	slots     chan struct{}
	merger    merger

	mu       sync.Mutex
	busy     map[string]bool
	breakers map[string]*breaker.Breaker
	counts   map[string]count
}

// New makes a runner. Close must be called.
func New(c Config, store Store, publisher Publisher, reg prometheus.Registerer, log *slog.Logger) *Runner {
	r := &Runner{
		entries: c.Entries, instance: c.Instance, clock: c.Clock, hosts: fetch.NewHosts(c.Clock), store: store, publisher: publisher,
		metrics: newMetrics(reg, c.Entries), log: log, since: now(c.Clock), nudge: make(chan struct{}, 1), slots: make(chan struct{}, parallel),
		busy: map[string]bool{}, breakers: map[string]*breaker.Breaker{},
		counts: map[string]count{},
	}
	for _, e := range c.Entries {
		r.breakers[e.Name] = &breaker.Breaker{}
	}
	return r
}

// Close ends idle connections.
func (r *Runner) Close() { r.hosts.Close() }

// ending is the context of what is still to be written when ctx may end: a busy store
// gets its time, and 3 seconds once the process is to end.
func ending(ctx context.Context) (context.Context, func()) {
	rest, cancel := context.WithTimeout(context.WithoutCancel(ctx), time.Minute)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(3*time.Second, cancel) })
	return rest, func() {
		stop()
		cancel()
	}
}

// now is the time as the store can keep it.
func now(clock fetch.Clock) time.Time { return clock.Now().UTC().Truncate(time.Millisecond) }

// Run looks what is due until ctx ends, then waits for the runs under way, which
// end with it.
func (r *Runner) Run(ctx context.Context) error {
	var running sync.WaitGroup
	defer running.Wait()
	ticker := time.NewTicker(look)
	defer ticker.Stop()
	for {
		for _, due := range r.due(ctx) {
			running.Go(func() {
				if _, err := r.Once(ctx, due.entry.Name, due.by); err != nil && !errors.Is(err, harvest.ErrTaken) && ctx.Err() == nil {
					r.log.Error("a source could not be run", "source", due.entry.Name, "error", err)
				}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		case <-r.nudge:
		}
	}
}

// start is a run that is due.
type start struct {
	entry manifest.Entry
	by    string
}

// due gives what is to be started now. A store that is away is looked at again.
func (r *Runner) due(ctx context.Context) (list []start) {
	states, err := r.states(ctx)
	if err != nil {
		if ctx.Err() == nil {
			r.log.Warn("cannot see which sources are due", "error", err)
		}
		return nil
	}
	for _, e := range r.entries {
		if !e.Enabled {
			continue
		}
		if by := harvest.Due(e.Schedule, states[e.Name], r.since, now(r.clock)); by != "" {
			list = append(list, start{e, by})
		}
	}
	return list
}

func (r *Runner) states(ctx context.Context) (map[string]harvest.State, error) {
	stored, err := r.store.SourceStates(ctx)
	if err != nil {
		return nil, err
	}
	states := map[string]harvest.State{}
	for _, e := range r.entries {
		states[e.Name] = harvest.State{Name: e.Name}
	}
	for _, s := range stored {
		if r.died(s) {
			s.Holder, s.Until = "", time.Time{}
		}
		states[s.Name] = s
	}
	return states, nil
}

// died says whether a source is held by an earlier process of this one's name.
func (r *Runner) died(s harvest.State) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return harvest.InstanceOf(s.Holder) == r.instance && !r.busy[s.Name]
}

func (r *Runner) entry(name string) (manifest.Entry, error) {
	i := slices.IndexFunc(r.entries, func(e manifest.Entry) bool { return e.Name == name })
	if i < 0 {
		return manifest.Entry{}, fmt.Errorf("%w: %q", harvest.ErrNoSource, name)
	}
	return r.entries[i], nil
}

// RunNow asks for a run, in this process or another. It does not wait for it. The
// error wraps harvest.ErrNoSource or ErrDisabled, or is that of the store.
func (r *Runner) RunNow(ctx context.Context, name string) error {
	e, err := r.entry(name)
	if err != nil {
		return err
	}
	if !e.Enabled {
		return fmt.Errorf("%w: %q", harvest.ErrDisabled, name)
	}
	if err := r.store.RequestSource(ctx, name, now(r.clock)); err != nil {
		return err
	}
	select {
	case r.nudge <- struct{}{}:
	default:
	}
	return nil
}

// Once runs a source, unless somebody else does: then the error wraps
// harvest.ErrTaken. How the poll went is in the record; the error is that of the
// store or of ctx.
func (r *Runner) Once(ctx context.Context, name, by string) (harvest.Run, error) {
	e, err := r.entry(name)
	if err != nil {
		return harvest.Run{}, err
	}
	if !r.begin(name) {
		return harvest.Run{}, fmt.Errorf("source %q: %w", name, harvest.ErrTaken)
	}
	defer r.end(name)
	select {
	case r.slots <- struct{}{}:
		defer func() { <-r.slots }()
	case <-ctx.Done():
		return harvest.Run{}, context.Cause(ctx)
	}
	holder := r.instance + "/" + uuid.NewString()
	at := now(r.clock)
	state, err := r.store.AcquireSource(ctx, name, holder, at, at.Add(lease))
	if err != nil {
		return harvest.Run{}, err
	}
	return (&run{Runner: r, entry: e, state: state, holder: holder, at: at, kept: at}).do(ctx, by)
}

func (r *Runner) begin(name string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[name] {
		return false
	}
	r.busy[name] = true
	return true
}

func (r *Runner) end(name string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, name)
}

// List tells how all sources stand, in the order of the files, and then those that
// are in no file any more, by name.
func (r *Runner) List(ctx context.Context) ([]harvest.Status, error) {
	states, err := r.states(ctx)
	if err != nil {
		return nil, err
	}
	list := []harvest.Status{}
	for _, e := range r.entries {
		list = append(list, r.status(e, states[e.Name]))
	}
	for _, name := range slices.Sorted(maps.Keys(states)) {
		if _, err := r.entry(name); err != nil {
			list = append(list, r.standing(states[name], harvest.Status{Name: name, Kind: harvest.KindRemoved}))
		}
	}
	for i := range list {
		if list[i].Enabled {
			continue
		}
		if list[i].Open, err = r.countOpen(ctx, states[list[i].Name]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

func (r *Runner) status(e manifest.Entry, s harvest.State) harvest.Status {
	at := now(r.clock)
	status := r.standing(s, harvest.Status{
		Name: e.Name, Kind: e.Kind, Enabled: e.Enabled, Schedule: e.Schedule.Text, TimeZone: e.Schedule.Zone.String(),
		Waiting: !s.Requested.IsZero(), Budget: s.Left(e.Limits.Budget, at),
	})
	if s.NotBefore.After(at) {
		status.LeftOff = &s.NotBefore
	}
	last := s.Started
	if last.IsZero() {
		last = r.since
	}
	if next := e.Schedule.Next(e.Name, last); e.Enabled && !next.IsZero() {
		status.Next = &next
	}
	return status
}

// standing adds to a status what its state tells: the last run and that under way.
func (r *Runner) standing(s harvest.State, status harvest.Status) harvest.Status {
	status.Last = s.Last
	if s.Running(now(r.clock)) {
		status.Running = s.Progress
		if status.Running == nil {
			status.Running = &harvest.Run{Source: s.Name, Started: s.Started}
		}
	}
	return status
}

// Runs gives the newest runs of a source, newest first, also of one that was removed.
func (r *Runner) Runs(ctx context.Context, name string, limit int) ([]harvest.Run, error) {
	list, err := r.store.SourceRuns(ctx, name, limit)
	if err != nil || len(list) > 0 {
		return list, err
	}
	states, err := r.states(ctx) // with those in the files
	if _, known := states[name]; err == nil && !known {
		err = fmt.Errorf("%w: %q", harvest.ErrNoSource, name)
	}
	return nil, err
}
