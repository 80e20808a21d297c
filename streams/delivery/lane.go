package delivery

import (
	"container/heap"
	"time"

	"tideline/engine/event"
	"tideline/streams/breaker"
)

// Target is a destination, or a server that reaches many: all email is one.
type Target struct {
	Channel  event.Channel
	Endpoint string // name of a webhook; empty for email
	Sender   Sender
	Parallel int                           // attempts at a time; 0: 4
	Wants    func(event.Notification) bool // nil: all of the channel
}

// lane is the queue of one target. It is guarded by the Queue's lock.
type lane struct {
	Target
	waiting dueHeap
	busy    int
	breaker breaker.Breaker
	paused  time.Time // the target asked to be left alone until then
	gone    bool      // the target asked for nothing more, until this process ends
	swept   time.Time
	wake    chan struct{} // something changed
}

// item is a delivery that waits or is under way.
type item struct {
	Delivery
	key   string
	lane  *lane
	shard *shard
	order uint64 // in which it was taken up, for what is due at the same time
	index int    // in the heap; -1: under way
	ended bool   // retracted while under way
}

const (
	never      = time.Duration(1<<63 - 1)
	sweepEvery = time.Hour // how often what is too old is looked for in a lane that does not move
	maxSwept   = 100       // at a time: each is written down
)

// next takes the delivery to be attempted now; nil and how long to wait when
// there is none.
func (l *lane) next(now time.Time) (*item, time.Duration) {
	if len(l.waiting) == 0 || l.busy >= l.Parallel {
		return nil, never
	}
	if l.gone { // each is looked at and given up, without an attempt
		return l.pop(), 0
	}
	if wait := l.waiting[0].Due.Sub(now); wait > 0 {
		return nil, min(wait, sweepEvery)
	}
	if wait := l.paused.Sub(now); wait > 0 {
		return nil, min(wait, sweepEvery)
	}
	ok, again := l.breaker.Allow(now)
	switch {
	case ok:
		return l.pop(), 0
	case again.IsZero():
		return nil, never
	}
	return nil, again.Sub(now)
}

func (l *lane) pop() *item {
	l.busy++
	return heap.Pop(&l.waiting).(*item)
}

// sweep takes out some of what is older than it may become; once in a while is enough.
func (l *lane) sweep(now time.Time, maxAge time.Duration) (old []*item) {
	if now.Sub(l.swept) < sweepEvery || l.busy >= l.Parallel {
		return nil
	}
	for _, i := range l.waiting {
		if now.Sub(i.Notification.Decided) > maxAge && len(old) < maxSwept {
			old = append(old, i)
		}
	}
	if len(old) == 0 {
		l.swept = now
	}
	for _, i := range old {
		heap.Remove(&l.waiting, i.index)
		l.busy++
	}
	return old
}

func (l *lane) add(i *item) {
	heap.Push(&l.waiting, i)
	l.poke()
}

func (l *lane) remove(i *item) { heap.Remove(&l.waiting, i.index) }

func (l *lane) poke() {
	select {
	case l.wake <- struct{}{}:
	default: // it will look anyway
	}
}

// dueHeap has the delivery that is due first on top.
type dueHeap []*item

func (h dueHeap) Len() int { return len(h) }

func (h dueHeap) Less(a, b int) bool {
	if !h[a].Due.Equal(h[b].Due) {
		return h[a].Due.Before(h[b].Due)
	}
	return h[a].order < h[b].order
}

func (h dueHeap) Swap(a, b int) {
	h[a], h[b] = h[b], h[a]
	h[a].index, h[b].index = a, b
}

func (h *dueHeap) Push(x any) {
	i := x.(*item)
	i.index = len(*h)
	*h = append(*h, i)
}

func (h *dueHeap) Pop() any {
	last := len(*h) - 1
	i := (*h)[last]
	(*h)[last], *h = nil, (*h)[:last]
	i.index = -1
	return i
}
