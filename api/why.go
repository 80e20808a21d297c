package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
	"tideline/engine/match"
)

// reason says why an opportunity is in a feed, or why not.
type reason struct {
	Opportunity string            `json:"opportunity"`
	InFeed      bool              `json:"in_feed"`
	Rank        int               `json:"rank,omitempty" doc:"1-based place in the feed"`
	Floor       *int64            `json:"floor,omitempty" doc:"key of the lowest entry shown, when the opportunity is eligible and not in the feed"`
	Short       *int64            `json:"short,omitempty" doc:"the floor less the opportunity's key, in 1/65536 of a doubling"`
	Summary     string            `json:"summary" doc:"in a sentence"`
	Explanation match.Explanation `json:"explanation"`
}

// why explains one pair, from what the engine knows now.
func (s *Server) why(c *fiber.Ctx, who principal) error {
	bucket, err := pathBucket(c)
	if err != nil {
		return err
	}
	student, err := student(c, who)
	if err != nil {
		return err
	}
	o, err := s.existing(c)
	if err != nil {
		return err
	}
	if o.Bucket != bucket {
		return refusal(http.StatusNotFound, "the opportunity of that id is in the bucket "+string(o.Bucket))
	}
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return err
	}
	entries, err := s.ports.Feeds.Page(c.UserContext(), student, bucket, event.FeedShow)
	if err != nil {
		return err
	}
	now := s.ports.Now()
	r := reason{Opportunity: o.ID, Explanation: s.ports.Scorer.Explain(view, o, now)}
	member, rank := event.MemberOf(o.ID), 0
	for shown, err := range s.shown(entries, now) {
		if err != nil {
			return err
		}
		rank++
		if shown.entry.Member == member {
			r.InFeed, r.Rank = true, rank
			break
		}
	}
	r.conclude(entries)
	return c.JSON(r)
}

// conclude fills in the summary and, where it matters, the distance to the feed.
func (r *reason) conclude(entries []event.Entry) {
	switch {
	case r.InFeed:
		r.Summary = "It is in the feed."
		return
	case !r.Explanation.Eligible:
		r.Summary = "It is not in the feed. " + r.Explanation.GateDetail
		return
	}
	if len(entries) > 0 {
		floor := entries[len(entries)-1].Key
		r.Floor, r.Short = &floor, new(floor-r.Explanation.Key)
	}
	if len(entries) == event.FeedShow && *r.Short >= 0 {
		r.Summary = "It is not in the feed: a hundred others stand higher."
	} else {
		r.Summary = "It belongs in the feed and is on its way there."
	}
}
