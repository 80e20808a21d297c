package rulesets_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"tideline/rulesets"
)

func TestWhatCannotBeFalseIsPushedDown(t *testing.T) {
	all, jobs := [3]bool{true, true, true}, [3]bool{true, false, false}
	for when, want := range map[string]rulesets.Narrow{
		`opp.bucket == "jobs" && match.overlap >= 0.75`:             {Buckets: jobs, Overlap: 0.75, Text: []string{`opp.bucket == "jobs"`, "match.overlap >= 0.75"}},
		`0.5 < match.overlap && match.fit > 0.5`:                    {Buckets: all, Overlap: 0.5, Text: []string{"0.5 < match.overlap"}, Rest: []string{"match.fit > 0.5"}},
		`!(match.overlap < 0.5) && !(opp.bucket != "jobs")`:         {Buckets: jobs, Overlap: 0.5, Text: []string{"!(match.overlap < 0.5)", `!(opp.bucket != "jobs")`}},
		`opp.bucket in ["jobs", "content"] && student.open_to_work`: {Buckets: [3]bool{true, false, true}, Seeking: true, Text: []string{`opp.bucket in ["jobs", "content"]`, "student.open_to_work"}},
		`opp.remote && opp.kind == "internship" && match.fit > 0.5`: {Buckets: all, Opp: true, Text: []string{"opp.remote", `opp.kind == "internship"`}, Rest: []string{"match.fit > 0.5"}},
		`opp.deadline > now && match.overlap > 0.25`:                {Buckets: all, Overlap: 0.25, Text: []string{"match.overlap > 0.25"}, Rest: []string{"opp.deadline > now"}},
		`(opp.bucket == "jobs" && match.overlap >= 0.8 || opp.bucket == "hackathons" && match.overlap >= 0.5) && match.overlap < 0.9`: {
			Buckets: [3]bool{true, true, false}, Overlap: 0.5, Text: []string{`opp.bucket in ["jobs", "hackathons"]`, "match.overlap >= 0.5"},
			Rest: []string{`opp.bucket == "jobs" && match.overlap >= 0.8 || opp.bucket == "hackathons" && match.overlap >= 0.5`, "match.overlap < 0.9"},
		},
		`match.overlap >= 0.5 || match.saved`:                     {Buckets: all, Rest: []string{"match.overlap >= 0.5 || match.saved"}},
		`match.overlap * 2.0 >= 1.0`:                              {Buckets: all, Rest: []string{"match.overlap * 2.0 >= 1.0"}},
		`match.saved ? match.overlap > 0.5 : match.overlap > 0.7`: {Buckets: all, Overlap: 0.5, Text: []string{"match.overlap >= 0.5"}, Rest: []string{"match.saved ? (match.overlap > 0.5) : (match.overlap > 0.7)"}},
	} {
		if diff := cmp.Diff(want, rule(t, when).Narrow); diff != "" {
			t.Errorf("%s:\n%s", when, diff)
		}
	}
}
