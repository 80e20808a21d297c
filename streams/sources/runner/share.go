package runner

import (
	"bytes"
	"context"
	"maps"
	"slices"
	"time"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
)

// share is what a run or a removal of one source publishes under one lease of merging.
type share struct {
	name, kind string // of the source
	changes    []Change
	quiet      []same.Change     // published before it was known what identifies them
	gone       map[string][]byte // ids of changes that say closed because the source lists them no more, and what it said
}

// publish publishes a share, with what follows from it for others that list the same.
// What is gone and another source lists under the same id is not closed: it stands as
// that one has it from now on. Inherited is how many these are.
func (r *Runner) publish(ctx context.Context, x *same.Index, s share) (inherited int, err error) {
	heirs, err := r.heirs(ctx, s)
	if err != nil {
		return 0, err
	}
	plan, own, others := r.plan(x, s, heirs)
	return len(heirs), r.carryOut(ctx, plan, own, others)
}

// heir is another source that lists an opportunity, and what it says.
type heir struct {
	name  string
	says  event.Opportunity
	alike bool // as the one before: that stands
}

// heirs finds who else lists what is gone. It is asked while nobody else merges: a run
// that publishes one of them remembers it before that.
func (r *Runner) heirs(ctx context.Context, s share) (map[string]heir, error) {
	if len(s.gone) == 0 {
		return nil, nil
	}
	states, err := r.store.SourceStates(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, other := range states {
		e, missing := r.entry(other.Name)
		if other.Name != s.name && (missing != nil || s.kind == "" || e.Kind == s.kind) { // ids of other kinds are others
			names = append(names, other.Name)
		}
	}
	listed, err := r.store.ListedBy(ctx, names, slices.Sorted(maps.Keys(s.gone)))
	if err != nil {
		return nil, err
	}
	heirs := map[string]heir{}
	for id, name := range listed {
		value, err := r.store.SourceValue(ctx, name, id)
		if err != nil {
			return nil, err
		}
		if o, err := event.DecodeOpportunity(value, time.Time{}); err == nil && o.Status == event.Open {
			heirs[id] = heir{name, o, bytes.Equal(value, s.gone[id])}
		}
	}
	return heirs, nil
}

// plan parts the changes into those that merging is for and others: what is to be
// deleted of which it knows nothing.
func (r *Runner) plan(x *same.Index, s share, heirs map[string]heir) (plan same.Plan, own map[string]Change, others []Change) {
	own = map[string]Change{}
	list := s.quiet
	for _, c := range s.changes {
		name, kind := s.name, s.kind
		h, inherited := heirs[c.ID]
		if inherited {
			c.Opportunity, name = &h.says, h.name
			if e, missing := r.entry(name); missing == nil {
				kind = e.Kind
			}
		}
		switch o := c.Opportunity; {
		case o == nil && !x.Has(c.ID):
			others = append(others, c)
			continue
		case o == nil:
			list = append(list, same.Change{Member: same.Member{ID: c.ID}})
		default:
			list = append(list, same.Change{Member: same.NewMember(*o, name, kind), Open: o.Status == event.Open, Quiet: h.alike})
		}
		own[c.ID] = c
	}
	return x.Apply(list), own, others
}
