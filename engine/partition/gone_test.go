package partition

import (
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

// erasedAt says that s's application was erased.
func erasedAt(b *bench, at time.Time) func(*Effects) {
	return func(out *Effects) {
		b.StageChange(event.StageChange{
			Application: "a", Student: "s", Opportunity: "o1", Seq: 9, Kind: event.Erased, To: event.Applied, At: at, RecordedAt: &at,
		}, out)
	}
}

func remarkAt(b *bench, at time.Time) func(*Effects) {
	return func(out *Effects) {
		b.Message(event.Message{Application: "a", Student: "s", Opportunity: "o1", N: 3, At: at, Visibility: event.ForStudent, AuthorRole: "student"}, out)
	}
}

// names lists the facts that name the student, the ids of signals apart.
func names(b *bench) (list []string) {
	for key := range b.state {
		if strings.HasPrefix(key, "s"+sep) {
			list = append(list, key)
		}
	}
	return list
}

func TestWhatIsToldAgainDoesNotBringAnErasedApplicationBack(t *testing.T) {
	b := able(t)
	b.do(moved(b, 1, event.Applied, start), moved(b, 2, event.Shortlisted, start))
	b.do(erase(b, "s"), erasedAt(b, start.Add(time.Minute)), void(b, "s", 1))
	late := []func(*Effects){
		moved(b, 1, event.Applied, start), moved(b, 2, event.Shortlisted, start), judgedAt(b, start, event.Yes), remarkAt(b, start),
	}
	b.do(late...)
	if left := names(b); len(left) > 0 {
		t.Fatalf("engine-state has %q", left)
	}
	b = b.restarted()
	b.do(moved(b, 2, event.Shortlisted, start), judgedAt(b, start, event.Yes), remarkAt(b, start))
	if left := names(b); len(left) > 0 {
		t.Fatalf("after a restart engine-state has %q", left)
	}
	out := b.do(moved(b, 1, event.Applied, start.Add(time.Minute)))
	if len(out.Scores) != 1 || out.Scores[0].Activity != 18 {
		t.Errorf("who comes back and applies again has %+v", out.Scores)
	}
}

func TestAnErasedApplicationIsRememberedForAWeek(t *testing.T) {
	b := able(t)
	b.do(moved(b, 1, event.Applied, start), erasedAt(b, start.Add(time.Minute)))
	b.do(func(out *Effects) { b.Tick(start.Add(goneFor), out) })
	if b.state[goneKey("a")] == nil {
		t.Error("it is forgotten too early")
	}
	b.do(func(out *Effects) { b.Tick(start.Add(goneFor+2*time.Minute), out) })
	if b.state[goneKey("a")] != nil {
		t.Error("it is remembered for ever")
	}
}
