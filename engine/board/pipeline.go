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

// Column is a step of a job's pipeline, or a stage without one, and who stands there.
type Column struct {
	Stage event.Stage
	Step  string // empty: the stage itself
	Name  string
	Count int
	Stuck int
	Cards []*Row // all, in order
}

// InOrder gives a job's applications in an order. Callers must not change what
// they get: it is kept until one of the job's cards moves.
func (b *Board) InOrder(job string, o Order) []*Row {
	b.mu.RLock()
	rows, known := b.sorted[job][o]
	version := b.version[job]
	b.mu.RUnlock()
	if known {
		return rows
	}
	rows = b.OfJob(job)
	o.sort(rows)
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.version[job] == version { // else it is of a moment that is over, and nobody else should get it
		if len(b.sorted) >= maxSorted {
			clear(b.sorted)
		}
		if b.sorted[job] == nil {
			b.sorted[job] = map[Order][]*Row{}
		}
		b.sorted[job][o] = rows
	}
	return rows
}

// maxSorted is for how many jobs orders are kept.
const maxSorted = 256

func (o Order) sort(rows []*Row) {
	slices.SortFunc(rows, func(x, y *Row) int { return cmp.Or(o.compare(x, y), cmp.Compare(x.ID, y.ID)) })
}

// Columns lays applications of a job out; each column keeps their order. Every
// application is in exactly one column.
func Columns(rows []*Row, p application.Pipeline, now time.Time) []Column {
	columns := layout(p)
	type place struct {
		column   int
		patience time.Duration
	}
	type spot struct {
		stage event.Stage
		step  string
	}
	at := map[spot]place{}
	for i, c := range columns {
		at[spot{c.Stage, c.Step}] = place{i, p.Patience(c.Stage, c.Step)}
		if _, named := at[spot{c.Stage, ""}]; !named {
			at[spot{c.Stage, ""}] = place{i, p.Patience(c.Stage, "")}
		}
	}
	for _, r := range rows {
		here, ok := at[spot{r.Stage, r.Step}]
		if !ok { // a step that the pipeline no longer has
			here = at[spot{r.Stage, ""}]
		}
		c := &columns[here.column]
		c.Cards = append(c.Cards, r)
		c.Count++
		if r.Student != "" && here.patience > 0 && now.Sub(r.StepSince) >= here.patience {
			c.Stuck++
		}
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
