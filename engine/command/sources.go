package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"tideline/api"
	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
	"tideline/streams"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
	"tideline/timelines"
)

// readSources reads the files of sources, before anything is started for them.
func readSources(c config.Config) ([]manifest.Entry, error) {
	entries, err := manifest.Load(c.Sources.Files)
	if err != nil {
		return nil, configError{fmt.Errorf("the sources are not valid:\n%w", err)}
	}
	return entries, nil
}

// openSources makes the runner of the sources.
func (a *app) openSources(entries []manifest.Entry) {
	made := runner.Config{Entries: entries, Instance: a.config.Instance, Clock: fetch.SystemClock{}}
	store := runner.Store(sourceStore{a.timelines, a.prepare})
	if a.config.Mongo.URI == "" { // nobody else writes to the embedded one
		store = runner.Mirrored(store)
	}
	a.sources = runner.New(made, store, opportunityPublisher{a.engine.Producer()}, a.registry, a.log)
	a.defers("sources", a.sources.Close)
}

// runSources runs what is due, where this process is to.
func (a *app) runSources(ctx context.Context) error {
	if !a.config.Sources.Enabled || len(a.config.Sources.Files) == 0 {
		return nil
	}
	return a.sources.Run(ctx)
}

// sourceStore is a runner.Store that makes sure of its collections first.
type sourceStore struct {
	*timelines.Store
	prepare func(context.Context) error
}

// SourceStates comes before everything else that a runner asks for.
func (s sourceStore) SourceStates(ctx context.Context) ([]harvest.State, error) {
	if err := s.prepare(ctx); err != nil {
		return nil, err
	}
	return s.Store.SourceStates(ctx)
}

// RequestSource may come first in a process that runs no sources.
func (s sourceStore) RequestSource(ctx context.Context, name string, at time.Time) error {
	if err := s.prepare(ctx); err != nil {
		return err
	}
	return s.Store.RequestSource(ctx, name, at)
}

// TakeMerging may come first too.
func (s sourceStore) TakeMerging(ctx context.Context, holder string, now, until time.Time) (int64, error) {
	if err := s.prepare(ctx); err != nil {
		return 0, err
	}
	return s.Store.TakeMerging(ctx, holder, now, until)
}

// opportunityPublisher is a runner.Publisher.
type opportunityPublisher struct{ producer *streams.Producer }

// Publish implements it.
func (p opportunityPublisher) Publish(ctx context.Context, changes []runner.Change) error {
	records := make([]streams.Record, len(changes))
	for i, c := range changes {
		if c.Opportunity == nil {
			records[i] = streams.NoOpportunity(c.ID)
		} else {
			records[i] = streams.Opportunity(*c.Opportunity)
		}
	}
	return p.producer.Send(ctx, records...)
}

// sourcesPort is an api.Sources: what is not the caller's mistake is a store that is away.
type sourcesPort struct{ runner *runner.Runner }

// List implements api.Sources, as do the following.
func (p sourcesPort) List(ctx context.Context) ([]harvest.Status, error) {
	list, err := p.runner.List(ctx)
	return list, sourceError(err)
}

// Runs gives the newest runs.
func (p sourcesPort) Runs(ctx context.Context, name string, limit int) ([]harvest.Run, error) {
	list, err := p.runner.Runs(ctx, name, limit)
	return list, sourceError(err)
}

// RunNow asks for a run.
func (p sourcesPort) RunNow(ctx context.Context, name string) error {
	return sourceError(p.runner.RunNow(ctx, name))
}

// removeWithin is how long one request works on a removal: a process that ends waits
// that long for it.
const removeWithin = 5 * time.Second

// Remove closes what a source that nobody reads has open.
func (p sourcesPort) Remove(ctx context.Context, name, actor string) (harvest.Run, error) {
	run, err := p.runner.Remove(ctx, name, actor, removeWithin)
	return run, sourceError(err)
}

// mergesPort is an api.Merges and an api.Doubles.
type mergesPort struct{ runner *runner.Runner }

// readWithin is how long a read of merges may take: somebody waits for it.
const readWithin = 5 * time.Second

// Merged implements api.Merges, as do Split and Rejoin. It does not wait for runs.
func (p mergesPort) Merged(ctx context.Context, id string) (same.Merge, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	view, err := p.runner.View(ctx, id)
	return view, sourceError(err)
}

// Double implements api.Doubles.
func (p mergesPort) Double(ctx context.Context, id string) (event.Opportunity, error) {
	ctx, cancel := context.WithTimeout(ctx, readWithin)
	defer cancel()
	o, err := p.runner.Double(ctx, id)
	return o, sourceError(err)
}

// doubles are known where there are sources.
func (a *app) doubles() api.Doubles {
	if len(a.config.Sources.Files) == 0 {
		return nil
	}
	return mergesPort{a.sources}
}

// Split takes a posting out of its merge.
func (p mergesPort) Split(ctx context.Context, id string) (same.Merge, error) {
	view, err := p.runner.Split(ctx, id)
	return view, sourceError(err)
}

// Rejoin takes a split back.
func (p mergesPort) Rejoin(ctx context.Context, id string) (same.Merge, error) {
	view, err := p.runner.Rejoin(ctx, id)
	return view, sourceError(err)
}

// mistakes are errors that the caller caused.
var mistakes = []error{harvest.ErrNoSource, harvest.ErrDisabled, harvest.ErrEnabled, harvest.ErrRunsOn, harvest.ErrTaken, same.ErrUnknown, same.ErrAlone, same.ErrNotSplit}

func sourceError(err error) error {
	if err == nil || slices.ContainsFunc(mistakes, func(mistake error) bool { return errors.Is(err, mistake) }) {
		return err
	}
	return fmt.Errorf("%w: %w", api.ErrUnavailable, err)
}
