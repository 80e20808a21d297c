package oracle

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// History is one application as the topics tell it: everything that its log has,
// in the order of the log.
type History struct {
	ID, Student, Job, Organisation, Recruiter, Source, Via string

	Position, Match int
	Log             []Logged // of item n at n-1
}

// Logged is one item of a log. One of Step, Feedback and Message is set.
type Logged struct {
	EventID  string
	Step     *Step
	Feedback *Judged
	Message  *Said
}

// Step is a change of the stage.
type Step struct {
	EventID     string `json:"event_id"`
	Application string `json:"application"`
	Student     string `json:"student"`
	Opportunity string `json:"opportunity"`

	Seq      int    `json:"seq"`
	Kind     string `json:"kind"`
	From     string `json:"from"`
	To       string `json:"to"`
	ToStep   string `json:"to_step"`
	At       string `json:"at"`
	Role     string `json:"actor_role"`
	Reason   string `json:"reason"`
	Corrects int    `json:"corrects"`

	InterviewAt string `json:"interview_at"`
	OfferEnds   string `json:"offer_ends"`

	// What the record says of the application.
	Organisation string `json:"organisation"`
	Recruiter    string `json:"recruiter"`
	Source       string `json:"source"`
	Via          string `json:"via"`
	Position     int    `json:"position"`
	Match        int    `json:"match"`

	// What the record says holds after the step.
	Stage     string `json:"stage"`
	Since     string `json:"since"`
	AppliedAt string `json:"applied_at"`
}

// Judged is feedback.
type Judged struct {
	EventID     string `json:"event_id"`
	Application string `json:"application"`
	Student     string `json:"student"`

	N        int `json:"n"`
	Feedback struct {
		Kind, Summary string

		Offer struct{ Expires string }
	}
}

// Said is a message, or an interview.
type Said struct {
	EventID     string `json:"event_id"`
	Application string `json:"application"`
	Student     string `json:"student"`

	N         int    `json:"n"`
	Body      string `json:"body"`
	Interview *struct{ ID, Title, State, Starts string }
}

// Histories puts together what the topics tell of each application, by its id.
// What contradicts itself is listed: a place that is told twice and differently,
// one that is missing, steps out of their order, and what a step says holds
// after it, when it does not. An erased application is none.
func Histories(steps, evaluations, messages []Record) (map[string]*History, []string) {
	b := historian{taken: map[string]map[int]Logged{}, steps: map[string][]*Step{}}
	for _, r := range steps {
		b.step(r)
	}
	for _, r := range evaluations {
		var e Judged
		if json.Unmarshal(r.Value, &e) == nil && e.Student == r.Key && len(b.steps[e.Application]) > 0 {
			b.take(e.Application, e.N, Logged{EventID: e.EventID, Feedback: &e})
		}
	}
	for _, r := range messages {
		var m Said
		if json.Unmarshal(r.Value, &m) == nil && m.Student == r.Key && m.N > 0 && len(b.steps[m.Application]) > 0 {
			b.take(m.Application, m.N, Logged{EventID: m.EventID, Message: &m})
		}
	}
	all := map[string]*History{}
	for _, id := range slices.Sorted(maps.Keys(b.steps)) {
		all[id] = b.history(id)
	}
	return all, b.wrong
}

type historian struct {
	taken map[string]map[int]Logged // feedback and messages, by place
	steps map[string][]*Step
	wrong []string
}

func (b *historian) complain(format string, args ...any) {
	b.wrong = append(b.wrong, fmt.Sprintf(format, args...))
}

func (b *historian) step(r Record) {
	var s Step
	if json.Unmarshal(r.Value, &s) != nil || s.Student != r.Key || s.Seq == 0 {
		return // what another service tells: it counts when it comes back with its place
	}
	list := b.steps[s.Application]
	switch {
	case s.Kind == "erased":
		delete(b.steps, s.Application)
	case s.Seq == len(list)+1:
		b.steps[s.Application] = append(list, &s)
	case s.Seq > len(list):
		b.complain("%s: step %d is told after step %d", s.Application, s.Seq, len(list))
	case *list[s.Seq-1] != s:
		b.complain("%s: step %d is told twice, as %+v and as %+v", s.Application, s.Seq, *list[s.Seq-1], s)
	}
}

func (b *historian) take(id string, n int, l Logged) {
	if b.taken[id] == nil {
		b.taken[id] = map[int]Logged{}
	}
	if old, again := b.taken[id][n]; again && old.EventID != l.EventID {
		b.complain("%s: item %d is told as %s and as %s", id, n, old.EventID, l.EventID)
	}
	b.taken[id][n] = l
}

// history numbers the items. A step does not say its place in the log: it is the
// next one that nothing else has.
func (b *historian) history(id string) *History {
	steps, others := b.steps[id], b.taken[id]
	first := steps[0]
	h := &History{
		ID: id, Student: first.Student, Job: first.Opportunity, Organisation: first.Organisation, Recruiter: first.Recruiter,
		Source: first.Source, Via: first.Via, Position: first.Position, Match: first.Match,
	}
	for n := 1; n <= len(steps)+len(others); n++ {
		l, taken := others[n]
		if !taken {
			seq := len(h.Steps())
			if seq == len(steps) {
				b.complain("%s: item %d of %d is missing", id, n, len(steps)+len(others))
				break
			}
			l = Logged{EventID: steps[seq].EventID, Step: steps[seq]}
		}
		if slices.ContainsFunc(h.Log, func(old Logged) bool { return old.EventID == l.EventID }) {
			b.complain("%s: event %s stands in the log twice", id, l.EventID)
		}
		h.Log = append(h.Log, l)
		if l.Step != nil {
			b.holds(h, *l.Step)
		}
	}
	if len(h.Steps()) < len(steps) {
		b.complain("%s: %d of %d steps have a place in the log", id, len(h.Steps()), len(steps))
	}
	return h
}

// holds compares what the last step says holds after it with what does.
func (b *historian) holds(h *History, s Step) {
	at := h.Stands()
	if s.Stage != at.Stage || !date(s.Since).Equal(at.Since) || !date(s.AppliedAt).Equal(at.AppliedAt) {
		b.complain("%s: step %d says that it stands at %s since %s, applied %s; it stands at %+v", h.ID, s.Seq, s.Stage, s.Since, s.AppliedAt, at)
	}
}

// Steps gives the steps, in their order.
func (h *History) Steps() (list []Step) {
	for _, l := range h.Log {
		if l.Step != nil {
			list = append(list, *l.Step)
		}
	}
	return list
}

// valid gives the steps that happened, in the order in which they were told.
func (h *History) valid() (list []Step) {
	all := h.Steps()
	for _, s := range all {
		back := slices.ContainsFunc(all, func(c Step) bool { return c.Kind == "correction" && c.Corrects == s.Seq })
		if s.Kind != "correction" && !back {
			list = append(list, s)
		}
	}
	return list
}

// Standing is where an application is.
type Standing struct {
	Stage, Step                 string
	Since, StepSince, AppliedAt time.Time
	Reason                      string // of the step that came to the stage
}

// Stands follows the steps.
func (h *History) Stands() (at Standing) {
	for i, s := range h.valid() {
		if i == 0 || date(s.At).Before(at.AppliedAt) {
			at.AppliedAt = date(s.At)
		}
		if s.Kind == "late" {
			continue
		}
		if s.To != at.Stage {
			at.Since, at.Reason = date(s.At), s.Reason
		}
		if s.To != at.Stage || s.ToStep != at.Step {
			at.StepSince = date(s.At)
		}
		at.Stage, at.Step = s.To, s.ToStep
	}
	return at
}

// Dates gives when its interview is and when its offer ends, as last said; zero:
// there is none.
func (h *History) Dates() (interview, offer time.Time) {
	meetings := map[string]time.Time{}
	last := func() (t time.Time) {
		for _, m := range meetings {
			t = later(t, m)
		}
		return t
	}
	for _, l := range h.Log {
		switch {
		case l.Step != nil:
			s := *l.Step
			back := s.Kind == "correction" && slices.Index(stageOrder, s.To) < slices.Index(stageOrder, s.From)
			if back && s.From == "interview_scheduled" {
				interview = last()
			}
			if back && s.From == "offer_extended" || s.To == "offer_extended" && s.From != s.To && s.Kind != "late" && s.Kind != "correction" {
				offer = time.Time{}
			}
			interview, offer = said(s.InterviewAt, interview), said(s.OfferEnds, offer)
		case l.Feedback != nil:
			offer = said(l.Feedback.Feedback.Offer.Expires, offer)
		case l.Message.Interview != nil:
			i := l.Message.Interview
			meetings[i.ID] = date(i.Starts)
			if i.State == "cancelled" {
				meetings[i.ID] = time.Time{}
			}
			interview = last()
		}
	}
	return interview, offer
}

// said is a date, or what it was when there is none.
func said(text string, before time.Time) time.Time {
	if text == "" {
		return before
	}
	return date(text)
}
