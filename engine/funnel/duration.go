package funnel

import (
	"cmp"
	"slices"
	"time"

	"tideline/engine/event"
)

// Duration is how long a stage takes. Those who are still in it count as far as
// they have come (Kaplan and Meier, 1958): leaving them out would make a stage
// look faster the more applications wait in it.
type Duration struct {
	Stage  event.Stage `json:"stage"`
	Cases  int         `json:"cases" doc:"visits that have begun"`
	Open   int         `json:"open" doc:"of them, those that have not ended"`
	Median *int64      `json:"median_seconds" doc:"null: it is not known, too many are still there"`
	P90    *int64      `json:"p90_seconds" doc:"null: it is not known, too many are still there"`
}

// Durations gives each open stage's.
func Durations(stories []Story, now time.Time) []Duration {
	return durations(stories, now, func(v Visit) bool { return v.To.IsZero() })
}

// Answers is Durations for those who wait: a student who withdrew had no answer
// until then, and says no more than one who still waits.
func Answers(stories []Story, now time.Time) []Duration {
	return durations(stories, now, func(v Visit) bool { return v.To.IsZero() || v.Next == event.Withdrawn })
}

func durations(stories []Story, now time.Time, open func(Visit) bool) []Duration {
	stays := map[event.Stage][]stay{}
	for _, s := range stories {
		for _, v := range s.Visits {
			stays[v.Stage] = append(stays[v.Stage], stay{int64(v.Lasted(now) / time.Second), open(v)})
		}
	}
	var list []Duration
	for _, stage := range event.Stages {
		if stage.Open() {
			list = append(list, durationOf(stage, stays[stage]))
		}
	}
	return list
}

type stay struct {
	seconds int64
	open    bool
}

// near is what a product of fractions may be off, in floating point.
const near = 1e-9

// durationOf reads the median and p90 off the curve of those who are still there
// after t: the first t at which it is down to a half, and to a tenth. At the same
// t, those who leave come before those who are only known until then.
func durationOf(stage event.Stage, stays []stay) Duration {
	d := Duration{Stage: stage, Cases: len(stays)}
	slices.SortFunc(stays, func(a, b stay) int { return cmp.Compare(a.seconds, b.seconds) })
	still := 1.0
	for i := 0; i < len(stays); {
		t, there, left := stays[i].seconds, len(stays)-i, 0
		for ; i < len(stays) && stays[i].seconds == t; i++ {
			if stays[i].open {
				d.Open++
			} else {
				left++
			}
		}
		if left == 0 {
			continue
		}
		still *= 1 - float64(left)/float64(there)
		if d.Median == nil && still <= 0.5+near {
			d.Median = &t
		}
		if d.P90 == nil && still <= 0.1+near {
			d.P90 = &t
		}
	}
	return d
}
