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
	for _, c := range Columns(rows, p, ByWait, hour(24)) {
		var cards []string
		for _, card := range c.Cards {
			cards = append(cards, card.ID+string(card.SLA))
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
	var rows []*Row
	for i, id := range []string{"d", "a", "c", "b"} {
		r := &Row{ID: id, Origin: application.Origin{Match: []int{1, 9, 9, 5}[i]}}
		r.Stage, r.StepSince = event.Applied, hour([]int{3, 1, 2, 3}[i])
		rows = append(rows, r)
	}
	for order, want := range map[Order]string{ByRecency: "bdca", ByMatch: "acbd", ByWait: "acbd"} {
		var got strings.Builder
		for _, card := range Columns(rows, application.Pipeline{}, order, hour(4))[0].Cards {
			got.WriteString(card.ID)
		}
		if got.String() != want {
			t.Errorf("by %s: %s, want %s", order, got.String(), want)
		}
	}
}
