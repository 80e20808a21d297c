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

	replaces string    // the application of which this is what stays, where that is known
	erased   time.Time // when that was recorded
}

// began is when the first step was recorded.
func (r *Row) began() time.Time {
	if len(r.Path) == 0 {
		return time.Time{}
	}
	return r.Path[0].RecordedAt
}

// Seq is the last step.
func (r *Row) Seq() int { return len(r.Path) }

// RowOf is the row of a record.
func RowOf(r *application.Record) *Row {
	if r.Gone() {
		row := RowOf(r.Remains())
		row.replaces, row.erased = r.ID, r.ErasedAt
		return row
	}
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

// erase is what stays of the row, as application.Record.Remains has it.
func (r *Row) erase(s event.StageChange) *Row {
	next := &Row{
		ID: s.Replacement, Opportunity: r.Opportunity, Title: r.Title, Organisation: r.Organisation, Recruiter: r.Recruiter,
		Source: r.Source, Settled: r.Settled, replaces: r.ID, erased: recorded(s),
	}
	next.Path, next.Origin = application.Nameless(r.Student, r.Path, r.Origin)
	return next
}

func recorded(s event.StageChange) time.Time {
	if s.RecordedAt != nil {
		return *s.RecordedAt
	}
	return s.At
}

// first is the row of an application's first step.
func first(s event.StageChange) *Row {
	r := &Row{
		ID: s.Application, Student: s.Student, Opportunity: s.Opportunity, Organisation: s.Organisation, Recruiter: s.Recruiter,
		Source: s.Source, Origin: application.Origin{Via: s.Via, Position: s.Position, Match: s.Match},
	}
	return r.after(s)
}
