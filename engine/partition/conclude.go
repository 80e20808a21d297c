package partition

import (
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

// conclude works out what rules see of an application beside its stage.
func (t *tracked) conclude() {
	if t.App == nil {
		return
	}
	now := *t.App
	now.InterviewAt = t.interviewAt()
	now.InterviewedAt = t.interviewedAt()
	now.Scorecards = 0
	judged := map[string]bool{}
	for _, j := range t.Judgements {
		if j.Interview != "" {
			now.Scorecards++
			judged[j.Interview] = true
		}
	}
	held := 0
	now.FeedbackMissing = false
	for _, i := range t.Interviews {
		if i.State == event.InterviewHeld {
			held++
			now.FeedbackMissing = now.FeedbackMissing || !judged[i.ID]
		}
	}
	if held == 0 {
		now.FeedbackMissing = now.InterviewedAt != nil && now.Scorecards == 0
	}
	now.OfferEnds = nil
	if t.Offer != nil {
		now.OfferEnds = t.Offer.Ends
	}
	if t.Note != nil && (t.Offer == nil || !t.Note.At.Before(t.Offer.At)) {
		now.OfferEnds = t.Note.Ends
	}
	if t.Said != nil {
		now.MessageSeq, now.MessageAt, now.MessageRole = t.Said.N, &t.Said.At, t.Said.Role
	}
	t.App = &now
}

// interviewAt is when the last interview is that was not cancelled; what a step
// said counts as long as none was planned.
func (t *tracked) interviewAt() *time.Time {
	if len(t.Interviews) == 0 {
		return t.Planned
	}
	return application.LastMeeting(t.Interviews)
}

// interviewedAt is when the last interview that was held ended: as it was
// planned, or, where none is known, when the application came to that stage.
func (t *tracked) interviewedAt() *time.Time {
	var last *time.Time
	for _, i := range t.Interviews {
		end := i.Starts
		if i.Ends != nil {
			end = *i.Ends
		}
		if i.State == event.InterviewHeld && (last == nil || end.After(*last)) {
			last = &end
		}
	}
	if last != nil {
		return last
	}
	for _, c := range application.InForce(t.Path) {
		if c.To == event.InterviewCompleted && (last == nil || c.At.After(*last)) {
			last = &c.At
		}
	}
	return last
}
