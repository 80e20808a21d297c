package api

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

// shownColumn is a column of a job's pipeline.
type shownColumn struct {
	Column     string             `json:"column" doc:"for ?column="`
	Stage      event.Stage        `json:"stage"`
	Name       string             `json:"name"`
	Count      int                `json:"count" doc:"of all that pass the filters"`
	Stuck      int                `json:"stuck"`
	Cards      []shownApplication `json:"cards"`
	NextCursor string             `json:"next_cursor,omitempty"`
}

type shownPipeline struct {
	Job     string        `json:"job"`
	Columns []shownColumn `json:"columns"`
}

// job gives the job that the path names, if it is the caller's.
func (s *Server) job(c *fiber.Ctx, who principal) (event.Opportunity, error) {
	o, err := s.existing(c)
	if err != nil {
		return o, err
	}
	if o.Bucket != event.Jobs {
		return o, refusal(http.StatusNotFound, "no job of that id")
	}
	return o, owns(who, o.Recruiter)
}

// pipeline shows who stands where.
func (s *Server) pipeline(c *fiber.Ctx, who principal) error {
	o, err := s.job(c, who)
	if err != nil {
		return err
	}
	if !s.ports.Hiring.Loaded() {
		return ErrRebuilding
	}
	limit, wrong := pageLimit(c)
	order := board.Order(c.Query("sort", string(board.ByRecency)))
	if !slices.Contains(board.Orders, order) {
		wrong = append(wrong, Complaint{"query.sort", string(event.UnknownValue), fmt.Sprintf("must be one of %v", board.Orders)})
	}
	least, err := strconv.Atoi(c.Query("min_match", "0"))
	if err != nil || least < 0 || least > 1000 {
		wrong = append(wrong, Complaint{"query.min_match", string(event.OutOfRange), "must be from 0 to 1000, per mille"})
	}
	if v := c.Query("stuck"); v != "" && v != "true" && v != "false" {
		wrong = append(wrong, Complaint{"query.stuck", string(event.UnknownValue), "must be true or false"})
	}
	if c.Query("column") == "" && c.Query("cursor") != "" {
		wrong = append(wrong, Complaint{"query.column", string(event.Missing), "is required with a cursor: each column has its own"})
	}
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	p, err := s.ports.Hiring.Service.Pipeline(c.UserContext(), o.ID, o.Organisation)
	if err != nil {
		return err
	}
	p.Job = o.ID
	now := s.ports.Now()
	rows, stuck := s.ports.Hiring.Board.InOrder(o.ID, order), c.Query("stuck") == "true"
	if least > 0 || stuck {
		rows = keep(rows, func(r *board.Row) bool {
			return r.Origin.Match >= least && (!stuck || r.Student != "" && p.SLA(r.Stage, r.Step, r.StepSince, now) == application.Overdue)
		})
	}
	columns := board.Columns(rows, p, now)
	answer := shownPipeline{Job: o.ID, Columns: []shownColumn{}}
	for i, column := range columns {
		first := i == 0 || columns[i-1].Stage != column.Stage // a stage means the first of its steps
		if wanted := c.Query("column"); wanted != "" && wanted != column.Step && (wanted != string(column.Stage) || !first) {
			continue
		}
		shown, err := s.shownColumn(c, who, p, column, order, limit)
		if err != nil {
			return err
		}
		answer.Columns = append(answer.Columns, shown)
	}
	if len(answer.Columns) == 0 {
		return refusal(http.StatusUnprocessableEntity, "there is no such column", Complaint{"query.column", string(event.UnknownValue), "must be a stage or a step of the job's pipeline"})
	}
	var cards []shownApplication
	for _, column := range answer.Columns {
		cards = append(cards, column.Cards...)
	}
	if err := s.lookedAtRows(c, who, "read pipeline", o.ID, cards); err != nil {
		return err
	}
	return c.JSON(answer)
}

func (s *Server) shownColumn(c *fiber.Ctx, who principal, p application.Pipeline, column board.Column, order board.Order, limit int) (shownColumn, error) {
	shown := shownColumn{Column: column.Step, Stage: column.Stage, Name: column.Name, Count: column.Count, Stuck: column.Stuck, Cards: []shownApplication{}}
	if shown.Column == "" {
		shown.Column = string(column.Stage)
		shown.Name = forRecruiters[column.Stage]
	}
	filters := fmt.Sprintf("%q", []string{shown.Column, string(order), c.Query("stuck"), c.Query("min_match")})
	page, next, err := s.pageOf(c, scope{p.Job, event.Bucket("pipeline " + filters)}, column.Cards, order, limit)
	if err != nil {
		return shown, err
	}
	for _, r := range page {
		shown.Cards = append(shown.Cards, s.shownWaiting(r, who, p, 0))
	}
	shown.NextCursor = next
	return shown, nil
}

// movedCard is one event of a pipeline's stream.
type movedCard struct {
	Card shownApplication `json:"card"`
	From event.Stage      `json:"from,omitempty"`
	Was  string           `json:"was,omitempty" doc:"the id of a card that goes: its student was erased, and this one is counted in its place"`
}

// pipelineWithin is how long a stream waits for a job's own stages.
const pipelineWithin = 2 * time.Second

// pipelineStream sends the moves of a job as they happen.
func (s *Server) pipelineStream(c *fiber.Ctx, who principal) error {
	o, err := s.job(c, who)
	if err != nil {
		return err
	}
	if c.Method() != http.MethodHead {
		if err := s.looked(c, who, "watch pipeline", o.ID, nil, nil); err != nil {
			return err
		}
	}
	c.Set(fiber.HeaderContentType, "text/event-stream")
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set("X-Accel-Buffering", "no")
	if c.Method() == http.MethodHead {
		return nil
	}
	p, err := s.ports.Hiring.Service.Pipeline(c.UserContext(), o.ID, o.Organisation)
	if err != nil {
		return err
	}
	watch, conn := s.ports.Hiring.Board.Watch(o.ID), c.Context().Conn()
	c.Context().SetBodyStreamWriter(func(w *bufio.Writer) { s.sendMoves(w, conn, who, o, p, watch) })
	return nil
}

// sendMoves writes until the client or the server goes away. It resumes nothing:
// who was away, or was too slow, reads the pipeline again while the stream is open.
// How patient the job's steps are is read with each heartbeat, not with each move.
func (s *Server) sendMoves(w *bufio.Writer, conn net.Conn, who principal, job event.Opportunity, p application.Pipeline, watch *board.Watch) {
	defer func() { watch.Close() }() // the one of the end
	s.metrics.streams.Inc()
	defer s.metrics.streams.Dec()
	beat := time.NewTicker(s.heartbeat)
	defer beat.Stop()
	fmt.Fprintf(w, "retry: %d\n\n", streamRetry)
	for flush(conn, w) {
		select {
		case <-s.hub.closed:
			return
		case <-beat.C:
			fmt.Fprint(w, ": still here\n\n")
			ctx, cancel := context.WithTimeout(context.Background(), pipelineWithin)
			if fresh, err := s.ports.Hiring.Service.Pipeline(ctx, job.ID, job.Organisation); err == nil {
				p = fresh // else what was known last holds
			}
			cancel()
		case m, open := <-watch.Moves():
			if open {
				s.sendMove(w, m, who, p)
				continue
			}
			// Watched anew before the client is told to read: what comes in between is sent.
			watch = s.ports.Hiring.Board.Watch(job.ID)
			fmt.Fprint(w, "event: reset\ndata: {\"reason\":\"some moves were missed; read the pipeline again\"}\n\n")
		}
	}
}

func (s *Server) sendMove(w *bufio.Writer, m board.Move, who principal, p application.Pipeline) {
	moved := movedCard{Card: s.shownWaiting(m.After, who, p, m.After.Version)}
	if m.Before != nil {
		moved.From = m.Before.Stage
		if m.Before.ID != m.After.ID {
			moved.Was = m.Before.ID
		}
	}
	if data, err := json.Marshal(moved); err == nil {
		fmt.Fprintf(w, "id: %s-%d\nevent: move\ndata: %s\n\n", m.After.ID, m.After.Seq(), data)
	}
}

// stages shows how a job's recruiter cuts the stages up.
func (s *Server) stages(c *fiber.Ctx, who principal) error {
	o, err := s.job(c, who)
	if err != nil {
		return err
	}
	p, err := s.ports.Hiring.Service.Pipeline(c.UserContext(), o.ID, o.Organisation)
	if err != nil {
		return err
	}
	p.Job = o.ID
	return c.JSON(p)
}

func (s *Server) putStages(c *fiber.Ctx, who principal) error {
	o, err := s.job(c, who)
	if err != nil {
		return err
	}
	var p application.Pipeline
	if err := jsonBody(c, &p); err != nil {
		return err
	}
	p.Job = o.ID
	if err := p.Check(); err != nil {
		return err
	}
	if err := s.ports.Hiring.Timelines.PutPipeline(c.UserContext(), p); err != nil {
		return err
	}
	return c.JSON(p)
}
