package api

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// accepted is the answer to what goes through the topics first.
type accepted struct {
	ID     string `json:"id"`
	Status string `json:"status" example:"accepted" doc:"accepted: durable, and processed soon"`
}

func accept(c *fiber.Ctx, id string) error {
	return c.Status(http.StatusAccepted).JSON(accepted{id, "accepted"})
}

// existing reads the opportunity that the path names. What is missing from a
// catalog that is still being loaded may exist.
func (s *Server) existing(c *fiber.Ctx) (event.Opportunity, error) {
	id, err := pathID(c, "opportunity")
	if err != nil {
		return event.Opportunity{}, err
	}
	o, ok := s.ports.Catalog.Opportunity(id)
	switch {
	case ok:
		return o, nil
	case !s.catalogLoaded():
		return event.Opportunity{}, ErrRebuilding
	}
	return event.Opportunity{}, errNoOpportunity
}

// errNoOpportunity is never changed.
var errNoOpportunity = refusal(http.StatusNotFound, "no opportunity of that id")

func (s *Server) putOpportunity(c *fiber.Ctx, who principal) error {
	id, err := pathID(c, "opportunity")
	if err != nil {
		return err
	}
	o, err := event.DecodeOpportunity(withID(c.Body(), id), s.ports.Now())
	if err != nil {
		return err
	}
	if o.ID != id {
		return idMismatch("opportunity", o.ID, id)
	}
	if err := s.mayReplace(who, id, o); err != nil {
		return err
	}
	err = s.publish(c, func(ctx context.Context) error { return s.ports.Publisher.PutOpportunity(ctx, o) })
	if err != nil {
		return err
	}
	return accept(c, id)
}

// mayReplace holds recruiters to their own: the new value must be theirs, and
// the one it replaces. Two recruiters who publish the same new id within the
// moment the first one's record takes to come back both pass; the later stays.
func (s *Server) mayReplace(who principal, id string, o event.Opportunity) error {
	if who.role != Recruiter {
		return nil
	}
	if err := owns(who, o.Recruiter); err != nil {
		return err
	}
	before, ok := s.ports.Catalog.Opportunity(id)
	if !ok {
		if !s.catalogLoaded() {
			return ErrRebuilding
		}
		return nil
	}
	return owns(who, before.Recruiter)
}

// deleteOpportunity takes an opportunity back. A recruiter must own what there
// is; for others the record is written in any case, because what they have
// just published may not have come back yet.
func (s *Server) deleteOpportunity(c *fiber.Ctx, who principal) error {
	id, err := pathID(c, "opportunity")
	if err != nil {
		return err
	}
	if who.role == Recruiter {
		before, err := s.existing(c)
		if err != nil {
			return err
		}
		if err := owns(who, before.Recruiter); err != nil {
			return err
		}
	}
	err = s.publish(c, func(ctx context.Context) error { return s.ports.Publisher.DeleteOpportunity(ctx, id) })
	if err != nil {
		return err
	}
	return accept(c, id)
}

// publish writes within a time limit. Values are valid by now, so whatever goes
// wrong is the topics' trouble.
func (s *Server) publish(c *fiber.Ctx, write func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(c.UserContext(), publishWithin)
	defer cancel()
	if err := write(ctx); err != nil {
		return fmt.Errorf("%w: publish: %w", ErrUnavailable, err)
	}
	return nil
}

// withID adds the path's id to a body that leaves it out, at the end, so that
// the positions in complaints stay those of the body. What is not an object is
// left to the decoder to refuse.
func withID(body []byte, id string) []byte {
	var probe map[string]json.RawMessage
	if json.Unmarshal(body, &probe) == nil {
		if given, ok := probe["id"]; ok && string(given) != "null" {
			return body
		}
	}
	return with(body, "id", id)
}

// with sets a field of a JSON object, at the end, where it wins.
func with(body []byte, name, value string) []byte {
	var probe map[string]json.RawMessage
	if json.Unmarshal(body, &probe) != nil || probe == nil {
		return body
	}
	open := bytes.TrimRight(body, " \t\r\n")
	open = open[:len(open)-1]
	comma := ","
	if len(probe) == 0 {
		comma = ""
	}
	return fmt.Appendf(nil, `%s%s%s:%s}`, open, comma, quote(name), quote(value))
}

func idMismatch(what, body, path string) error {
	return refusal(http.StatusUnprocessableEntity, "the "+what+" is not valid", Complaint{
		"body.id", string(event.KeyMismatch), fmt.Sprintf("is %q, and the path says %q; they must agree, or leave it out", clip(body), path),
	})
}
