package partition

import (
	"testing"
	"time"

	"tideline/engine/event"
)

const day = 24 * time.Hour

// heard takes a save with an id, said and written at times, and tells whether it counted.
func heard(b *bench, id string, at, written time.Time) (counted bool) {
	b.do(func(out *Effects) {
		s := event.Signal{ID: id, Student: "s", Kind: event.Save, Opportunity: "o1", At: at, Features: []string{"skill:go"}}
		counted = b.Signal(s, written, out)
	})
	return counted
}

func TestARepetitionOfAnOldSignalCountsOnce(t *testing.T) {
	b := newBench(t, Config{})
	b.do(func(out *Effects) { b.Tick(start, out) })
	old := start.Add(-200 * day) // an app that was offline
	if !heard(b, "1", old, start) {
		t.Fatal("the first does not count")
	}
	b.do(func(out *Effects) { b.Tick(start.Add(time.Hour), out) })
	if heard(b, "1", old, start.Add(2*time.Hour)) {
		t.Error("the second counts too")
	}
}

func TestAnIDIsKnownForThirtyDaysOfTheSignalsClock(t *testing.T) {
	for name, c := range map[string]struct {
		after   time.Duration
		counted bool
	}{
		"on the thirtieth day": {30*day + 15*time.Hour, false},
		"on the next":          {30*day + 16*time.Hour, true}, // it is eight at the start
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, Config{})
			heard(b, "1", start, start)
			b.do(func(out *Effects) { b.Tick(start.Add(60*day), out) }) // ticks may be read long before signals
			b = b.restarted()
			if counted := heard(b, "1", start, start.Add(c.after)); counted != c.counted {
				t.Errorf("counted: %v", counted)
			}
		})
	}
}

func TestTheSignalsClockDoesNotGoBack(t *testing.T) {
	b := newBench(t, Config{})
	heard(b, "1", start, start)
	heard(b, "2", start, start.Add(20*day))
	b = b.restarted()
	heard(b, "3", start, start) // from a producer whose clock is wrong
	if heard(b, "3", start, start.Add(45*day)) {
		t.Error("it is forgotten by its own time")
	}
}

func TestIDsNobodyCanRepeatAreForgottenThoughNoSignalComes(t *testing.T) {
	b := newBench(t, Config{})
	heard(b, "1", start, start)
	known := len(b.state)
	b.do(func(out *Effects) { b.Tick(start.Add((unreadSignals+signalMemory)*day), out) })
	if len(b.state) != known {
		t.Error("forgotten while a repetition may still be unread")
	}
	b.do(func(out *Effects) { b.Tick(start.Add((unreadSignals+signalMemory+1)*day), out) })
	if len(b.state) != known-1 {
		t.Errorf("what is remembered: %q", b.state)
	}
}
