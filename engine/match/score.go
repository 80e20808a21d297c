package match

import (
	"time"

	"tideline/engine/event"
)

// Gate names the condition that keeps an opportunity out of a feed.
type Gate string

// The gates, in the order in which they are tried.
const (
	NoGate       Gate = ""
	ClosedGate   Gate = "closed"
	ExpiredGate  Gate = "expired"
	IgnoredGate  Gate = "ignored"
	YearGate     Gate = "graduation_year"
	LocationGate Gate = "location"
	NoSkillGate  Gate = "no_skill"
)

// Terms are the four whole numbers that make a key, in units of 1/65536 of a doubling.
type Terms struct {
	Overlap  int64 `json:"overlap"`
	Fit      int64 `json:"fit"`
	Interest int64 `json:"interest"`
	Fresh    int64 `json:"fresh"`
}

// Key is their sum.
func (t Terms) Key() int64 { return t.Overlap + t.Fit + t.Interest + t.Fresh }

// Score gives the key of an opportunity in a student's feed, or the gate that
// keeps it out.
func Score(s *Student, o *Opportunity, now time.Time) (Terms, Gate) {
	switch {
	case !o.open:
		return Terms{}, ClosedGate
	case now.Unix() >= o.deadline:
		return Terms{}, ExpiredGate
	}
	if gate := admits(s, o); gate != NoGate {
		return Terms{}, gate
	}
	n, _ := earned(s, o)
	if n == 0 {
		return Terms{}, NoSkillGate
	}
	return terms(s, o, n), NoGate
}

// terms scores an eligible pair with n points.
func terms(s *Student, o *Opportunity, n int) Terms {
	return Terms{
		Overlap: o.weights.overlapTerm(n, o.total), Fit: o.weights.fitTerm(o.difficulty, int(s.ability)),
		Interest: interestTerm(s, o), Fresh: o.fresh,
	}
}

// admits checks the gates that belong to the student.
func admits(s *Student, o *Opportunity) Gate {
	switch {
	case s.ignores(o.member):
		return IgnoredGate
	case !yearFits(o.years, s.year):
		return YearGate
	case !placeFits(s, o):
		return LocationGate
	}
	return NoGate
}

func yearFits(years uint64, year uint8) bool {
	return years == 0 || year == 0 || years>>(year-1)&1 == 1
}

func placeFits(s *Student, o *Opportunity) bool {
	if len(o.locations) == 0 || len(s.locations) == 0 || o.remote && s.remote {
		return true
	}
	for i, j := 0, 0; i < len(o.locations) && j < len(s.locations); {
		switch a, b := o.locations[i], s.locations[j]; {
		case a == b:
			return true
		case a < b:
			i++
		default:
			j++
		}
	}
	return false
}

// earned are the points of a student: all, and those for skills alone, which
// are N of the overlap. Both lists are sorted by skill.
func earned(s *Student, o *Opportunity) (n, known int) {
	j := 0
	for _, r := range o.skills {
		for j < len(s.skills) && s.skills[j]>>levelBits < r.skill {
			j++
		}
		if j == len(s.skills) {
			break
		}
		if s.skills[j]>>levelBits == r.skill {
			points := r.points(uint8(s.skills[j] & (1<<levelBits - 1)))
			n += points
			if !r.need {
				known += points
			}
		}
	}
	return n, known
}

// interestTerm is 0 for a student without weights.
func interestTerm(s *Student, o *Opportunity) int64 {
	if !s.weighted() {
		return 0
	}
	return o.weights.interestTerm(logit(s, o))
}

func logit(s *Student, o *Opportunity) float64 {
	z := 0.0
	for _, f := range o.features {
		z += s.extras.weights[f]
	}
	return z
}

// entry makes a feed entry of an eligible pair.
func entry(o *Opportunity, key int64) event.Entry { return event.Entry{Member: o.member, Key: key} }
