package event

import "time"

// Stage is where an application stands.
type Stage string

// The canonical stages.
const (
	Applied            Stage = "applied"
	Shortlisted        Stage = "shortlisted"
	InterviewScheduled Stage = "interview_scheduled"
	InterviewCompleted Stage = "interview_completed"
	OfferExtended      Stage = "offer_extended"
	OfferAccepted      Stage = "offer_accepted"
	OfferRejected      Stage = "offer_rejected"
	Rejected           Stage = "rejected"
	Withdrawn          Stage = "withdrawn"
)

var stages = [...]Stage{
	Applied, Shortlisted, InterviewScheduled, InterviewCompleted, OfferExtended,
	OfferAccepted, OfferRejected, Rejected, Withdrawn,
}

// StageChange is one step of an application: a record of the stage-changes
// topic, keyed by student.
type StageChange struct {
	EventID     string     `json:"event_id"`
	Application string     `json:"application"`
	Student     string     `json:"student"`
	Opportunity string     `json:"opportunity"`
	Seq         int        `json:"seq"` // of the application's history, from 1
	From        Stage      `json:"from,omitempty"`
	To          Stage      `json:"to"`
	Kind        string     `json:"kind,omitempty"` // advance, skip, regress, reject, withdraw, reopen, correction
	At          time.Time  `json:"at"`             // when it took effect
	Actor       string     `json:"actor,omitempty"`
	ActorRole   string     `json:"actor_role,omitempty"`
	InterviewAt *time.Time `json:"interview_at,omitempty"`
	OfferEnds   *time.Time `json:"offer_ends,omitempty"`
}

type stagePlain StageChange

type stageWire struct {
	stagePlain
	At          string `json:"at"`
	InterviewAt string `json:"interview_at"`
	OfferEnds   string `json:"offer_ends"`
}

// DecodeStageChange reads and checks one stage change. The error is an *Invalid.
func DecodeStageChange(data []byte) (StageChange, error) {
	var w stageWire
	if err := unmarshal("stage change", data, &w); err != nil {
		return StageChange{}, err
	}
	c := checker{what: "stage change"}
	s := StageChange(w.stagePlain)
	if at := c.date("at", w.At, true); at != nil {
		s.At = *at
	}
	s.InterviewAt = c.date("interview_at", w.InterviewAt, false)
	s.OfferEnds = c.date("offer_ends", w.OfferEnds, false)
	c.id("event_id", s.EventID)
	c.id("application", s.Application)
	c.id("student", s.Student)
	c.id("opportunity", s.Opportunity)
	c.within("seq", s.Seq, 1, 1_000_000)
	if s.From != "" {
		c.stage("from", s.From)
	}
	c.stage("to", s.To)
	return s, c.err()
}

func (c *checker) stage(path string, s Stage) {
	if !s.known() {
		c.add(path, UnknownValue, "is %q; must be one of %v", clip(string(s)), stages)
	}
}

func (s Stage) known() bool {
	for _, known := range stages {
		if s == known {
			return true
		}
	}
	return false
}

// Encode gives the record value.
func (s StageChange) Encode() []byte { return encode(s) }
