package demo

import (
	"fmt"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// Application is one that was made in the past, and everything that happened to
// it since, in order.
type Application struct {
	Student string
	Job     event.Opportunity
	Origin  application.Origin
	At      time.Time // when the student applied
	Deeds   []Deed
}

// Deed is what somebody did to an application.
type Deed struct {
	At  time.Time
	By  application.Actor
	Act func(r *application.Record, p application.Pipeline, eventID string, by application.Actor, at time.Time) (application.Item, error)
}

const (
	popularJobs = 12 // have applicants
	applicants  = 24 // of each, at most
	busyOne     = 3  // so many of the jobs the first student applies for
)

// Applications gives those of a dozen jobs among these, half of them of the first
// recruiter. The first student has some as well.
func (c *Campus) Applications(among []event.Opportunity) iter.Seq[Application] {
	return func(yield func(Application) bool) {
		var jobs []event.Opportunity
		of := map[bool]int{} // those of the first recruiter, and others
		for _, o := range among {
			open := o.Status == event.Open && (o.Deadline == nil || c.now.Before(*o.Deadline))
			if hers := o.Recruiter == "r01"; o.Bucket == event.Jobs && open && of[hers] < popularJobs/2 {
				jobs = append(jobs, o)
				of[hers]++
			}
		}
		chosen := slices.Collect(c.Students())
		random := rand.New(rand.NewPCG(c.seed, applicationStream))
		for n, o := range jobs {
			taken := 0
			for i, p := range chosen {
				match := overlap(p, o)
				if taken == applicants || match < 300 && (i > 0 || n >= busyOne) {
					continue
				}
				taken++
				at := c.now.Add(-time.Duration(1+random.IntN(25*24)) * time.Hour)
				if at.Before(o.PostedAt) {
					at = o.PostedAt
				}
				a := Application{
					Student: p.ID, Job: o, At: at, Origin: application.Origin{Via: "feed", Position: 1 + random.IntN(20), Match: match},
					Deeds: Course(random, p.ID, o.Recruiter, at, c.now),
				}
				if !yield(a) {
					return
				}
			}
		}
	}
}

// applicationStream is the sequence of what became of applications.
const applicationStream = 1 << 33

// overlap is the match of a student and a job, in per mille; see Scoring in
// ARCHITECTURE.md. The names of the campus are canonical.
func overlap(p event.Profile, o event.Opportunity) int {
	have, all := 0, 0
	for _, need := range o.Skills {
		all += need.Weight * 60
		for _, s := range p.Skills {
			if s.Name == need.Name {
				have += need.Weight * min(s.Level, need.Level) * 60 / need.Level
			}
		}
	}
	if all == 0 {
		return 0
	}
	return (1000*have + all/2) / all
}

// Record tells the whole of it to a record of its own.
func (a Application) Record() (*application.Record, error) {
	about := application.Job{ID: a.Job.ID, Title: a.Job.Title, Organisation: a.Job.Organisation, Recruiter: a.Job.Recruiter, Source: a.Job.Source}
	by := application.Actor{ID: a.Student, Role: application.Student}
	r, err := application.Begin(a.Student, about, a.Origin, application.Move{EventID: a.EventID(0)}, by, application.Pipeline{}, a.At)
	for i, d := range a.Deeds {
		if err != nil {
			break
		}
		var item application.Item
		if item, err = d.Act(r, application.Pipeline{}, a.EventID(i+1), d.By, d.At); err == nil {
			r.Append(item)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("make up the application of %s for %s: %w", a.Student, a.Job.ID, err)
	}
	return r, nil
}

// EventID is the same each time it is made up: of the application, and of each deed from 1.
func (a Application) EventID(deed int) string {
	return fmt.Sprintf("demo-%s-%d", event.ApplicationID(a.Student, a.Job.ID), deed)
}
