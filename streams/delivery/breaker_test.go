package delivery

import (
	"testing"
	"time"
)

func TestABreakerOpensProbesAndCloses(t *testing.T) {
	var b breaker
	now := time.Unix(1_800_000_000, 0)
	allowed := func(at time.Time) bool {
		ok, _ := b.allow(at)
		return ok
	}
	for range breakAfter - 1 {
		b.failure(now)
	}
	b.success()
	for range breakAfter - 1 {
		b.failure(now)
	}
	if !allowed(now) {
		t.Fatal("open before its time")
	}
	b.failure(now)
	if b.state(now) != open || allowed(now.Add(firstBreak-1)) {
		t.Fatal("not open")
	}
	b.failure(now) // was under way when it opened
	now = now.Add(firstBreak)
	if b.state(now) != halfOpen || !allowed(now) || allowed(now) {
		t.Fatal("half-open lets one through")
	}
	b.undecided()
	if !allowed(now) {
		t.Fatal("a probe that says nothing blocks the next")
	}
	for want := 2 * firstBreak; want < 40*firstBreak; want *= 2 {
		b.failure(now)
		if _, again := b.allow(now); again.Sub(now) != min(want, longestBreak) {
			t.Fatalf("open for %s, want %s", again.Sub(now), want)
		}
		now = now.Add(longestBreak)
		if !allowed(now) {
			t.Fatal("no probe")
		}
	}
	b.success()
	if b.state(now) != closed || !allowed(now) || !allowed(now) {
		t.Error("not closed after a probe that worked")
	}
}

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
