package event

import (
	"fmt"
	"time"
)

// Interview is a session of an application, as it was last planned.
type Interview struct {
	ID           string     `json:"id"`
	Title        string     `json:"title,omitempty"`
	State        string     `json:"state"` // scheduled, completed or cancelled
	Starts       time.Time  `json:"starts"`
	Ends         *time.Time `json:"ends,omitempty"`
	Mode         string     `json:"mode,omitempty"` // onsite, phone or video
	Place        string     `json:"place,omitempty"`
	Interviewers []string   `json:"interviewers,omitempty"` // ids
}

// The states of an interview.
const (
	InterviewPlanned   = "scheduled"
	InterviewHeld      = "completed"
	InterviewCancelled = "cancelled"
)

var (
	interviewStates = []string{InterviewPlanned, InterviewHeld, InterviewCancelled}
	interviewModes  = []string{"onsite", "phone", "video"}
)

// Message is a record of the messages topic, keyed by student: something said
// within an application, or an interview of it. With an N it stands in the
// application's log; without, it comes from the platform's messaging, and is
// put there.
type Message struct {
	EventID     string     `json:"event_id"`
	Application string     `json:"application,omitempty"`
	Student     string     `json:"student"`
	Opportunity string     `json:"opportunity"`
	N           int        `json:"n,omitempty"` // place in the application's log, from 1
	At          time.Time  `json:"at"`
	Author      string     `json:"author"`
	AuthorRole  string     `json:"author_role"` // student, recruiter, ops or service
	Body        string     `json:"body,omitempty"`
	About       string     `json:"interview_id,omitempty"` // the interview that the body is about
	Visibility  Visibility `json:"visibility,omitempty"`   // student, unless said otherwise
	Interview   *Interview `json:"interview,omitempty"`    // planned, moved, held or cancelled
	ReadUpTo    int        `json:"read_up_to,omitempty"`   // a receipt: the author has read what was said up to this place
}

type interviewPlain Interview

type interviewWire struct {
	interviewPlain
	Starts string `json:"starts"`
	Ends   string `json:"ends"`
}

type messagePlain Message

type messageWire struct {
	messagePlain
	At        string         `json:"at"`
	Interview *interviewWire `json:"interview"`
}

// DecodeMessage reads and checks one message. The error is an *Invalid.
func DecodeMessage(data []byte) (Message, error) {
	var w messageWire
	if err := unmarshal("message", data, &w); err != nil {
		return Message{}, err
	}
	c := checker{what: "message"}
	m := Message(w.messagePlain)
	if at := c.date("at", w.At, true); at != nil {
		m.At = *at
	}
	if m.Visibility == "" {
		m.Visibility = ForStudent
	}
	c.id("event_id", m.EventID)
	c.id("student", m.Student)
	c.id("opportunity", m.Opportunity)
	c.id("author", m.Author)
	c.word("author_role", m.AuthorRole, []string{"student", "recruiter", "ops", "service"})
	c.word("visibility", string(m.Visibility), words([]Visibility{ForRecruiters, ForStudent}))
	c.within("n", m.N, 0, 1_000_000)
	if w.Interview != nil {
		m.Interview = c.interview("interview.", *w.Interview)
	}
	c.within("read_up_to", m.ReadUpTo, 0, 1_000_000)
	if m.ReadUpTo > 0 && (m.Body != "" || w.Interview != nil) {
		c.add("read_up_to", UnknownValue, "is a receipt, which says nothing else; send body and interview by themselves")
	}
	c.said(m.Body, m.About, w.Interview != nil || m.ReadUpTo > 0)
	m.identify(&c)
	return m, c.err()
}

func (m *Message) identify(c *checker) {
	s := StageChange{Application: m.Application, Student: m.Student, Opportunity: m.Opportunity, Seq: m.N}
	s.identify(c)
	m.Application = s.Application
}

// said checks the text of a message, which an interview need not have.
func (c *checker) said(body, about string, optional bool) {
	if !optional {
		c.present("body", body, "must say something")
	}
	c.text("body", body, maxText)
	c.text("interview_id", about, maxID)
}

// DecodeInterview reads and checks one interview. The error is an *Invalid.
func DecodeInterview(data []byte) (Interview, error) {
	var w interviewWire
	if err := unmarshal("interview", data, &w); err != nil {
		return Interview{}, err
	}
	c := checker{what: "interview"}
	i := c.interview("", w)
	return *i, c.err()
}

// interview checks what was read. An id may be missing: then one is given to it.
func (c *checker) interview(below string, w interviewWire) *Interview {
	i := Interview(w.interviewPlain)
	if i.State == "" {
		i.State = InterviewPlanned
	}
	if at := c.date(below+"starts", w.Starts, true); at != nil {
		i.Starts = *at
	}
	i.Ends = c.date(below+"ends", w.Ends, false)
	if i.Ends != nil && !i.Ends.After(i.Starts) {
		c.add(below+"ends", OutOfRange, "is not after starts")
	}
	c.text(below+"id", i.ID, maxID)
	c.text(below+"title", i.Title, maxTitle)
	c.text(below+"place", i.Place, maxURL)
	c.word(below+"state", i.State, interviewStates)
	if i.Mode != "" {
		c.word(below+"mode", i.Mode, interviewModes)
	}
	if c.count(below+"interviewers", len(i.Interviewers), maxPeople) {
		for n, who := range i.Interviewers {
			c.id(fmt.Sprintf("%sinterviewers[%d]", below, n), who)
		}
	}
	return &i
}

// Encode gives the record value.
func (m Message) Encode() []byte { return encode(m) }
