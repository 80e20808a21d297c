package api

import (
	"net/http"
	"strings"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/event"
	"tideline/engine/hiring"
)

// added is the answer to something that was added to an application.
type added struct {
	N       int    `json:"n" doc:"place in the application's log"`
	ID      string `json:"id,omitempty" doc:"of an interview"`
	Version int    `json:"version"`
}

// add appends what decide makes of a request.
func (s *Server) add(c *fiber.Ctx, who principal, decide func(*application.Record, application.Pipeline, demand) (application.Item, error)) error {
	r, err := s.tracked(c, who)
	if err != nil {
		return err
	}
	d, err := demanded(c, who, r.ID)
	if err != nil {
		return err
	}
	var known *application.Item
	r, item, err := s.ports.Hiring.Service.Change(c.UserContext(), r.ID, 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		var err error
		if known, err = r.Repeat(d.eventID, d.request); known != nil || err != nil {
			return nil, err
		}
		if d.version != 0 && d.version != r.Version {
			return nil, hiring.ErrVersion
		}
		i, err := decide(r, p, d)
		return &i, err
	})
	if err != nil {
		return refusedStep(err, r, who)
	}
	if item == nil {
		item = known
	} else {
		c.Status(http.StatusCreated)
	}
	answer := added{N: item.N, Version: r.Version}
	if item.Interview != nil {
		answer.ID = item.Interview.ID
	}
	return c.JSON(answer)
}

func (s *Server) giveFeedback(c *fiber.Ctx, who principal) error {
	f, err := event.DecodeFeedback(c.Body())
	if err != nil {
		return err
	}
	return s.add(c, who, func(r *application.Record, p application.Pipeline, d demand) (application.Item, error) {
		return r.Submit(f, d.eventID, d.request, actor(who), p.Reasons, s.ports.Now())
	})
}

// saying is the body of a message.
type saying struct {
	Body       string           `json:"body"`
	Interview  string           `json:"interview_id,omitempty"`
	Visibility event.Visibility `json:"visibility,omitempty" doc:"student, or recruiters alone"`
}

func (s *Server) sendMessage(c *fiber.Ctx, who principal) error {
	var body saying
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	var wrong []Complaint
	if n := len(body.Body); strings.TrimSpace(body.Body) == "" || n > maxNote {
		wrong = append(wrong, Complaint{"body.body", string(event.OutOfRange), "must be a text of 1 to 8192 bytes"})
	}
	switch body.Visibility {
	case "":
		body.Visibility = event.ForStudent
	case event.ForStudent, event.ForRecruiters:
	default:
		wrong = append(wrong, Complaint{"body.visibility", string(event.UnknownValue), "must be student or recruiters"})
	}
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the message is not valid", wrong...)
	}
	return s.add(c, who, func(r *application.Record, _ application.Pipeline, d demand) (application.Item, error) {
		now := s.ports.Now()
		return r.Say(application.Said{Body: body.Body, Interview: body.Interview}, body.Visibility, d.eventID, d.request, actor(who), now.UTC(), now)
	})
}

func (s *Server) planInterview(c *fiber.Ctx, who principal) error {
	i, err := event.DecodeInterview(c.Body())
	if err != nil {
		return err
	}
	if i.ID == "" {
		i.ID = hiring.NewEvent()
	}
	return s.add(c, who, func(r *application.Record, _ application.Pipeline, d demand) (application.Item, error) {
		return r.Meet(i, d.eventID, d.request, actor(who), s.ports.Now())
	})
}

// interviewList is the answer of GET /applications/{application}/interviews.
type interviewList struct {
	Interviews []event.Interview `json:"interviews" doc:"as last planned; the interviewers are for recruiters"`
}

func (s *Server) interviews(c *fiber.Ctx, who principal) error {
	r, err := s.read(c, who, "read interviews")
	if err != nil {
		return err
	}
	answer := interviewList{Interviews: []event.Interview{}}
	for _, i := range r.Interviews {
		answer.Interviews = append(answer.Interviews, *shownInterview(&i, who))
	}
	return c.JSON(answer)
}

// shownInterview leaves out for students who conducts it.
func shownInterview(i *event.Interview, who principal) *event.Interview {
	if i == nil || who.role != Student {
		return i
	}
	shown := *i
	shown.Interviewers = nil
	return &shown
}

// shownFeedback leaves out for students who judged.
func shownFeedback(f *event.Feedback, who principal) *event.Feedback {
	if f == nil || who.role != Student {
		return f
	}
	shown := *f
	shown.Interviewer = ""
	return &shown
}
