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
	fresh    int64          // highest fresh term that was ever put here
	items    []*Opportunity // nil where taken out
	live     int
	postings map[uint32]*posting // payload: 1 + 5 x (weight-1) + level-1
	terms    []int64             // fresh terms by slot
	totals   []uint16            // D by slot
}

const shelfSize = 4096

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
	s := &shelf{fresh: math.MinInt64, postings: map[uint32]*posting{}}
	for _, o := range items {
		s.put(o)
	}
	return s
}

func (s *shelf) put(o *Opportunity) {
	slot := len(s.items)
	s.items = append(s.items, o)
	s.terms = append(s.terms, o.fresh)
	s.totals = append(s.totals, uint16(o.total))
	s.fresh = max(s.fresh, o.fresh)
	s.live++
	if !o.open {
		return // it is kept to be counted and found, not to be recommended
	}
	for _, r := range o.skills {
		p := s.postings[r.skill]
		if p == nil {
			p = &posting{}
			s.postings[r.skill] = p
		}
		p.n++ // never dense: a shelf is small enough for the cache
		p.slots, p.payload = append(p.slots, uint16(slot)), append(p.payload, r.pack())
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
	for _, sh := range x.shelves[b.Index()] {
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
