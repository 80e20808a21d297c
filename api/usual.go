package api

import (
	"fmt"
	"time"

	"tideline/engine/event"
	"tideline/engine/funnel"
)

// usual is how long the stages take at an organisation, as counted at some time.
type usual struct {
	at        time.Time
	durations []funnel.Duration
}

const (
	maxUsual   = 1000        // organisations that are remembered
	usualFor   = time.Minute // so many students of one may look at once
	leastCases = 5           // fewer answers say nothing, or too much about one
)

// usually says to a student who waits in a stage how long that takes at the
// organisation: the median over all of its applications, of which those that were
// withdrawn had no answer. It is empty while too
// few have got further, and where nobody waits for the organisation.
func (s *Server) usually(organisation string, stage event.Stage) string {
	says, waits := usualWords[stage]
	if !waits || organisation == "" || !s.ports.Hiring.Loaded() {
		return ""
	}
	d := s.usualOf(organisation)[stage.Index()]
	if d.Median == nil || d.Cases-d.Open < leastCases {
		return ""
	}
	return fmt.Sprintf(says, organisation, within(*d.Median))
}

// usualOf counts anew once a minute, so that a thousand students who look at
// their applications to one organisation do not cost a thousand counts.
func (s *Server) usualOf(organisation string) []funnel.Duration {
	now := s.ports.Now()
	known, ok := s.usual.get(organisation)
	if age := now.Sub(known.at); ok && age >= 0 && age < usualFor {
		return known.durations
	}
	rows := s.ports.Hiring.Board.OfOrganisation(organisation)
	cases := make([]funnel.Case, len(rows))
	for i, r := range rows {
		cases[i] = funnel.Case{Path: r.Path}
	}
	known = usual{now, funnel.Answers(funnel.TellAll(cases), now)}
	s.usual.put(organisation, known)
	return known.durations
}

// within puts a time into words, rounded up to days.
func within(seconds int64) string {
	const day = 24 * 60 * 60
	if days := (seconds + day - 1) / day; days > 1 {
		return fmt.Sprintf("%d days", days)
	}
	return "a day"
}
