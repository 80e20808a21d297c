package notify

import (
	"cmp"
	"container/heap"
	"time"
)

// appointment is something to look at when its time has come. What it points at
// says whether it is still due.
type appointment struct {
	at        time.Time
	recipient string
	deferred  string // id of a notification that waits for the end of quiet hours
	digest    string // rule of a digest
	forget    string // id of a decision
}

type agenda []appointment

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].before(a[j]) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(appointment)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func (a *agenda) add(x appointment) { heap.Push(a, x) }

// before orders appointments by time, and those of one time always in the same way.
func (a appointment) before(b appointment) bool {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.recipient, b.recipient), cmp.Compare(a.deferred, b.deferred),
		cmp.Compare(a.digest, b.digest), cmp.Compare(a.forget, b.forget)) < 0
}

// Tick sends what waited until now and forgets what is older than it must be remembered.
func (d *Desk) Tick(now time.Time, out *Out) {
	for len(d.due) > 0 && !d.due[0].at.After(now) {
		a := heap.Pop(&d.due).(appointment)
		r := d.recipients[a.recipient]
		switch {
		case r == nil:
		case a.deferred != "":
			d.resume(r, a, now, out)
		case a.digest != "":
			if g := r.digests[a.digest]; g != nil && g.Due.Equal(a.at) {
				d.finish(r, a.recipient, a.digest, g, now, out)
			}
		default:
			d.forget(r, a, out)
		}
	}
}

// resume takes a deferred firing through the gates again.
func (d *Desk) resume(r *recipient, a appointment, now time.Time, out *Out) {
	n, waits := r.deferred[a.deferred]
	if !waits || !n.Until.Equal(a.at) {
		return
	}
	delete(r.deferred, a.deferred)
	out.fact(deferredKey(a.recipient, a.deferred), nil)
	n.Decided, n.Reason = now, ""
	d.gates(r, n, out)
}

func (d *Desk) forget(r *recipient, a appointment, out *Out) {
	if made, known := r.decided[a.forget]; known && !made.At.Add(memory).After(a.at) {
		delete(r.decided, a.forget)
		out.fact(decidedKey(a.recipient, a.forget), nil)
	}
}
