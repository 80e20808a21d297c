package api

import (
	"context"
	"encoding/binary"
	"net/http"
	"slices"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/application"
	"tideline/engine/event"
)

// entry is one item of a timeline as a role may see it.
type entry struct {
	N           int               `json:"n"`
	At          time.Time         `json:"at"`
	By          string            `json:"by" doc:"the actor's role"`
	Actor       string            `json:"actor,omitempty" doc:"id; for recruiters, and for students their own"`
	Type        string            `json:"type" doc:"step, feedback, message or interview"`
	Words       string            `json:"words,omitempty"`
	Seq         int               `json:"seq,omitempty" doc:"of a step"`
	Kind        event.ChangeKind  `json:"kind,omitempty"`
	From        event.Stage       `json:"from,omitempty"`
	To          event.Stage       `json:"to,omitempty"`
	Void        bool              `json:"void,omitempty" doc:"a step that was taken back"`
	Hours       *float64          `json:"hours_in_stage,omitempty" doc:"that the step ended; for recruiters"`
	Reason      string            `json:"reason,omitempty"`
	Note        string            `json:"note,omitempty" doc:"for recruiters"`
	InterviewAt *time.Time        `json:"interview_at,omitempty"`
	OfferEnds   *time.Time        `json:"offer_ends,omitempty"`
	Visibility  event.Visibility  `json:"visibility,omitempty" doc:"for recruiters: who may read it"`
	Feedback    *event.Feedback   `json:"feedback,omitempty"`
	Message     *application.Said `json:"message,omitempty"`
	Interview   *event.Interview  `json:"interview,omitempty"`
	ReadBy      []receipt         `json:"read_by,omitempty" doc:"of a message: who of the others has read it"`

	author   application.Actor
	internal bool // among recruiters
}

// receipt says that a message was read.
type receipt struct {
	Role   string    `json:"role"`
	Reader string    `json:"reader,omitempty" doc:"id; for recruiters"`
	At     time.Time `json:"at"`
}

// timelinePage is the answer of GET /applications/{application}/timeline.
type timelinePage struct {
	Application shownApplication `json:"application"`
	Next        string           `json:"next,omitempty" doc:"what comes next, in words for students"`
	Usually     string           `json:"usually,omitempty" doc:"how long that takes at this organisation, in words for students; absent while too few have got there"`
	Items       []entry          `json:"items" doc:"oldest first"`
	NextCursor  string           `json:"next_cursor,omitempty"`
}

// timeline shows the log, as the caller may see it.
func (s *Server) timeline(c *fiber.Ctx, who principal) error {
	return s.logged(c, who, "read timeline", func(entry) bool { return true })
}

// only shows the items of one type.
func (s *Server) only(kind string) func(*fiber.Ctx, principal) error {
	return func(c *fiber.Ctx, who principal) error {
		return s.logged(c, who, "read "+kind, func(e entry) bool { return e.Type == kind })
	}
}

func (s *Server) logged(c *fiber.Ctx, who principal, action string, wanted func(entry) bool) error {
	limit, wrong := pageLimit(c)
	if len(wrong) > 0 {
		return refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	r, err := s.read(c, who, action)
	if err != nil {
		return err
	}
	of := scope{r.ID, event.Bucket(action)}
	after := 0
	if cursor := c.Query("cursor"); cursor != "" {
		body, err := s.cursors.open(of, cursor, 8)
		if err != nil || len(body) != 8 {
			return badCursor(errCursor)
		}
		after = int(binary.BigEndian.Uint64(body))
	}
	items, err := s.ports.Hiring.Timelines.Log(c.UserContext(), r.ID)
	if err != nil {
		return err
	}
	shown, err := s.shownWhole(c.UserContext(), r, who)
	if err != nil {
		return err
	}
	page := timelinePage{Application: shown, Items: []entry{}}
	if who.role == Student {
		page.Next = comesNext[r.Stage]
		page.Usually = s.usually(r.Organisation, r.Stage)
	}
	reasons, err := s.reasonsIn(c.UserContext(), r, who)
	if err != nil {
		return err
	}
	for _, e := range entries(r, items, who, reasons) {
		switch {
		case e.N <= after || !wanted(e):
		case len(page.Items) < limit:
			page.Items = append(page.Items, e)
		case page.NextCursor == "":
			page.NextCursor = s.cursors.seal(of, binary.BigEndian.AppendUint64(nil, uint64(page.Items[limit-1].N)))
		}
	}
	return c.JSON(page)
}

// reasonsIn gives the organisation's reasons, if a student is to read one in words.
func (s *Server) reasonsIn(ctx context.Context, r *application.Record, who principal) (application.Reasons, error) {
	ended := slices.ContainsFunc(r.Path, func(c application.Change) bool { return c.Kind == event.Reject })
	if who.role != Student || !ended {
		return nil, nil
	}
	p, err := s.ports.Hiring.Service.Pipeline(ctx, r.Opportunity, r.Organisation)
	return p.Reasons, err
}

// entries shows a log to a role: to students what is theirs to see, in their words.
func entries(r *application.Record, items []application.Item, who principal, reasons application.Reasons) []entry {
	void := map[int]bool{}
	for _, c := range r.Path {
		void[c.Corrects] = true
	}
	var since time.Time
	var list []entry
	read := receipts{}
	for _, i := range items {
		if i.Read > 0 {
			read.mark(list, i, who)
			continue
		}
		if who.role == Student && (i.Visibility != event.ForStudent || i.Change != nil && i.Change.From == i.Change.To) {
			continue // steps within a stage are how recruiters work
		}
		e := entry{
			N: i.N, At: i.At, By: string(i.Actor.Role), InterviewAt: i.InterviewAt, OfferEnds: i.OfferEnds,
			Feedback: shownFeedback(i.Feedback, who), Message: i.Message, Interview: shownInterview(i.Interview, who),
			author: i.Actor, internal: i.Visibility != event.ForStudent,
		}
		if who.role != Student || i.Actor.ID == who.subject {
			e.Actor = i.Actor.ID
		}
		switch {
		case i.Change != nil:
			e.Type, e.Seq, e.Kind, e.From, e.To, e.Reason = "step", i.Change.Seq, i.Change.Kind, i.Change.From, i.Change.To, i.Change.Reason
			e.Void = void[i.Change.Seq]
			e.Words = toldWhy(*i.Change, reasons)
		case i.Feedback != nil:
			e.Type = "feedback"
		case i.Message != nil:
			e.Type = "message"
		default:
			e.Type = "interview"
		}
		if who.role == Student && i.Change == nil {
			e.Words = toldOf(i, reasons)
		}
		if who.role != Student {
			e.Note, e.Visibility = i.Note, i.Visibility
			if i.Change != nil {
				e.Words = noted(*i.Change)
				if !since.IsZero() && i.Change.Kind != event.Late {
					e.Hours = new(i.Change.At.Sub(since).Hours())
				}
			}
		}
		if i.Change != nil && i.Change.Kind != event.Late {
			since = i.Change.At
		}
		list = append(list, e)
	}
	return list
}
