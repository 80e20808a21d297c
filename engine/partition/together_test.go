package partition_test

import (
	"testing"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/partition"
)

const matching = `apiVersion: tideline/v1
ruleset: late
rules:
  - id: match
    audience: student
    when: opp.bucket == "jobs" && match.overlap >= 0.5
    once_per: [student.id, opp.id]
    notify: {category: jobs, template: job-match}
`

// The catalog may have a version whose range this partition has not read yet. A
// profile that comes in between is compared with that version, and the range with
// the profile: neither sees what was true before both, the old profile and the old
// version. Whoever takes the older version for what was true before the range must
// not lose what rose between them.
func TestWhatAProfileAndAVersionMakeTrueTogetherIsToldOnce(t *testing.T) {
	var out partition.Effects
	p, c := ruled(t, "late", matching, &out)
	write := func(offset int64, skill string) {
		t.Helper()
		o := event.Opportunity{
			ID: "o", Bucket: event.Jobs, Title: "a job", Status: event.Open, PostedAt: begin,
			Skills: []event.RequiredSkill{{Name: skill, Level: 3, Weight: 1}},
		}
		if err := c.Apply([]catalog.Change{{Position: catalog.Position{Offset: offset}, ID: o.ID, Opportunity: &o}}); err != nil {
			t.Fatal(err)
		}
	}
	become := func(names ...string) {
		profile := event.Profile{ID: "ann"}
		for _, name := range names {
			profile.Skills = append(profile.Skills, event.Skill{Name: name, Level: 3})
		}
		p.Profile(profile, begin, &out)
	}
	become("sql")
	write(0, "go")
	p.Range(event.Range{From: 0, To: 0}, &out) // ann does not have go
	write(1, "sql")                            // only the catalog knows it
	become("sql", "go")                        // with sql before and after
	p.Range(event.Range{From: 1, To: 1}, &out) // with go before, with sql after
	p.Range(event.Range{From: 1, To: 1}, &out)
	if s := out.Rules["late/match"]; s.Fired != 1 {
		t.Errorf("it is told %d times, not once", s.Fired)
	}
}
