package match

import (
	"math"
	"math/bits"

	"tideline/engine/event"
)

// top collects the best entries of one search: a heap of at most k with the
// worst on top.
type top struct {
	student   *Student
	k         int
	now       int64      // Unix seconds
	fits      [102]int64 // fit term by difficulty+1
	heap      []event.Entry
	truncated bool
}

func (t *top) full() bool { return len(t.heap) == t.k }

// bonus is the most that interest can add on a shelf.
func (t *top) bonus(sh *shelf) int64 {
	if !t.student.weighted() {
		return 0
	}
	return sh.weights.interestBound()
}

// suit works out the fit terms of all difficulties.
func (t *top) suit(w Weights) {
	for d := range t.fits {
		t.fits[d] = w.fitTerm(d-1, int(t.student.ability))
	}
}

// search sums the overlap points of a shelf's items and scores what could
// enter, group by group.
func (t *top) search(sh *shelf, sums *[shelfSize]uint16) {
	touched := false
	for _, packed := range t.student.skills {
		if p := sh.postings[packed>>levelBits]; p != nil {
			p.accumulate(sums, &levelWorth[packed&(1<<levelBits-1)])
			touched = true
		}
	}
	if !touched {
		return
	}
	bonus := t.bonus(sh)
	for start := 0; start < len(sh.items); start += groupSize {
		t.group(sh, start, sums[start:min(start+groupSize, len(sh.items))], bonus)
	}
	clear(sums[:len(sh.items)])
}

// group scores what of a group could enter. Mostly it is enough to see that an
// item earns too small a share of its points; what is left is hard to foretell,
// so the loop that finds it does not branch.
func (t *top) group(sh *shelf, start int, sums []uint16, bonus int64) {
	share := t.share(&sh.weights, sh.best[start/groupSize]+bonus)
	totals := sh.totals[start:][:len(sums)]
	kept, dropped := uint64(0), uint64(0)
	for i, n := range sums {
		short := (uint64(n)*one - share*uint64(totals[i])) >> 63
		kept |= (1 - short) << i
		dropped |= uint64(n) & -short
	}
	if dropped != 0 {
		t.truncated = true // perhaps not eligible; then the feed is only said to be truncated
	}
	for ; kept != 0; kept &= kept - 1 {
		i := bits.TrailingZeros64(kept)
		t.consider(sh, start+i, sums[i], bonus)
	}
}

// one is the share of an item that earns all its points.
const one = 1 << 16

// share is the least part of its points that an item must earn to reach the
// worst entry, or a little less. More than one: none can. It is not nothing,
// because items that earn nothing do not count.
func (t *top) share(w *Weights, others int64) uint64 {
	if !t.full() {
		return 1
	}
	short := float64(t.heap[0].Key - others - 1) // the overlap term that is missing; 1 for its rounding
	switch {
	case short > 0:
		return one + 1
	case w.Overlap == 0:
		return 1
	}
	return max(1, power(int64(short/w.Overlap)-1))
}

// powers holds 2^(i/256) of one, rounded down.
var powers = func() (table [256]uint64) {
	for i := range table {
		table[i] = uint64(one * math.Exp2(float64(i)/256))
	}
	return table
}()

// power is 2^(x/unit) of one or up to three in a thousand less, for negative x.
func power(x int64) uint64 { return powers[x>>8&255] >> min(63, -(x>>16)) }

// logs holds 65536 x log2(i), so that an overlap term can be bounded without a logarithm.
var logs = func() (table [event.MaxSkills*event.MaxWeight*scale + 1]int32) {
	for i := 1; i < len(table); i++ {
		table[i] = int32(math.Round(unit * math.Log2(float64(i))))
	}
	return table
}()

// hopeless says whether n of d points cannot reach the worst entry.
func (t *top) hopeless(w *Weights, others int64, n, d uint16) bool {
	const slack = 2 // for the roundings of logs, and 1 for that of the term
	overlap := float64(logs[n]-logs[d]+slack)*w.Overlap + 1
	return others+int64(math.Ceil(overlap)) < t.heap[0].Key
}

// consider scores one item and keeps it if it is among the best so far.
func (t *top) consider(sh *shelf, slot int, n uint16, bonus int64) {
	o := sh.items[slot]
	if o == nil {
		return
	}
	fit := t.fits[sh.difficulty[slot]+1]
	if t.full() && t.hopeless(&sh.weights, sh.terms[slot]+fit+bonus, n, sh.totals[slot]) {
		t.truncated = true
		return
	}
	if t.now >= o.deadline || admits(t.student, o) != NoGate {
		return
	}
	e := entry(o, sh.weights.overlapTerm(int(n), o.total)+fit+interestTerm(t.student, o)+sh.terms[slot])
	switch {
	case !t.full():
		t.heap = append(t.heap, e)
		t.up(len(t.heap) - 1)
	case e.Before(t.heap[0]):
		t.truncated = true
		t.heap[0] = e
		t.down(0)
	default:
		t.truncated = true
	}
}

func (t *top) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !t.heap[parent].Before(t.heap[i]) {
			return
		}
		t.heap[parent], t.heap[i] = t.heap[i], t.heap[parent]
		i = parent
	}
}

func (t *top) down(i int) {
	for {
		worst := i
		for child := 2*i + 1; child <= 2*i+2 && child < len(t.heap); child++ {
			if t.heap[worst].Before(t.heap[child]) {
				worst = child
			}
		}
		if worst == i {
			return
		}
		t.heap[worst], t.heap[i] = t.heap[i], t.heap[worst]
		i = worst
	}
}
