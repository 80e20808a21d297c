package runner

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
)

// removal closes everything that a source nobody reads any more has open, in batches
// as a run does, and then forgets the source. Cut off anywhere, it is made again:
// what was closed is remembered as closed, until all is.
type removal struct {
	*Runner
	name   string
	state  harvest.State
	holder string
	until  time.Time // when to leave the rest to the next call
	worked bool      // a batch, which every call does

	record  harvest.Run
	pending map[string]bool // ids of which nobody knows what was published last
}

// errLater says that the time of one call is over.
var errLater = errors.New("the time of one request is over; ask again, and it goes on")

// Remove closes what a source still has open that is in no file, or is off, and
// forgets it, except for the records of its runs. What another source lists under the
// same id stays open: that source has only another name now. It works for some time;
// when that was too short the record is partial, and the next call goes on. The error
// wraps harvest.ErrNoSource, ErrEnabled, ErrRunsOn or ErrTaken, or is that of the
// store or the topic.
func (r *Runner) Remove(ctx context.Context, name, actor string, within time.Duration) (harvest.Run, error) {
	if err := r.removable(ctx, name); err != nil {
		return harvest.Run{}, err
	}
	if !r.begin(name) { // else it would be taken from whoever has it in this process
		return harvest.Run{}, fmt.Errorf("source %q: %w", name, harvest.ErrTaken)
	}
	defer r.end(name)
	holder := r.instance + "/" + uuid.NewString()
	at := now(r.clock)
	state, err := r.store.AcquireSource(ctx, name, holder, at, at.Add(lease))
	if err != nil {
		return harvest.Run{}, err
	}
	m := &removal{Runner: r, name: name, state: state, holder: holder, until: at.Add(within), pending: map[string]bool{}}
	for _, id := range state.Pending {
		m.pending[id] = true
	}
	m.record = harvest.Run{ID: at.Format("20060102T150405.000Z"), Source: name, By: harvest.ByRemoval, Started: at, Outcome: harvest.Part, Why: "cut off"}
	if before := removing(state); before != nil {
		m.record = *before
	}
	m.record.Actor = actor
	return m.do(ctx)
}

// removable says why a source cannot be removed.
func (r *Runner) removable(ctx context.Context, name string) error {
	e, missing := r.entry(name)
	if missing == nil && e.Enabled {
		return fmt.Errorf("%w: %q", harvest.ErrEnabled, name)
	}
	states, err := r.states(ctx)
	if err != nil {
		return err
	}
	s, known := states[name]
	switch {
	case !known:
		return missing
	case s.Running(now(r.clock)):
		return fmt.Errorf("source %q: %w", name, harvest.ErrTaken)
	case s.Started.After(r.since) && removing(s) == nil:
		return fmt.Errorf("%w: %q", harvest.ErrRunsOn, name)
	}
	return nil
}

// removing is the removal that was cut off or is not complete; nil: there is none.
func removing(s harvest.State) *harvest.Run {
	last := s.Progress
	if last == nil {
		last = s.Last
	}
	if last == nil || last.By != harvest.ByRemoval {
		return nil
	}
	return last
}

// do works until everything is closed and forgotten, and leaves the record.
func (m *removal) do(ctx context.Context) (harvest.Run, error) {
	failed := m.closeAll(ctx)
	if failed == nil {
		failed = m.dropAll(ctx)
	}
	finish, done := ending(ctx) // whoever comes next would wait for the lease to end
	defer done()
	m.record.Seconds = m.clock.Now().Sub(m.record.Started).Round(time.Millisecond).Seconds()
	m.record.Outcome, m.record.Why, m.record.Error = harvest.Whole, "", ""
	switch {
	case errors.Is(failed, harvest.ErrTaken):
		return m.record, failed // another writes now
	case errors.Is(failed, errLater):
		m.record.Outcome, m.record.Why = harvest.Part, failed.Error()
		return m.record, m.giveBack(finish)
	case failed != nil:
		m.record.Outcome, m.record.Error = harvest.Failed, clip(failed.Error())
		return m.record, errors.Join(failed, m.giveBack(finish))
	}
	if err := m.store.AddSourceRun(finish, m.record); err != nil {
		return m.record, errors.Join(err, m.giveBack(finish))
	}
	m.metrics.forget(m.name)
	m.log.Info("source removed", "source", m.name, "closed", m.record.Closed, "forgotten", m.record.Dropped, "by", m.record.Actor)
	return m.record, m.store.DropSource(finish, m.name, m.holder)
}

// giveBack leaves the rest to the next call, or to the next run if the source is on
// again: what is closed and still listed is back then.
func (m *removal) giveBack(ctx context.Context) error {
	m.state.Finished, m.state.Validators = time.Time{}, nil // else an answer that nothing changed would be believed
	m.state.Last, m.state.Pending = &m.record, slices.Sorted(maps.Keys(m.pending))
	return m.store.FinishSource(ctx, m.state, m.holder)
}

// extend keeps the lease, unless the time is over after a batch.
func (m *removal) extend(ctx context.Context) error {
	at := now(m.clock)
	if m.worked && at.After(m.until) {
		return errLater
	}
	m.worked = true
	return m.store.KeepSource(ctx, m.name, m.holder, at.Add(lease), m.record, slices.Sorted(maps.Keys(m.pending)))
}

// closeAll closes what is open. Doubles come first, so that none of them is shown for
// the moment between its leader's end and its own.
func (m *removal) closeAll(ctx context.Context) error {
	items, err := m.store.SourceItems(ctx, m.name)
	if err != nil {
		return err
	}
	items = harvest.NewLedger(items, m.state.Pending, m.record.Started).Missing(1)
	var doubles, shown []harvest.Item
	err = m.merge(ctx, func(_ context.Context, x *same.Index) error {
		for _, i := range items {
			if g := x.Group(i.ID); g != nil && g.Leader().ID != i.ID {
				doubles = append(doubles, i)
			} else {
				shown = append(shown, i)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, list := range [][]harvest.Item{doubles, shown} {
		for part := range slices.Chunk(list, batch) {
			if err := m.closeSome(ctx, part); err != nil {
				return err
			}
		}
	}
	return nil
}

// closeSome notes what it is about to close, closes it, and remembers that.
func (m *removal) closeSome(ctx context.Context, items []harvest.Item) error {
	var changes []Change
	gone := map[string][]byte{}
	for n := range items {
		value, err := m.store.SourceValue(ctx, m.name, items[n].ID)
		if err != nil {
			return err
		}
		if c, ok := m.closing(&items[n], value); ok {
			if m.pending[c.ID] { // what stands may be what was not remembered
				value = nil
			}
			changes, gone[c.ID], m.pending[c.ID] = append(changes, c), value, true
		}
	}
	if err := m.extend(ctx); err != nil {
		return err
	}
	e, _ := m.entry(m.name) // which has a kind if it is only off
	err := m.merge(ctx, func(ctx context.Context, x *same.Index) error {
		inherited, err := m.publish(ctx, x, share{name: m.name, kind: e.Kind, changes: changes, gone: gone})
		if err != nil {
			return err
		}
		m.record.Closed += len(changes) - inherited
		return m.store.PutSourceItems(ctx, m.name, items)
	})
	if err != nil {
		return err
	}
	for _, i := range items {
		delete(m.pending, i.ID)
	}
	return nil
}

// closing gives an item as closed, and false if it was closed by its source already.
// One that cannot be read any more is deleted.
func (m *removal) closing(i *harvest.Item, value []byte) (Change, bool) {
	before, err := event.DecodeOpportunity(value, time.Time{})
	if err == nil && before.Status != event.Open && !m.pending[i.ID] {
		return Change{}, false
	}
	o, closed, err := harvest.Close(*i, value, m.record.Started)
	if err != nil {
		return Change{ID: i.ID}, true
	}
	*i = closed
	return Change{o.ID, &o}, true
}

// dropAll forgets what is closed.
func (m *removal) dropAll(ctx context.Context) error {
	items, err := m.store.SourceItems(ctx, m.name)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(items, batch) {
		if err := m.extend(ctx); err != nil {
			return err
		}
		var ids []string
		for _, i := range part {
			ids = append(ids, i.ID)
		}
		if err := m.store.DropSourceItems(ctx, m.name, ids); err != nil {
			return err
		}
		m.record.Dropped += len(ids)
	}
	return nil
}
