package partition

import (
	"cmp"
	"container/heap"
	"time"
)

// timer is something to look at when the clock reaches a time. Timers are not
// stored: what they point at is, and says when it is due. One whose thing has
// changed since finds nothing due and is passed over.
type timer struct {
	due     time.Time
	rule    string // of an `at`
	opp     string // of an `at` in pair scope
	student string // of an instance, or of an `at` in another scope
	key     string // of an instance, or the application or gap of an `at`
	alert   string // key of a candidate that has to settle
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
	return cmp.Or(t.due.Compare(u.due), cmp.Compare(t.rule, u.rule), cmp.Compare(t.opp, u.opp),
		cmp.Compare(t.student, u.student), cmp.Compare(t.key, u.key), cmp.Compare(t.alert, u.alert)) < 0
}

func (p *Partition) arm(t timer) { heap.Push(&p.timers, t) }

// await arms the timer of an instance that waits for one.
func (p *Partition) await(student string, i *instance) {
	if due := i.due(p.book.byID[i.Rule]); !due.IsZero() {
		p.arm(timer{due: due, student: student, key: i.Key})
	}
}

// ring looks at everything that has come due.
func (p *Partition) ring(before time.Time, out *Effects) {
	for len(p.timers) > 0 && !p.timers[0].due.After(p.time()) {
		t := heap.Pop(&p.timers).(timer)
		for len(p.timers) > 0 && p.timers[0] == t {
			heap.Pop(&p.timers) // armed twice
		}
		switch {
		case t.alert != "":
			p.settled(t.alert, out)
		case t.rule != "":
			p.atDue(t, before, out)
		default:
			p.instanceDue(t, out)
		}
	}
}
