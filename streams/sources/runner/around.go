package runner

import (
	"context"
	"fmt"
	"slices"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
)

// View tells what a posting is merged with, as it is stored: it waits for nobody who
// merges. The error wraps same.ErrUnknown, or is that of the store.
func (r *Runner) View(ctx context.Context, id string) (same.Merge, error) {
	m, err := r.posting(ctx, id)
	if err != nil {
		return same.Merge{}, err
	}
	var company []same.Member
	if k := m.CompanyKey(); k != "" { // of which Merge tells what is alike
		if company, err = r.store.SameBy(ctx, []string{k}); err != nil {
			return same.Merge{}, err
		}
	}
	x, err := r.around(ctx, m, company)
	if err != nil {
		return same.Merge{}, err
	}
	return x.Merge(id)
}

// Double gives a posting for which another is shown, as that stands or would stand on
// the topic: closed, with the one it was merged into. It waits for nobody who merges.
// The error wraps same.ErrUnknown, also where it is the one that is shown, or is that
// of the store.
func (r *Runner) Double(ctx context.Context, id string) (event.Opportunity, error) {
	m, err := r.posting(ctx, id)
	if err != nil {
		return event.Opportunity{}, err
	}
	x, err := r.around(ctx, m, nil)
	if err != nil {
		return event.Opportunity{}, err
	}
	leader := x.Group(id).Leader().ID
	if leader == id {
		return event.Opportunity{}, fmt.Errorf("%w: %q leads", same.ErrUnknown, id)
	}
	c, err := r.remembered(ctx, m)
	if err != nil {
		return event.Opportunity{}, err
	}
	if c.Opportunity == nil {
		return event.Opportunity{}, fmt.Errorf("%w: %q is not remembered yet", same.ErrUnknown, id)
	}
	return *as(c, same.Act{Member: m, As: same.Double, Into: leader}).Opportunity, nil
}

func (r *Runner) posting(ctx context.Context, id string) (same.Member, error) {
	m, known, err := r.store.SameMember(ctx, id)
	if err == nil && !known {
		err = fmt.Errorf("%w: %q", same.ErrUnknown, id)
	}
	return m, err
}

// around reads everything that hangs together with a posting by any key, in as many
// looks as it has links, and besides it what it is given. What a crowd shares is no
// link. The looks are not one moment: what is merged between them is told as it was
// or as it is.
func (r *Runner) around(ctx context.Context, m same.Member, besides []same.Member) (*same.Index, error) {
	list, asked := append(slices.Clone(besides), m), map[string]bool{}
	for next := m.Links(); len(next) > 0; {
		found, err := r.store.SameBy(ctx, next)
		if err != nil {
			return nil, err
		}
		list = append(list, found...)
		by := map[string][]same.Member{}
		for _, key := range next {
			asked[key] = true
		}
		for _, other := range found {
			for _, key := range other.Links() {
				by[key] = append(by[key], other)
			}
		}
		last := next
		next = nil
		for _, key := range last {
			if len(by[key]) > same.Crowd {
				continue
			}
			for _, other := range by[key] {
				next = append(next, slices.DeleteFunc(other.Links(), func(k string) bool { return asked[k] })...)
			}
		}
		slices.Sort(next)
		next = slices.Compact(next)
	}
	splits, err := r.store.SameSplits(ctx)
	if err != nil {
		return nil, err
	}
	return same.NewIndex(list, splits), nil
}
