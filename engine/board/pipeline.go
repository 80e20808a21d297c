package board

import (
	"cmp"
	"slices"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// Order is how the cards of a column are sorted.
type Order string

// The orders. Ties break by the application's id.
const (
	ByRecency Order = "recent" // who came to the column last
	ByMatch   Order = "match"  // overlap when they applied, best first
	ByWait    Order = "wait"   // who has been there longest
)

// Orders lists them.
var Orders = []Order{ByRecency, ByMatch, ByWait}

// Card is an application in a column.
type Card struct {
	*Row
	SLA application.SLA // of its step
}

// Column is a step of a job's pipeline, or a stage without one, and who stands there.
type Column struct {
	Stage event.Stage
	Step  string // empty: the stage itself
	Name  string
	Count int
	Stuck int
	Cards []Card // all, in order
}

// Columns lays a job's applications out. Every application is in exactly one column.
func Columns(rows []*Row, p application.Pipeline, order Order, now time.Time) []Column {
	columns := layout(p)
	at := map[[2]string]int{}
	for i, c := range columns {
		at[[2]string{string(c.Stage), c.Step}] = i
		if _, named := at[[2]string{string(c.Stage), ""}]; !named {
			at[[2]string{string(c.Stage), ""}] = i
		}
	}
	for _, r := range rows {
		i, ok := at[[2]string{string(r.Stage), r.Step}]
		if !ok { // a step that the pipeline no longer has
			i = at[[2]string{string(r.Stage), ""}]
		}
		card := Card{Row: r}
		if r.Student != "" { // nobody waits for who was erased
			card.SLA = p.SLA(r.Stage, r.Step, r.StepSince, now)
		}
		columns[i].Cards = append(columns[i].Cards, card)
		columns[i].Count++
		if card.SLA == application.Overdue {
			columns[i].Stuck++
		}
	}
	for _, c := range columns {
		slices.SortFunc(c.Cards, func(x, y Card) int { return cmp.Or(order.compare(x.Row, y.Row), cmp.Compare(x.ID, y.ID)) })
	}
	return columns
}

func (o Order) compare(x, y *Row) int {
	switch o {
	case ByMatch:
		return cmp.Compare(y.Origin.Match, x.Origin.Match)
	case ByWait:
		return x.StepSince.Compare(y.StepSince)
	default:
		return y.StepSince.Compare(x.StepSince)
	}
}

// layout gives the empty columns: the open stages, each as its steps, then the ends.
func layout(p application.Pipeline) []Column {
	var columns []Column
	for _, stage := range event.Stages {
		own := 0
		for _, s := range p.Steps {
			if s.Stage == stage {
				columns = append(columns, Column{Stage: stage, Step: s.ID, Name: s.Name})
				own++
			}
		}
		if own == 0 {
			columns = append(columns, Column{Stage: stage, Name: string(stage)})
		}
	}
	return columns
}
