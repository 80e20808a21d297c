package api

import (
	"context"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
	"tideline/engine/match"
)

type whyInput struct {
	Bucket      string `path:"bucket" enum:"jobs,hackathons,content"`
	Opportunity string `path:"opportunity" maxLength:"128"`
	Student     string `query:"student" doc:"for ops and services"`
}

type whyOutput struct {
	Body struct {
		Opportunity string            `json:"opportunity"`
		InFeed      bool              `json:"in_feed"`
		Rank        int               `json:"rank,omitempty" doc:"1-based place in the feed"`
		Floor       *int64            `json:"floor,omitempty" doc:"key of the lowest entry shown, when that is what keeps it out"`
		Short       int64             `json:"short,omitempty" doc:"by how much its key misses the floor"`
		Summary     string            `json:"summary"`
		Explanation match.Explanation `json:"explanation"`
	}
}

// why explains one pair, from what the engine knows now.
func (s *Server) why(ctx context.Context, in *whyInput) (*whyOutput, error) {
	student, err := whose(ctx, in.Student)
	if err != nil {
		return nil, err
	}
	o, ok := s.ports.Catalog.Opportunity(in.Opportunity)
	if !ok || string(o.Bucket) != in.Bucket {
		return nil, huma.Error404NotFound("no opportunity of that id in " + in.Bucket)
	}
	view, err := s.ports.Feeds.View(ctx, student)
	if err != nil {
		return nil, s.problem(err)
	}
	entries, err := s.ports.Feeds.Page(ctx, student, o.Bucket, event.FeedShow)
	if err != nil {
		return nil, s.problem(err)
	}
	out := &whyOutput{}
	b := &out.Body
	b.Opportunity, b.Explanation = o.ID, s.ports.Scorer.Explain(view, o, s.ports.Now())
	for i, e := range entries {
		if e.Member == event.MemberOf(o.ID) {
			b.InFeed, b.Rank = true, i+1
		}
	}
	switch {
	case b.InFeed:
		b.Summary = "It is in the feed."
	case !b.Explanation.Eligible:
		b.Summary = "It is not in the feed. " + b.Explanation.GateDetail
	case len(entries) == event.FeedShow && b.Explanation.Key <= entries[len(entries)-1].Key:
		floor := entries[len(entries)-1].Key
		b.Floor, b.Short = &floor, floor-b.Explanation.Key
		b.Summary = "It is not in the feed: a hundred others stand higher."
	default:
		b.Summary = "It belongs into the feed and is on its way there."
	}
	return out, nil
}
