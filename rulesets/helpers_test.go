package rulesets_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/rulesets"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// rule compiles one rule of a student audience; head are further lines of it.
func rule(t testing.TB, when string, head ...string) *rulesets.Rule {
	t.Helper()
	set, problems := rulesets.Compile("test.yaml", []byte(source(when, head...)))
	if set == nil {
		t.Fatal(problems)
	}
	return set.Rules[0]
}

func source(when string, head ...string) string {
	lines := append([]string{"audience: student", "allow_scan: true", "notify: {category: c, template: x}"}, head...)
	return fmt.Sprintf("apiVersion: tideline/v1\nruleset: test\nrules:\n  - id: r\n    when: |-\n      %s\n    %s\n",
		strings.ReplaceAll(when, "\n", "\n      "), strings.Join(lines, "\n    "))
}

// pair is a student who has two of the three skills of a job, which closes in three days.
func pair() *rulesets.Subject {
	deadline := noon.Add(72 * time.Hour)
	since := noon.Add(-30 * 24 * time.Hour)
	score := 64.0
	return &rulesets.Subject{
		Student: &rulesets.Student{ID: "s1", Load: func() event.Profile {
			return event.Profile{
				ID: "s1", Skills: []event.Skill{{Name: "go", Level: 4}, {Name: "sql", Level: 2}, {Name: "docker", Level: 3}},
				GraduationYear: 2027, OpenToWork: true, Locations: []string{"Pune"},
				AIProfile: event.AIProfile{CareerScore: &score},
				Gaps:      []event.Gap{{Skill: "aws", Severity: 0.8, Since: &since}, {Skill: "sql", Severity: 0.2}},
			}
		}},
		Opp: &rulesets.Opp{Opportunity: &event.Opportunity{
			ID: "o1", Bucket: event.Jobs, Kind: "internship", Title: "Go intern", Organisation: "Acme", Recruiter: "r1",
			GraduationYears: []int{2026, 2027}, Locations: []string{"Pune"}, Status: event.Open, PostedAt: noon.Add(-time.Hour), Deadline: &deadline,
		}, Skills: []string{"go", "sql", "aws"}},
		Match: &rulesets.Match{Overlap: 0.8, Fit: 0.9, Interest: 1.1, Relevance: 0.79, Skills: func() (matched, missing []string) {
			return []string{"go", "sql"}, []string{"aws"}
		}},
		Now: noon,
	}
}
