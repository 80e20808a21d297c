package oracle

import (
	"fmt"
	"math/big"
	"slices"
	"time"
)

// Counts is what analytics say about some applications.
type Counts struct {
	Snapshot map[string]int // by stage
	Size     int            // of the cohort
	Rungs    map[string]Rung
	Ended    map[string]int
	Pending  int
	Immature bool
	Usual    map[string]Usual
	Sources  map[string]Came // by dimension and value
	Reasons  map[string]int  // by side, end and code
}

// Rung is one stage of a cohort.
type Rung struct {
	Reached, Stood, Pending int
	FromPrior, FromStart    string
}

// Usual is how long a stage takes, in seconds; empty: not known.
type Usual struct {
	Cases, Open int
	Median, P90 string
}

// Came is how far those came who came from one place.
type Came struct{ Applications, Interviews, Offers, Accepted int }

// Period is one of applying: from, inclusive, to another, exclusive. Zero times are no limit.
type Period struct{ From, To time.Time }

// Sides says whose decision the reason of a rejection is, by organisation and
// code; of an organisation that is not there, those of "".
type Sides map[string]map[string]string

// DefaultSides is the list of reasons of who has none of their own.
var DefaultSides = map[string]string{
	"skills": "we_declined", "experience": "we_declined", "other_candidate": "we_declined", "position_closed": "we_declined",
	"no_show": "we_declined", "other_offer": "they_declined", "compensation": "they_declined", "location": "they_declined", "other": "other",
}

var (
	stageOrder = []string{
		"applied", "shortlisted", "interview_scheduled", "interview_completed", "offer_extended",
		"offer_accepted", "offer_rejected", "rejected", "withdrawn",
	}
	open = stageOrder[:5]
	rung = stageOrder[:6]
)

// stay is one visit of an open stage.
type stay struct {
	stage   string
	seconds int64
	over    bool
}

// told is one application as funnels see it.
type told struct {
	*History
	at    Standing
	stays []stay
	been  map[string]bool
	side  string
}

// Count counts these applications as of a moment.
func Count(all []*History, sides Sides, within Period, now time.Time) Counts {
	var everybody, cohort []told
	for _, h := range all {
		one := tell(h, sides, now)
		everybody = append(everybody, one)
		if applied := one.at.AppliedAt; !applied.Before(within.From) && (within.To.IsZero() || applied.Before(within.To)) {
			cohort = append(cohort, one)
		}
	}
	c := Counts{
		Snapshot: map[string]int{}, Size: len(cohort), Rungs: map[string]Rung{}, Ended: map[string]int{},
		Usual: map[string]Usual{}, Sources: map[string]Came{}, Reasons: map[string]int{},
	}
	for _, one := range everybody {
		c.Snapshot[one.at.Stage]++
	}
	for _, stage := range open {
		c.Usual[stage] = usual(cohort, stage)
	}
	for i, stage := range rung {
		r, leave := Rung{FromPrior: "unknown", FromStart: "unknown"}, usual(everybody, stage).P90
		for _, one := range cohort {
			if one.reached(i) {
				r.Reached++
			}
			if one.been[stage] {
				r.Stood++
			}
			if i < len(open) && one.at.Stage == stage && one.waits(leave) {
				r.Pending++
			}
		}
		prior := r.Reached
		if i > 0 {
			prior = c.Rungs[rung[i-1]].Reached
		}
		if prior > 0 {
			r.FromPrior = fmt.Sprintf("%.9f", float64(r.Reached)/float64(prior))
		}
		if len(cohort) > 0 {
			r.FromStart = fmt.Sprintf("%.9f", float64(r.Reached)/float64(len(cohort)))
		}
		c.Rungs[stage] = r
		c.Pending += r.Pending
	}
	c.Immature = float64(c.Pending) > float64(len(cohort))/10
	for _, one := range cohort {
		c.Ended[one.end()]++
		if one.side != "" {
			c.Reasons[one.side+" "+one.at.Stage+" "+one.at.Reason]++
		}
		one.came(c.Sources)
	}
	return c
}

func tell(h *History, sides Sides, now time.Time) told {
	one := told{History: h, at: h.Stands(), been: map[string]bool{}}
	steps := h.valid()
	for _, s := range steps {
		one.been[s.To] = true
	}
	slices.SortStableFunc(steps, func(a, b Step) int { return date(a.At).Compare(date(b.At)) })
	for i, s := range steps {
		if i > 0 && s.To == steps[i-1].To || !slices.Contains(open, s.To) {
			continue
		}
		visit := stay{stage: s.To}
		end := now
		for _, next := range steps[i+1:] {
			if next.To != s.To {
				visit.over, end = true, date(next.At)
				break
			}
		}
		visit.seconds = max(0, end.Unix()-date(s.At).Unix())
		one.stays = append(one.stays, visit)
	}
	switch list, known := sides[h.Organisation]; one.at.Stage {
	case "rejected":
		if !known {
			list = DefaultSides
		}
		if one.side = list[one.at.Reason]; one.side == "" {
			one.side = "we_declined"
		}
	case "withdrawn", "offer_rejected":
		one.side = "they_declined"
	}
	return one
}

// reached says whether it stood in the i-th stage or an open one beyond.
func (o told) reached(i int) bool {
	switch {
	case i == 0, o.been["offer_accepted"]:
		return true
	case i == 5:
		return false
	case o.been["offer_rejected"]:
		return true
	}
	return slices.ContainsFunc(open[i:], func(stage string) bool { return o.been[stage] })
}

// waits says whether it has not been there for as long as nine of ten were.
func (o told) waits(p90 string) bool {
	var limit int64
	if _, err := fmt.Sscan(p90, &limit); err != nil {
		return true
	}
	return o.stays[len(o.stays)-1].seconds < limit
}

func (o told) end() string {
	switch o.at.Stage {
	case "offer_accepted":
		return "accepted"
	case "withdrawn":
		return "withdrawn"
	case "offer_rejected":
		return "declined"
	case "rejected":
		if o.side == "they_declined" {
			return "declined"
		}
		return "rejected"
	}
	return "open"
}

func (o told) came(into map[string]Came) {
	place := "unknown"
	for _, band := range []struct {
		name        string
		first, last int
	}{{"1", 1, 1}, {"2-3", 2, 3}, {"4-10", 4, 10}, {"11+", 11, 10_000}} {
		if o.Position >= band.first && o.Position <= band.last {
			place = band.name
		}
	}
	for by, value := range map[string]string{"source": o.Source, "via": o.Via, "position": place} {
		if value == "" {
			value = "unknown"
		}
		n := into[by+" "+value]
		n.Applications++
		for count, yes := range map[*int]bool{&n.Interviews: o.reached(2), &n.Offers: o.reached(4), &n.Accepted: o.been["offer_accepted"]} {
			if yes {
				*count++
			}
		}
		into[by+" "+value] = n
	}
}

// usual finds the first moments at which, by the product-limit estimate, half and
// nine of ten have left.
func usual(list []told, stage string) (u Usual) {
	var stays []stay
	var ends []int64
	for _, one := range list {
		for _, s := range one.stays {
			if s.stage == stage {
				stays = append(stays, s)
				ends = append(ends, s.seconds)
			}
		}
	}
	slices.Sort(ends)
	still := big.NewRat(1, 1)
	for _, at := range slices.Compact(ends) {
		var there, left int64
		for _, s := range stays {
			if s.seconds >= at {
				there++
			}
			if s.seconds == at && s.over {
				left++
			}
		}
		still.Mul(still, big.NewRat(there-left, there))
		if left > 0 && u.Median == "" && still.Cmp(big.NewRat(1, 2)) <= 0 {
			u.Median = fmt.Sprint(at)
		}
		if left > 0 && u.P90 == "" && still.Cmp(big.NewRat(1, 10)) <= 0 {
			u.P90 = fmt.Sprint(at)
		}
	}
	u.Cases = len(stays)
	for _, s := range stays {
		if !s.over {
			u.Open++
		}
	}
	return u
}
