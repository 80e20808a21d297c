package demo

import (
	"math/rand/v2"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// course is an application on its way.
type course struct {
	random             *rand.Rand
	student, recruiter application.Actor
	at, now            time.Time
	deeds              []Deed
}

// Course makes up what happens to an application from when it was made until
// now: how far it gets, what is said, and how long each of them takes.
func Course(random *rand.Rand, student, recruiter string, at, now time.Time) []Deed {
	c := &course{
		random: random, at: at, now: now,
		student: application.Actor{ID: student, Role: application.Student}, recruiter: application.Actor{ID: recruiter, Role: application.Recruiter},
	}
	c.run()
	return c.deeds
}

// later lets some hours pass. It is false when that is not over yet.
func (c *course) later(least, most int) bool {
	c.at = c.at.Add(time.Duration(least)*time.Hour + time.Duration(c.random.IntN((most-least)*60))*time.Minute)
	return c.past()
}

// past says whether it is over, with all that follows within minutes.
func (c *course) past() bool { return c.at.Before(c.now.Add(-10 * time.Minute)) }

func (c *course) run() {
	ends := c.random.IntN(10) // who applied is turned down at once, withdraws, or goes on
	switch {
	case !c.later(20, 120):
		return
	case ends < 2:
		c.reject(pick(draw{random: c.random}, []string{"skills", "experience", "other_candidate"}))
		return
	}
	c.move(event.Shortlisted, "")
	c.feedback(event.Feedback{
		Kind: event.Shortlisting, Recommendation: event.Yes, Visibility: event.ForStudent, Summary: "Your skills fit what the team works with.",
	})
	switch {
	case !c.later(10, 60):
		return
	case ends < 3:
		c.move(event.Withdrawn, "")
		return
	}
	meeting := event.Interview{
		ID: "interview-1", Title: "Getting to know each other", State: event.InterviewPlanned, Mode: "video",
		Starts:       c.at.Truncate(24 * time.Hour).Add(time.Duration(24*(2+c.random.IntN(3))+9+c.random.IntN(8)) * time.Hour), // by day
		Interviewers: []string{c.recruiter.ID},
	}
	c.move(event.InterviewScheduled, "")
	c.meet(meeting)
	c.say(c.recruiter, "We would like to get to know you. Does the time suit you?")
	if !c.later(1, 20) {
		return
	}
	c.say(c.student, "Thank you, it does. I am looking forward to it.")
	if c.at = meeting.Starts.Add(time.Hour); !c.past() {
		return
	}
	meeting.State = event.InterviewHeld
	c.meet(meeting)
	c.move(event.InterviewCompleted, "")
	c.judge(meeting, ends)
}

// judge ends it after the interview, one way or another.
func (c *course) judge(meeting event.Interview, ends int) {
	if !c.later(2, 30) {
		return
	}
	recommends := []event.Recommendation{event.No, event.Yes, event.StrongYes}[min(ends-3, 6)/3]
	c.feedback(event.Feedback{
		Kind: event.Scorecard, Interview: meeting.ID, Recommendation: recommends, InterviewedAt: &meeting.Starts, Summary: "Notes of the interview.",
		Attributes: []event.Rating{{Name: "Skills", Rating: 2 + c.random.IntN(4)}, {Name: "Teamwork", Rating: 2 + c.random.IntN(4)}},
	})
	if !c.later(10, 80) {
		return
	}
	if recommends == event.No {
		c.reject("other_candidate")
		return
	}
	ends = c.random.IntN(4)
	expires := c.at.Add(10 * 24 * time.Hour).Truncate(time.Hour)
	c.move(event.OfferExtended, "")
	c.feedback(event.Feedback{
		Kind: event.OfferNote, Visibility: event.ForStudent, Summary: "We would be glad to have you.",
		Offer: &event.Offer{Amount: float64(1500 + 100*c.random.IntN(20)), Currency: "EUR", Period: "month", Expires: &expires},
	})
	if !c.later(6, 90) || ends == 0 {
		return
	}
	if ends == 1 {
		c.move(event.OfferRejected, "")
		return
	}
	c.say(c.student, "I accept with pleasure.")
	c.move(event.OfferAccepted, "")
}

func (c *course) reject(reason string) {
	c.move(event.Rejected, reason)
	c.feedback(event.Feedback{
		Kind: event.Rejection, Side: event.WeDeclined, Reason: reason, Visibility: event.ForStudent, Summary: "Thank you for your interest. We wish you all the best.",
	})
}

func (c *course) deed(by application.Actor, act func(r *application.Record, p application.Pipeline, eventID string, by application.Actor, at time.Time) (application.Item, error)) {
	c.deeds = append(c.deeds, Deed{At: c.at, By: by, Act: act})
	c.at = c.at.Add(time.Minute)
}

func (c *course) move(to event.Stage, reason string) {
	by := c.recruiter
	if to == event.Withdrawn || to == event.OfferAccepted || to == event.OfferRejected {
		by = c.student
	}
	c.deed(by, func(r *application.Record, p application.Pipeline, eventID string, by application.Actor, at time.Time) (application.Item, error) {
		return r.Move(application.Move{EventID: eventID, From: string(r.Stage), To: string(to), Reason: reason}, by, p, at)
	})
}

func (c *course) feedback(f event.Feedback) {
	if f.Visibility == "" {
		f.Visibility = event.ForRecruiters
	}
	c.deed(c.recruiter, func(r *application.Record, p application.Pipeline, eventID string, by application.Actor, at time.Time) (application.Item, error) {
		return r.Submit(f, eventID, "", by, p.Reasons, at)
	})
}

func (c *course) say(by application.Actor, body string) {
	c.deed(by, func(r *application.Record, _ application.Pipeline, eventID string, by application.Actor, at time.Time) (application.Item, error) {
		return r.Say(application.Said{Body: body}, event.ForStudent, eventID, "", by, at.UTC(), at)
	})
}

func (c *course) meet(i event.Interview) {
	c.deed(c.recruiter, func(r *application.Record, _ application.Pipeline, eventID string, by application.Actor, at time.Time) (application.Item, error) {
		return r.Meet(i, eventID, "", by, at)
	})
}
