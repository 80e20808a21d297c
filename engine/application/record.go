package application

import (
	"encoding/json"
	"fmt"
	"maps"
	"time"

	"tideline/engine/event"
)

// Record is one application. Values that it holds are not changed in place.
type Record struct {
	ID           string            `json:"id"`
	Student      string            `json:"student"` // empty: erased
	Opportunity  string            `json:"opportunity"`
	Title        string            `json:"title,omitempty"` // of the job when the student applied
	Organisation string            `json:"organisation,omitempty"`
	Recruiter    string            `json:"recruiter,omitempty"` // of the job when the student applied
	Source       string            `json:"source,omitempty"`    // of the job
	Origin       Origin            `json:"origin,omitzero"`
	AppliedAt    time.Time         `json:"applied_at"`
	Stage        event.Stage       `json:"stage"`
	Since        time.Time         `json:"since"`          // in this stage
	Step         string            `json:"step,omitempty"` // of the job's own pipeline
	StepSince    time.Time         `json:"step_since,omitzero"`
	InterviewAt  *time.Time        `json:"interview_at,omitempty"`
	OfferEnds    *time.Time        `json:"offer_ends,omitempty"`
	Interviews   []event.Interview `json:"interviews,omitempty"` // as last planned, in the order of their planning
	Path         []Change          `json:"path"`
	Version      int               `json:"version"`               // length of the log
	Published    int               `json:"published"`             // so many items of the log are in the topics
	Log          []Item            `json:"log"`                   // the newest; those before are in overflow buckets
	Receipts     map[string]int    `json:"receipts,omitempty"`    // by reader: the last item they have read
	Replacement  string            `json:"replacement,omitempty"` // of one that is being erased: the id of what stays
	ErasedAt     time.Time         `json:"erased_at,omitzero"`    // when that was recorded
	Seq          int               `json:"-"`                     // of the last step; the length of Path
}

// Decode reads a record as json.Marshal wrote it.
func Decode(data []byte) (*Record, error) {
	r := &Record{}
	if err := json.Unmarshal(data, r); err != nil {
		return nil, fmt.Errorf("read an application: %w", err)
	}
	r.Seq = len(r.Path)
	return r, nil
}

// Origin is how a student came to a job.
type Origin struct {
	Via      string `json:"via,omitempty"`      // feed, notification, search or other
	Position int    `json:"position,omitempty"` // 1-based place in the feed
	Rule     string `json:"rule,omitempty"`     // of the notification
	Match    int    `json:"match,omitempty"`    // overlap in per mille when they applied
}

// Change is a step of the history.
type Change struct {
	Seq        int              `json:"seq"`
	Kind       event.ChangeKind `json:"kind"`
	From       event.Stage      `json:"from,omitempty"`
	To         event.Stage      `json:"to"`
	FromStep   string           `json:"from_step,omitempty"`
	ToStep     string           `json:"to_step,omitempty"`
	At         time.Time        `json:"at"` // when it took effect
	RecordedAt time.Time        `json:"recorded_at"`
	Role       Role             `json:"role"`             // of who did it
	Reason     string           `json:"reason,omitempty"` // code
	Corrects   int              `json:"corrects,omitempty"`
}

// Item is one entry of the log. One of Change, Feedback, Message, Interview and Read is set.
type Item struct {
	N           int              `json:"n"` // from 1
	EventID     string           `json:"event_id"`
	At          time.Time        `json:"at"`
	RecordedAt  time.Time        `json:"recorded_at"`
	Actor       Actor            `json:"actor"`
	Visibility  event.Visibility `json:"visibility"`
	Request     string           `json:"request,omitempty"`      // digest of what was asked for, under an idempotency key
	Note        string           `json:"note,omitempty"`         // of recruiters, about a step
	InterviewAt *time.Time       `json:"interview_at,omitempty"` // set by a step
	OfferEnds   *time.Time       `json:"offer_ends,omitempty"`
	Replacement string           `json:"replacement,omitempty"` // set by an erasure
	Change      *Change          `json:"change,omitempty"`
	Feedback    *event.Feedback  `json:"feedback,omitempty"`
	Message     *Said            `json:"message,omitempty"`
	Interview   *event.Interview `json:"interview,omitempty"`
	Read        int              `json:"read,omitempty"` // a receipt: the actor has read the messages up to this item
}

// Said is a message's text.
type Said struct {
	Body      string `json:"body"`
	Interview string `json:"interview_id,omitempty"`
}

// Limits of one application. A log within them stays below 4 MB.
const (
	maxChanges = 200
	maxItems   = 5000
)

// Append takes an item that was decided for this version. It never fails.
func (r *Record) Append(i Item) {
	r.Version = i.N
	r.Log = append(r.Log[:len(r.Log):len(r.Log)], i)
	switch {
	case i.Change != nil && i.Change.Kind == event.Erased: // no step: what the path says stays
		r.Replacement, r.ErasedAt = i.Replacement, i.RecordedAt
	case i.Change != nil:
		r.Path = append(r.Path[:len(r.Path):len(r.Path)], *i.Change)
		r.forget(*i.Change)
		if i.InterviewAt != nil {
			r.InterviewAt = i.InterviewAt
		}
		if i.OfferEnds != nil {
			r.OfferEnds = i.OfferEnds
		}
		r.settle()
	case i.Read > 0:
		r.Receipts = maps.Clone(r.Receipts)
		if r.Receipts == nil {
			r.Receipts = map[string]int{}
		}
		r.Receipts[i.Actor.reader()] = i.Read
	case i.Interview != nil:
		r.meeting(*i.Interview)
	case i.Feedback != nil && i.Feedback.Offer != nil && i.Feedback.Offer.Expires != nil:
		r.OfferEnds = i.Feedback.Offer.Expires
	}
}

// forget drops the times of an interview or an offer that never happened, and
// the end of an earlier offer when there is a new one.
func (r *Record) forget(c Change) {
	undone := func(s event.Stage) bool {
		return c.Kind == event.Correction && c.From == s && c.To.Index() < s.Index()
	}
	if undone(event.InterviewScheduled) {
		r.InterviewAt = LastMeeting(r.Interviews)
	}
	offered := c.To == event.OfferExtended && c.From != c.To && c.Kind != event.Late && c.Kind != event.Correction
	if offered || undone(event.OfferExtended) {
		r.OfferEnds = nil
	}
}

// settle works out what follows from the path.
func (r *Record) settle() {
	s := Settle(r.Path)
	r.Stage, r.Since, r.Step, r.StepSince, r.AppliedAt = s.Stage, s.Since, s.Step, s.StepSince, s.AppliedAt
	r.Seq = len(r.Path)
}

// meeting keeps an interview as it was last planned, and the time of the next
// or last one that was not cancelled.
func (r *Record) meeting(i event.Interview) {
	list := make([]event.Interview, 0, len(r.Interviews)+1)
	known := false
	for _, old := range r.Interviews {
		if old.ID == i.ID {
			old, known = i, true
		}
		list = append(list, old)
	}
	if !known {
		list = append(list, i)
	}
	r.Interviews, r.InterviewAt = list, LastMeeting(list)
}

// LastMeeting is when the last interview starts that was not cancelled; nil: there is none.
func LastMeeting(list []event.Interview) *time.Time {
	var last *time.Time
	for _, i := range list {
		if i.State != event.InterviewCancelled && (last == nil || i.Starts.After(*last)) {
			last = &i.Starts
		}
	}
	return last
}

// Settled is where a path leads.
type Settled struct {
	Stage     event.Stage
	Since     time.Time // in the stage
	Step      string
	StepSince time.Time
	AppliedAt time.Time // the earliest of the steps in force, whatever order they were told in
}

// InForce gives the steps of a path that were not taken back, without the
// corrections that took others back.
func InForce(path []Change) []Change {
	void := map[int]bool{}
	for _, c := range path {
		if c.Kind == event.Correction {
			void[c.Corrects], void[c.Seq] = true, true
		}
	}
	var list []Change
	for _, c := range path {
		if !void[c.Seq] {
			list = append(list, c)
		}
	}
	return list
}

// Settle follows a path to its end.
func Settle(path []Change) Settled {
	var s Settled
	for _, c := range InForce(path) {
		if s.AppliedAt.IsZero() || c.At.Before(s.AppliedAt) {
			s.AppliedAt = c.At
		}
		if c.Kind == event.Late {
			continue
		}
		if c.To != s.Stage {
			s.Since = c.At
		}
		if c.To != s.Stage || c.ToStep != s.Step {
			s.StepSince = c.At
		}
		s.Stage, s.Step = c.To, c.ToStep
	}
	return s
}
