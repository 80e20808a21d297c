package application

import "tideline/engine/event"

// Told is what one item says to a topic: one of the fields is set.
type Told struct {
	Change     *event.StageChange
	Evaluation *event.Evaluation
	Message    *event.Message
}

// Unpublished gives what the topics have not been told yet, in order.
func (r *Record) Unpublished() []Told {
	var list []Told
	for _, i := range r.Log {
		if i.N > r.Published {
			list = append(list, r.told(i))
		}
	}
	return list
}

func (r *Record) told(i Item) Told {
	switch {
	case i.Change != nil:
		return Told{Change: new(r.StageChange(i))}
	case i.Feedback != nil:
		return Told{Evaluation: &event.Evaluation{
			EventID: i.EventID, Application: r.ID, Student: r.Student, Opportunity: r.Opportunity, Organisation: r.Organisation,
			N: i.N, Stage: r.stageAt(i.N), Submitter: i.Actor.ID, SubmittedAt: i.RecordedAt, Feedback: *i.Feedback,
		}}
	}
	m := event.Message{
		EventID: i.EventID, Application: r.ID, Student: r.Student, Opportunity: r.Opportunity, N: i.N, At: i.At,
		Author: i.Actor.ID, AuthorRole: string(i.Actor.Role), Visibility: i.Visibility, Interview: i.Interview,
	}
	m.ReadUpTo = i.Read
	if i.Message != nil {
		m.Body, m.About = i.Message.Body, i.Message.Interview
	}
	return Told{Message: &m}
}

// stageAt is the stage after the n-th item, one of those that the log still
// holds: topics may be told late, when the application has gone on.
func (r *Record) stageAt(n int) event.Stage {
	seq := len(r.Path)
	for _, i := range r.Log {
		if i.N > n && i.Change != nil && i.Change.Kind != event.Erased {
			seq--
		}
	}
	return Settle(r.Path[:seq]).Stage
}

// StageChange is a step as the stage-changes topic has it, with what held after it.
func (r *Record) StageChange(i Item) event.StageChange {
	c := *i.Change
	s := Settle(r.Path[:min(c.Seq, len(r.Path))]) // an erasure comes after the path
	return event.StageChange{
		EventID: i.EventID, Application: r.ID, Student: r.Student, Opportunity: r.Opportunity,
		Seq: c.Seq, Kind: c.Kind, From: c.From, To: c.To, FromStep: c.FromStep, ToStep: c.ToStep,
		At: c.At, RecordedAt: &c.RecordedAt, Actor: i.Actor.ID, ActorRole: string(c.Role), Reason: c.Reason, Corrects: c.Corrects,
		InterviewAt: i.InterviewAt, OfferEnds: i.OfferEnds, Stage: s.Stage, Since: &s.Since, AppliedAt: &s.AppliedAt,
		Organisation: r.Organisation, Recruiter: r.Recruiter, Source: r.Source,
		Via: r.Origin.Via, Position: r.Origin.Position, Match: r.Origin.Match,
		Replacement: i.Replacement,
	}
}

// ChangeOf is a step as the topic told it.
func ChangeOf(s event.StageChange) Change {
	c := Change{
		Seq: s.Seq, Kind: s.Kind, From: s.From, To: s.To, FromStep: s.FromStep, ToStep: s.ToStep, At: s.At,
		Role: Role(s.ActorRole), Reason: s.Reason, Corrects: s.Corrects,
	}
	if s.RecordedAt != nil {
		c.RecordedAt = *s.RecordedAt
	}
	return c
}
