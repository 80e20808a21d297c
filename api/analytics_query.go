package api

import (
	"net/http"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/engine/funnel"
)

// countedQuery is what analytics are asked for.
type countedQuery struct {
	from, to *time.Time
	at       time.Time
	table    string // of CSV; empty: JSON
}

// countedQuery reads the period and the form of the answer, and says everything
// that is wrong with them, or that there is nothing to count yet.
func (s *Server) countedQuery(c *fiber.Ctx) (countedQuery, error) {
	q := countedQuery{at: s.ports.Now().UTC().Truncate(time.Second)}
	var wrong []Complaint
	for _, end := range []struct {
		name string
		time **time.Time
	}{{"from", &q.from}, {"to", &q.to}} {
		text := c.Query(end.name)
		if text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, text)
		if err != nil {
			t, err = time.Parse(time.DateOnly, text)
		}
		if err != nil {
			wrong = append(wrong, Complaint{"query." + end.name, string(event.BadDate), "must be " + dateText + "; a + is written %2B"})
			continue
		}
		*end.time = new(t.UTC())
	}
	if q.from != nil && q.to != nil && !q.from.Before(*q.to) {
		wrong = append(wrong, Complaint{"query.to", string(event.OutOfRange), "must be after from"})
	}
	table, format := c.Query("table"), c.Query("format")
	if format == "" && c.Accepts(fiber.MIMEApplicationJSON, csvType) == csvType {
		format = "csv"
	}
	switch {
	case format != "" && format != "csv" && format != "json":
		wrong = append(wrong, Complaint{"query.format", string(event.UnknownValue), "must be json or csv"})
	case table != "" && !slices.Contains(tables, table):
		wrong = append(wrong, Complaint{"query.table", string(event.UnknownValue), "must be " + tableNames})
	case format == "csv" && table == "":
		wrong = append(wrong, Complaint{"query.table", string(event.Missing), "CSV has one table: " + tableNames})
	case format == "csv":
		q.table = table
	}
	if len(wrong) > 0 {
		return q, refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	if !s.ports.Hiring.Loaded() {
		return q, ErrRebuilding
	}
	return q, nil
}

func (q countedQuery) report(stories []funnel.Story) funnel.Report {
	var from, to time.Time
	if q.from != nil {
		from = *q.from
	}
	if q.to != nil {
		to = *q.to
	}
	return funnel.ReportOf(stories, from, to, q.at)
}

// job is what one job adds to a sum.
func (q countedQuery) job(id string, rows []*board.Row, stories []funnel.Story) jobAnalytics {
	r := q.report(stories)
	job := jobAnalytics{Job: id, Snapshot: r.Snapshot, Cohort: r.Cohort}
	if len(rows) > 0 {
		last := newest(rows)
		job.Title, job.Organisation = last.Title, last.Organisation
	}
	return job
}

// send answers in the form that was asked for. Jobs are the rows of the tables by job.
func (q countedQuery) send(c *fiber.Ctx, answer analytics, jobs []jobAnalytics) error {
	c.Vary(fiber.HeaderAccept)
	if q.table == "" {
		return c.JSON(answer)
	}
	body, err := csvOf(q.table, answer.Report, jobs)
	if err != nil {
		return err
	}
	c.Set(fiber.HeaderContentType, csvType+"; charset=utf-8")
	c.Set(fiber.HeaderContentDisposition, `attachment; filename="`+q.table+`.csv"`)
	return c.Send(body)
}
