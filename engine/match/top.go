package match

import (
	"math"

	"tideline/engine/event"
)

// top collects the best entries of one search: a heap of at most k with the
// worst on top.
type top struct {
	student   *Student
	k         int
	now       int64 // Unix seconds
	heap      []event.Entry
	truncated bool
}

func (t *top) full() bool { return len(t.heap) == t.k }

// bonus is the most that interest can add on a shelf.
func (t *top) bonus(sh *shelf) int64 {
	if !t.student.weighted() {
		return 0
	}
	for _, o := range sh.items {
		if o != nil {
			return o.weights.interestBound() // one bucket, one configuration
		}
	}
	return 0
}

// search sums the overlap points of a shelf's items and scores what could enter.
func (t *top) search(sh *shelf, sums *[shelfSize]uint16) {
	touched := false
	for _, packed := range t.student.skills {
		if p := sh.postings[packed>>levelBits]; p != nil {
			p.accumulate(sums[:], &levelWorth[packed&(1<<levelBits-1)])
			touched = true
		}
	}
	if !touched {
		return
	}
	bonus := t.bonus(sh)
	for slot, o := range sh.items {
		n := sums[slot]
		if n == 0 || o == nil {
			continue
		}
		if t.full() && t.hopeless(o, sh.terms[slot]+bonus, n, sh.totals[slot]) {
			t.truncated = true // perhaps not eligible; then the feed is only said to be truncated
			continue
		}
		t.consider(o, int(n))
	}
	clear(sums[:len(sh.items)])
}

// logs holds 65536 x log2(i), so that an overlap term can be bounded without a logarithm.
var logs = func() (table [event.MaxSkills*event.MaxWeight*scale + 1]int32) {
	for i := 1; i < len(table); i++ {
		table[i] = int32(math.Round(unit * math.Log2(float64(i))))
	}
	return table
}()

// hopeless says whether n of d points cannot reach the worst entry, whatever the fit.
func (t *top) hopeless(o *Opportunity, others int64, n, d uint16) bool {
	const slack = 4 // two roundings of logs and one of the term
	overlap := float64(logs[n]-logs[d])*o.weights.Overlap + slack*math.Max(1, o.weights.Overlap)
	return others+int64(overlap) < t.heap[0].Key
}

// consider scores one item and keeps it if it is among the best so far.
func (t *top) consider(o *Opportunity, n int) {
	if t.now >= o.deadline || admits(t.student, o) != NoGate {
		return
	}
	e := entry(o, terms(t.student, o, n).Key())
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
