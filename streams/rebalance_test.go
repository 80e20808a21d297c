package streams

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"
)

// member steps a session until ctx ends, as a process does.
func member(ctx context.Context, t *testing.T, s *Session) (wait func()) {
	var running sync.WaitGroup
	running.Go(func() {
		for ctx.Err() == nil {
			if _, err := step(ctx, s); err != nil && ctx.Err() == nil {
				t.Log(err)
			}
		}
	})
	return running.Wait
}

// owning waits until a session owns so many student partitions.
func owning(t *testing.T, s *Session, n int) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); len(s.Owned()) != n; {
		if time.Now().After(deadline) {
			t.Fatalf("owns %v, not %d", s.Owned(), n)
		}
		_ = sleep(t.Context(), 10*time.Millisecond) // the group is another's
	}
}

func TestRecordsAreProcessedOnceWhilePartitionsMove(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	sent, enough := 0, make(chan struct{})
	var sending sync.WaitGroup
	sending.Go(func() {
		for {
			select {
			case <-enough:
				return
			default:
				if err := p.Send(ctx, signalOf(fmt.Sprint("student-", sent), sent)); err != nil {
					if ctx.Err() == nil {
						t.Error(err)
					}
					return
				}
				sent++
			}
		}
	})
	a := session(t, config, "a")
	waitA := member(ctx, t, a)
	owning(t, a, students)
	b := session(t, config, "b")
	stopB, cancelB := context.WithCancel(ctx)
	waitB := member(stopB, t, b)
	owning(t, b, students/2) // it takes half
	owning(t, a, students/2)
	cancelB()
	waitB()
	b.Close()
	b = session(t, config, "b") // it restarts: nothing moves, it takes its place again
	stopB, cancelB = context.WithCancel(ctx)
	waitB = member(stopB, t, b)
	owning(t, b, students/2)
	cancelB()
	waitB()
	b.Close() // and now stays away: the other gets everything when its session is over
	owning(t, a, students)
	close(enough)
	sending.Wait()
	for deadline := time.Now().Add(20 * time.Second); facts(t, config) < sent; {
		if time.Now().After(deadline) {
			t.Fatalf("%d facts of %d records", facts(t, config), sent)
		}
	}
	if n := facts(t, config); n != sent {
		t.Errorf("%d facts of %d records", n, sent)
	}
	cancel()
	waitA()
}
