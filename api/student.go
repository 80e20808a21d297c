package api

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

type savedItem struct {
	ID          string             `json:"id"`
	SavedAt     time.Time          `json:"saved_at"`
	Opportunity *event.Opportunity `json:"opportunity,omitempty" doc:"absent when it was deleted"`
}

type savedList struct {
	Items []savedItem `json:"items" doc:"newest first"`
}

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

func (s *Server) saved(c *fiber.Ctx, who principal) error {
	student, err := student(c, who)
	if err != nil {
		return err
	}
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return err
	}
	list := savedList{Items: []savedItem{}}
	for id, at := range view.Saved {
		item := savedItem{ID: id, SavedAt: at}
		o, ok := s.ports.Catalog.Opportunity(id)
		if ok {
			item.Opportunity = &o
		} else if !s.catalogLoaded() {
			return ErrRebuilding
		}
		list.Items = append(list.Items, item)
	}
	slices.SortFunc(list.Items, func(a, b savedItem) int {
		return cmp.Or(b.SavedAt.Compare(a.SavedAt), cmp.Compare(a.ID, b.ID))
	})
	return c.JSON(list)
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
