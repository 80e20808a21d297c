package runner

import (
	"bytes"
	"cmp"
	"context"
	"slices"
	"time"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
)

// share is what a run or a removal of one source publishes under one lease of merging.
type share struct {
	name, kind string // of the source; a removal may not know the kind
	changes    []Change
	quiet      []same.Change     // published before it was known what identifies them
	gone       map[string][]byte // ids of changes that say closed because the source lists them no more, and what was published for it; nil: nobody knows
}

// closings are the ids that the source closes: what it lists no more, and what it says
// is closed and is open so far.
func (s share) closings(x *same.Index) (ids []string) {
	for _, c := range s.changes {
		if _, gone := s.gone[c.ID]; gone || c.Opportunity.Status != event.Open && x.Has(c.ID) {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

// publish publishes a share, with what follows from it for others that list the same.
// What the source closes and another source lists as open under the same id is not
// closed: it stands as that one has it from now on. Inherited is how many of those that
// are gone these are.
func (r *Runner) publish(ctx context.Context, x *same.Index, s share) (inherited int, err error) {
	heirs, err := r.heirs(ctx, x, s)
	if err != nil {
		return 0, err
	}
	for id := range heirs {
		if _, gone := s.gone[id]; gone {
			inherited++
		}
	}
	plan, own, others := r.plan(x, s, heirs)
	return inherited, r.carryOut(ctx, plan, own, others)
}

// heir is another source that lists an opportunity as open, and what it says.
type heir struct {
	name, kind string
	says       event.Opportunity
	stands     bool // already: the one before said the same
}

// heirs finds who else lists what the source closes. It is asked while nobody else
// merges: a run that publishes one of them remembers it before that.
func (r *Runner) heirs(ctx context.Context, x *same.Index, s share) (map[string]heir, error) {
	ids := s.closings(x)
	if len(ids) == 0 {
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
	listed, err := r.store.ListedBy(ctx, names, ids)
	if err != nil {
		return nil, err
	}
	heirs := map[string]heir{}
	for id, names := range listed {
		h, err := r.heir(ctx, s, x.Member(id), id, names)
		if err != nil {
			return nil, err
		}
		if h != nil {
			heirs[id] = *h
		}
	}
	return heirs, nil
}

// heir finds which of some sources has a posting open: the one whose it is already,
// else the first by name. Nil: none has.
func (r *Runner) heir(ctx context.Context, s share, m same.Member, id string, names []string) (*heir, error) {
	if i := slices.Index(names, m.Entry); i > 0 {
		names[0], names[i] = names[i], names[0]
	}
	for _, name := range names {
		value, err := r.store.SourceValue(ctx, name, id)
		if err != nil {
			return nil, err
		}
		o, err := event.DecodeOpportunity(value, time.Time{})
		if err != nil || o.Status != event.Open {
			continue
		}
		e, _ := r.entry(name) // in no file: as the posting is known
		return &heir{name, cmp.Or(e.Kind, s.kind, m.Source), o, bytes.Equal(value, s.gone[id])}, nil
	}
	return nil, nil
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
			c.Opportunity, name, kind = &h.says, h.name, h.kind
		}
		switch o := c.Opportunity; {
		case o == nil && !x.Has(c.ID):
			others = append(others, c)
			continue
		case o == nil:
			list = append(list, same.Change{Member: same.Member{ID: c.ID}})
		default:
			list = append(list, same.Change{Member: same.NewMember(*o, name, kind), Open: o.Status == event.Open, Quiet: h.stands})
		}
		own[c.ID] = c
	}
	return x.Apply(list), own, others
}
