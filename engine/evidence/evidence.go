package evidence

import (
	"slices"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// Judgement is what one piece of feedback says of a student.
type Judgement struct {
	N         int       `json:"n"` // place in the application's log
	Submitted time.Time `json:"submitted"`
	Interview string    `json:"interview,omitempty"` // of a scorecard; empty: a shortlisting
	Value     int       `json:"value"`               // 0..1000
	At        time.Time `json:"at"`                  // of the interview, else when it was submitted
}

// Application is what counts of one application.
type Application struct {
	Path       []application.Change `json:"path,omitempty"`
	Judgements []Judgement          `json:"judgements,omitempty"` // by N
}

// Judge takes a piece of feedback. It reports whether that changed anything:
// only scorecards, and shortlistings with a recommendation, judge a student.
func (a *Application) Judge(e event.Evaluation) bool {
	f := e.Feedback
	if f.Recommendation == "" || f.Kind != event.Scorecard && f.Kind != event.Shortlisting {
		return false
	}
	j := Judgement{N: e.N, Submitted: e.SubmittedAt, Value: value(f), At: e.SubmittedAt}
	if f.Kind == event.Scorecard {
		j.Interview = f.Interview
		if f.InterviewedAt != nil {
			j.At = *f.InterviewedAt
		}
	}
	at, known := slices.BinarySearchFunc(a.Judgements, e.N, func(j Judgement, n int) int { return j.N - n })
	a.Judgements = slices.Clone(a.Judgements)
	switch {
	case !known:
		a.Judgements = slices.Insert(a.Judgements, at, j)
	case e.SubmittedAt.After(a.Judgements[at].Submitted): // the application was erased and began anew
		a.Judgements[at] = j
	default:
		return false
	}
	return true
}

// Begin forgets what was said before the application began, which was about one
// that was erased.
func (a *Application) Begin(at time.Time) {
	a.Judgements = slices.DeleteFunc(slices.Clone(a.Judgements), func(j Judgement) bool { return j.Submitted.Before(at) })
}

// recommended is what a recommendation is worth.
var recommended = map[event.Recommendation]int{event.DefinitelyNo: 0, event.No: 333, event.Yes: 667, event.StrongYes: 1000}

// value is the mean of the recommendation and the mean rating, if there is one.
func value(f event.Feedback) int {
	v := recommended[f.Recommendation]
	if len(f.Attributes) == 0 {
		return v
	}
	sum := 0
	for _, a := range f.Attributes {
		sum += 250 * (a.Rating - 1)
	}
	return (v + sum/len(f.Attributes)) / 2
}
