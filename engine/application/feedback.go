package application

import (
	"time"

	"tideline/engine/event"
)

// Submit decides about feedback. Rejections need a reason of the organisation's
// list, scorecards an interview of this application. The error is a *Refusal.
func (r *Record) Submit(f event.Feedback, eventID, request string, by Actor, reasons Reasons, now time.Time) (Item, error) {
	if err := r.room(); err != nil {
		return Item{}, err
	}
	if by.Role == Student {
		return Item{}, r.refuse(NotForRole, "feedback is given by recruiters")
	}
	if f.Kind == event.Scorecard && !r.has(f.Interview) {
		return Item{}, r.refuse(UnknownInterview, "this application has no interview %q", f.Interview)
	}
	if f.Kind == event.Rejection {
		if known, ok := reasons.Find(f.Reason); !ok || known.Side != f.Side {
			return Item{}, r.refuse(UnknownReason, "%q is no reason of the side %s; the list is at /organisations/{organisation}/rejection-reasons", f.Reason, f.Side)
		}
	}
	if f.Kind == event.OfferNote && r.Stage != event.OfferExtended {
		return Item{}, r.refuse(WrongStage, "an offer note belongs to an application with an offer; this one stands at %s", r.where())
	}
	i := r.item(eventID, request, by, now.UTC().Truncate(time.Second))
	i.Feedback, i.Visibility = &f, f.Visibility
	return i, nil
}

// Say decides about a message. What a student writes, the student may read.
func (r *Record) Say(said Said, visible event.Visibility, eventID, request string, by Actor, at, now time.Time) (Item, error) {
	if err := r.room(); err != nil {
		return Item{}, err
	}
	if said.Interview != "" && !r.has(said.Interview) {
		return Item{}, r.refuse(UnknownInterview, "this application has no interview %q", said.Interview)
	}
	if by.Role == Student {
		visible = event.ForStudent
	}
	i := r.item(eventID, request, by, now.UTC().Truncate(time.Second))
	i.At, i.Message, i.Visibility = at, &said, visible
	return i, nil
}

// Meet decides about an interview that is planned, moved, held or cancelled.
func (r *Record) Meet(interview event.Interview, eventID, request string, by Actor, now time.Time) (Item, error) {
	if err := r.room(); err != nil {
		return Item{}, err
	}
	if by.Role == Student {
		return Item{}, r.refuse(NotForRole, "interviews are planned by recruiters; write a message to ask for another time")
	}
	if !r.Stage.Open() && interview.State == event.InterviewPlanned {
		return Item{}, r.refuse(Ended, "the application ended at %s; no interview can be planned", r.Stage)
	}
	i := r.item(eventID, request, by, now.UTC().Truncate(time.Second))
	i.Interview, i.Visibility = &interview, event.ForStudent
	return i, nil
}

func (r *Record) room() error {
	if r.Version >= maxItems {
		return r.refuse(TooLong, "the application has %d entries; no more can be added", r.Version)
	}
	return nil
}

func (r *Record) has(interview string) bool {
	for _, i := range r.Interviews {
		if i.ID == interview {
			return true
		}
	}
	return false
}

// RejectionReason is one entry of an organisation's taxonomy of rejections.
type RejectionReason struct {
	Code string     `json:"code"`
	Side event.Side `json:"side"`
	Text string     `json:"text"` // in words that a student may read
}

// Reasons is the taxonomy; empty: DefaultReasons.
type Reasons []RejectionReason

// DefaultReasons is the taxonomy of who has none of their own.
var DefaultReasons = Reasons{
	{"skills", event.WeDeclined, "The skills did not fit the position closely enough."},
	{"experience", event.WeDeclined, "More experience was needed than you bring now."},
	{"other_candidate", event.WeDeclined, "Another candidate was chosen."},
	{"position_closed", event.WeDeclined, "The position was closed."},
	{"no_show", event.WeDeclined, "The interview did not take place."},
	{"other_offer", event.TheyDeclined, "You chose another offer."},
	{"compensation", event.TheyDeclined, "The compensation did not suit you."},
	{"location", event.TheyDeclined, "The place of work did not suit you."},
	{"other", event.OtherSide, "Another reason."},
}

// Find looks a code up.
func (r Reasons) Find(code string) (RejectionReason, bool) {
	if len(r) == 0 {
		r = DefaultReasons
	}
	for _, known := range r {
		if known.Code == code {
			return known, true
		}
	}
	return RejectionReason{}, false
}

func (r Reasons) has(code string) bool { _, ok := r.Find(code); return ok }
