package event

import "time"

// ProfileScores is a record of the profile-scores topic, keyed by student and
// compacted: what a student's applications say about them. ARCHITECTURE.md has
// the formulas. The user service keeps them in ai_profile.
type ProfileScores struct {
	Student   string    `json:"student"`
	Activity  float64   `json:"activity_score"`            // 0..100
	Interview *float64  `json:"interview_score,omitempty"` // 0..100; nil: nothing is known
	AsOf      time.Time `json:"as_of"`                     // the time to which evidence has decayed
	Erased    bool      `json:"-"`                         // nothing is known any more: the record is a tombstone
}

// Encode gives the record value; nil: a tombstone.
func (s ProfileScores) Encode() []byte {
	if s.Erased {
		return nil
	}
	return encode(s)
}

// DecodeProfileScores reads one record. The error is an *Invalid.
func DecodeProfileScores(data []byte) (ProfileScores, error) {
	var s ProfileScores
	if err := unmarshal("profile scores", data, &s); err != nil {
		return ProfileScores{}, err
	}
	c := checker{what: "profile scores"}
	c.id("student", s.Student)
	c.score("activity_score", &s.Activity)
	c.score("interview_score", s.Interview)
	return s, c.err()
}
