package api

import (
	"net/http"
	"slices"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/event"
)

// reading is the body of POST /applications/{application}/messages/read.
type reading struct {
	UpTo int `json:"up_to,omitempty" doc:"the n of the last message that was read; without it, all"`
}

// readUpTo is its answer.
type readUpTo struct {
	UpTo    int `json:"up_to" doc:"the n of the last message of others that the caller has read; 0: none"`
	Version int `json:"version"`
}

// readMessages notes how far the caller has read. The other side sees it.
func (s *Server) readMessages(c *fiber.Ctx, who principal) error {
	var body reading
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	if body.UpTo < 0 {
		return refusal(http.StatusUnprocessableEntity, "the receipt is not valid", Complaint{"body.up_to", string(event.OutOfRange), "must be the n of a message"})
	}
	r, err := s.tracked(c, who)
	if err != nil {
		return err
	}
	d, err := demanded(c, who, r.ID)
	if err != nil {
		return err
	}
	r, _, err = s.ports.Hiring.Service.Change(c.UserContext(), r.ID, 0, func(r *application.Record, _ application.Pipeline) (*application.Item, error) {
		if known, err := r.Repeat(d.eventID, d.request); known != nil || err != nil {
			return nil, err
		}
		return r.Receive(body.UpTo, d.eventID, d.request, actor(who), s.ports.Now())
	})
	if err != nil {
		return refusedStep(err, r, who)
	}
	return c.JSON(readUpTo{UpTo: r.ReadBy(actor(who)), Version: r.Version})
}

// receipts is how far each reader has read, while a log is gone through.
type receipts map[application.Actor]int

// mark notes on the messages before a receipt that they were read. Students are
// told that the other side has read them, not who of it.
func (r receipts) mark(list []entry, i application.Item, who principal) {
	from := r[i.Actor]
	r[i.Actor] = max(from, i.Read)
	mark := receipt{Role: string(i.Actor.Role), Reader: i.Actor.ID, At: i.RecordedAt}
	if who.role == Student {
		mark.Reader = ""
	}
	for n, e := range slices.Backward(list) {
		if e.N <= from {
			return
		}
		known := slices.ContainsFunc(e.ReadBy, func(m receipt) bool { return m.Role == mark.Role && m.Reader == mark.Reader })
		own := e.author == i.Actor || who.role == Student && e.author.Role == i.Actor.Role
		hidden := i.Actor.Role == application.Student && e.internal
		if e.Type == "message" && e.N <= i.Read && !own && !hidden && !known {
			list[n].ReadBy = append(list[n].ReadBy, mark)
		}
	}
}
