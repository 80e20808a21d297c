package api

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/engine/hiring"
)

// applying is the body of POST /applications.
type applying struct {
	Opportunity string `json:"opportunity"`
	Via         string `json:"via,omitempty" doc:"feed, notification, search or other"`
	Position    int    `json:"position,omitempty" doc:"1-based place in the feed"`
	Rule        string `json:"rule,omitempty" doc:"of the notification"`
}

var vias = []string{"", "feed", "notification", "search", "other"}

// check holds an origin to what the topic takes.
func (a applying) check() error {
	var wrong []Complaint
	if !slices.Contains(vias, a.Via) {
		wrong = append(wrong, Complaint{"body.via", string(event.UnknownValue), "must be feed, notification, search or other"})
	}
	if a.Position < 0 || a.Position > 10_000 {
		wrong = append(wrong, Complaint{"body.position", string(event.OutOfRange), "must be from 0 to 10000"})
	}
	if len(a.Rule) > maxID {
		wrong = append(wrong, Complaint{"body.rule", string(event.TooLong), "at most 128 bytes are allowed"})
	}
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the application is not valid", wrong...)
	}
	return nil
}

// shownApplication is an application as a role sees it.
type shownApplication struct {
	ID           string        `json:"id"`
	Student      string        `json:"student,omitempty"`
	Opportunity  string        `json:"opportunity"`
	Title        string        `json:"title,omitempty"`
	Organisation string        `json:"organisation,omitempty"`
	Stage        event.Stage   `json:"stage"`
	Step         string        `json:"step,omitempty" doc:"of the job's own pipeline"`
	Words        string        `json:"words" doc:"the stage, for people"`
	Since        time.Time     `json:"since"`
	AppliedAt    time.Time     `json:"applied_at"`
	InterviewAt  *time.Time    `json:"interview_at,omitempty"`
	OfferEnds    *time.Time    `json:"offer_ends,omitempty"`
	Next         []event.Stage `json:"next" doc:"where the caller may move it"`
	Version      int           `json:"version,omitempty" doc:"for If-Match"`
	Match        int           `json:"match,omitempty" doc:"overlap in per mille when they applied; for recruiters"`
	Erased       bool          `json:"erased,omitempty" doc:"the student was erased; what is counted stays"`
	Stuck        bool          `json:"stuck,omitempty" doc:"longer in its step than usual; for recruiters"`

	Waited *int64          `json:"seconds_in_stage,omitempty" doc:"by now; for recruiters"`
	SLA    application.SLA `json:"sla,omitempty" enum:"on_time,due_soon,late" doc:"its time in the step against the pipeline's patience: late is stuck, due_soon the last quarter before; for recruiters"`
}

func actor(who principal) application.Actor {
	return application.Actor{ID: who.subject, Role: application.Role(who.role)}
}

func (s *Server) shownRow(r *board.Row, who principal) shownApplication {
	a := shownApplication{
		ID: r.ID, Student: r.Student, Opportunity: r.Opportunity, Title: r.Title, Organisation: r.Organisation,
		Stage: r.Stage, Step: r.Step, Words: words(r.Stage, who.role), Since: r.Since, AppliedAt: r.AppliedAt,
		InterviewAt: r.InterviewAt, OfferEnds: r.OfferEnds, Next: application.Targets(r.Stage, application.Role(who.role)),
	}
	if o, ok := s.ports.Catalog.Opportunity(r.Opportunity); ok {
		a.Title = o.Title
	}
	if who.role == Student {
		a.Step = "" // how a recruiter cuts a stage up is theirs
	} else {
		a.Match = r.Origin.Match
	}
	if a.Erased = r.Student == ""; a.Erased {
		a.Next = nil
	}
	if a.Next == nil {
		a.Next = []event.Stage{}
	}
	return a
}

// shownWhole is shownRecord, with what only the job's pipeline tells.
func (s *Server) shownWhole(ctx context.Context, r *application.Record, who principal) (shownApplication, error) {
	if who.role == Student {
		return s.shownRecord(r, who), nil
	}
	p, err := s.ports.Hiring.Service.Pipeline(ctx, r.Opportunity, r.Organisation)
	return s.shownWaiting(board.RowOf(r), who, p, r.Version), err
}

// shownWaiting is shownRow, with what the job's pipeline tells. Of what the topic
// told the version is 0: it is not known.
func (s *Server) shownWaiting(r *board.Row, who principal, p application.Pipeline, version int) shownApplication {
	a, now := s.shownRow(r, who), s.ports.Now()
	a.Version = version
	if who.role != Student && r.Student != "" { // nobody waits for who was erased
		a.waits(p.SLA(r.Stage, r.Step, r.StepSince, now), now)
	}
	return a
}

// waits says how long it has been where it is, if it has not ended.
func (a *shownApplication) waits(sla application.SLA, now time.Time) {
	if a.SLA = sla; sla != "" {
		a.Waited = new(int64(max(0, now.Sub(a.Since)) / time.Second))
	}
	a.Stuck = sla == application.Overdue
}

func (s *Server) shownRecord(r *application.Record, who principal) shownApplication {
	a := s.shownRow(board.RowOf(r), who)
	a.Version = r.Version
	return a
}

// demand is what a request to change something carries beside its body.
type demand struct {
	eventID, request string
	version          int // If-Match; 0: none
}

// demanded reads Idempotency-Key and If-Match. With a key, the event's id is made
// of it, so that the log itself knows a repetition.
func demanded(c *fiber.Ctx, who principal, about string) (demand, error) {
	d := demand{eventID: hiring.NewEvent()}
	if key := c.Get("Idempotency-Key"); key != "" {
		if !validID(key) {
			return d, refusal(http.StatusUnprocessableEntity, "the idempotency key is not valid", Complaint{"header.Idempotency-Key", string(event.UnknownValue), "must be " + idRule})
		}
		d.eventID = fingerprint(about, who.subject, string(who.role), key)
		d.request = fingerprint(c.Method(), c.Path(), string(c.Body()))
	}
	if match := c.Get(fiber.HeaderIfMatch); match != "" {
		n, err := strconv.Atoi(strings.Trim(strings.TrimPrefix(match, "W/"), `"`))
		if err != nil || n < 1 {
			return d, refusal(http.StatusUnprocessableEntity, "the version is not valid", Complaint{"header.If-Match", string(event.UnknownValue), "must be the ETag of the application"})
		}
		d.version = n
	}
	return d, nil
}

func fingerprint(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		h.Write([]byte(strconv.Itoa(len(p)) + ":" + p))
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// jsonBody reads a body. Unknown fields are ignored.
func jsonBody(c *fiber.Ctx, into any) error {
	if len(c.Body()) == 0 {
		return nil
	}
	if err := json.Unmarshal(c.Body(), into); err != nil {
		code := event.MalformedJSON
		at := "body"
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			code, at = event.WrongType, "body."+wrong.Field
		}
		return refusal(http.StatusBadRequest, "the body is not valid", Complaint{at, string(code), err.Error()})
	}
	return nil
}

// apply lets a student apply.
func (s *Server) apply(c *fiber.Ctx, who principal) error {
	whose, err := student(c, who)
	if err != nil {
		return err
	}
	var body applying
	if err := jsonBody(c, &body); err != nil {
		return err
	}
	if !validID(body.Opportunity) {
		return refusal(http.StatusUnprocessableEntity, "say for what", Complaint{"body.opportunity", string(event.Missing), "must be the id of a job"})
	}
	if err := body.check(); err != nil {
		return err
	}
	d, err := demanded(c, who, event.ApplicationID(whose, body.Opportunity))
	if err != nil {
		return err
	}
	origin := application.Origin{Via: body.Via, Position: body.Position, Rule: body.Rule, Match: s.overlap(c, whose, body.Opportunity)}
	m := application.Move{EventID: d.eventID, Request: d.request}
	r, created, err := s.ports.Hiring.Service.Apply(c.UserContext(), whose, body.Opportunity, origin, m, actor(who))
	if errors.Is(err, hiring.ErrNoJob) && !s.catalogLoaded() {
		return ErrRebuilding
	}
	if err != nil {
		return refusedStep(err, r, who)
	}
	s.located(c, r)
	if created {
		c.Status(http.StatusCreated)
	}
	return c.JSON(s.shownRecord(r, who))
}

func (s *Server) located(c *fiber.Ctx, r *application.Record) {
	c.Set(fiber.HeaderLocation, "/applications/"+r.ID)
	c.Set(fiber.HeaderETag, etag(r.Version))
}

// overlap is how well a student fits now; 0 where it cannot be known, which is no
// reason to refuse an application.
func (s *Server) overlap(c *fiber.Ctx, student, job string) int {
	o, ok := s.ports.Catalog.Opportunity(job)
	if !ok || s.ports.Scorer == nil {
		return 0
	}
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return 0
	}
	return int(math.Round(1000 * s.ports.Scorer.Explain(view, o, s.ports.Now()).Overlap))
}

// applicationPage is the answer of GET /applications/my.
type applicationPage struct {
	Items      []shownApplication `json:"items"`
	NextCursor string             `json:"next_cursor,omitempty"`
}

// myApplications lists a student's own, the one that moved last first.
func (s *Server) myApplications(c *fiber.Ctx, who principal) error {
	whose, err := student(c, who)
	if err != nil {
		return err
	}
	limit, wrong := pageLimit(c)
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	if !s.ports.Hiring.Loaded() {
		return ErrRebuilding
	}
	rows := s.ports.Hiring.Board.OfStudent(whose)
	if stage := c.Query("stage"); stage != "" {
		rows = keep(rows, func(r *board.Row) bool { return string(r.Stage) == stage })
	}
	rows, next, err := s.pageOf(c, scope{whose, "applications " + event.Bucket(c.Query("stage"))}, rows, board.ByRecency, limit)
	if err != nil {
		return err
	}
	page := applicationPage{Items: []shownApplication{}, NextCursor: next}
	for _, r := range rows {
		page.Items = append(page.Items, s.shownRow(r, who))
	}
	if err := s.lookedAtRows(c, who, "read applications", "", page.Items); err != nil {
		return err
	}
	return c.JSON(page)
}

func keep(rows []*board.Row, wanted func(*board.Row) bool) []*board.Row {
	var kept []*board.Row
	for _, r := range rows {
		if wanted(r) {
			kept = append(kept, r)
		}
	}
	return kept
}

// pageOf cuts a page out of rows in this order. The cursor is the place of the
// last row that was shown, so that what moves between two pages neither brings
// rows again nor hides others.
func (s *Server) pageOf(c *fiber.Ctx, of scope, rows []*board.Row, order board.Order, limit int) (page []*board.Row, next string, err error) {
	if cursor := c.Query("cursor"); cursor != "" {
		body, err := s.cursors.open(of, cursor, 8+maxID)
		if err != nil || len(body) < 8 {
			return nil, "", badCursor(errCursor)
		}
		last := rowPlace{int64(binary.BigEndian.Uint64(body)), string(body[8:])}
		rows = keep(rows, func(r *board.Row) bool { return placeOf(order, r).compare(last) > 0 })
	}
	page = rows[:min(limit, len(rows))]
	if len(page) < len(rows) {
		last := placeOf(order, page[len(page)-1])
		next = s.cursors.seal(of, append(binary.BigEndian.AppendUint64(nil, uint64(last.key)), last.id...))
	}
	return page, next, nil
}

// rowPlace is a row's place in an order, ascending: what it is ordered by, then its id.
type rowPlace struct {
	key int64
	id  string
}

func (p rowPlace) compare(q rowPlace) int {
	return cmp.Or(cmp.Compare(p.key, q.key), cmp.Compare(p.id, q.id))
}

func placeOf(order board.Order, r *board.Row) rowPlace {
	switch order {
	case board.ByMatch:
		return rowPlace{-int64(r.Origin.Match), r.ID}
	case board.ByWait:
		return rowPlace{r.StepSince.UnixNano(), r.ID}
	}
	return rowPlace{-r.StepSince.UnixNano(), r.ID}
}

// tracked gives the application that the path names, if the caller may see it.
func (s *Server) tracked(c *fiber.Ctx, who principal) (*application.Record, error) {
	id, err := pathID(c, "application")
	if err != nil {
		return nil, err
	}
	return s.ofCaller(c.UserContext(), who, id)
}

// ofCaller gives an application, if it is a student's own, or for a job of the
// recruiter. Another's is answered like one that does not exist: ids can be
// worked out, so that a difference would tell who applied where.
func (s *Server) ofCaller(ctx context.Context, who principal, id string) (*application.Record, error) {
	r, err := s.ports.Hiring.Service.Get(ctx, id)
	if err != nil {
		return nil, err
	}
	switch who.role {
	case Ops:
		return r, nil
	case Student:
		if r.Student == who.subject {
			return r, nil
		}
	case Recruiter:
		recruiter := r.Recruiter
		if o, ok := s.ports.Catalog.Opportunity(r.Opportunity); ok {
			recruiter = o.Recruiter
		} else if !s.catalogLoaded() { // it may be another's by now
			return nil, ErrRebuilding
		}
		if recruiter == who.subject {
			return r, nil
		}
	}
	return nil, hiring.ErrNoApplication
}

// read is tracked, of a reader whose look at a candidate is written down first.
func (s *Server) read(c *fiber.Ctx, who principal, action string) (*application.Record, error) {
	r, err := s.tracked(c, who)
	if err != nil || who.role == Student {
		return r, err
	}
	return r, s.looked(c, who, action, r.Opportunity, []string{r.Student}, []string{r.ID})
}

// looked writes down that somebody reads about candidates, before they do.
func (s *Server) looked(c *fiber.Ctx, who principal, action, job string, students, applications []string) error {
	if who.role == Student || s.ports.Hiring.Timelines == nil {
		return nil
	}
	err := s.ports.Hiring.Timelines.Audit(c.UserContext(), Read{
		Actor: who.subject, Role: string(who.role), Action: action, Students: students, Applications: applications, Job: job, At: s.ports.Now().UTC(),
	})
	if err != nil {
		return fmt.Errorf("%w: note who looks at %d candidates: %w", ErrUnavailable, max(len(students), len(applications)), err)
	}
	return nil
}

// lookedAtRows is looked, of the applications of a page.
func (s *Server) lookedAtRows(c *fiber.Ctx, who principal, action, job string, page []shownApplication) error {
	students, applications := make([]string, len(page)), make([]string, len(page))
	for i, a := range page {
		students[i], applications[i] = a.Student, a.ID
	}
	return s.looked(c, who, action, job, students, applications)
}

func (s *Server) application(c *fiber.Ctx, who principal) error {
	r, err := s.read(c, who, "read application")
	if err != nil {
		return err
	}
	shown, err := s.shownWhole(c.UserContext(), r, who)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderETag, etag(r.Version))
	return c.JSON(shown)
}
