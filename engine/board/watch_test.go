package board

import (
	"fmt"
	"sync"
	"testing"

	"tideline/engine/application"
	"tideline/engine/event"
)

func TestAWatcherSeesTheMovesOfItsJob(t *testing.T) {
	b := New()
	w := b.Watch("j")
	steps := told(record("s", "j", event.Applied, event.Shortlisted))
	b.Put(RowOf(record("s", "k", event.Applied)))
	b.Apply(steps[0])
	b.Apply(steps[0]) // nothing new
	b.Apply(steps[1])
	if m := <-w.Moves(); m.Before != nil || m.After.Stage != event.Applied || m.After.Opportunity != "j" {
		t.Errorf("%+v", m)
	}
	if m := <-w.Moves(); m.Before.Stage != event.Applied || m.After.Stage != event.Shortlisted {
		t.Errorf("%+v", m)
	}
	w.Close()
	w.Close()
	if m, open := <-w.Moves(); open {
		t.Errorf("after the end: %+v", m)
	}
	b.Put(RowOf(record("t", "j", event.Applied))) // tells nobody
	if len(b.watchers) > 0 {
		t.Errorf("%d watched jobs are kept", len(b.watchers))
	}
}

func TestASlowWatcherLosesItsWatchAndNobodyWaits(t *testing.T) {
	b := New()
	slow, quick := b.Watch("j"), b.Watch("j")
	defer quick.Close()
	for i := range buffered + 1 {
		b.Put(RowOf(record(fmt.Sprint(i), "j", event.Applied)))
		if m := <-quick.Moves(); m.After.Student != fmt.Sprint(i) {
			t.Fatalf("%d: %+v", i, m.After)
		}
	}
	n := 0
	for range slow.Moves() { // closed, so that this ends
		n++
	}
	if n != buffered {
		t.Errorf("it got %d of its %d", n, buffered)
	}
	slow.Close() // again
	b.Put(RowOf(record("after", "j", event.Applied)))
	if m := <-quick.Moves(); m.After.Student != "after" {
		t.Errorf("%+v", m)
	}
}

func TestABoardIsReadAndWrittenAtOnce(t *testing.T) {
	b := New()
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			for i := range 50 {
				for _, s := range told(record(fmt.Sprint(i), "j", event.Applied, event.Shortlisted)) {
					b.Apply(s)
				}
				w := b.Watch("j")
				if got := len(b.OfJob("j")); n == 0 && got < i+1 {
					t.Errorf("%d rows after %d", got, i+1)
				}
				Count(b.OfJob("j"))
				w.Close()
			}
		})
	}
	all.Wait()
	if got := b.CountAll()[event.Shortlisted]; got != 50 {
		t.Errorf("%d", got)
	}
}

// What is not a step has no place in the path, and changes the card all the same.
func TestADateOfAnInterviewIsShownAtOnceAndAMessageMovesNothing(t *testing.T) {
	b, r := New(), record("s", "j", event.Applied)
	b.Put(RowOf(r))
	w := b.Watch("j")
	defer w.Close()
	before := RowOf(r)
	r.Append(application.Item{N: 2, Message: &application.Said{Body: "hello"}})
	b.Put(RowOf(r))
	r.Append(application.Item{N: 3, Interview: &event.Interview{ID: "i", State: event.InterviewPlanned, Starts: hour(9)}})
	b.Put(RowOf(r))
	if m := <-w.Moves(); m.After.InterviewAt == nil || !m.After.InterviewAt.Equal(hour(9)) || m.Before.Stage != m.After.Stage {
		t.Errorf("the watcher is told %+v", m)
	}
	if b.Put(before) {
		t.Error("an older state of the same step is shown")
	}
	select {
	case m := <-w.Moves():
		t.Errorf("the watcher is told too much: %+v", m)
	default:
	}
	if row, _ := b.Get(r.ID); row.InterviewAt == nil {
		t.Error("the board does not show when the interview is")
	}
}
