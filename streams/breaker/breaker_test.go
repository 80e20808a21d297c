package breaker

import (
	"testing"
	"time"
)

func TestABreakerOpensProbesAndCloses(t *testing.T) {
	var b Breaker
	now := time.Unix(1_800_000_000, 0)
	allowed := func(at time.Time) bool {
		ok, _ := b.Allow(at)
		return ok
	}
	for range After - 1 {
		b.Failure(now)
	}
	b.Success()
	for range After - 1 {
		b.Failure(now)
	}
	if !allowed(now) {
		t.Fatal("open before its time")
	}
	b.Failure(now)
	if b.State(now) != Open || allowed(now.Add(First-1)) {
		t.Fatal("not open")
	}
	b.Failure(now) // was under way when it opened
	now = now.Add(First)
	if b.State(now) != HalfOpen || !allowed(now) || allowed(now) {
		t.Fatal("half-open lets one through")
	}
	b.Undecided()
	if !allowed(now) {
		t.Fatal("a probe that says nothing blocks the next")
	}
	for want := 2 * First; want < 40*First; want *= 2 {
		b.Failure(now)
		if _, again := b.Allow(now); again.Sub(now) != min(want, Longest) {
			t.Fatalf("open for %s, want %s", again.Sub(now), want)
		}
		now = now.Add(Longest)
		if !allowed(now) {
			t.Fatal("no probe")
		}
	}
	b.Success()
	if b.State(now) != Closed || !allowed(now) || !allowed(now) {
		t.Error("not closed after a probe that worked")
	}
}
