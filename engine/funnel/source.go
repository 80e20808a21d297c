package funnel

import (
	"cmp"
	"slices"

	"tideline/engine/event"
)

// Source is how far those came who came from one place.
type Source struct {
	By           string `json:"by" enum:"source,via,position" doc:"source of the job, how the student came to it, or its place in their feed"`
	Value        string `json:"value"`
	Applications int    `json:"applications"`
	Interviews   int    `json:"interviews" doc:"reached an interview"`
	Offers       int    `json:"offers" doc:"reached an offer"`
	Accepted     int    `json:"accepted" doc:"accepted one, ever"`
}

// Unknown is the value of what was not said.
const Unknown = "unknown"

// The bands of places in a feed.
var bands = []string{"1", "2-3", "4-10", "11+", Unknown}

func band(position int) string {
	switch {
	case position < 1:
		return Unknown
	case position == 1:
		return "1"
	case position <= 3:
		return "2-3"
	case position <= 10:
		return "4-10"
	}
	return "11+"
}

var dimensions = []string{"source", "via", "position"}

// Sources counts by each of the three: every application is in one value of
// each. Values are in alphabetical order, places in their own.
func Sources(stories []Story) []Source {
	counts := map[[2]string]*Source{}
	for i := range stories {
		s := &stories[i]
		for k, value := range []string{cmp.Or(s.Source, Unknown), cmp.Or(s.Via, Unknown), band(s.Position)} {
			key := [2]string{dimensions[k], value}
			if counts[key] == nil {
				counts[key] = &Source{By: dimensions[k], Value: value}
			}
			counts[key].count(s)
		}
	}
	list := []Source{}
	for _, one := range counts {
		list = append(list, *one)
	}
	slices.SortFunc(list, func(a, b Source) int {
		return cmp.Or(
			cmp.Compare(slices.Index(dimensions, a.By), slices.Index(dimensions, b.By)),
			cmp.Compare(slices.Index(bands, a.Value)*boolean(a.By == "position"), slices.Index(bands, b.Value)*boolean(b.By == "position")),
			cmp.Compare(a.Value, b.Value))
	})
	return list
}

func (n *Source) count(s *Story) {
	n.Applications++
	n.Interviews += boolean(s.Reached(event.InterviewScheduled))
	n.Offers += boolean(s.Reached(event.OfferExtended))
	n.Accepted += boolean(s.Stood(event.OfferAccepted))
}

func boolean(b bool) int {
	if b {
		return 1
	}
	return 0
}
