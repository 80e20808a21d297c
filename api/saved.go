package api

import (
	"cmp"
	"encoding/binary"
	"net/http"
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
	Items      []savedItem `json:"items" doc:"newest first"`
	NextCursor string      `json:"next_cursor,omitempty" doc:"absent on the last page"`
}

// bySaving is the order of what is saved: newest first, then by id.
func bySaving(a, b savedItem) int {
	return cmp.Or(b.SavedAt.Compare(a.SavedAt), cmp.Compare(a.ID, b.ID))
}

// saved gives a page of what a student has saved. What is saved after the first
// page was read stands before it, so that pages neither repeat nor skip.
func (s *Server) saved(c *fiber.Ctx, who principal) error {
	student, err := student(c, who)
	if err != nil {
		return err
	}
	limit, wrong := pageLimit(c)
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	var last savedItem // of the page before
	cursor := c.Query("cursor")
	if cursor != "" {
		if last, err = s.cursors.readSaved(student, cursor); err != nil {
			return badCursor(err)
		}
	}
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return err
	}
	list := savedList{Items: []savedItem{}}
	for id, at := range view.Saved {
		if item := (savedItem{ID: id, SavedAt: at}); cursor == "" || bySaving(item, last) > 0 {
			list.Items = append(list.Items, item)
		}
	}
	slices.SortFunc(list.Items, bySaving)
	if len(list.Items) > limit {
		list.Items = list.Items[:limit]
		list.NextCursor = s.cursors.writeSaved(student, list.Items[limit-1])
	}
	for i := range list.Items {
		o, ok := s.ports.Catalog.Opportunity(list.Items[i].ID)
		if ok {
			list.Items[i].Opportunity = &o
		} else if !s.catalogLoaded() {
			return ErrRebuilding
		}
	}
	return c.JSON(list)
}

// savedScope keeps these cursors and those of feeds apart: it is no bucket.
func savedScope(student string) scope { return scope{student, "saved"} }

// writeSaved makes the cursor after an item: when it was saved, and its id.
func (c cursors) writeSaved(student string, last savedItem) string {
	body := binary.BigEndian.AppendUint64(nil, uint64(last.SavedAt.UnixNano()))
	return c.seal(savedScope(student), append(body, last.ID...))
}

func (c cursors) readSaved(student, cursor string) (savedItem, error) {
	body, err := c.open(savedScope(student), cursor, 8+maxID)
	if err != nil || len(body) < 8 {
		return savedItem{}, errCursor
	}
	return savedItem{ID: string(body[8:]), SavedAt: time.Unix(0, int64(binary.BigEndian.Uint64(body)))}, nil
}
