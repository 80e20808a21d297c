package funnel

import (
	"time"

	"tideline/engine/event"
)

// Snapshot is where everybody stands now.
type Snapshot struct {
	Total  int          `json:"total"`
	Stages []StageCount `json:"stages"`
}

// StageCount is how many stand in a stage.
type StageCount struct {
	Stage event.Stage `json:"stage"`
	Count int         `json:"count"`
}

// SnapshotOf counts.
func SnapshotOf(stories []Story) Snapshot {
	n := Snapshot{Total: len(stories)}
	for _, stage := range event.Stages {
		n.Stages = append(n.Stages, StageCount{Stage: stage})
	}
	for _, s := range stories {
		n.Stages[s.Stage.Index()].Count++
	}
	return n
}

// Cohort is how far those came who applied in a period, by now.
type Cohort struct {
	Size     int    `json:"size"`
	Stages   []Rung `json:"stages" doc:"the open stages in their order, then the accepted offer"`
	Ended    Ended  `json:"ended"`
	Pending  int    `json:"pending" doc:"in an open stage for less than the time within which nine of ten leave it"`
	Immature bool   `json:"immature" doc:"more than a tenth of the cohort is pending: what was reached will still grow"`
}

// Rung is one stage of a cohort.
type Rung struct {
	Stage     event.Stage `json:"stage"`
	Reached   int         `json:"reached" doc:"stood here or beyond, ever"`
	Stood     int         `json:"stood" doc:"stood here themselves, ever; without those who skipped it"`
	FromPrior *float64    `json:"from_prior" doc:"share of those who reached the stage before; null: nobody did"`
	FromStart *float64    `json:"from_start" doc:"share of the cohort; null: it is empty"`
	Pending   int         `json:"pending" doc:"stand here, and not long enough to say that they will stay"`
}

// Ended is how it ended, as it stands now.
type Ended struct {
	Rejected  int `json:"rejected" doc:"by the organisation"`
	Declined  int `json:"declined" doc:"by the student: an offer turned down, or a rejection whose reason is of their side"`
	Withdrawn int `json:"withdrawn"`
	Accepted  int `json:"accepted"`
	Open      int `json:"open" doc:"has not ended"`
}

// In gives those who applied in a period: from, inclusive, to another, exclusive.
// Zero times are no limit.
func In(stories []Story, from, to time.Time) []Story {
	var in []Story
	for _, s := range stories {
		if !s.Applied.Before(from) && (to.IsZero() || s.Applied.Before(to)) {
			in = append(in, s)
		}
	}
	return in
}

// CohortOf counts. Usual is how long the stages take, best of a longer history
// than the cohort's: a young cohort does not know it.
func CohortOf(stories []Story, usual []Duration, now time.Time) Cohort {
	c := Cohort{Size: len(stories)}
	for _, stage := range Ladder {
		c.Stages = append(c.Stages, Rung{Stage: stage})
	}
	for i := range stories {
		s := &stories[i]
		for k := range c.Stages {
			if s.Reached(Ladder[k]) {
				c.Stages[k].Reached++
			}
			if s.Stood(Ladder[k]) {
				c.Stages[k].Stood++
			}
		}
		if s.pending(usual, now) {
			c.Stages[s.Stage.Index()].Pending++
			c.Pending++
		}
		c.Ended.count(s)
	}
	for k := range c.Stages {
		c.Stages[k].FromPrior = share(c.Stages[k].Reached, c.Stages[max(0, k-1)].Reached)
		c.Stages[k].FromStart = share(c.Stages[k].Reached, c.Size)
	}
	c.Immature = 10*c.Pending > c.Size
	return c
}

func share(part, whole int) *float64 {
	if whole == 0 {
		return nil
	}
	return new(float64(part) / float64(whole))
}

// pending says whether an application is still where most will move on from. As
// long as nobody knows when they do, everybody who is there is.
func (s *Story) pending(usual []Duration, now time.Time) bool {
	if !s.Stage.Open() {
		return false
	}
	p90 := usual[s.Stage.Index()].P90
	return p90 == nil || int64(s.Visits[len(s.Visits)-1].Lasted(now)/time.Second) < *p90
}

func (e *Ended) count(s *Story) {
	switch s.Stage {
	case event.OfferAccepted:
		e.Accepted++
	case event.Withdrawn:
		e.Withdrawn++
	case event.OfferRejected:
		e.Declined++
	case event.Rejected:
		if s.side() == event.TheyDeclined {
			e.Declined++
		} else {
			e.Rejected++
		}
	default:
		e.Open++
	}
}
