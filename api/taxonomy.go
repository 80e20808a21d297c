package api

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/event"
)

// reasonList is what an organisation may say when an application ends.
type reasonList struct {
	Reasons []rejectionReason `json:"reasons" minItems:"1" maxItems:"64"`
}

// rejectionReason is an application.RejectionReason under a name of its own in the
// document, where a reason is something else.
type rejectionReason struct {
	Code string     `json:"code"`
	Side event.Side `json:"side" enum:"we_declined,they_declined,other"`
	Text string     `json:"text" doc:"students read it"`
}

// organisation is the one of the path, if the caller recruits for it.
func (s *Server) organisation(c *fiber.Ctx, who principal) (string, error) {
	name, err := url.PathUnescape(c.Params("organisation"))
	if err != nil || !validID(name) {
		return "", refusal(http.StatusUnprocessableEntity, "the path is not valid", Complaint{"path.organisation", string(event.UnknownValue), "must be a name, percent-encoded"})
	}
	if who.role == Ops {
		return name, nil
	}
	mine := false
	s.ports.Notify.Opportunities(func(o event.Opportunity) bool {
		mine = o.Recruiter == who.subject && o.Organisation == name
		return !mine
	})
	if !mine && !s.catalogLoaded() {
		return "", ErrRebuilding
	}
	if !mine {
		return "", refusal(http.StatusForbidden, "you have no job of this organisation")
	}
	return name, nil
}

func (s *Server) reasons(c *fiber.Ctx, who principal) error {
	name, err := s.organisation(c, who)
	if err != nil {
		return err
	}
	p, err := s.ports.Hiring.Service.Pipeline(c.UserContext(), "", name)
	if err != nil {
		return err
	}
	if len(p.Reasons) == 0 {
		p.Reasons = application.DefaultReasons
	}
	answer := reasonList{}
	for _, r := range p.Reasons {
		answer.Reasons = append(answer.Reasons, rejectionReason(r))
	}
	return c.JSON(answer)
}

const maxReasons = 64

func (s *Server) putReasons(c *fiber.Ctx, who principal) error {
	name, err := s.organisation(c, who)
	if err != nil {
		return err
	}
	var body reasonList
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	var wrong []Complaint
	if n := len(body.Reasons); n < 1 || n > maxReasons {
		wrong = append(wrong, Complaint{"body.reasons", string(event.OutOfRange), "must be 1 to 64 reasons"})
	}
	known := map[string]bool{}
	for i, r := range body.Reasons {
		at := fmt.Sprintf("body.reasons[%d].", i)
		if !validID(r.Code) || known[r.Code] {
			wrong = append(wrong, Complaint{at + "code", string(event.UnknownValue), "must be an id of its own"})
		}
		known[r.Code] = true
		if !slices.Contains([]event.Side{event.WeDeclined, event.TheyDeclined, event.OtherSide}, r.Side) {
			wrong = append(wrong, Complaint{at + "side", string(event.UnknownValue), "must be we_declined, they_declined or other"})
		}
		if n := len(r.Text); n < 1 || n > 500 {
			wrong = append(wrong, Complaint{at + "text", string(event.OutOfRange), "must be a text of 1 to 500 bytes"})
		}
	}
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the reasons are not valid", wrong...)
	}
	var reasons application.Reasons
	for _, r := range body.Reasons {
		reasons = append(reasons, application.RejectionReason(r))
	}
	if err := s.ports.Hiring.Timelines.PutReasons(c.UserContext(), name, reasons); err != nil {
		return err
	}
	return c.JSON(body)
}
