package partition_test

import (
	"testing"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/partition"
)

const reminding = `apiVersion: tideline/v1
ruleset: learning
rules:
  - id: gap
    audience: student
    each: student.gaps
    as: gap
    when: gap.severity >= 0.5
    once_per: [student.id, gap.skill]
    notify: {category: learning, template: gap}
`

// A reminder names the best of the student's content that is about the skill,
// and nothing where there is none.
func TestAReminderOfAGapNamesWhatClosesIt(t *testing.T) {
	var out partition.Effects
	p, c := ruled(t, "learning", reminding, &out)
	for offset, o := range []event.Opportunity{
		{ID: "job", Bucket: event.Jobs, Title: "A job with the cloud", Skills: []event.RequiredSkill{{Name: "aws", Level: 3, Weight: 1}}},
		{ID: "both", Bucket: event.Content, Title: "Clouds, and much else", Skills: []event.RequiredSkill{{Name: "Amazon Web Services", Level: 3, Weight: 1}, {Name: "cobol", Level: 3, Weight: 9}}},
		{ID: "best", Bucket: event.Content, Title: "Clouds", URL: "https://learn.example/clouds", Skills: []event.RequiredSkill{{Name: "AWS", Level: 3, Weight: 1}}},
		{ID: "known", Bucket: event.Content, Title: "More Go", Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}}},
	} {
		o.Status, o.PostedAt = event.Open, begin
		if err := c.Apply([]catalog.Change{{Position: catalog.Position{Offset: int64(offset)}, ID: o.ID, Opportunity: &o}}); err != nil {
			t.Fatal(err)
		}
	}
	p.Profile(event.Profile{
		ID: "ann", Skills: []event.Skill{{Name: "go", Level: 5}}, Gaps: []event.Gap{{Skill: "aws", Severity: 0.8}, {Skill: "rust", Severity: 0.9}},
	}, begin, &out)
	got := map[string]event.Facts{}
	for _, n := range out.Notifications {
		got[n.Subject.Gap] = n.Facts
	}
	if aws := got["aws"]; aws.Title != "Clouds" || aws.URL != "https://learn.example/clouds" || aws.Bucket != event.Content || aws.Severity != 0.8 {
		t.Errorf("of aws it says %+v", aws)
	}
	if rust, told := got["rust"]; !told || rust.Title != "" || rust.Bucket != "" {
		t.Errorf("of rust it says %+v, %v", rust, told)
	}
}
