package api

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// inboxPage is the answer of GET /notifications.
type inboxPage struct {
	Items      []inboxItem `json:"items"`
	Unread     int         `json:"unread" doc:"items not read and not archived, of the newest 200"`
	NextCursor string      `json:"next_cursor,omitempty"`
}

// inboxFilter is what a request wants to see.
type inboxFilter struct {
	category string
	unread   bool
	archived bool
}

func (f inboxFilter) wants(i event.InboxItem) bool {
	return (f.category == "" || f.category == i.Category) && (!f.unread || i.Flags&event.Read == 0) &&
		f.archived == (i.Flags&event.Archived != 0)
}

// inboxScan is how many items one look into the inbox reads: all it keeps.
const inboxScan = 200

// recipient is whose inbox a request is about: the caller's own, or one that ops name.
func recipient(c *fiber.Ctx, who principal) (string, error) {
	named := c.Query("recipient")
	switch {
	case who.role == Student || who.role == Recruiter:
		if named != "" && named != who.subject {
			return "", refusal(http.StatusForbidden, "everybody reads and changes only their own")
		}
		return who.subject, nil
	case named == "":
		return "", refusal(http.StatusBadRequest, "say whose", Complaint{"query.recipient", string(event.Missing), "is required for " + string(who.role)})
	case !validID(named):
		return "", refusal(http.StatusUnprocessableEntity, "the recipient's id is not valid", Complaint{"query.recipient", string(event.UnknownValue), "must be an id: " + idRule})
	}
	return named, nil
}

// notifications lists an inbox, newest first.
func (s *Server) notifications(c *fiber.Ctx, who principal) error {
	whose, err := recipient(c, who)
	if err != nil {
		return err
	}
	limit, wrong := pageLimit(c)
	filter := inboxFilter{category: c.Query("category")}
	flag := func(name string, into *bool) {
		switch c.Query(name) {
		case "", "false":
		case "true":
			*into = true
		default:
			wrong = append(wrong, Complaint{"query." + name, string(event.UnknownValue), "must be true or false"})
		}
	}
	flag("unread", &filter.unread)
	flag("archived", &filter.archived)
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	of := scope{whose, event.Bucket(fmt.Sprintf("inbox %+v", filter))} // a cursor is bound to its filters
	before := int64(0)
	if cursor := c.Query("cursor"); cursor != "" {
		body, err := s.cursors.open(of, cursor, 8)
		if err != nil || len(body) != 8 {
			return badCursor(errCursor)
		}
		before = int64(binary.BigEndian.Uint64(body))
	}
	all, err := s.ports.Notify.Inbox.List(c.UserContext(), whose, 0, inboxScan)
	if err != nil {
		return err
	}
	page := inboxPage{Items: []inboxItem{}}
	for _, item := range all {
		if item.Flags&(event.Read|event.Archived) == 0 {
			page.Unread++
		}
		switch {
		case before > 0 && item.Seq >= before || !filter.wants(item):
		case len(page.Items) < limit:
			page.Items = append(page.Items, shownItem(item))
		case page.NextCursor == "":
			last := uint64(page.Items[limit-1].Sequence)
			page.NextCursor = s.cursors.seal(of, binary.BigEndian.AppendUint64(nil, last))
		}
	}
	return c.JSON(page)
}

// marked is the answer to a mark.
type marked struct {
	ID     string `json:"id,omitempty"`
	Status string `json:"status" example:"accepted"`
}

// markNotification sets flags of the item that the path names.
func (s *Server) markNotification(flags event.MarkFlags) func(*fiber.Ctx, principal) error {
	return func(c *fiber.Ctx, who principal) error {
		whose, err := recipient(c, who)
		if err != nil {
			return err
		}
		id, err := pathID(c, "notification")
		if err != nil {
			return err
		}
		return s.mark(c, event.Mark{Recipient: whose, ID: id, Flags: flags, At: s.ports.Now().UTC()})
	}
}

// readAll marks everything up to the newest item. What is newest the stream knows
// as well, when the inbox cannot be read.
func (s *Server) readAll(c *fiber.Ctx, who principal) error {
	whose, err := recipient(c, who)
	if err != nil {
		return err
	}
	upTo := s.ports.Notify.Live.Position(whose) - 1
	if newest, err := s.ports.Notify.Inbox.List(c.UserContext(), whose, 0, 1); err == nil {
		if len(newest) == 0 {
			return c.Status(http.StatusAccepted).JSON(marked{Status: "accepted"})
		}
		upTo = newest[0].Seq
	} else if upTo < 0 {
		return err
	}
	return s.mark(c, event.Mark{Recipient: whose, All: true, UpTo: upTo, Flags: event.Seen | event.Read, At: s.ports.Now().UTC()})
}

// mark shows a mark at once and makes it durable. When Redis is away it shows later.
func (s *Server) mark(c *fiber.Ctx, m event.Mark) error {
	// Shown first: what is not there is not worth a record, and the caller learns it.
	switch err := s.ports.Notify.Inbox.Mark(c.UserContext(), m); {
	case errors.Is(err, ErrNoItem) && !m.All: // all of nothing is no mistake
		return err
	case err != nil:
		s.log.Warn("a mark will show later", "error", err)
	}
	err := s.publish(c, func(ctx context.Context) error { return s.ports.Notify.Publisher.Marks(ctx, []event.Mark{m}) })
	if err != nil {
		return err
	}
	return c.Status(http.StatusAccepted).JSON(marked{m.ID, "accepted"})
}

// preferences shows what a recipient wants.
func (s *Server) preferences(c *fiber.Ctx, who principal) error {
	whose, err := recipient(c, who)
	if err != nil {
		return err
	}
	p, err := s.ports.Notify.Inbox.Preferences(c.UserContext(), whose)
	if err != nil {
		return err
	}
	p.Recipient = whose
	return c.JSON(p)
}

func (s *Server) putPreferences(c *fiber.Ctx, who principal) error {
	whose, err := recipient(c, who)
	if err != nil {
		return err
	}
	p, err := event.DecodePreferences(with(c.Body(), "recipient", whose))
	if err != nil {
		return err
	}
	p.Recipient = whose // decoding takes "Recipient" for the same field
	if err := s.publish(c, func(ctx context.Context) error { return s.ports.Notify.Publisher.PutPreferences(ctx, p) }); err != nil {
		return err
	}
	return accept(c, whose)
}

// candidates shows the best of a recruiter's job.
func (s *Server) candidates(c *fiber.Ctx, who principal) error {
	o, err := s.existing(c)
	if err != nil {
		return err
	}
	if err := owns(who, o.Recruiter); err != nil {
		return err
	}
	lists, err := s.ports.Notify.Candidates.Candidates(c.UserContext(), o.ID)
	if err != nil {
		return err
	}
	var students []string
	for _, list := range lists {
		for _, candidate := range list.Candidates {
			students = append(students, candidate.Student)
		}
	}
	if err := s.looked(c, who, "read candidates", o.ID, students, nil); err != nil {
		return err
	}
	answer := shortlists{Opportunity: o.ID, Lists: []explainedList{}}
	for _, list := range lists {
		explained := explainedList{Rule: list.Rule, Candidates: []explainedCandidate{}}
		for i, candidate := range list.Candidates {
			e := explainedCandidate{Rank: i + 1, Candidate: candidate}
			view, err := s.ports.Feeds.View(c.UserContext(), candidate.Student)
			if err == nil {
				e.Explanation = new(s.ports.Scorer.Explain(view, o, s.ports.Now()))
			} else if !errors.Is(err, ErrNoStudent) {
				return err
			}
			explained.Candidates = append(explained.Candidates, e)
		}
		answer.Lists = append(answer.Lists, explained)
	}
	return c.JSON(answer)
}
