package board

import (
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// Row is one application: who, for what, and its steps. It is never changed
// after it was handed out.
type Row struct {
	ID           string
	Student      string // empty: erased
	Opportunity  string
	Title        string
	Organisation string
	Recruiter    string // of the job when the student applied
	Source       string
	Origin       application.Origin
	Path         []application.Change
	Version      int // of the record that it was made of; 0: of steps alone
	application.Settled
	InterviewAt *time.Time
	OfferEnds   *time.Time
}

// Seq is the last step.
func (r *Row) Seq() int { return len(r.Path) }

// RowOf is the row of a record.
func RowOf(r *application.Record) *Row {
	return &Row{
		ID: r.ID, Student: r.Student, Opportunity: r.Opportunity, Title: r.Title, Organisation: r.Organisation,
		Recruiter: r.Recruiter, Source: r.Source, Origin: r.Origin, Path: r.Path, Version: r.Version, Settled: application.Settle(r.Path),
		InterviewAt: r.InterviewAt, OfferEnds: r.OfferEnds,
	}
}

// newer says whether a row shows a later state than another of the application.
func (r *Row) newer(old *Row) bool {
	return old == nil || r.Seq() > old.Seq() || r.Seq() == old.Seq() && r.Version > old.Version
}

// looks says whether a row is shown in the same way as another.
func (r *Row) looks(old *Row) bool {
	same := func(a, b *time.Time) bool { return a == b || a != nil && b != nil && a.Equal(*b) }
	return old != nil && r.Seq() == old.Seq() && same(r.InterviewAt, old.InterviewAt) && same(r.OfferEnds, old.OfferEnds)
}

// after is the row after one more step, as the topic tells it.
func (r *Row) after(s event.StageChange) *Row {
	next := *r
	next.Version = 0
	next.Path = append(r.Path[:len(r.Path):len(r.Path)], application.ChangeOf(s))
	next.Settled = application.Settle(next.Path)
	if s.InterviewAt != nil {
		next.InterviewAt = s.InterviewAt
	}
	if s.OfferEnds != nil {
		next.OfferEnds = s.OfferEnds
	}
	return &next
}

// first is the row of an application's first step.
func first(s event.StageChange) *Row {
	r := &Row{
		ID: s.Application, Student: s.Student, Opportunity: s.Opportunity, Organisation: s.Organisation, Recruiter: s.Recruiter,
		Source: s.Source, Origin: application.Origin{Via: s.Via, Position: s.Position, Match: s.Match},
	}
	return r.after(s)
}
