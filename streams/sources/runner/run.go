package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
)

// run is one run of one source.
type run struct {
	*Runner
	entry  manifest.Entry
	state  harvest.State
	holder string
	at     time.Time // when it began
	kept   time.Time // when the lease was extended last

	record   harvest.Run
	web      *fetch.Client
	ledger   *harvest.Ledger
	sink     *sources.Sink
	items    []harvest.Item    // to be remembered
	changes  []Change          // to be published before
	quiet    []same.Change     // published before it was known what identifies them
	gone     map[string][]byte // ids of changes that close what the poll does not list any more, as in share
	coverage sources.Coverage
	pending  map[string]bool // ids of which nobody knows what was published last

	stopped   bool // it is not the source that failed
	differing int  // listed before in this poll, and otherwise
}

// do runs it and leaves the record, the state and the metrics.
func (r *run) do(ctx context.Context, by string) (harvest.Run, error) {
	r.record = harvest.Run{ID: r.at.Format("20060102T150405.000Z"), Source: r.entry.Name, By: by, Started: r.at}
	r.pending, r.gone = map[string]bool{}, map[string][]byte{}
	for _, id := range r.state.Pending {
		r.pending[id] = true
	}
	limits := r.entry.Limits
	limits.Budget, limits.Before = r.state.Left(limits.Budget, r.at), r.keep
	r.web = fetch.New(r.hosts, limits, r.breakers[r.entry.Name], r.validators())
	before := r.state.Validators
	r.state.Validators = nil // unless everything is taken in
	failed := r.poll(ctx)
	if failed == nil {
		failed = r.missing(ctx)
	}
	if failed != nil && r.sink.Report.Read == 0 {
		r.state.Validators = before
	}
	r.count(failed)
	if errors.Is(failed, harvest.ErrTaken) {
		return r.record, failed // another writes the record now
	}
	if ctx.Err() != nil { // this process ends: whoever comes next tries again
		r.state.Finished = time.Time{}
	} else {
		r.state.Finished = now(r.clock)
	}
	finish, done := ending(ctx)
	defer done()
	r.state.Last, r.state.Pending = &r.record, slices.Sorted(maps.Keys(r.pending))
	r.state.Spend(r.record.Requests, r.at)
	r.state.Failures++
	if failed == nil {
		r.state.Failures = 0
	}
	if after := fetch.RetryAfter(failed); after > 0 {
		r.state.NotBefore = now(r.clock).Add(after)
	}
	err := errors.Join(r.store.AddSourceRun(finish, r.record), r.store.FinishSource(finish, r.state, r.holder))
	r.metrics.ran(r.record, now(r.clock))
	r.log.Info("source read", "source", r.entry.Name, "outcome", r.record.Outcome, "new", r.record.New, "changed", r.record.Changed,
		"closed", r.record.Closed, "rejected", r.sink.Report.Refused(), "why", r.record.Why, "error", r.record.Error)
	return r.record, err
}

// validators are those of an earlier run of the same configuration.
func (r *run) validators() map[string]fetch.Validator {
	if r.state.Fingerprint != r.entry.Fingerprint {
		return nil
	}
	known := map[string]fetch.Validator{}
	for _, v := range r.state.Validators {
		known[v.URL] = fetch.Validator{ETag: v.ETag, Modified: v.Modified}
	}
	return known
}

// poll reads the source and takes in what it lists.
func (r *run) poll(ctx context.Context) error {
	r.sink = sources.NewPoll(r.at, func(s sources.Record) error { return r.see(ctx, s) })
	items, err := r.store.SourceItems(ctx, r.entry.Name)
	if err != nil {
		return err
	}
	if err := r.merge(ctx, func(context.Context, *same.Index) error { return nil }); err != nil { // read what identifies
		return err
	}
	r.ledger = harvest.NewLedger(items, r.state.Pending, r.at)
	r.coverage, err = r.entry.Source.Poll(ctx, r.web, r.sink)
	if r.stopped {
		return err
	}
	return errors.Join(err, r.flush(ctx)) // what came before the source's error holds
}

// see takes in one record.
func (r *run) see(ctx context.Context, s sources.Record) error {
	item, verdict := r.ledger.See(harvest.Sighting{Opportunity: *s.Opportunity, Undated: s.Undated, Counters: s.Counters})
	switch verdict {
	case harvest.New:
		r.record.New++
	case harvest.Reopened:
		r.record.Reopened++
		r.record.Changed++
	case harvest.Changed:
		r.record.Changed++
	case harvest.Repeated:
		r.differing++
	default:
		r.record.Same++
	}
	if verdict.Publish() {
		o := *s.Opportunity
		o.PostedAt = item.PostedAt
		r.changes = append(r.changes, Change{o.ID, &o})
	} else if o := s.Opportunity; verdict != harvest.Repeated && o.Status == event.Open && !r.settled(o.ID) {
		r.quiet = append(r.quiet, same.Change{Member: same.NewMember(*o, r.entry.Name, r.entry.Kind), Open: true, Quiet: true})
	}
	if verdict.Remember() {
		r.items = append(r.items, item)
	}
	if len(r.items) < batch && len(r.quiet) < batch {
		return nil
	}
	err := r.flush(ctx)
	r.stopped = err != nil
	return err
}

// flush notes what it is about to publish, publishes, and then remembers, while
// the lease holds. What is noted and not remembered is published again.
func (r *run) flush(ctx context.Context) error {
	if len(r.items) == 0 && len(r.quiet) == 0 {
		return nil
	}
	for _, c := range r.changes {
		r.pending[c.ID] = true
	}
	if err := r.extend(ctx); err != nil {
		return err
	}
	if err := r.publishBatch(ctx); err != nil {
		return err
	}
	for _, i := range r.items {
		delete(r.pending, i.ID)
	}
	r.items, r.changes, r.quiet, r.gone = r.items[:0], nil, nil, map[string][]byte{}
	return nil
}

// publishBatch publishes what was found and remembers it before somebody else merges.
func (r *run) publishBatch(ctx context.Context) error {
	return r.merge(ctx, func(ctx context.Context, x *same.Index) error {
		s := share{name: r.entry.Name, kind: r.entry.Kind, changes: r.changes, quiet: r.quiet, gone: r.gone}
		inherited, err := r.publish(ctx, x, s)
		if err != nil {
			return err
		}
		r.record.Closed += len(r.gone) - inherited
		return r.store.PutSourceItems(ctx, r.entry.Name, r.items)
	})
}

// keep extends the lease now and then.
func (r *run) keep(ctx context.Context) error {
	if now(r.clock).Sub(r.kept) < keep {
		return nil
	}
	return r.extend(ctx)
}

// extend extends the lease and shows how far the run is.
func (r *run) extend(ctx context.Context) error {
	r.tally()
	at := now(r.clock)
	if err := r.store.KeepSource(ctx, r.entry.Name, r.holder, at.Add(lease), r.record, slices.Sorted(maps.Keys(r.pending))); err != nil {
		return err
	}
	r.kept = at
	return nil
}

// missing closes what a complete poll did not list often enough.
func (r *run) missing(ctx context.Context) error {
	if why := r.doubt(); why != "" {
		r.record.Why = why
		return nil
	}
	r.remember()
	for _, item := range r.ledger.Missing(r.entry.Absences) {
		if item.Gone {
			if err := r.close(ctx, &item); err != nil {
				return err
			}
		} else {
			r.record.Missing++
		}
		r.items = append(r.items, item)
		if len(r.items) >= batch {
			if err := r.flush(ctx); err != nil {
				return err
			}
		}
	}
	return r.flush(ctx)
}

// doubt says why what was not listed may well stand; empty: it does not.
func (r *run) doubt() string {
	if !r.coverage.Complete {
		if r.coverage.Window && r.sink.Nameless() == 0 {
			r.remember()
		}
		return r.coverage.Why
	}
	if n := r.sink.Nameless(); n > 0 {
		return fmt.Sprintf("%d entries have no id that can be read", n)
	}
	if r.coverage.Unmodified {
		r.ledger.Unmodified()
		return ""
	}
	for id := range r.sink.EachListed() {
		r.ledger.Listed(id)
	}
	if r.ledger.Shrunk() && r.state.Shrunk+1 < believe {
		r.state.Shrunk++
		return "it lists less than half of what it had; believed when it does so three times in a row"
	}
	r.state.Shrunk = 0
	return ""
}

// remember keeps the validators: everything they stand for has been taken in.
func (r *run) remember() {
	r.state.Fingerprint, r.state.Validators = r.entry.Fingerprint, nil
	for address, v := range r.web.Validators() {
		r.state.Validators = append(r.state.Validators, harvest.Validator{URL: address, ETag: v.ETag, Modified: v.Modified})
	}
}

// close lets an opportunity be published as closed. One that cannot be read any more
// is deleted.
func (r *run) close(ctx context.Context, item *harvest.Item) error {
	value, err := r.store.SourceValue(ctx, r.entry.Name, item.ID)
	if err != nil {
		return err
	}
	r.gone[item.ID] = value
	if r.pending[item.ID] { // what stands may be what was not remembered
		r.gone[item.ID] = nil
	}
	o, closed, err := harvest.Close(*item, value, r.at)
	if err != nil {
		r.changes = append(r.changes, Change{ID: item.ID})
		return nil //nolint:nilerr // there is nothing left to show
	}
	*item = closed
	r.changes = append(r.changes, Change{o.ID, &o})
	return nil
}

// tally brings the record to where the run is.
func (r *run) tally() {
	usage := r.web.Usage()
	r.record.Requests, r.record.Bytes = usage.Requests, usage.Bytes
	report := r.sink.Report
	r.record.Read, r.record.Repeated = report.Read, report.Unchanged+r.differing
	r.record.Rejected = map[string]int{}
	for code, n := range report.Rejected {
		r.record.Rejected[string(code)] = n
	}
}

// count ends the record.
func (r *run) count(failed error) {
	r.tally()
	r.record.Seconds = r.clock.Now().Sub(r.at).Round(time.Millisecond).Seconds()
	for _, s := range r.sink.Report.Samples {
		r.record.Samples = append(r.record.Samples, harvest.Sample{Where: s.Where, Reason: string(s.Reason), Detail: clip(s.Detail)})
	}
	switch {
	case failed != nil:
		r.record.Outcome, r.record.Error = harvest.Failed, clip(failed.Error())
	case r.coverage.Unmodified:
		r.record.Outcome = harvest.Unchanged
	case r.record.Why != "":
		r.record.Outcome = harvest.Part
	default:
		r.record.Outcome = harvest.Whole
	}
}

func clip(text string) string {
	if len(text) > 500 {
		return text[:500] + "..."
	}
	return text
}
