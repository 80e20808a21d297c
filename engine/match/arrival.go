package match

import (
	"math/bits"
	"time"
)

// Stats says how much work an arrival was.
type Stats struct {
	Candidates int // students who share a skill with it
	Pruned     int // of these, not eligible or below their floor
	Emitted    int
}

// Match finds every student in whose feed an opportunity belongs: eligible, and
// with a key not below the student's floor. A closed or expired one concerns nobody.
func (x *Students) Match(o *Opportunity, now time.Time, emit func(ord int, key int64)) Stats {
	if !o.takeable(now) {
		return Stats{}
	}
	return x.Holders(o, emit)
}

// Holders finds every student whose feed may hold an opportunity, whether or
// not it can still be taken up: eligible otherwise, and with a key not below
// the floor.
func (x *Students) Holders(o *Opportunity, emit func(ord int, key int64)) Stats {
	if o.total == 0 {
		return Stats{}
	}
	a := x.arrival(o, emit)
	for i, b := range x.blocks {
		a.base = i * blockSize
		a.search(b, &x.spread)
	}
	a.stats.Pruned = a.stats.Candidates - a.stats.Emitted
	return a.stats
}

// arrival is one opportunity on its way through the blocks.
type arrival struct {
	o       *Opportunity
	emit    func(ord int, key int64)
	overlap []int64 // overlap term by points; 1: not worked out yet (terms are never positive)
	gates   pass    // what a gate adds to a key, at most
	stats   Stats

	// of the block being searched
	base    int
	lists   []found
	factors []int
	parts   []part              // of which sums are made
	unit    int                 // points that a sum of 1 stands for
	exact   bool                // sums are not rounded up
	needs   needs               // the sums that classes of floors ask for
	reached [1 << sumBits]int64 // overlap and fresh term by sum, at most
	chances [64]chance          // of the word being searched
}

// found is one required skill that somebody in the block has.
type found struct {
	required
	levels []levels
}

func (x *Students) arrival(o *Opportunity, emit func(int, int64)) *arrival {
	a := &arrival{o: o, emit: emit, overlap: make([]int64, o.total+1), gates: x.homes.pass(o)}
	for i := range a.overlap {
		a.overlap[i] = 1
	}
	return a
}

func (a *arrival) overlapTerm(n int) int64 {
	if a.overlap[n] > 0 {
		a.overlap[n] = a.o.weights.overlapTerm(n, a.o.total)
	}
	return a.overlap[n]
}

// need is the fewest points that make an overlap term of at least bound.
func (a *arrival) need(bound int64) int {
	low, high := 1, a.o.total+1
	for low < high {
		if middle := (low + high) / 2; a.overlapTerm(middle) >= bound {
			high = middle
		} else {
			low = middle + 1
		}
	}
	return low
}

// search adds up the points of 64 slots at a time and looks closer at those
// that may reach their floor.
func (a *arrival) search(b *block, spread *spread) {
	f := &b.floors[a.o.bucket.Index()]
	f.refresh()
	if a.find(b, spread); len(a.lists) == 0 {
		return
	}
	a.scale()
	a.ask(f, b.weighted > 0)
	var s sums
	for word := range f.classes {
		a.sum(word, &s)
		shared := s.any()
		if shared == 0 {
			continue
		}
		a.stats.Candidates += bits.OnesCount64(shared)
		if near := s.reach(&a.needs, &f.classes[word]); near != 0 {
			l := s.bySlot()
			for _, c := range a.sift(&l, near, b.gates[word*64:], f.keys[word*64:]) {
				a.offer(b, f, word*64+c.slot, c.key)
			}
		}
	}
	spread.clear()
}

// chance is a slot whose key may reach the floor, and what the key is at most.
type chance struct {
	slot int
	key  int64
}

// sum adds up the points of 64 slots.
func (a *arrival) sum(word int, s *sums) {
	a.parts[0].add(word, s)
	for i := range a.parts[1:] {
		var more sums
		a.parts[i+1].add(word, &more)
		s.plus(&more)
	}
}

// sift keeps the slots whose key may reach the floor. It does not branch on
// what it finds: about every fourth slot stays, and nobody could tell which.
func (a *arrival) sift(sums *listed, near uint64, gates []gate, floors []int32) []chance {
	kept := 0
	for ; near != 0; near &= near - 1 {
		slot := bits.TrailingZeros64(near)
		key := a.reached[sums.at(slot)] + a.gates.most(gates[slot])
		a.chances[kept&63] = chance{slot, key}
		kept += 1 - int(uint64(key-full(floors[slot]))>>63) // not if it is below
	}
	return a.chances[:kept]
}

// find gathers the levels of the required skills, a word for 64 slots.
func (a *arrival) find(b *block, spread *spread) {
	a.lists = a.lists[:0]
	for _, r := range a.o.skills {
		p := b.postings[r.skill]
		switch {
		case p == nil:
		case p.dense != nil:
			p.grow(len(b.ids))
			a.lists = append(a.lists, found{r, p.dense})
		default:
			a.lists = append(a.lists, found{r, spread.take(p, words(len(b.ids)))})
		}
	}
}

// scale finds the unit of the sums: the largest that measures every skill's
// points exactly, or, if sums would grow too large in it, one that rounds up.
func (a *arrival) scale() {
	total := 0
	a.unit, a.factors, a.exact = 0, a.factors[:0], true
	for _, l := range a.lists {
		worth := l.points(1)
		a.unit = gcd(a.unit, worth)
		a.factors = append(a.factors, worth)
		total += worth * int(l.level)
	}
	if total/a.unit >= 1<<sumBits {
		a.unit, a.exact = total>>(sumBits-1), false
	}
	rest := 0
	for i, f := range a.factors {
		a.factors[i] = (f + a.unit - 1) / a.unit
		rest = gcd(rest, a.factors[i])
	}
	for i := range a.factors {
		a.factors[i] /= rest
	}
	a.unit *= rest
	a.parts = plan(a.parts[:0], a.lists, a.factors)
}

// ask works out what sums are worth, and which of them each class of floors
// asks for at least.
func (a *arrival) ask(f *floors, weighted bool) {
	for sum := range a.reached {
		a.reached[sum] = a.o.fresh
		if n := sum * a.unit; 0 < n && n < a.o.total && (a.exact || sum < 1<<sumBits-1) {
			a.reached[sum] += a.overlapTerm(n)
		}
	}
	best := a.o.fresh
	if weighted {
		best += a.o.weights.interestBound()
	}
	for c, bound := range f.bounds {
		need := (a.need(full(bound)-best) + a.unit - 1) / a.unit
		a.needs.set(c, min(need, 1<<sumBits-1))
	}
}

// points adds up what a slot earns.
func (a *arrival) points(slot int) int {
	n := 0
	for _, l := range a.lists {
		n += l.points(l.levels[slot>>6].at(slot))
	}
	return n
}

// offer emits a slot if it is eligible and reaches its floor. Given is what its
// key is at most, and mostly that is the key: only few need their row, or their
// points added up, for more.
func (a *arrival) offer(b *block, f *floors, slot int, key int64) {
	g := b.gates[slot]
	if a.gates.unsure[g.home] && !placeFits(&b.rows[slot], a.o) {
		return
	}
	if extra := g.year&extraBit != 0; extra || !a.exact {
		key = a.overlapTerm(a.points(slot)) + a.gates.ability[uint8(g.ability)] + a.o.fresh
		if extra {
			row := &b.rows[slot]
			if row.ignores(a.o.member) {
				return
			}
			key += interestTerm(row, a.o)
		}
		if key < full(f.keys[slot]) {
			return
		}
	}
	a.stats.Emitted++
	a.emit(a.base+slot, key)
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}

// spread lends empty words to sparse lists and takes them back.
type spread struct {
	words [][]levels
	taken int
}

func (s *spread) take(p *posting, size int) []levels {
	if s.taken == len(s.words) {
		s.words = append(s.words, nil)
	}
	w := &s.words[s.taken]
	if len(*w) < size {
		*w = make([]levels, size)
	}
	s.taken++
	p.spread(*w)
	return (*w)[:size]
}

func (s *spread) clear() {
	for _, w := range s.words[:s.taken] {
		clear(w)
	}
	s.taken = 0
}
