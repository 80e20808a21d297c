package board

import (
	"fmt"
	"strings"
	"testing"

	"tideline/engine/application"
	"tideline/engine/event"
)

func TestColumnsHoldEveryApplicationOnce(t *testing.T) {
	p := application.Pipeline{Steps: []application.Step{
		{ID: "inbox", Name: "Inbox", Stage: event.Applied, Days: 1},
		{ID: "task", Name: "Task", Stage: event.Shortlisted},
		{ID: "talk", Name: "Talk", Stage: event.Shortlisted},
	}}
	var rows []*Row
	for i, place := range []struct {
		stage event.Stage
		step  string
	}{
		{event.Applied, "inbox"}, {event.Applied, ""}, {event.Shortlisted, "talk"}, {event.Shortlisted, "gone"}, {event.Rejected, ""}, {event.OfferExtended, ""},
	} {
		r := &Row{ID: fmt.Sprint(i), Student: "s"}
		r.Stage, r.Step, r.StepSince = place.stage, place.step, hour(0)
		rows = append(rows, r)
	}
	var got []string
	for _, c := range Columns(rows, p, hour(24)) {
		var cards []string
		for _, card := range c.Cards {
			cards = append(cards, card.ID+string(p.SLA(card.Stage, card.Step, card.StepSince, hour(24))))
		}
		if len(cards) != c.Count {
			t.Errorf("%s: %d cards, count %d", c.Name, len(cards), c.Count)
		}
		got = append(got, fmt.Sprintf("%s:%s:%d", c.Name, strings.Join(cards, ","), c.Stuck))
	}
	want := "Inbox:0late,1on_time:1 Task:3on_time:0 Talk:2on_time:0 interview_scheduled::0 interview_completed::0 " +
		"offer_extended:5on_time:0 offer_accepted::0 offer_rejected::0 rejected:4:0 withdrawn::0"
	if strings.Join(got, " ") != want {
		t.Errorf("got  %s\nwant %s", strings.Join(got, " "), want)
	}
}

func TestCardsAreOrderedAndTiesBreakById(t *testing.T) {
	b := New()
	for i, id := range []string{"d", "a", "c", "b"} {
		r := &Row{ID: id, Opportunity: "j", Path: make([]application.Change, 1), Origin: application.Origin{Match: []int{1, 9, 9, 5}[i]}}
		r.Stage, r.StepSince = event.Applied, hour([]int{3, 1, 2, 3}[i])
		b.Put(r)
	}
	for order, want := range map[Order]string{ByRecency: "bdca", ByMatch: "acbd", ByWait: "acbd"} {
		var got strings.Builder
		for range 2 { // the second time it is known
			got.Reset()
			for _, card := range Columns(b.InOrder("j", order), application.Pipeline{}, hour(4))[0].Cards {
				got.WriteString(card.ID)
			}
		}
		if got.String() != want {
			t.Errorf("by %s: %s, want %s", order, got.String(), want)
		}
	}
}

func TestAnOrderThatIsKeptIsGivenUpWhenACardMoves(t *testing.T) {
	b := New()
	ids := func() (got string) {
		for _, r := range b.InOrder("j", ByRecency) {
			got += r.Student
		}
		return got
	}
	x, y := record("x", "j", event.Applied), record("y", "j", event.Applied, event.Shortlisted)
	b.Put(RowOf(x))
	b.Put(RowOf(y))
	if got := ids(); got != "yx" {
		t.Errorf("at first %s", got)
	}
	step(x, application.Change{Kind: event.Skip, To: event.InterviewScheduled, At: hour(5)})
	b.Put(RowOf(x))
	if got := ids(); got != "xy" || b.InOrder("j", ByRecency)[0].Stage != event.InterviewScheduled {
		t.Errorf("after a move %s", got)
	}
	for i := range 2 * maxSorted {
		b.InOrder(fmt.Sprint(i), ByMatch)
	}
	if len(b.sorted) > maxSorted {
		t.Errorf("orders of %d jobs are kept", len(b.sorted))
	}
}
