package delivery

import (
	"testing"
	"time"
)

func TestPausesStayWithinTheirJitterAndHonourTheReceiver(t *testing.T) {
	for attempts, step := range Schedule {
		wait, ok := pause(Schedule, "k", attempts+1, 0)
		same, _ := pause(Schedule, "k", attempts+1, 0)
		if !ok || wait < step*9/10 || wait > step*11/10 || wait != same {
			t.Errorf("pause %d is %s", attempts+1, wait)
		}
	}
	if wait, _ := pause(Schedule, "k", 1, time.Hour); wait != time.Hour {
		t.Errorf("waits %s, asked for an hour", wait)
	}
	if wait, _ := pause(Schedule, "k", 1, 1000*time.Hour); wait != longestAfter {
		t.Errorf("waits %s for a receiver that asks for weeks", wait)
	}
	if _, ok := pause(Schedule, "k", len(Schedule)+1, 0); ok {
		t.Error("the schedule has no end")
	}
}

func TestTheMemoryOfWhatIsDoneIsBounded(t *testing.T) {
	r := recent{set: map[uint64]bool{}}
	for i := range maxRecent + 10 {
		r.add(string(rune(i)) + "k")
		r.add(string(rune(i)) + "k")
	}
	if len(r.set) != maxRecent || len(r.ring) != maxRecent || r.has("\x00k") || !r.has(string(rune(maxRecent+9))+"k") {
		t.Errorf("remembers %d", len(r.set))
	}
}
