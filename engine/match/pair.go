package match

import (
	"math"
	"math/bits"
	"slices"
	"time"

	"tideline/engine/event"
)

// Pair is how a student and an opportunity fit, as rules see it.
type Pair struct {
	Gate      Gate    // what keeps the opportunity out of the student's feed; NoGate: nothing
	Overlap   float64 // 0..1
	Fit       float64 // 0..1
	Interest  float64 // 0..2, 1 for a stranger
	Relevance float64 // 2^((overlap + fit + interest term) / 65536): exact, see ARCHITECTURE.md
}

// Judge compares a student with an opportunity at a time. The factors are worked
// out also when a gate is shut.
func Judge(s *Student, o *Opportunity, now time.Time) Pair {
	_, gate := Score(s, o, now)
	p := Pair{Gate: gate, Fit: 1, Interest: 1}
	n, known := earned(s, o)
	if n == 0 {
		return p
	}
	t := terms(s, o, n)
	p.Overlap = float64(known) / float64(o.known)
	p.Relevance = math.Exp2(float64(t.Overlap+t.Fit+t.Interest) / unit)
	if o.difficulty >= 0 && s.ability >= 0 {
		p.Fit = fit(o.weights, o.difficulty, int(s.ability))
	}
	if s.weighted() {
		p.Interest = interest(logit(s, o))
	}
	return p
}

// Takeable says whether a gate leaves an opportunity to be taken up: it may lie
// elsewhere or ask for other years, but it is open, not expired and not hidden.
func (g Gate) Takeable() bool {
	return g != ClosedGate && g != ExpiredGate && g != IgnoredGate
}

// Clone is a student who stays as they are while the index changes.
func (s *Student) Clone() *Student {
	c := *s // the lists are replaced, never written to
	if s.extras != nil {
		c.extras = new(*s.extras)
	}
	return &c
}

// Seeking says whether a student is open to work.
func (s *Student) Seeking() bool { return s.seeking }

// Compare names the required skills that a student has, at whatever level, and
// those they lack, each in the order of their names.
func (d *Dictionary) Compare(s *Student, o *Opportunity) (matched, missing []string) {
	for _, r := range o.skills {
		switch name, need := d.named(r.skill); {
		case need:
		case s.level(r.skill) > 0:
			matched = append(matched, name)
		default:
			missing = append(missing, name)
		}
	}
	slices.Sort(matched)
	slices.Sort(missing)
	return matched, missing
}

// least is the fewest of total points that make an overlap, rounded down: a
// bound may let through what the condition refuses, never the reverse.
func least(overlap float64, total int) int {
	return max(1, int(math.Ceil(overlap*float64(total)-1e-6)))
}

// Above finds every student whose overlap with an opportunity is at least
// overlap, and who has more than nothing of it; needs may let others through. It
// asks no gates and no floors.
func (x *Students) Above(o *Opportunity, overlap float64, emit func(ord int)) {
	if o.total == 0 {
		return
	}
	a, need := x.arrival(o, nil), least(overlap, o.known)
	for i, b := range x.blocks {
		if a.find(b, &x.spread); len(a.lists) == 0 {
			continue
		}
		a.scale()
		var s sums
		for word := range words(len(b.ids)) {
			a.sum(word, &s)
			l := s.bySlot()
			for shared := s.any(); shared != 0; shared &= shared - 1 {
				slot := word*64 + bits.TrailingZeros64(shared)
				n := l.at(slot) * a.unit
				if !a.exact {
					n = a.points(slot)
				}
				if n >= need {
					emit(i*blockSize + slot)
				}
			}
		}
		x.spread.clear()
	}
}

// Above finds every open opportunity of some buckets whose overlap with a student
// is at least overlap, and of which they have more than nothing; needs may let
// others through. It asks no gates.
func (x *Opportunities) Above(s *Student, buckets [3]bool, overlap float64, scratch *Scratch, emit func(event.Member)) {
	for i, shelves := range x.shelves {
		if !buckets[i] {
			continue
		}
		for _, sh := range shelves {
			sh.above(s, overlap, &scratch.sums, emit)
		}
	}
}

func (s *shelf) above(student *Student, overlap float64, sums *[shelfSize]uint16, emit func(event.Member)) {
	touched := false
	for _, packed := range student.skills {
		if p := s.postings[packed>>levelBits]; p != nil {
			p.accumulate(sums, &levelWorth[packed&(1<<levelBits-1)])
			touched = true
		}
	}
	if !touched {
		return
	}
	for slot, o := range s.items {
		if n := int(sums[slot]); n > 0 && o != nil && n >= least(overlap, o.known) {
			emit(o.member)
		}
	}
	clear(sums[:len(s.items)])
}
