package event

import (
	"fmt"
	"slices"
	"time"
)

// FeedbackKind says what a piece of feedback is about.
type FeedbackKind string

// The kinds of feedback.
const (
	Shortlisting FeedbackKind = "shortlisting" // why somebody was, or was not, put on the list
	Scorecard    FeedbackKind = "scorecard"    // of one interview, by one interviewer
	Rejection    FeedbackKind = "rejection"    // why it ended
	OfferNote    FeedbackKind = "offer"        // what was offered
)

var feedbackKinds = [...]FeedbackKind{Shortlisting, Scorecard, Rejection, OfferNote}

// Recommendation is what somebody who judged would do.
type Recommendation string

// The recommendations.
const (
	DefinitelyNo Recommendation = "definitely_no"
	No           Recommendation = "no"
	Yes          Recommendation = "yes"
	StrongYes    Recommendation = "strong_yes"
)

// Recommendations lists them from the worst to the best.
var Recommendations = [4]Recommendation{DefinitelyNo, No, Yes, StrongYes}

// Side says who ended an application.
type Side string

// The sides of a rejection.
const (
	WeDeclined   Side = "we_declined"
	TheyDeclined Side = "they_declined"
	OtherSide    Side = "other"
)

var sides = [...]Side{WeDeclined, TheyDeclined, OtherSide}

// Visibility says who may read something linked to an application.
type Visibility string

// The visibilities. What the student may read, recruiters may too.
const (
	ForRecruiters Visibility = "recruiters"
	ForStudent    Visibility = "student"
)

// Rating is one attribute of a scorecard.
type Rating struct {
	Name   string `json:"name"`
	Rating int    `json:"rating"` // 1..5
	Note   string `json:"note,omitempty"`
}

// Offer is what an offer note says.
type Offer struct {
	Amount   float64    `json:"amount,omitempty"`
	Currency string     `json:"currency,omitempty"` // ISO 4217
	Period   string     `json:"period,omitempty"`   // hour, day, week, month, year or once
	Starts   *time.Time `json:"starts,omitempty"`
	Expires  *time.Time `json:"expires,omitempty"`
}

// Feedback is what somebody said about an application, in a form that programs
// can use.
type Feedback struct {
	Kind           FeedbackKind   `json:"kind"`
	Interview      string         `json:"interview,omitempty"` // id; of a scorecard
	Recommendation Recommendation `json:"recommendation,omitempty"`
	Attributes     []Rating       `json:"attributes,omitempty"`
	Side           Side           `json:"side,omitempty"`   // of a rejection
	Reason         string         `json:"reason,omitempty"` // a code of the organisation's taxonomy
	Offer          *Offer         `json:"offer,omitempty"`
	Summary        string         `json:"summary,omitempty"`
	Interviewer    string         `json:"interviewer,omitempty"` // who judged, if not who submits
	InterviewedAt  *time.Time     `json:"interviewed_at,omitempty"`
	Visibility     Visibility     `json:"visibility,omitempty"` // recruiters, unless said otherwise
}

// Evaluation is a record of the evaluations topic, keyed by student: feedback,
// and what it is about. The evaluation and matching service reads it.
type Evaluation struct {
	EventID      string    `json:"event_id"`
	Application  string    `json:"application"`
	Student      string    `json:"student"`
	Opportunity  string    `json:"opportunity"`
	Organisation string    `json:"organisation,omitempty"`
	N            int       `json:"n"`     // place in the application's log, from 1
	Stage        Stage     `json:"stage"` // of the application when it was submitted
	Submitter    string    `json:"submitter"`
	SubmittedAt  time.Time `json:"submitted_at"`
	Feedback     Feedback  `json:"feedback"`
}

const (
	maxRating     = 5
	maxAttributes = 32
	maxPeople     = 16
)

type offerWire struct {
	Amount   float64 `json:"amount"`
	Currency string  `json:"currency"`
	Period   string  `json:"period"`
	Starts   string  `json:"starts"`
	Expires  string  `json:"expires"`
}

type feedbackPlain Feedback

type feedbackWire struct {
	feedbackPlain
	Offer         *offerWire `json:"offer"`
	InterviewedAt string     `json:"interviewed_at"`
}

// DecodeFeedback reads and checks one piece of feedback. The error is an *Invalid.
func DecodeFeedback(data []byte) (Feedback, error) {
	var w feedbackWire
	if err := unmarshal("feedback", data, &w); err != nil {
		return Feedback{}, err
	}
	c := checker{what: "feedback"}
	f := c.feedback("", w)
	return f, c.err()
}

// feedback checks what was read; every path begins with below.
func (c *checker) feedback(below string, w feedbackWire) Feedback {
	f := Feedback(w.feedbackPlain)
	f.InterviewedAt = c.date(below+"interviewed_at", w.InterviewedAt, false)
	if f.Visibility == "" {
		f.Visibility = ForRecruiters
	}
	c.word(below+"kind", string(f.Kind), words(feedbackKinds[:]))
	c.word(below+"visibility", string(f.Visibility), words([]Visibility{ForRecruiters, ForStudent}))
	if f.Recommendation != "" {
		c.word(below+"recommendation", string(f.Recommendation), words(Recommendations[:]))
	}
	if c.count(below+"attributes", len(f.Attributes), maxAttributes) {
		c.ratings(below, f.Attributes)
	}
	c.text(below+"summary", f.Summary, maxText)
	c.text(below+"reason", f.Reason, maxName)
	c.text(below+"interviewer", f.Interviewer, maxID)
	c.text(below+"interview", f.Interview, maxID)
	c.needs(below, f, w.Offer)
	if w.Offer != nil {
		f.Offer = c.offer(below+"offer.", *w.Offer)
	}
	return f
}

func (c *checker) ratings(below string, list []Rating) {
	named := map[string]bool{}
	for i, a := range list {
		path := fmt.Sprintf("%sattributes[%d].", below, i)
		c.present(path+"name", a.Name, "must name what is rated")
		c.text(path+"name", a.Name, maxName)
		c.text(path+"note", a.Note, maxText)
		c.within(path+"rating", a.Rating, 1, maxRating)
		if named[a.Name] {
			c.add(path+"name", UnknownValue, "is rated twice; rate %q once", clip(a.Name))
		}
		named[a.Name] = true
	}
}

// needs checks what each kind must have.
func (c *checker) needs(below string, f Feedback, offer *offerWire) {
	switch f.Kind {
	case Scorecard:
		if f.Recommendation == "" {
			c.add(below+"recommendation", Missing, "a scorecard needs one of %v", Recommendations)
		}
		if f.Interview == "" {
			c.add(below+"interview", Missing, "a scorecard names the interview it is about")
		}
	case Rejection:
		c.word(below+"side", string(f.Side), words(sides[:]))
		c.present(below+"reason", f.Reason, "a rejection names a reason of the organisation's list")
	case OfferNote:
		if offer == nil {
			c.add(below+"offer", Missing, "an offer note says what was offered")
		}
	case Shortlisting:
		if f.Recommendation == "" && f.Summary == "" && len(f.Attributes) == 0 {
			c.add(below+"summary", Missing, "say something: a recommendation, attributes or a summary")
		}
	}
}

var periods = []string{"hour", "day", "week", "month", "year", "once"}

func (c *checker) offer(below string, w offerWire) *Offer {
	o := &Offer{Amount: w.Amount, Currency: w.Currency, Period: w.Period}
	o.Starts = c.date(below+"starts", w.Starts, false)
	o.Expires = c.date(below+"expires", w.Expires, false)
	if !(o.Amount >= 0 && o.Amount <= 1e12) {
		c.add(below+"amount", OutOfRange, "is %v; must be from 0 to 1e12", o.Amount)
	}
	if o.Amount > 0 || o.Period != "" {
		c.word(below+"period", o.Period, periods)
	}
	if (o.Amount > 0 || o.Currency != "") && len(o.Currency) != 3 {
		c.add(below+"currency", UnknownValue, "is %q; must be an ISO 4217 code, such as EUR", clip(o.Currency))
	}
	return o
}

func words[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, w := range list {
		out[i] = string(w)
	}
	return out
}

// word checks a required word of a list.
func (c *checker) word(path, v string, allowed []string) {
	switch {
	case v == "":
		c.add(path, Missing, "must be one of %v", allowed)
	case !slices.Contains(allowed, v):
		c.add(path, UnknownValue, "is %q; must be one of %v", clip(v), allowed)
	}
}

type evaluationPlain Evaluation

type evaluationWire struct {
	evaluationPlain
	SubmittedAt string       `json:"submitted_at"`
	Feedback    feedbackWire `json:"feedback"`
}

// DecodeEvaluation reads and checks one evaluation. The error is an *Invalid.
func DecodeEvaluation(data []byte) (Evaluation, error) {
	var w evaluationWire
	if err := unmarshal("evaluation", data, &w); err != nil {
		return Evaluation{}, err
	}
	c := checker{what: "evaluation"}
	e := Evaluation(w.evaluationPlain)
	if at := c.date("submitted_at", w.SubmittedAt, true); at != nil {
		e.SubmittedAt = *at
	}
	c.id("event_id", e.EventID)
	c.id("application", e.Application)
	c.id("student", e.Student)
	c.id("opportunity", e.Opportunity)
	c.within("n", e.N, 1, 1_000_000)
	c.stage("stage", e.Stage)
	e.Feedback = c.feedback("feedback.", w.Feedback)
	return e, c.err()
}

// Encode gives the record value.
func (e Evaluation) Encode() []byte { return encode(e) }
