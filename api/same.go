package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
)

// Merges tells which postings of outside sources are one opportunity, and splits
// them. Errors wrap same.ErrUnknown, same.ErrAlone, same.ErrNotSplit or ErrUnavailable.
// What follows is published when Split and Rejoin return. Safe for concurrent use.
type Merges interface {
	Merged(ctx context.Context, id string) (same.Merge, error)
	Split(ctx context.Context, id string) (same.Merge, error)
	Rejoin(ctx context.Context, id string) (same.Merge, error)
}

// Doubles knows the postings of outside sources for which another is shown.
// Safe for concurrent use.
type Doubles interface {
	// Double gives one, closed, with what it was merged into, whether it was ever
	// published or not. Errors wrap same.ErrUnknown, also for what is shown itself,
	// or ErrUnavailable.
	Double(ctx context.Context, id string) (event.Opportunity, error)
}

// opportunity gives one opportunity, also one that was merged before it was published.
func (s *Server) opportunity(c *fiber.Ctx, _ principal) error {
	o, err := s.existing(c)
	if s.ports.Doubles != nil && (errors.Is(err, errNoOpportunity) || err == nil && o.MergedInto != "") {
		o, err = s.double(c, o, err)
	}
	if err != nil {
		return err
	}
	return c.JSON(o)
}

// double answers for doubles alike, published or not: most never are, because what
// they are merged into was there first. Of one that was, another may lead by now.
func (s *Server) double(c *fiber.Ctx, o event.Opportunity, missing error) (event.Opportunity, error) {
	id, err := pathID(c, "opportunity")
	if err != nil {
		return o, err
	}
	double, err := s.ports.Doubles.Double(c.UserContext(), id)
	switch {
	case err == nil && missing != nil:
		return double, nil
	case err == nil:
		o.MergedInto = double.MergedInto
	case missing != nil && !errors.Is(err, same.ErrUnknown):
		return o, err // it may exist
	}
	return o, missing
}

// mergeRoutes is what postings that are one opportunity add.
func (s *Server) mergeRoutes() []route {
	if s.ports.Merges == nil {
		return nil
	}
	ops, params := []Role{Ops}, []*huma.Param{idParam("opportunity")}
	serve := func(act func(context.Context, string) (same.Merge, error)) func(*fiber.Ctx, principal) error {
		return func(c *fiber.Ctx, _ principal) error {
			id, err := pathID(c, "opportunity")
			if err != nil {
				return err
			}
			view, err := act(c.UserContext(), id)
			if err != nil {
				return err
			}
			return c.JSON(view)
		}
	}
	const tag, path = "sources", "/opportunities/{opportunity}"
	return []route{
		{
			id: "merge", method: http.MethodGet, path: path + "/merge", roles: ops, serve: serve(s.ports.Merges.Merged), tag: tag,
			summary: "Which open postings of outside sources an opportunity stands for, and why, and which are like it", params: params, answer: same.Merge{},
		},
		{
			id: "split", method: http.MethodPost, path: path + "/split", roles: ops, serve: serve(s.ports.Merges.Split), tag: tag,
			summary: "Take a posting out of its merge for good: it is never merged again with what it was merged with", params: params, answer: same.Merge{},
		},
		{
			id: "rejoin", method: http.MethodDelete, path: path + "/split", roles: ops, serve: serve(s.ports.Merges.Rejoin), tag: tag,
			summary: "Take the split of a posting back", params: params, answer: same.Merge{},
		},
	}
}
