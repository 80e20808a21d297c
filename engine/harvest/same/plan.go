package same

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"

	"tideline/engine/event"
)

// Change is what a run found of one posting.
type Change struct {
	Member
	Open  bool // else its source closed it, or it is gone
	Quiet bool // it was published before it was known here, and nothing about it is new
}

// Plan is what follows. What is to be stored Before is stored before anything is
// published, the rest when that is durable; then it may be cut off anywhere
// and be made again by the same changes.
type Plan struct {
	Before  []Member
	Publish []Act
	After   []Member
	Drop    []string // not open any more
}

// Act is one opportunity to be published.
type Act struct {
	Member
	As   Role
	Into string          // of a Double: the leader
	Also []event.Listing // of a Leader: the others
}

// Role is how an opportunity is published.
type Role int

// The roles.
const (
	Closed Role = iota // as its source has it: closed, or deleted
	Leader             // open, with what else lists it
	Double             // closed, because another is shown for it
)

// Apply takes in what a run found and gives what follows, also for others.
func (x *Index) Apply(changes []Change) Plan {
	var p Plan
	var touched []string
	stored, fresh := map[string]Member{}, map[string]bool{}
	for _, c := range changes {
		old, known := x.members[c.ID]
		touched = append(touched, x.neighbours(old)...)
		if !c.Open {
			x.Remove(c.ID)
			if known {
				p.Drop = append(p.Drop, c.ID)
			}
			if !known || old.Shown {
				p.Publish = append(p.Publish, Act{Member: c.Member, As: Closed})
			}
			continue
		}
		m := c.Member
		m.Shown, m.Told = c.Quiet, 0
		if c.Quiet {
			m.Told = sum(nil)
		}
		if known {
			m.Shown, m.Told = old.Shown, old.Told
		}
		if _, ok := stored[m.ID]; !ok {
			stored[m.ID] = old
		}
		fresh[m.ID] = !c.Quiet
		x.Put(m)
		touched = append(touched, x.neighbours(m)...)
		touched = append(touched, m.ID)
	}
	x.settle(&p, touched, stored, fresh)
	return p
}

// Split takes a posting out of its group for good and gives what follows. It is
// false when it is in no group. What was split already may be split again, in case
// what followed was cut off.
func (x *Index) Split(id string) (Split, Plan, bool) {
	g, before := x.Group(id), x.splits[id]
	if len(g) < 2 && before.ID == "" {
		return Split{}, Plan{}, false
	}
	s := Split{ID: id, From: slices.Clone(before.From)}
	for _, m := range g {
		if m.ID != id {
			s.From = append(s.From, m.ID)
		}
	}
	slices.Sort(s.From)
	s.From = slices.Compact(s.From)
	x.splits[id] = s
	var p Plan
	x.settle(&p, append([]string{id}, s.From...), nil, nil)
	return s, p, true
}

// Rejoin forgets that a posting was split. It is false when it was not.
func (x *Index) Rejoin(id string) (Plan, bool) {
	if _, ok := x.splits[id]; !ok {
		return Plan{}, false
	}
	delete(x.splits, id)
	var p Plan
	x.settle(&p, []string{id}, nil, nil)
	return p, true
}

// settle plans for everything that hangs together with what was touched: leaders that
// say something new, and doubles that still stand open. Stored has what is stored of
// members that changed, fresh those that say something new.
func (x *Index) settle(p *Plan, touched []string, stored map[string]Member, fresh map[string]bool) {
	done := map[string]bool{}
	for _, id := range touched {
		if done[id] {
			continue
		}
		component := x.component(id)
		for _, m := range component {
			done[m.ID] = true
		}
		for _, g := range x.groups(component) {
			x.show(p, g, stored, fresh)
		}
	}
}

// show plans for one opening.
func (x *Index) show(p *Plan, g Group, stored map[string]Member, fresh map[string]bool) {
	for i, plain := range g {
		m := x.members[plain.ID]
		was, changed := stored[m.ID]
		if !changed {
			was = m
		}
		before, after := m, m
		if i == 0 {
			also := g.also()
			after.Shown, after.Told = true, sum(also)
			before = after
			if fresh[m.ID] || !m.Shown || m.Told != after.Told {
				if !fresh[m.ID] {
					before.Told = 0 // until it is published; what is fresh is so again if it is cut off
				}
				p.Publish = append(p.Publish, Act{Member: after, As: Leader, Also: also})
			}
		} else {
			after.Shown, after.Told = false, 0
			if m.Shown {
				p.Publish = append(p.Publish, Act{Member: after, As: Double, Into: g.Leader().ID})
			}
		}
		if !before.equal(was) {
			p.Before = append(p.Before, before)
		}
		if !after.equal(before) {
			p.After = append(p.After, after)
		}
		x.members[m.ID] = after
	}
}

// also lists the others of a group.
func (g Group) also() (list []event.Listing) {
	for _, m := range g[1:min(len(g), event.MaxAlso+1)] {
		list = append(list, event.Listing{ID: m.ID, Source: m.Source, URL: m.URL, By: string(g.By(m.ID))})
	}
	return list
}

func sum(also []event.Listing) uint64 {
	h := xxhash.New() // which is not 0 of nothing
	for _, l := range also {
		for _, part := range []string{l.ID, l.Source, l.URL, l.By} {
			_, _ = h.WriteString(part + "\x00")
		}
	}
	return h.Sum64()
}

// Group gives the opening that a posting is of; nil when it is not known.
func (x *Index) Group(id string) Group {
	for _, g := range x.groups(x.component(id)) {
		if slices.ContainsFunc(g, func(m Member) bool { return m.ID == id }) {
			return g
		}
	}
	return nil
}

// Apart gives what a posting was split from.
func (x *Index) Apart(id string) []string { return x.splits[id].From }

// Suggestion is a posting that may be the same.
type Suggestion struct {
	ID       string  `json:"id"`
	Likeness float64 `json:"likeness" doc:"0 to 1, estimated from the texts"`
}

// maxSuggestions is how many are given.
const maxSuggestions = 10

// Suggest gives postings of the same company in other groups whose texts are alike,
// the likest first. Nothing is merged because of it.
func (x *Index) Suggest(id string) (list []Suggestion) {
	m := x.members[id]
	group := x.Group(id)
	for _, other := range slices.Sorted(slices.Values(x.keys[m.CompanyKey()])) {
		if slices.ContainsFunc(group, func(g Member) bool { return g.ID == other }) || x.apart(m, x.members[other]) {
			continue
		}
		if l := likeness(m.Sketch, x.members[other].Sketch); l >= alike {
			list = append(list, Suggestion{other, l})
		}
	}
	slices.SortStableFunc(list, func(a, b Suggestion) int { return cmp.Compare(b.Likeness, a.Likeness) })
	return list[:min(len(list), maxSuggestions)]
}
