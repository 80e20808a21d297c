package api

import (
	"fmt"

	"tideline/engine/application"
	"tideline/engine/event"
)

// forStudents and forRecruiters say where an application stands.
var forStudents = map[event.Stage]string{
	event.Applied:            "You have applied.",
	event.Shortlisted:        "You are on the shortlist.",
	event.InterviewScheduled: "You are invited to an interview.",
	event.InterviewCompleted: "The interview has taken place.",
	event.OfferExtended:      "You have an offer.",
	event.OfferAccepted:      "You have accepted the offer.",
	event.OfferRejected:      "You have turned the offer down.",
	event.Rejected:           "You were not chosen.",
	event.Withdrawn:          "You have withdrawn.",
}

var forRecruiters = map[event.Stage]string{
	event.Applied: "Applied", event.Shortlisted: "Shortlisted", event.InterviewScheduled: "Interview scheduled",
	event.InterviewCompleted: "Interview completed", event.OfferExtended: "Offer extended", event.OfferAccepted: "Offer accepted",
	event.OfferRejected: "Offer turned down", event.Rejected: "Rejected", event.Withdrawn: "Withdrawn",
}

// comesNext says to students what they wait for, or what to do.
var comesNext = map[event.Stage]string{
	event.Applied:            "The recruiter reads your application.",
	event.Shortlisted:        "The recruiter decides about an interview.",
	event.InterviewScheduled: "Go to the interview.",
	event.InterviewCompleted: "The recruiter decides about an offer.",
	event.OfferExtended:      "Accept the offer or turn it down.",
}

func words(s event.Stage, r Role) string {
	if r == Student {
		return forStudents[s]
	}
	return forRecruiters[s]
}

// told puts a step into words for a student. What a recruiter calls a stage of
// their own is the recruiter's.
func told(c application.Change) string {
	switch c.Kind {
	case event.Correction:
		return "A step was taken back: it had been recorded by mistake. " + forStudents[c.To]
	case event.Reopen:
		return "Your application is open again. " + forStudents[c.To]
	case event.Regress:
		return "Your application went back a step. " + forStudents[c.To]
	}
	return forStudents[c.To]
}

// noted puts a step into words for recruiters.
func noted(c application.Change) string {
	from, to := place(c.From, c.FromStep), place(c.To, c.ToStep)
	switch {
	case c.Kind == event.Correction:
		return fmt.Sprintf("Step %d never happened; back at %s", c.Corrects, to)
	case c.Kind == event.Late:
		return fmt.Sprintf("Had reached %s, recorded later", to)
	case c.From == "":
		return to
	}
	return fmt.Sprintf("%s: from %s to %s", c.Kind, from, to)
}

func place(s event.Stage, step string) string {
	if step != "" {
		return step
	}
	return forRecruiters[s]
}

// usualWords say to students how long what comes next usually takes: at whom, and
// in what time. An offer waits for the student.
var usualWords = map[event.Stage]string{
	event.Applied:            "%s usually answers within %s.",
	event.Shortlisted:        "%s usually answers within %s.",
	event.InterviewScheduled: "At %s, the interview usually takes place within %s of the invitation.",
	event.InterviewCompleted: "%s usually answers within %s of the interview.",
}
