package api

import (
	"context"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// student shows a student as the engine sees them.
func (s *Server) student(c *fiber.Ctx, who principal) error {
	named, err := pathID(c, "student")
	if err != nil {
		return err
	}
	student, err := whose(who, named, "path.student")
	if err != nil {
		return err
	}
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return err
	}
	return c.JSON(view)
}

func (s *Server) putProfile(c *fiber.Ctx, _ principal) error {
	id, err := pathID(c, "student")
	if err != nil {
		return err
	}
	p, err := event.DecodeProfile(withID(c.Body(), id))
	if err != nil {
		return err
	}
	if p.ID != id {
		return idMismatch("profile", p.ID, id)
	}
	err = s.publish(c, func(ctx context.Context) error { return s.ports.Publisher.PutProfile(ctx, p) })
	if err != nil {
		return err
	}
	return accept(c, id)
}

func (s *Server) deleteProfile(c *fiber.Ctx, _ principal) error {
	id, err := pathID(c, "student")
	if err != nil {
		return err
	}
	err = s.publish(c, func(ctx context.Context) error { return s.ports.Publisher.DeleteProfile(ctx, id) })
	if err != nil {
		return err
	}
	return accept(c, id)
}
