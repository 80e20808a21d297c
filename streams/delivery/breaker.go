package delivery

import "time"

const (
	breakAfter   = 5 // failures in a row
	firstBreak   = 30 * time.Second
	longestBreak = 10 * time.Minute
)

// breaker leaves a destination alone that is away: after breakAfter failures in
// a row nothing is sent for a while, then one message probes; while the probe
// fails, the while doubles. The zero value is closed. Not safe for concurrent use.
type breaker struct {
	failures int
	until    time.Time     // open before, half-open after; zero: closed
	length   time.Duration // of the present break
	probing  bool
}

// The states, as the metric shows them.
const (
	closed   = 0
	halfOpen = 1
	open     = 2
)

func (b *breaker) state(now time.Time) float64 {
	switch {
	case b.until.IsZero():
		return closed
	case now.Before(b.until):
		return open
	}
	return halfOpen
}

// allow says whether one may be sent now and takes note of it; else from when
// on to ask again, zero: when an attempt has ended.
func (b *breaker) allow(now time.Time) (ok bool, again time.Time) {
	switch b.state(now) {
	case closed:
		return true, time.Time{}
	case open:
		return false, b.until
	}
	if b.probing {
		return false, time.Time{}
	}
	b.probing = true
	return true, time.Time{}
}

func (b *breaker) success() { *b = breaker{} }

func (b *breaker) failure(now time.Time) {
	b.failures++
	switch b.state(now) {
	case closed:
		if b.failures >= breakAfter {
			b.length, b.until = firstBreak, now.Add(firstBreak)
		}
	case halfOpen:
		b.length = min(2*b.length, longestBreak)
		b.until, b.probing = now.Add(b.length), false
	case open: // sent before it opened
	}
}

// undecided is for an attempt that was broken off and says nothing.
func (b *breaker) undecided() { b.probing = false }
