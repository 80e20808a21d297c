package runner

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
)

const (
	merging = 2 * time.Minute        // how long the lease of merging is taken for; a batch takes seconds
	within  = 100 * time.Second      // how long one may merge: what is under way then ends before others begin
	retry   = 200 * time.Millisecond // how often to look whether it is free
)

// merger holds what identifies the postings that are open, of all sources.
type merger struct {
	mu     sync.Mutex
	index  *same.Index // nil: to be read
	number int64       // of the lease under which it was true
}

// merge lets act merge, alone among all processes. What is known is read again where
// another merged in between, or act failed: then nobody knows what is stored. The
// context of act ends before the lease does.
func (r *Runner) merge(ctx context.Context, act func(context.Context, *same.Index) error) error {
	m := &r.merger
	m.mu.Lock()
	defer m.mu.Unlock()
	number, err := r.takeMerging(ctx)
	if err != nil {
		return err
	}
	err = r.whileLeased(ctx, func(ctx context.Context) (err error) {
		if m.index == nil || number != m.number+1 {
			m.index, err = r.readSame(ctx)
		}
		if err == nil {
			err = act(ctx, m.index)
		}
		return err
	})
	if m.number = number; err != nil {
		m.index = nil
	}
	leave, done := ending(ctx)
	defer done()
	return errors.Join(err, r.store.LeaveMerging(leave, r.instance, number))
}

func (r *Runner) whileLeased(ctx context.Context, act func(context.Context) error) error {
	leased, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	err := act(leased)
	if err != nil && leased.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("merging took longer than %s, and others wait; it is tried again, but look why MongoDB or Kafka are slow: %w", within, err)
	}
	return err
}

// takeMerging waits until the lease is free.
func (r *Runner) takeMerging(ctx context.Context) (int64, error) {
	for waited := time.Duration(0); ; waited += retry {
		at := now(r.clock)
		number, err := r.store.TakeMerging(ctx, r.instance, at, at.Add(merging))
		if !errors.Is(err, harvest.ErrTaken) {
			return number, err
		}
		if waited > merging { // not ErrTaken: the source is ours
			return 0, fmt.Errorf("others merge for %s: %v", waited, err) //nolint:errorlint // see above
		}
		if err := r.clock.Sleep(ctx, retry); err != nil {
			return 0, err
		}
	}
}

func (r *Runner) readSame(ctx context.Context) (*same.Index, error) {
	members, err := r.store.SameMembers(ctx)
	if err != nil {
		return nil, err
	}
	splits, err := r.store.SameSplits(ctx)
	if err != nil {
		return nil, err
	}
	return same.NewIndex(members, splits), nil
}

// settled says whether a posting is known and published as it is to be, as far as is
// known here.
func (r *Runner) settled(id string) bool {
	r.merger.mu.Lock()
	defer r.merger.mu.Unlock()
	return r.merger.index == nil || r.merger.index.Settled(id)
}

// carryOut does what a plan says, and publishes others with it. Own are the values
// that are newer than those remembered.
func (r *Runner) carryOut(ctx context.Context, plan same.Plan, own map[string]Change, others []Change) error {
	changes := others
	for _, act := range plan.Publish {
		c, ok := own[act.ID]
		if !ok {
			var err error
			if c, err = r.remembered(ctx, act.Member); err != nil {
				return err
			}
		}
		if c = as(c, act); c.Opportunity != nil || act.As != same.Leader {
			changes = append(changes, c)
		}
	}
	if err := r.store.PutSameMembers(ctx, plan.Before); err != nil {
		return err
	}
	if len(changes) > 0 {
		if err := r.publisher.Publish(ctx, changes); err != nil {
			return fmt.Errorf("publish: %w", err)
		}
	}
	return errors.Join(r.store.PutSameMembers(ctx, plan.After), r.store.DropSameMembers(ctx, plan.Drop))
}

// remembered is what a source's posting said last. One that cannot be read has no
// value: the run that was about to remember it was cut off, and will be back.
func (r *Runner) remembered(ctx context.Context, m same.Member) (Change, error) {
	value, err := r.store.SourceValue(ctx, m.Entry, m.ID)
	if err != nil {
		return Change{}, err
	}
	o, err := event.DecodeOpportunity(value, time.Time{})
	if err != nil {
		return Change{ID: m.ID}, nil //nolint:nilerr // see above
	}
	return Change{m.ID, &o}, nil
}

// as gives an opportunity in its role.
func as(c Change, act same.Act) Change {
	if c.Opportunity == nil {
		return c
	}
	o := *c.Opportunity
	o.Also, o.MergedInto = act.Also, act.Into
	if act.As == same.Double {
		o.Status = event.Closed
	}
	return Change{c.ID, &o}
}

// Split takes a posting out of its merge for good and publishes what follows. The
// error wraps same.ErrUnknown or ErrAlone, or is that of the store or the topic.
func (r *Runner) Split(ctx context.Context, id string) (view same.Merge, err error) {
	err = r.ask(ctx, func(ctx context.Context, x *same.Index) error {
		if !x.Has(id) {
			return same.ErrUnknown
		}
		split, plan, ok := x.Split(id)
		if !ok {
			return same.ErrAlone
		}
		if err := r.store.PutSplit(ctx, split); err != nil {
			return err
		}
		if err := r.carryOut(ctx, plan, nil, nil); err != nil {
			return err
		}
		view, err = x.Merge(id)
		return err
	})
	return view, err
}

// Rejoin takes a split back. The error wraps same.ErrUnknown or ErrNotSplit, or is
// that of the store or the topic. What follows is published first: what is cut off
// between is still split, and is taken back again.
func (r *Runner) Rejoin(ctx context.Context, id string) (view same.Merge, err error) {
	err = r.ask(ctx, func(ctx context.Context, x *same.Index) error {
		if !x.Has(id) {
			return same.ErrUnknown
		}
		plan, ok := x.Rejoin(id)
		if !ok {
			return same.ErrNotSplit
		}
		if err := r.carryOut(ctx, plan, nil, nil); err != nil {
			return err
		}
		if err := r.store.DropSplit(ctx, id); err != nil {
			return err
		}
		view, err = x.Merge(id)
		return err
	})
	return view, err
}

// ask is merge for people: a mistake of theirs leaves what is known as it is.
func (r *Runner) ask(ctx context.Context, act func(context.Context, *same.Index) error) (mistake error) {
	err := r.merge(ctx, func(ctx context.Context, x *same.Index) error {
		err := act(ctx, x)
		if errors.Is(err, same.ErrUnknown) || errors.Is(err, same.ErrAlone) || errors.Is(err, same.ErrNotSplit) {
			mistake = err
			return nil
		}
		return err
	})
	return errors.Join(mistake, err)
}
