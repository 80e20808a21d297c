package api

import (
	"fmt"
	"strconv"

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

// toldWhy is told, with the reason in the organisation's words, if there is one.
func toldWhy(c application.Change, reasons application.Reasons) string {
	words := told(c)
	if reason, known := reasons.Find(c.Reason); known && c.Kind == event.Reject {
		words += " " + reason.Text
	}
	return words
}

// toldOf puts what is no step into words for a student.
func toldOf(i application.Item, reasons application.Reasons) string {
	switch {
	case i.Message != nil && i.Actor.Role == application.Student:
		return "You wrote:"
	case i.Message != nil:
		return "The recruiter wrote:"
	case i.Interview != nil:
		return toldMeeting(*i.Interview)
	case i.Feedback != nil:
		return toldFeedback(*i.Feedback, reasons)
	}
	return ""
}

const momentForStudents = "2 January 2006, 15:04 MST"

func toldMeeting(i event.Interview) string {
	what := "The interview"
	if i.Title != "" {
		what = fmt.Sprintf("The interview %q", i.Title)
	}
	switch i.State {
	case event.InterviewHeld:
		return what + " was held."
	case event.InterviewCancelled:
		return what + " was cancelled."
	}
	how := map[string]string{"onsite": ", on site", "phone": ", by phone", "video": ", by video"}[i.Mode]
	return fmt.Sprintf("%s is planned for %s%s.", what, i.Starts.UTC().Format(momentForStudents), how)
}

func toldFeedback(f event.Feedback, reasons application.Reasons) string {
	switch f.Kind {
	case event.Scorecard:
		return "Feedback on your interview:"
	case event.Rejection:
		if reason, known := reasons.Find(f.Reason); known {
			return "Why it ended: " + reason.Text
		}
		return "Why it ended:"
	case event.OfferNote:
		return toldOffer(f.Offer)
	}
	return "Feedback on your application:"
}

func toldOffer(o *event.Offer) string {
	words := "The offer"
	if o == nil {
		return words + "."
	}
	if o.Amount > 0 {
		per := " a " + o.Period
		if o.Period == "once" || o.Period == "" {
			per = ""
		}
		words += fmt.Sprintf(": %s %s%s", strconv.FormatFloat(o.Amount, 'f', -1, 64), o.Currency, per)
	}
	if o.Starts != nil {
		words += ", from " + o.Starts.UTC().Format("2 January 2006")
	}
	if o.Expires != nil {
		words += "; it stands until " + o.Expires.UTC().Format(momentForStudents)
	}
	return words + "."
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
