package partition

import (
	"cmp"
	"container/heap"
	"time"
)

// The things that timers wait for.
const (
	waitHold   = "hold"   // a condition that has to hold for a while
	waitAt     = "at"     // the time that an `at` names
	waitRepeat = "repeat" // the next of several notifications
	waitSettle = "settle" // a candidate who has to stay among the best
	waitForget = "forget" // what was withdrawn is remembered so long
)

// Waiting says what rule a timer is of, and what it waits for.
type Waiting struct{ Rule, For string }

// timer is something to look at when the clock reaches a time. Timers are not
// stored: what they point at is, and says when it is due. One whose thing has
// changed since finds nothing due and is passed over.
type timer struct {
	Waiting

	due     time.Time
	opp     string // of an `at` in pair scope
	student string // of an instance, or of an `at` in another scope
	key     string // of an instance or a candidate, or the application or gap of an `at`
}

type timers []timer

func (t timers) Len() int           { return len(t) }
func (t timers) Less(i, j int) bool { return t[i].before(t[j]) }
func (t timers) Swap(i, j int)      { t[i], t[j] = t[j], t[i] }
func (t *timers) Push(x any)        { *t = append(*t, x.(timer)) }
func (t *timers) Pop() any {
	last := (*t)[len(*t)-1]
	*t = (*t)[:len(*t)-1]
	return last
}

// before orders timers by time, and those of one time always in the same way.
func (t timer) before(u timer) bool {
	return cmp.Or(t.due.Compare(u.due), cmp.Compare(t.opp, u.opp), cmp.Compare(t.student, u.student), cmp.Compare(t.key, u.key),
		cmp.Compare(t.Rule, u.Rule), cmp.Compare(t.For, u.For)) < 0
}

// arm sets a timer, unless it is set: every version of an opportunity names its
// deadline again, and sources send the same version every day.
func (p *Partition) arm(t timer) {
	t.due = t.due.UTC()
	if _, set := p.armed[t]; set {
		return
	}
	p.armed[t] = struct{}{}
	p.waiting[t.Waiting]++
	heap.Push(&p.timers, t)
}

// await arms the timer of an instance that waits for one.
func (p *Partition) await(student string, i *instance) {
	due := i.due(p.book.byID[i.Rule])
	if due.IsZero() {
		return
	}
	t := timer{Waiting: Waiting{i.Rule, waitRepeat}, due: due, student: student, key: i.Key}
	switch {
	case i.State == holding:
		t.For = waitHold
	case i.Withdrawn:
		t.For = waitForget
	}
	p.arm(t)
}

// ring looks at everything that has come due.
func (p *Partition) ring(before time.Time, out *Effects) {
	for len(p.timers) > 0 && !p.timers[0].due.After(p.time()) {
		t := heap.Pop(&p.timers).(timer)
		delete(p.armed, t)
		if p.waiting[t.Waiting]--; p.waiting[t.Waiting] == 0 {
			delete(p.waiting, t.Waiting)
		}
		switch t.For {
		case waitSettle:
			p.settled(t.key, out)
		case waitAt:
			p.atDue(t, before, out)
		default:
			p.instanceDue(t, out)
		}
	}
}

// Waiting counts the timers of the rules in force. One whose thing has changed
// since it was set counts until it is due.
func (p *Partition) Waiting() map[Waiting]int {
	counts := map[Waiting]int{}
	for w, n := range p.waiting {
		if p.book.byID[w.Rule] != nil && w.For != waitForget {
			counts[w] = n
		}
	}
	return counts
}
