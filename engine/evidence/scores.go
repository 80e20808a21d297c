package evidence

import (
	"math"
	"time"

	"github.com/cespare/xxhash/v2"

	"tideline/engine/application"
	"tideline/engine/event"
)

// Scores are whole numbers, 0..100.
type Scores struct {
	Activity  int
	Interview int // -1: nothing is known of interviews
}

// What evidence is worth, and how fast it loses that.
const (
	one           = 1 << 20 // the weight of fresh evidence
	activityHalf  = 30      // days
	interviewHalf = 180     // days
	saturation    = 10      // points of activity that make 63
	prior         = 4       // how much evidence the assumption of an average interview is worth
)

// points is what a step to a stage says about how active a student is: what
// they did themselves counts more than what was done about them.
var points = map[event.Stage]int64{
	event.Applied: 2, event.Shortlisted: 1, event.InterviewScheduled: 1, event.InterviewCompleted: 3, event.OfferExtended: 1,
	event.OfferAccepted: 2, event.OfferRejected: 2, event.Rejected: 1, event.Withdrawn: 1,
}

// Of gives the scores of somebody with these applications, as of a time.
func Of(applications []*Application, asOf time.Time) Scores {
	var active, sum, weight int64
	count := func(share int64, value int, at time.Time) {
		w := share * decayed(at, asOf, interviewHalf)
		sum, weight = sum+w*int64(value), weight+w
	}
	for _, a := range applications {
		steps := application.InForce(a.Path)
		for _, c := range steps {
			active += points[c.To] * decayed(c.At, asOf, activityHalf)
		}
		if value, at, ok := outcome(steps); ok {
			count(2, value, at)
		}
		for _, j := range a.Judgements {
			share := int64(1)
			if j.Interview != "" {
				share = 2
			}
			count(share, j.Value, j.At)
		}
	}
	s := Scores{Activity: int(math.Round(100 * (1 - math.Exp(-float64(active)/(saturation*one))))), Interview: -1}
	if weight > 0 {
		sum, weight = sum+prior*one*500, weight+prior*one
		s.Interview = int((sum + 5*weight) / (10 * weight)) // half up
	}
	return s
}

// outcome is what came of the interviews of one application: an offer, a
// rejection, or nothing yet. False when there was none.
func outcome(steps []application.Change) (value int, at time.Time, ok bool) {
	offered, last := false, event.Stage("")
	for _, c := range steps {
		switch c.To {
		case event.OfferExtended, event.OfferAccepted, event.OfferRejected:
			offered, ok = true, true
		case event.InterviewCompleted:
			ok = true
		case event.Applied, event.Shortlisted, event.InterviewScheduled, event.Rejected, event.Withdrawn:
		}
		if c.Kind != event.Late {
			last = c.To
		}
		if c.At.After(at) {
			at = c.At
		}
	}
	switch {
	case offered:
		value = 1000
	case last == event.Rejected:
		value = 250
	default:
		value = 500
	}
	return value, at, ok
}

// decayed is the weight of evidence of whole days of age; what is younger than
// the time it is looked at from is fresh.
func decayed(at, asOf time.Time, half float64) int64 {
	days := max(0, asOf.Sub(at)/(24*time.Hour))
	return int64(math.Round(one * math.Exp2(-float64(days)/half)))
}

const day = 86400

// Slot is the second of the day at which a student's scores age: each has their
// own, so that no moment ages everybody's.
func Slot(student string) int64 { return int64(xxhash.Sum64String(student) % day) }

// AsOf is the last time at or before now at which a student's scores aged.
func AsOf(student string, now time.Time) time.Time {
	seconds := now.Unix()
	return time.Unix(seconds-((seconds-Slot(student))%day+day)%day, 0).UTC()
}
