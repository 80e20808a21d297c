package node

import (
	"time"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

// Few skills, places and half days, so that ties, repeats and borders are common.
var (
	skillNames = []string{"go", "Golang", "python", "py", "sql", "react", "aws", "docker"}
	placeNames = []string{"Oslo", "oslo ", "Pune"}
)

func randomOpportunity(t *rapid.T, id string, at time.Time) event.Opportunity {
	o := event.Opportunity{
		ID: id, Title: "t", Status: event.Open,
		Bucket:       rapid.SampledFrom([]event.Bucket{event.Jobs, event.Jobs, event.Jobs, event.Hackathons, event.Content, event.Content}).Draw(t, "bucket"),
		Organisation: rapid.SampledFrom([]string{"", "Acme", "Umbra"}).Draw(t, "organisation"),
		PostedAt:     at.Add(-time.Duration(rapid.IntRange(0, 20).Draw(t, "age")) * 12 * time.Hour).Truncate(12 * time.Hour),
		Remote:       rapid.Bool().Draw(t, "remote"),
		Locations:    rapid.SliceOfN(rapid.SampledFrom(placeNames), 0, 2).Draw(t, "places"),
	}
	for range rapid.IntRange(0, 4).Draw(t, "skills") {
		o.Skills = append(o.Skills, event.RequiredSkill{
			Name: rapid.SampledFrom(skillNames).Draw(t, "skill"), Level: rapid.IntRange(1, 5).Draw(t, "level"), Weight: rapid.IntRange(1, 3).Draw(t, "weight"),
		})
	}
	if rapid.IntRange(0, 3).Draw(t, "hard") == 0 {
		o.Difficulty = new(float64(rapid.IntRange(0, 100).Draw(t, "difficulty")))
	}
	if rapid.IntRange(0, 5).Draw(t, "years") == 0 {
		o.GraduationYears = []int{2027}
	}
	switch rapid.IntRange(0, 9).Draw(t, "end") {
	case 0:
		o.Status = event.Closed
	case 1, 2, 3:
		o.Deadline = new(at.Add(time.Duration(rapid.IntRange(-5, 100).Draw(t, "hours")) * time.Hour))
	}
	return o
}

func randomProfile(t *rapid.T, id string) event.Profile {
	p := event.Profile{
		ID: id, GraduationYear: rapid.SampledFrom([]int{0, 2026, 2027}).Draw(t, "year"),
		Locations: rapid.SliceOfN(rapid.SampledFrom(placeNames), 0, 1).Draw(t, "places"),
		Remote:    new(rapid.Bool().Draw(t, "remote")),
	}
	for range rapid.IntRange(0, 5).Draw(t, "skills") {
		p.Skills = append(p.Skills, event.Skill{Name: rapid.SampledFrom(skillNames).Draw(t, "skill"), Level: rapid.IntRange(1, 5).Draw(t, "level")})
	}
	for range rapid.IntRange(0, 2).Draw(t, "gaps") {
		p.Gaps = append(p.Gaps, event.Gap{Skill: rapid.SampledFrom(skillNames).Draw(t, "gap"), Severity: rapid.Float64Range(0, 1).Draw(t, "severity")})
	}
	if rapid.Bool().Draw(t, "able") {
		p.AIProfile.CareerScore = new(float64(rapid.IntRange(0, 100).Draw(t, "ability")))
	}
	return p
}
