package oracle

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// OwnStep is a stage of a job's own pipeline.
type OwnStep struct {
	ID, Stage string
	Days      int
}

// Column is a column of a pipeline.
type Column struct {
	Name         string // a step, or a stage without one
	Count, Stuck int
	Cards        []Card
}

// Card is an application in a column.
type Card struct {
	ID, Student, Stage, Step, SLA   string
	Since, Applied, Interview, Ends time.Time
	Match                           int
}

var patience = map[string]int{"applied": 7, "shortlisted": 7, "interview_scheduled": 14, "interview_completed": 7, "offer_extended": 7}

// Pipeline lays a job's applications out, in each column who came last first.
func Pipeline(all []*History, own []OwnStep, now time.Time) []Column {
	var columns []Column
	days := []int{}
	for _, stage := range stageOrder {
		named := false
		for _, s := range own {
			if s.Stage == stage {
				columns, named = append(columns, Column{Name: s.ID}), true
				days = append(days, cmp.Or(s.Days, patience[stage]))
			}
		}
		if !named {
			columns = append(columns, Column{Name: stage})
			days = append(days, patience[stage])
		}
	}
	came := map[string]time.Time{}
	for _, h := range all {
		at := h.Stands()
		i := slices.IndexFunc(columns, func(c Column) bool { return c.Name == cmp.Or(at.Step, at.Stage) })
		if i < 0 { // it came to the stage before the stage had steps
			i = slices.IndexFunc(columns, func(c Column) bool {
				return slices.ContainsFunc(own, func(s OwnStep) bool { return s.ID == c.Name && s.Stage == at.Stage })
			})
		}
		came[h.ID] = at.StepSince
		card := Card{ID: h.ID, Student: h.Student, Stage: at.Stage, Step: at.Step, Since: at.Since, Applied: at.AppliedAt, Match: h.Match}
		card.Interview, card.Ends = h.Dates()
		if days[i] > 0 {
			full, waited := float64(days[i])*86400, now.Sub(at.StepSince).Seconds()
			switch {
			case waited >= full:
				card.SLA = "late"
				columns[i].Stuck++
			case waited >= full*3/4:
				card.SLA = "due_soon"
			default:
				card.SLA = "on_time"
			}
		}
		columns[i].Count++
		columns[i].Cards = append(columns[i].Cards, card)
	}
	for _, c := range columns {
		slices.SortFunc(c.Cards, func(a, b Card) int { return cmp.Or(came[b.ID].Compare(came[a.ID]), cmp.Compare(a.ID, b.ID)) })
	}
	return columns
}

// ReadPipeline reads a page of a pipeline as the API answers it, and where each
// column goes on.
func ReadPipeline(data []byte) (columns []Column, next map[string]string, err error) {
	var raw struct {
		Columns []struct {
			Column       string
			Count, Stuck int
			NextCursor   string `json:"next_cursor"`
			Cards        []rawCard
		}
	}
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, nil, fmt.Errorf("read a pipeline: %w", err)
	}
	next = map[string]string{}
	for _, c := range raw.Columns {
		column := Column{Name: c.Column, Count: c.Count, Stuck: c.Stuck}
		for _, card := range c.Cards {
			column.Cards = append(column.Cards, card.card())
		}
		columns = append(columns, column)
		if c.NextCursor != "" {
			next[c.Column] = c.NextCursor
		}
	}
	return columns, next, nil
}

type rawCard struct {
	ID, Student, Stage, Step, SLA string

	Since       string
	AppliedAt   string `json:"applied_at"`
	InterviewAt string `json:"interview_at"`
	OfferEnds   string `json:"offer_ends"`
	Match       int
}

func (r rawCard) card() Card {
	return Card{
		ID: r.ID, Student: r.Student, Stage: r.Stage, Step: r.Step, SLA: r.SLA, Since: date(r.Since), Applied: date(r.AppliedAt),
		Interview: date(r.InterviewAt), Ends: date(r.OfferEnds), Match: r.Match,
	}
}

// DiffPipeline compares what was answered with what should have been.
func DiffPipeline(job string, want, got []Column) []string {
	var wrong []string
	if len(want) != len(got) {
		return []string{fmt.Sprintf("%s: want %d columns, got %d", job, len(want), len(got))}
	}
	for i, w := range want {
		g := got[i]
		if w.Name != g.Name || w.Count != g.Count || w.Stuck != g.Stuck || len(w.Cards) != len(g.Cards) {
			wrong = append(wrong, fmt.Sprintf("%s: want column %s with %d cards, %d stuck; got %s with %d, %d, and %d shown",
				job, w.Name, w.Count, w.Stuck, g.Name, g.Count, g.Stuck, len(g.Cards)))
			continue
		}
		for k := range w.Cards {
			if w.Cards[k] != g.Cards[k] {
				wrong = append(wrong, fmt.Sprintf("%s, %s: want card %+v, got %+v", job, w.Name, w.Cards[k], g.Cards[k]))
			}
		}
	}
	return wrong
}
