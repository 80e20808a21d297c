// Package breaker leaves a destination alone that is away. It has no clock of its
// own: every call is told the time.
package breaker

import "time"

// When a breaker opens, and for how long.
const (
	After   = 5 // failures in a row
	First   = 30 * time.Second
	Longest = 10 * time.Minute
)

// Breaker leaves a destination alone that is away: after After failures in
// a row nothing is sent for a while, then one message probes; while the probe
// fails, the while doubles. The zero value is closed. Not safe for concurrent use.
type Breaker struct {
	failures int
	until    time.Time     // open before, half-open after; zero: closed
	length   time.Duration // of the present break
	probing  bool
}

// The states, as the metric shows them.
const (
	Closed   = 0
	HalfOpen = 1
	Open     = 2
)

// State is Closed, HalfOpen or Open.
func (b *Breaker) State(now time.Time) float64 {
	switch {
	case b.until.IsZero():
		return Closed
	case now.Before(b.until):
		return Open
	}
	return HalfOpen
}

// Allow says whether one may be sent now and takes note of it; else from when
// on to ask again, zero: when an attempt has ended.
func (b *Breaker) Allow(now time.Time) (ok bool, again time.Time) {
	switch b.State(now) {
	case Closed:
		return true, time.Time{}
	case Open:
		return false, b.until
	}
	if b.probing {
		return false, time.Time{}
	}
	b.probing = true
	return true, time.Time{}
}

// Success closes it.
func (b *Breaker) Success() { *b = Breaker{} }

// Failure is for an attempt that failed through the destination's fault.
func (b *Breaker) Failure(now time.Time) {
	b.failures++
	switch b.State(now) {
	case Closed:
		if b.failures >= After {
			b.length, b.until = First, now.Add(First)
		}
	case HalfOpen:
		b.length = min(2*b.length, Longest)
		b.until, b.probing = now.Add(b.length), false
	case Open: // sent before it opened
	}
}

// Undecided is for an attempt that was broken off and says nothing.
func (b *Breaker) Undecided() { b.probing = false }
