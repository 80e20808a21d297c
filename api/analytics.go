package api

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/engine/funnel"
)

// analytics is the answer of GET /jobs/{opportunity}/analytics and of
// GET /recruiters/me/analytics. Everything is counted anew for each request.
type analytics struct {
	Job          string     `json:"job,omitempty"`
	Recruiter    string     `json:"recruiter,omitempty"`
	Organisation string     `json:"organisation,omitempty"`
	From         *time.Time `json:"from,omitempty" doc:"of the cohort, inclusive; absent: from the beginning"`
	To           *time.Time `json:"to,omitempty" doc:"of the cohort, exclusive; absent: until now"`
	At           time.Time  `json:"at" doc:"when it was counted"`
	funnel.Report
	Jobs []jobAnalytics `json:"jobs,omitempty" doc:"each job that has applications; for recruiters and organisations"`
}

// jobAnalytics is what a job adds to a sum.
type jobAnalytics struct {
	Job          string          `json:"job"`
	Title        string          `json:"title,omitempty"`
	Organisation string          `json:"organisation,omitempty"`
	Snapshot     funnel.Snapshot `json:"snapshot"`
	Cohort       funnel.Cohort   `json:"cohort"`
}

// jobAnalytics shows a job's counts. Another recruiter's job is answered like one
// that there is not.
func (s *Server) jobAnalytics(c *fiber.Ctx, who principal) error {
	id, err := pathID(c, "opportunity")
	if err != nil {
		return err
	}
	q, err := s.countedQuery(c)
	if err != nil {
		return err
	}
	rows := s.ports.Hiring.Board.OfJob(id)
	recruiter, ok, err := s.recruiterOf(id, rows)
	if err != nil {
		return err
	}
	if !ok || who.role == Recruiter && who.subject != recruiter {
		return refusal(http.StatusNotFound, "no job of that id")
	}
	stories, err := s.stories(c.UserContext(), rows, map[string]application.Reasons{})
	if err != nil {
		return err
	}
	answer := analytics{Job: id, From: q.from, To: q.to, At: q.at, Report: q.report(stories)}
	return q.send(c, answer, []jobAnalytics{q.job(id, rows, stories)})
}

// recruiterOf gives who recruits for a job now; of one that was taken back, who
// did when somebody applied last. It is false when there is no such job.
func (s *Server) recruiterOf(job string, rows []*board.Row) (string, bool, error) {
	if o, ok := s.ports.Catalog.Opportunity(job); ok {
		return o.Recruiter, o.Bucket == event.Jobs, nil
	}
	if !s.catalogLoaded() { // it may be another's by now
		return "", false, ErrRebuilding
	}
	if len(rows) == 0 {
		return "", false, nil
	}
	return newest(rows).Recruiter, true, nil
}

func newest(rows []*board.Row) *board.Row {
	return slices.MaxFunc(rows, func(a, b *board.Row) int {
		return cmp.Or(a.AppliedAt.Compare(b.AppliedAt), cmp.Compare(a.ID, b.ID))
	})
}

// recruiterAnalytics shows the counts of all jobs of a recruiter, or of an
// organisation, or of a recruiter at one.
func (s *Server) recruiterAnalytics(c *fiber.Ctx, who principal) error {
	recruiter, organisation, err := whoseJobs(c, who)
	if err != nil {
		return err
	}
	q, err := s.countedQuery(c)
	if err != nil {
		return err
	}
	jobs, err := s.jobsOf(recruiter, organisation)
	if err != nil {
		return err
	}
	answer := analytics{Recruiter: recruiter, Organisation: organisation, From: q.from, To: q.to, At: q.at}
	var all []funnel.Story
	lists := map[string]application.Reasons{}
	for _, id := range slices.Sorted(maps.Keys(jobs)) {
		stories, err := s.stories(c.UserContext(), jobs[id], lists)
		if err != nil {
			return err
		}
		job := q.job(id, jobs[id], stories)
		if o, ok := s.ports.Catalog.Opportunity(id); ok {
			job.Title = o.Title
		}
		answer.Jobs = append(answer.Jobs, job)
		all = append(all, stories...)
	}
	answer.Report = q.report(all)
	return q.send(c, answer, append(slices.Clip(answer.Jobs), jobAnalytics{Job: allJobs, Snapshot: answer.Snapshot, Cohort: answer.Cohort}))
}

// whoseJobs reads whose jobs are meant: a recruiter's own, always.
func whoseJobs(c *fiber.Ctx, who principal) (recruiter, organisation string, err error) {
	recruiter, organisation = c.Query("recruiter"), c.Query("organisation")
	var wrong []Complaint
	for at, id := range map[string]string{"query.recruiter": recruiter, "query.organisation": organisation} {
		if id != "" && !validID(id) {
			wrong = append(wrong, Complaint{at, string(event.UnknownValue), "must be " + idRule})
		}
	}
	switch {
	case len(wrong) > 0:
		slices.SortFunc(wrong, func(a, b Complaint) int { return cmp.Compare(a.Location, b.Location) })
		err = refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	case who.role == Recruiter && recruiter != "" && recruiter != who.subject:
		err = refusal(http.StatusForbidden, "a recruiter sees their own jobs")
	case who.role == Recruiter:
		recruiter = who.subject
	case recruiter == "" && organisation == "":
		err = refusal(http.StatusBadRequest, "say whose", Complaint{"query.recruiter", string(event.Missing), "a recruiter or an organisation is required for " + string(who.role)})
	}
	return recruiter, organisation, err
}

// jobsOf gives the applications of these jobs, by job. Empty: of any.
func (s *Server) jobsOf(recruiter, organisation string) (map[string][]*board.Row, error) {
	b, jobs := s.ports.Hiring.Board, map[string][]*board.Row{}
	if recruiter == "" {
		for _, r := range b.OfOrganisation(organisation) {
			jobs[r.Opportunity] = append(jobs[r.Opportunity], r)
		}
		return jobs, nil
	}
	for _, id := range b.Jobs() {
		var rows []*board.Row
		o, known := s.ports.Catalog.Opportunity(id)
		if !known || o.Recruiter == recruiter {
			rows = b.OfJob(id)
		}
		of, ok, err := s.recruiterOf(id, rows)
		if err != nil {
			return nil, err
		}
		if organisation != "" {
			rows = keep(rows, func(r *board.Row) bool { return r.Organisation == organisation })
		}
		if ok && of == recruiter && len(rows) > 0 {
			jobs[id] = rows
		}
	}
	return jobs, nil
}

// stories tells the rows' stories, with the reasons of their organisations, which
// are read once for all.
func (s *Server) stories(ctx context.Context, rows []*board.Row, lists map[string]application.Reasons) ([]funnel.Story, error) {
	cases := make([]funnel.Case, len(rows))
	for i, r := range rows {
		reasons, known := lists[r.Organisation]
		if !known {
			p, err := s.ports.Hiring.Service.Pipeline(ctx, r.Opportunity, r.Organisation)
			if err != nil {
				return nil, err
			}
			reasons = p.Reasons
			lists[r.Organisation] = reasons
		}
		cases[i] = funnel.Case{Path: r.Path, Source: r.Source, Via: r.Origin.Via, Position: r.Origin.Position, Reasons: reasons}
	}
	return funnel.TellAll(cases), nil
}
