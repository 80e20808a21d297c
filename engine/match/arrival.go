package match

import (
	"encoding/binary"
	"slices"
	"time"
	"unsafe"
)

// Stats says how much work an arrival was.
type Stats struct {
	Candidates int // students who share a skill with it, as far as they were looked at
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
	a := newArrival(o)
	for i, b := range x.blocks {
		if cap(x.sums) < len(b.ids)+3 {
			x.sums = make([]uint16, len(b.ids)+len(b.ids)/4+3)
		}
		a.search(b, i*blockSize, x.sums[:len(b.ids)], emit)
	}
	return a.stats
}

// arrival is one opportunity on its way through the blocks.
type arrival struct {
	o       *Opportunity
	worth   [][256]uint16 // per required skill: what a level earns
	overlap []int64       // overlap term by points; 1: not worked out yet (terms are never positive)
	fits    [102]int64    // fit term by ability+1
	stats   Stats
}

func newArrival(o *Opportunity) *arrival {
	a := &arrival{o: o, worth: make([][256]uint16, len(o.skills)), overlap: make([]int64, o.total+1)}
	for i, r := range o.skills {
		for level := uint8(1); level < 1<<levelBits; level++ {
			a.worth[i][level] = uint16(r.points(level))
		}
	}
	for i := range a.overlap {
		a.overlap[i] = 1
	}
	for ability := range a.fits {
		a.fits[ability] = o.weights.fitTerm(o.difficulty, ability-1)
	}
	return a
}

func (a *arrival) overlapTerm(n int) int64 {
	if a.overlap[n] > 0 {
		a.overlap[n] = a.o.weights.overlapTerm(n, a.o.total)
	}
	return a.overlap[n]
}

// found is one required skill that somebody in the block has.
type found struct {
	*posting
	worth *[256]uint16
	most  int // points at best
}

func (a *arrival) search(b *block, base int, sums []uint16, emit func(int, int64)) {
	floors := &b.floors[a.o.bucket.Index()]
	floors.refresh()
	bonus := int64(0)
	if b.weighted > 0 {
		bonus = a.o.weights.interestBound()
	}
	lists := a.lists(b)
	if len(lists) == 0 {
		return
	}
	need := a.need(floors.low - a.o.fresh - bonus)
	if need > a.o.total {
		a.exceptions(b, base, floors, emit)
		return
	}
	probed, rest := split(lists, need)
	for _, l := range lists[probed:] {
		l.accumulate(sums, l.worth)
	}
	a.scan(b, base, sums, lists[:probed], need-rest, floors, bonus, emit)
	a.exceptions(b, base, floors, emit)
}

// lists gives the posting lists of the required skills, dense ones first, then by length.
func (a *arrival) lists(b *block) []found {
	var lists []found
	for i, r := range a.o.skills {
		if p := b.postings[r.skill]; p != nil {
			lists = append(lists, found{p, &a.worth[i], int(r.weight) * scale})
		}
	}
	slices.SortFunc(lists, func(x, y found) int {
		if (x.dense != nil) != (y.dense != nil) {
			if x.dense != nil {
				return -1
			}
			return 1
		}
		return y.n - x.n
	})
	return lists
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

// split says how many of the leading dense lists can be left out of the sums,
// because all of them together earn too little, and how much they earn at best
// (MaxScore: Turtle and Flood, 1995). They are probed for what the others find.
func split(lists []found, need int) (probed, rest int) {
	for probed < len(lists)-1 && lists[probed].dense != nil && rest+lists[probed].most < need {
		rest += lists[probed].most
		probed++
	}
	return probed, rest
}

// scan visits the slots with at least least points, emits those that belong,
// and leaves the sums zero.
func (a *arrival) scan(b *block, base int, sums []uint16, probed []found, least int, f *floors, bonus int64, emit func(int, int64)) {
	padded := sums[:(len(sums)+3)&^3]
	words := unsafe.Slice((*byte)(unsafe.Pointer(unsafe.SliceData(padded))), 2*len(padded))
	keys := f.keys[:len(sums)]
	for i := 0; i < len(padded); i += 4 {
		if binary.NativeEndian.Uint64(words[2*i:]) == 0 {
			continue
		}
		for slot := i; slot < min(i+4, len(sums)); slot++ {
			n := int(sums[slot])
			if n == 0 {
				continue
			}
			a.stats.Candidates++
			if n >= least {
				for _, l := range probed {
					n += int(l.probe(slot, l.worth))
				}
				if a.overlapTerm(n)+a.o.fresh+bonus >= keys[slot] && keys[slot] >= f.low {
					a.offer(b, base, slot, n, keys[slot], emit)
				}
			}
		}
	}
	clear(padded)
}

// exceptions visits the slots that the block's bound does not hold for.
func (a *arrival) exceptions(b *block, base int, f *floors, emit func(int, int64)) {
	for _, slot := range f.exceptions {
		if f.keys[slot] < f.low && b.ids[slot] != "" {
			if n := earned(&b.rows[slot], a.o); n > 0 {
				a.stats.Candidates++
				a.offer(b, base, int(slot), n, f.keys[slot], emit)
			}
		}
	}
}

// offer emits a slot with n points if it is eligible and reaches its floor.
func (a *arrival) offer(b *block, base, slot, n int, floor int64, emit func(int, int64)) {
	key := a.overlapTerm(n) + a.fits[b.ability[slot]+1] + a.o.fresh
	if !yearFits(a.o.years, b.year[slot]) {
		return
	}
	row := &b.rows[slot]
	if row.extras != nil {
		if row.ignores(a.o.member) {
			return
		}
		key += interestTerm(row, a.o)
	}
	if key < floor || !placeFits(row, a.o) {
		return
	}
	a.stats.Emitted++
	emit(base+slot, key)
}
