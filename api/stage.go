package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/engine/hiring"
)

// moving is the body of a move.
type moving struct {
	From        string     `json:"from,omitempty" doc:"where it stands: a stage or a step; or send If-Match"`
	To          string     `json:"to" doc:"a stage, or a step of the job's pipeline"`
	Reason      string     `json:"reason,omitempty" doc:"a code of the organisation's rejection reasons"`
	Note        string     `json:"note,omitempty" doc:"for recruiters only"`
	At          *time.Time `json:"at,omitempty" doc:"when it took effect; default: now"`
	InterviewAt *time.Time `json:"interview_at,omitempty"`
	OfferEnds   *time.Time `json:"offer_ends,omitempty"`
}

// Limits of what is said about a step, in bytes.
const (
	maxNote   = 8192
	maxReason = 200
)

func (m moving) check() error {
	if len(m.Note) > maxNote {
		return refusal(http.StatusUnprocessableEntity, "the note is too long", Complaint{"body.note", string(event.TooLong), "at most 8192 bytes are allowed"})
	}
	if m.To == "" {
		return refusal(http.StatusUnprocessableEntity, "say where to", Complaint{"body.to", string(event.Missing), "must be a stage or a step of the job's pipeline"})
	}
	if len(m.Reason) > maxReason {
		return refusal(http.StatusUnprocessableEntity, "the reason is too long", Complaint{"body.reason", string(event.TooLong), "at most 200 bytes are allowed"})
	}
	for field, at := range map[string]*time.Time{"at": m.At, "interview_at": m.InterviewAt, "offer_ends": m.OfferEnds} {
		if at != nil && (at.UTC().Year() < 2000 || at.UTC().Year() > 2100) { // the topic takes no others
			return refusal(http.StatusUnprocessableEntity, "the time is not valid", Complaint{"body." + field, string(event.BadDate), "must be from 2000 to 2100"})
		}
	}
	return nil
}

// allowed refuses a student what recruiters say of a step. With a time of their
// choice they could accept an offer after its end.
func (m moving) allowed(who principal) error {
	if who.role != Student || m.Note == "" && m.At == nil && m.InterviewAt == nil && m.OfferEnds == nil {
		return nil
	}
	return refusal(http.StatusForbidden, "note, at, interview_at and offer_ends are for recruiters; leave them out",
		Complaint{"body", string(application.NotForRole), "has what is for recruiters"})
}

func (m moving) move(d demand) application.Move {
	move := application.Move{
		EventID: d.eventID, Request: d.request, From: m.From, To: m.To, Reason: m.Reason, Note: m.Note,
		InterviewAt: m.InterviewAt, OfferEnds: m.OfferEnds,
	}
	if m.At != nil {
		move.At = *m.At
	}
	return move
}

// moved is the answer to a move.
type moved struct {
	shownApplication
	Seq int `json:"seq" doc:"of the step that was taken, for a correction"`
}

// moveStage moves one application.
func (s *Server) moveStage(c *fiber.Ctx, who principal) error {
	var body moving
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	if err := errors.Join(body.check(), body.allowed(who)); err != nil {
		return err
	}
	return s.change(c, who, body.From != "", func(d demand) hiring.Decision {
		return s.stepping(body.move(d), d.version, who)
	})
}

// stepping decides about a move, once for each event.
func (s *Server) stepping(m application.Move, version int, who principal) hiring.Decision {
	return func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		if known, err := repeated(r, m.EventID, m.Request, version); known || err != nil {
			return nil, err
		}
		i, err := r.Move(m, actor(who), p, s.ports.Now())
		return &i, err
	}
}

// repeated says whether a record knows an event. Only of one that it does not
// know is the version compared: the first time has changed it.
func repeated(r *application.Record, eventID, request string, version int) (bool, error) {
	known, err := r.Repeat(eventID, request)
	if known == nil && err == nil && version != 0 && version != r.Version {
		err = hiring.ErrVersion
	}
	return known != nil, err
}

// change carries out what a request asks for and answers with what holds then.
// Named says that the request says by itself what it builds on.
func (s *Server) change(c *fiber.Ctx, who principal, named bool, decide func(demand) hiring.Decision) error {
	r, err := s.tracked(c, who)
	if err != nil {
		return err
	}
	d, err := demanded(c, who, r.ID)
	if err != nil {
		return err
	}
	if _, again := r.Known(d.eventID); !named && d.version == 0 && !again {
		return refusal(http.StatusPreconditionRequired, "say what this builds on: from in the body, or If-Match with the application's ETag")
	}
	var pipeline application.Pipeline
	decision := decide(d)
	r, item, err := s.ports.Hiring.Service.Change(c.UserContext(), r.ID, 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		pipeline = p // reading it again could fail, when the step is taken
		return decision(r, p)
	})
	if err != nil {
		return refusedStep(err, r, who)
	}
	answer := moved{shownApplication: s.shownWaiting(board.RowOf(r), who, pipeline, r.Version), Seq: r.Seq}
	if item == nil {
		if known, ok := r.Known(d.eventID); ok && known.Change != nil {
			answer.Seq = known.Change.Seq
		}
	}
	s.located(c, r)
	return c.JSON(answer)
}

// correcting is the body of a correction.
type correcting struct {
	Seq    int    `json:"seq" doc:"the step that never happened"`
	Reason string `json:"reason,omitempty"`
	Note   string `json:"note,omitempty"`
}

// correct takes back the last step.
func (s *Server) correct(c *fiber.Ctx, who principal) error {
	var body correcting
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	if err := (moving{To: "-", Reason: body.Reason, Note: body.Note}).check(); err != nil {
		return err
	}
	return s.change(c, who, true, func(d demand) hiring.Decision {
		m := application.Move{EventID: d.eventID, Request: d.request, Reason: body.Reason, Note: body.Note}
		return func(r *application.Record, _ application.Pipeline) (*application.Item, error) {
			if known, err := repeated(r, m.EventID, m.Request, d.version); known || err != nil {
				return nil, err
			}
			i, err := r.Correct(m, body.Seq, actor(who), s.ports.Now())
			return &i, err
		}
	})
}

// answering is the body of what a student says at the end.
type answering struct {
	Reason string `json:"reason,omitempty"`
}

// answer lets a student say the one thing that a path stands for.
func (s *Server) answer(to event.Stage) func(*fiber.Ctx, principal) error {
	return func(c *fiber.Ctx, who principal) error {
		var body answering
		if err := jsonBody(c, &body); err != nil {
			return err
		}
		m := moving{To: string(to), Reason: body.Reason}
		if err := m.check(); err != nil {
			return err
		}
		return s.change(c, who, true, func(d demand) hiring.Decision { return s.stepping(m.move(d), d.version, who) })
	}
}

// movingMany is the body of POST /applications/move-stage.
type movingMany struct {
	Applications []string `json:"applications" doc:"at most 200 ids"`
	moving
}

// movedOne says what became of one of many.
type movedOne struct {
	ID      string      `json:"id"`
	Status  int         `json:"status" example:"200"`
	Stage   event.Stage `json:"stage,omitempty"`
	Step    string      `json:"step,omitempty"`
	Since   *time.Time  `json:"since,omitempty"`
	Version int         `json:"version,omitempty"`
	Code    string      `json:"code,omitempty"`
	Detail  string      `json:"detail,omitempty"`
}

type movedMany struct {
	Results []movedOne `json:"results" doc:"in the order of the request"`
}

const maxMany = 200

// moveMany moves several, each for itself.
func (s *Server) moveMany(c *fiber.Ctx, who principal) error {
	var body movingMany
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	if err := body.check(); err != nil {
		return err
	}
	if n := len(body.Applications); n < 1 || n > maxMany {
		return refusal(http.StatusUnprocessableEntity, "say which", Complaint{"body.applications", string(event.OutOfRange), "must be 1 to 200 ids"})
	}
	answer := movedMany{Results: []movedOne{}}
	for _, id := range body.Applications {
		one, err := s.moveOne(c, who, id, body.moving)
		if err != nil {
			return err
		}
		answer.Results = append(answer.Results, one)
	}
	return c.JSON(answer)
}

// moveOne fails only when nothing can be said about the one.
func (s *Server) moveOne(c *fiber.Ctx, who principal, id string, m moving) (movedOne, error) {
	d, err := demanded(c, who, id)
	if err != nil {
		return movedOne{}, err
	}
	r, err := s.ofCaller(c.UserContext(), who, id)
	if err == nil {
		if r, _, err = s.ports.Hiring.Service.Change(c.UserContext(), id, 0, s.stepping(m.move(d), 0, who)); err != nil {
			err = refusedStep(err, r, who)
		}
	}
	if err == nil {
		return movedOne{ID: id, Status: http.StatusOK, Stage: r.Stage, Step: r.Step, Since: &r.Since, Version: r.Version}, nil
	}
	if errors.Is(err, context.Canceled) {
		return movedOne{}, err
	}
	p := s.problem(err)
	one := movedOne{ID: id, Status: p.Status, Detail: p.Detail}
	if p.Current != nil {
		one.Stage, one.Step, one.Since, one.Version = p.Current.Stage, p.Current.Step, p.Current.Since, p.Current.Version
	}
	if len(p.Errors) > 0 {
		one.Code = p.Errors[0].Code
	}
	return one, nil
}

// refusedStep turns a refusal of the core, or a version that is over, into an
// answer with the truth in it, as far as the caller may know it: the steps of a
// job's own pipeline are how recruiters work. Other errors stay as they are.
func refusedStep(err error, r *application.Record, who principal) error {
	refused, ok := errors.AsType[*application.Refusal](err)
	var p *Problem
	switch {
	case ok:
		p = refusal(refusalStatus(refused.Rule), refused.Message, Complaint{"body", string(refused.Rule), refused.Message})
	case errors.Is(err, hiring.ErrVersion):
		p = refusal(http.StatusPreconditionFailed, err.Error(), Complaint{"header.If-Match", codeVersionChanged, "read the application again"})
	default:
		return err
	}
	if r == nil || r.Stage == "" {
		return p
	}
	p.Current = &current{Stage: r.Stage, Step: r.Step, Since: new(r.Since), Version: r.Version}
	if who.role == Student && r.Step != "" {
		p.Current.Step = ""
		if strings.Contains(p.Detail, r.Step) {
			p.Detail = fmt.Sprintf("this cannot be done: the application stands at %s since %s", r.Stage, r.Since.Format(time.RFC3339))
			p.Errors[0].Message = p.Detail
		}
	}
	return p
}

func refusalStatus(rule application.Rule) int {
	switch rule {
	case application.NotForRole:
		return http.StatusForbidden
	case application.StageChanged, application.AlreadyThere, application.Ended, application.NotTheLast:
		return http.StatusConflict
	}
	return http.StatusUnprocessableEntity
}
