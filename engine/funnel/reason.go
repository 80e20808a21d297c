package funnel

import (
	"cmp"
	"maps"
	"slices"

	"tideline/engine/event"
)

// ReasonCount is how many applications stand at an end for one reason.
type ReasonCount struct {
	Side  event.Side  `json:"side" doc:"whose decision it was"`
	Stage event.Stage `json:"stage" doc:"the end"`
	Code  string      `json:"code,omitempty" doc:"empty: none was given"`
	Count int         `json:"count"`
}

// side is whose decision an end is. A rejection is what its reason says in the
// organisation's list, and the organisation's when the list does not have it;
// whoever withdraws or turns an offer down decides themselves.
func (s *Story) side() event.Side {
	if s.Stage != event.Rejected {
		return event.TheyDeclined
	}
	if known, ok := s.Reasons.Find(s.Reason); ok {
		return known.Side
	}
	return event.WeDeclined
}

// Reasons counts why applications ended, without those that ended well: by
// side, then the most frequent first.
func Reasons(stories []Story) []ReasonCount {
	counts := map[ReasonCount]int{}
	for i := range stories {
		if s := &stories[i]; !s.Stage.Open() && s.Stage != event.OfferAccepted {
			counts[ReasonCount{Side: s.side(), Stage: s.Stage, Code: s.Reason}]++
		}
	}
	list := []ReasonCount{}
	for r := range maps.Keys(counts) {
		r.Count = counts[r]
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b ReasonCount) int {
		return cmp.Or(-cmp.Compare(a.Side, b.Side), cmp.Compare(b.Count, a.Count), cmp.Compare(a.Stage, b.Stage), cmp.Compare(a.Code, b.Code))
	})
	return list
}
