package match

import (
	"cmp"
	"math"
	"slices"
	"time"

	"tideline/engine/event"
)

// Opportunities is the twin of Students: it finds the best opportunities for
// one student. Any number of goroutines may call Top, each with its own
// Scratch, while nobody calls Put or Remove.
type Opportunities struct {
	shelves [3][]*shelf // by bucket; each bucket's shelves freshest first, not overlapping
	where   map[event.Member]*Opportunity
}

// shelf is up to shelfSize opportunities of neighbouring freshness. Ordered
// shelves let a search stop: nothing on an older one can be better.
type shelf struct {
	fresh      int64          // highest fresh term that was ever put here
	best       []int64        // the same by group of groupSize slots
	items      []*Opportunity // nil where taken out
	weights    Weights        // of the items: one bucket, one configuration
	live       int
	postings   map[uint32]*asking
	terms      []int64  // fresh terms by slot
	totals     []uint16 // D by slot, at least 1
	difficulty []int8
}

const (
	shelfSize = 4096
	groupSize = 64
)

// asking lists which opportunities of a shelf ask for one skill, and how: packed
// requirements beside the slots.
type asking struct {
	slots  []uint16
	packed []uint8
}

// accumulate adds to every listed slot what its requirement is worth.
func (p *asking) accumulate(sums *[shelfSize]uint16, worth *[256]uint16) {
	packed := p.packed[:len(p.slots)]
	for i, slot := range p.slots {
		sums[slot%shelfSize] += worth[packed[i]]
	}
}

// Scratch is the working memory of one goroutine's searches. The zero value is ready.
type Scratch struct {
	sums [shelfSize]uint16
	heap []event.Entry
}

// NewOpportunities returns an empty index.
func NewOpportunities() *Opportunities {
	return &Opportunities{where: map[event.Member]*Opportunity{}}
}

// Len is the number of opportunities of a bucket, open or not.
func (x *Opportunities) Len(b event.Bucket) int {
	n := 0
	for _, s := range x.shelves[b.Index()] {
		n += s.live
	}
	return n
}

// Put adds an opportunity or replaces the one with the same member.
func (x *Opportunities) Put(o *Opportunity) {
	x.Remove(o.member)
	x.where[o.member] = o
	shelves := &x.shelves[o.bucket.Index()]
	at := place(*shelves, o.fresh)
	if at == len(*shelves) {
		if at > 0 {
			at-- // older than everything: the oldest shelf takes it
		} else {
			*shelves = append(*shelves, newShelf(nil))
		}
	}
	s := (*shelves)[at]
	s.put(o)
	if len(s.items) == shelfSize {
		*shelves = slices.Replace(*shelves, at, at+1, s.split()...)
	}
}

// place finds the shelf for a fresh term: the last whose highest term is not below it,
// or the freshest when it is fresher than all.
func place(shelves []*shelf, fresh int64) int {
	at, _ := slices.BinarySearchFunc(shelves, fresh, func(s *shelf, fresh int64) int {
		return cmp.Compare(fresh, s.fresh) // descending
	})
	// shelves[at] is the first with s.fresh <= fresh; the one before it spans fresh.
	if at > 0 && (at == len(shelves) || shelves[at].fresh < fresh) {
		return at - 1
	}
	return at
}

// Remove takes an opportunity out; unknown members are ignored.
func (x *Opportunities) Remove(m event.Member) {
	o := x.where[m]
	if o == nil {
		return
	}
	delete(x.where, m)
	shelves := &x.shelves[o.bucket.Index()]
	for at, s := range slices.Backward(*shelves) { // most likely the oldest shelf that is fresh enough
		if s.fresh < o.fresh {
			continue
		}
		slot := slices.Index(s.items, o)
		if slot < 0 {
			continue
		}
		s.items[slot] = nil
		s.live--
		switch {
		case s.live == 0:
			*shelves = slices.Delete(*shelves, at, at+1)
		case s.live < len(s.items)/2:
			(*shelves)[at] = newShelf(s.sorted())
		}
		return
	}
}

func newShelf(items []*Opportunity) *shelf {
	s := &shelf{fresh: math.MinInt64, postings: map[uint32]*asking{}}
	for _, o := range items {
		s.put(o)
	}
	return s
}

func (s *shelf) put(o *Opportunity) {
	slot := len(s.items)
	s.items = append(s.items, o)
	s.terms = append(s.terms, o.fresh)
	s.totals = append(s.totals, uint16(max(1, o.total)))
	s.difficulty = append(s.difficulty, int8(o.difficulty))
	s.weights = o.weights
	if slot%groupSize == 0 {
		s.best = append(s.best, o.fresh)
	} else {
		s.best[slot/groupSize] = max(s.best[slot/groupSize], o.fresh)
	}
	s.fresh = max(s.fresh, o.fresh)
	s.live++
	if !o.open {
		return // it is kept to be counted and found, not to be recommended
	}
	for _, r := range o.skills {
		p := s.postings[r.skill]
		if p == nil {
			p = &asking{}
			s.postings[r.skill] = p
		}
		p.slots, p.packed = append(p.slots, uint16(slot)), append(p.packed, r.pack())
	}
}

// pack makes a requirement one byte.
func (r required) pack() uint8 { return 1 + 5*(r.weight-1) + r.level - 1 }

// sorted lists what is left of a shelf, freshest first.
func (s *shelf) sorted() []*Opportunity {
	items := slices.DeleteFunc(slices.Clone(s.items), func(o *Opportunity) bool { return o == nil })
	slices.SortFunc(items, func(a, b *Opportunity) int {
		return cmp.Or(cmp.Compare(b.fresh, a.fresh), cmp.Compare(b.member, a.member))
	})
	return items
}

// split makes two shelves of a full one. Neighbours may share one freshness.
func (s *shelf) split() []*shelf {
	items := s.sorted()
	half := len(items) / 2
	return []*shelf{newShelf(items[:half]), newShelf(items[half:])}
}

// levelWorth gives, for each level a student may have, what each packed requirement earns.
var levelWorth = func() (table [event.MaxLevel + 1][256]uint16) {
	for level := uint8(1); level <= event.MaxLevel; level++ {
		for weight := uint8(1); weight <= event.MaxWeight; weight++ {
			for required5 := uint8(1); required5 <= event.MaxLevel; required5++ {
				r := required{level: required5, weight: weight}
				table[level][r.pack()] = uint16(r.points(level))
			}
		}
	}
	return table
}()

// Top gives the k best opportunities of a bucket for a student, best first, and
// whether others that are eligible may have been left out: false is certain.
func (x *Opportunities) Top(s *Student, b event.Bucket, k int, now time.Time, scratch *Scratch) ([]event.Entry, bool) {
	t := top{student: s, k: k, now: now.Unix(), heap: scratch.heap[:0]}
	for i, sh := range x.shelves[b.Index()] {
		if i == 0 {
			t.suit(sh.weights)
		}
		if t.full() && sh.fresh+t.bonus(sh) < t.heap[0].Key {
			t.truncated = true
			break
		}
		t.search(sh, &scratch.sums)
	}
	scratch.heap = t.heap
	entries := slices.Clone(t.heap)
	slices.SortFunc(entries, func(a, b event.Entry) int {
		return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.Member, a.Member))
	})
	return entries, t.truncated
}
