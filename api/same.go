package api

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

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
