package application

import (
	"time"

	"tideline/engine/event"
)

// Job is what an application needs to know of an opportunity.
type Job struct {
	ID, Title, Organisation, Recruiter, Source string
}

// Begin decides about an application of a student. A record that exists must be
// moved instead: see Again. The error is a *Refusal.
func Begin(student string, job Job, origin Origin, m Move, by Actor, p Pipeline, now time.Time) (*Record, error) {
	now = now.UTC().Truncate(time.Second)
	r := &Record{
		ID: event.ApplicationID(student, job.ID), Student: student, Opportunity: job.ID, Title: job.Title,
		Organisation: job.Organisation, Recruiter: job.Recruiter, Source: job.Source, Origin: origin,
	}
	at, err := r.effective(m.At, now)
	if err != nil {
		return nil, err
	}
	stage, step, _ := p.find(string(event.Applied))
	i, err := r.step(m, Change{Kind: event.Advance, To: stage, ToStep: step, At: at}, by, now)
	if err != nil {
		return nil, err
	}
	r.Append(i)
	return r, nil
}

// Again decides about an application of a student who has one: it goes on only
// after they withdrew. The error is a *Refusal.
func (r *Record) Again(m Move, by Actor, p Pipeline, now time.Time) (Item, error) {
	if r.Stage != event.Withdrawn {
		return Item{}, r.refuse(AlreadyThere, "there is an application already; it stands at %s since %s", r.where(), r.StepSince.Format(time.RFC3339))
	}
	m.To = string(event.Applied)
	return r.Move(m, by, p, now)
}
