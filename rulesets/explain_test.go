package rulesets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/event"
	"tideline/rulesets"
)

func TestEachConjunctIsExplainedWithItsValues(t *testing.T) {
	r := rule(t, `opp.bucket == "jobs" && match.overlap >= 0.85 && opp.difficulty < 50 && has_skill(student, "go") && opp.deadline - now < duration("96h")`)
	want := []rulesets.Conjunct{
		{Text: `opp.bucket == "jobs"`, Truth: rulesets.True, Values: map[string]string{"opp.bucket": "jobs"}, Line: 6, Column: 7},
		{Text: "match.overlap >= 0.85", Truth: rulesets.False, Values: map[string]string{"match.overlap": "0.8"}, Line: 6, Column: 31},
		{Text: "opp.difficulty < 50.0", Truth: rulesets.Unknown, Values: map[string]string{"opp.difficulty": "unknown"}, Line: 6, Column: 56},
		{Text: `has_skill(student, "go")`, Truth: rulesets.True, Values: map[string]string{"student.skills": "[docker, go, sql]"}, Line: 6, Column: 79},
		{
			Text: `opp.deadline - now < duration("96h0m0s")`, Truth: rulesets.True, Line: 6, Column: 107,
			Values: map[string]string{"opp.deadline": "2026-06-04T12:00:00Z", "now": "2026-06-01T12:00:00Z"},
		},
	}
	if diff := cmp.Diff(want, r.Explain(pair())); diff != "" {
		t.Error(diff)
	}
}

func TestTheSmallestChangeThatTurnsARuleRound(t *testing.T) {
	for when, want := range map[string]string{
		`opp.bucket == "jobs" && match.overlap >= 0.85`:                    "match.overlap is 0.8; needs at least 0.85",
		`opp.bucket == "jobs" && match.overlap > 0.85`:                     "match.overlap is 0.8; needs more than 0.85",
		`opp.bucket == "jobs" && match.overlap >= 0.75`:                    "match.overlap is 0.8; would end with less than 0.75",
		`match.overlap <= 0.5`:                                             "match.overlap is 0.8; needs at most 0.5",
		`match.overlap < 0.5`:                                              "match.overlap is 0.8; needs less than 0.5",
		`opp.bucket == "content" && match.overlap >= 0.75`:                 "opp.bucket is jobs; needs exactly content",
		`opp.bucket != "jobs"`:                                             "opp.bucket is jobs; needs other than jobs",
		`opp.remote`:                                                       "opp.remote is false; needs exactly true",
		`opp.difficulty < 50 && match.fit > 0.1`:                           "opp.difficulty is unknown; needs less than 50",
		`student.level("go") >= 5`:                                         "level of go is 4; needs at least 5",
		`has_skill(student, "aws")`:                                        "skill aws is lacking; needs exactly there",
		`student.career_score >= 70 || match.overlap >= 0.99`:              "student.career_score is 64; needs at least 70",
		`match.overlap >= 0.85 && match.fit >= 0.95`:                       "", // two changes are needed
		`match.relevance * 2.0 > 3.0`:                                      "", // no comparison of a field
		`student.graduation_year > 2027 && student.graduation_year < 2030`: "student.graduation_year is 2027; needs more than 2027",
	} {
		f, _ := rule(t, when).Flip(pair())
		if f.Text != want {
			t.Errorf("%s: got %q, want %q", when, f.Text, want)
		}
	}
}

func TestFlippingLeavesTheSubjectAsItWas(t *testing.T) {
	s := pair()
	rule(t, `student.level("go") >= 5 && opp.bucket == "jobs"`).Flip(s)
	if s.Student.Profile().Skills[0] != (event.Skill{Name: "go", Level: 4}) || s.Opp.Bucket != event.Jobs {
		t.Errorf("%+v", s.Student.Profile())
	}
}
