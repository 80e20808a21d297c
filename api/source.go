package api

import (
	"context"
	"net/http"
	"net/url"

	"github.com/danielgtaylor/huma/v2"
	"github.com/gofiber/fiber/v2"

	"tideline/engine/harvest"
)

// Sources tells about outside sources, starts and removes them. Errors wrap
// harvest.ErrNoSource, ErrDisabled, ErrEnabled, ErrRunsOn, ErrTaken or ErrUnavailable.
// Safe for concurrent use.
type Sources interface {
	List(ctx context.Context) ([]harvest.Status, error)
	Runs(ctx context.Context, name string, limit int) ([]harvest.Run, error) // newest first
	RunNow(ctx context.Context, name string) error                           // does not wait for the run

	// Remove closes what a source has open that nobody reads any more and forgets it.
	// When that takes longer than a request may, the record is partial, and the next
	// call goes on.
	Remove(ctx context.Context, name, actor string) (harvest.Run, error)
}

type sourceList struct {
	Items []harvest.Status `json:"items"`
}

type sourceRuns struct {
	Items []harvest.Run `json:"items"`
}

// sourceRoutes is what outside sources add.
func (s *Server) sourceRoutes() []route {
	if s.ports.Sources == nil {
		return nil
	}
	ops, name := []Role{Ops}, idParam("source")
	const tag = "sources"
	return []route{
		{
			id: "sources", method: http.MethodGet, path: "/sources", roles: ops, serve: s.sources, tag: tag,
			summary: "The outside sources of opportunities and how they stand", answer: sourceList{},
		},
		{
			id: "source-runs", method: http.MethodGet, path: "/sources/{source}/runs", roles: ops, serve: s.sourceRuns, tag: tag,
			summary: "What came of the newest runs of a source, newest first; a hundred are kept", params: []*huma.Param{name, limitParam}, answer: sourceRuns{},
		},
		{
			id: "run-source", method: http.MethodPost, path: "/sources/{source}/run", roles: ops, serve: s.runSource, tag: tag,
			summary: "Ask for a run now, which some process then begins", params: []*huma.Param{name}, status: http.StatusAccepted, answer: accepted{},
		},
		{
			id: "remove-source", method: http.MethodDelete, path: "/sources/{source}", roles: ops, serve: s.removeSource, tag: tag,
			summary: "Close what a source still has open that is in no file, or is off, and forget it; 202 and a partial record say that there is more to do: ask again",
			params:  []*huma.Param{name}, answer: harvest.Run{},
		},
	}
}

func (s *Server) sources(c *fiber.Ctx, _ principal) error {
	list, err := s.ports.Sources.List(c.UserContext())
	if err != nil {
		return err
	}
	return c.JSON(sourceList{Items: list})
}

func (s *Server) sourceRuns(c *fiber.Ctx, _ principal) error {
	name, err := pathID(c, "source")
	if err != nil {
		return err
	}
	limit, wrong := pageLimit(c)
	if wrong != nil {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	list, err := s.ports.Sources.Runs(c.UserContext(), name, limit)
	if err != nil {
		return err
	}
	if list == nil {
		list = []harvest.Run{}
	}
	return c.JSON(sourceRuns{Items: list})
}

func (s *Server) runSource(c *fiber.Ctx, _ principal) error {
	name, err := pathID(c, "source")
	if err != nil {
		return err
	}
	if err := s.ports.Sources.RunNow(c.UserContext(), name); err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, "/sources/"+url.PathEscape(name)+"/runs")
	return accept(c, name)
}

func (s *Server) removeSource(c *fiber.Ctx, who principal) error {
	name, err := pathID(c, "source")
	if err != nil {
		return err
	}
	run, err := s.ports.Sources.Remove(c.UserContext(), name, who.subject)
	if err != nil {
		return err
	}
	if run.Outcome != harvest.Whole {
		c.Status(http.StatusAccepted)
	}
	return c.JSON(run)
}
