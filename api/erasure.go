package api

import (
	"context"
	"encoding/binary"
	"net/http"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/erasure"
	"tideline/engine/event"
)

// eraseWithin is how long a request waits for an erasure to be done.
const eraseWithin = 5 * time.Second

// shownErasure is the report of an erasure. It does not name the student.
type shownErasure struct {
	Hash   string         `json:"hash" doc:"stands for the student where something must stay, as in the audit"`
	State  string         `json:"state" enum:"running,done"`
	By     string         `json:"by" doc:"who asked for it; the hash, if it was the student"`
	Role   string         `json:"role"`
	At     time.Time      `json:"at"`
	Done   *time.Time     `json:"done_at,omitempty"`
	Counts map[string]int `json:"counts" doc:"what was erased or made nameless, by store"`
}

func showErasure(e erasure.Erasure) shownErasure {
	shown := shownErasure{Hash: e.Hash, State: "running", By: e.By, Role: e.Role, At: e.At, Counts: e.Counts}
	if !e.Running() {
		shown.State, shown.Done = "done", &e.Done
	}
	if shown.Counts == nil {
		shown.Counts = map[string]int{}
	}
	return shown
}

// erasable is the student of the path: a student's own, or any for ops.
func erasable(c *fiber.Ctx, who principal) (string, error) {
	named, err := pathID(c, "student")
	if err != nil {
		return "", err
	}
	return whose(who, named, "path.student")
}

// eraseStudent has a student erased. Once it is written down it happens, whether
// the caller waits or not.
func (s *Server) eraseStudent(c *fiber.Ctx, who principal) error {
	student, err := erasable(c, who)
	if err != nil {
		return err
	}
	e, err := s.ports.Hiring.Erasures.Begin(c.UserContext(), student, who.subject, string(who.role))
	if err != nil {
		return err
	}
	within, cancel := context.WithTimeout(c.UserContext(), eraseWithin)
	defer cancel()
	if e, err = s.ports.Hiring.Erasures.Wait(within, e); err != nil {
		return err
	}
	c.Set(fiber.HeaderLocation, c.Path()+"/erasure")
	if e.Running() {
		c.Status(http.StatusAccepted)
	} else {
		c.Status(http.StatusOK)
	}
	return c.JSON(showErasure(e))
}

func (s *Server) erasure(c *fiber.Ctx, who principal) error {
	student, err := erasable(c, who)
	if err != nil {
		return err
	}
	e, err := s.ports.Hiring.Erasures.Last(c.UserContext(), student)
	if err != nil {
		return err
	}
	return c.JSON(showErasure(e))
}

// auditPage is the answer of GET /audit.
type auditPage struct {
	Items      []TrailEntry `json:"items"`
	NextCursor string       `json:"next_cursor,omitempty"`
}

func (s *Server) audit(c *fiber.Ctx, _ principal) error {
	limit, wrong := pageLimit(c)
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	f := TrailFilter{Student: c.Query("student"), Application: c.Query("application"), Actor: c.Query("actor")}
	of := scope{f.Student + "\x00" + f.Application + "\x00" + f.Actor, event.Bucket("audit")}
	if cursor := c.Query("cursor"); cursor != "" {
		body, err := s.cursors.open(of, cursor, 8+maxID)
		if err != nil || len(body) < 9 {
			return badCursor(errCursor)
		}
		f.BeforeAt, f.BeforeID = time.UnixMilli(int64(binary.BigEndian.Uint64(body))).UTC(), string(body[8:])
	}
	found, err := s.ports.Hiring.Timelines.Trail(c.UserContext(), f, limit+1)
	if err != nil {
		return err
	}
	page := auditPage{Items: []TrailEntry{}}
	page.Items = append(page.Items, found[:min(limit, len(found))]...)
	if len(found) > limit {
		last := found[limit-1]
		page.NextCursor = s.cursors.seal(of, append(binary.BigEndian.AppendUint64(nil, uint64(last.At.UnixMilli())), last.ID...))
	}
	return c.JSON(page)
}
