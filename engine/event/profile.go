package event

import (
	"fmt"
	"slices"
	"time"
)

// Skill is one skill of a student.
type Skill struct {
	Name  string `json:"name"`            // any spelling; normalised through the alias table before use
	Level int    `json:"level,omitempty"` // 1..5, default 3
}

// AIProfile holds the scores other services keep about a student, each 0..100, nil when unknown.
type AIProfile struct {
	CareerScore    *float64 `json:"career_score,omitempty"` // the student's ability, compared with an opportunity's difficulty
	ActivityScore  *float64 `json:"activity_score,omitempty"`
	InterviewScore *float64 `json:"interview_score,omitempty"`
}

// Gap is a skill that a student lacks for what they aim at, as the learning
// service sees it.
type Gap struct {
	Skill    string     `json:"skill"`
	Severity float64    `json:"severity"`        // 0..1
	Since    *time.Time `json:"since,omitempty"` // how long it has been open; nil: not known
}

// Profile is a student as the profile service publishes them.
type Profile struct {
	ID             string    `json:"id"`
	Name           string    `json:"name,omitempty"`
	Skills         []Skill   `json:"skills,omitempty"`
	GraduationYear int       `json:"graduation_year,omitempty"` // 0: unknown, which passes every year gate
	Locations      []string  `json:"locations,omitempty"`       // where the student would go; empty: anywhere
	Remote         *bool     `json:"remote,omitempty"`          // accepts remote work; nil: yes
	OpenToWork     bool      `json:"open_to_work,omitempty"`
	AIProfile      AIProfile `json:"ai_profile,omitzero"`
	Gaps           []Gap     `json:"gaps,omitempty"`
}

// AcceptsRemote applies the default of Remote.
func (p Profile) AcceptsRemote() bool { return p.Remote == nil || *p.Remote }

// DecodeProfile reads and checks one profile. The error is an *Invalid.
func DecodeProfile(data []byte) (Profile, error) {
	var p Profile
	if err := unmarshal("profile", data, &p); err != nil {
		return Profile{}, err
	}
	c := checker{what: "profile"}
	c.id("id", p.ID)
	c.text("name", p.Name, maxName)
	if c.count("skills", len(p.Skills), MaxSkills) {
		for i, s := range p.Skills {
			c.skill(fmt.Sprintf("skills[%d]", i), s.Name, s.Level)
		}
	}
	if slices.ContainsFunc(p.Skills, func(s Skill) bool { return s.Level == 0 }) {
		c.zeros(data, false)
	}
	if p.GraduationYear != 0 {
		c.within("graduation_year", p.GraduationYear, minYear, maxYear)
	}
	c.locations(p.Locations)
	c.score("ai_profile.career_score", p.AIProfile.CareerScore)
	c.score("ai_profile.activity_score", p.AIProfile.ActivityScore)
	c.score("ai_profile.interview_score", p.AIProfile.InterviewScore)
	if c.count("gaps", len(p.Gaps), MaxSkills) {
		for i, g := range p.Gaps {
			path := fmt.Sprintf("gaps[%d]", i)
			c.skill(path, g.Skill, 0)
			if !(g.Severity >= 0 && g.Severity <= 1) {
				c.add(path+".severity", OutOfRange, "is %v; must be from 0 to 1", g.Severity)
			}
		}
	}
	if err := c.err(); err != nil {
		return Profile{}, err
	}
	for i := range p.Skills {
		if p.Skills[i].Level == 0 {
			p.Skills[i].Level = defaultLevel
		}
	}
	return p, nil
}

// Encode gives the profile's record value.
func (p Profile) Encode() []byte { return encode(p) }
