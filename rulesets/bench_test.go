package rulesets_test

import (
	"testing"

	"tideline/rulesets"
)

func BenchmarkWhen(b *testing.B) {
	for _, c := range []struct{ name, when string }{
		{"job-match", `opp.bucket == "jobs" && match.overlap >= 0.75`},
		{"other bucket", `opp.bucket == "content" && match.overlap >= 0.75`},
		{"top-candidate", `opp.bucket == "jobs" && opp.status == "open" && match.overlap >= 0.75 && student.open_to_work`},
		{"unknown", `opp.difficulty >= 50`},
		{"deadline", `opp.deadline - now < duration("96h") && match.overlap >= 0.5`},
		{"skill", `"aws" in opp.skills && has_skill(student, "go") && student.level("go") >= 3`},
		{"list", `opp.kind in ["internship", "apprenticeship"] && match.overlap >= 0.5`},
		{"macro", `opp.skills.exists(s, s.startsWith("aw"))`},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, s := rule(b, c.when), pair()
			b.ReportAllocs()
			for b.Loop() {
				r.When(s)
			}
		})
	}
}

func BenchmarkValues(b *testing.B) {
	r, s := rule(b, "match.overlap >= 0.75", "once_per: [student.id, opp.id]"), pair()
	b.ReportAllocs()
	for b.Loop() {
		r.Values(s)
	}
}

func BenchmarkCompileCampus(b *testing.B) {
	source := campusSource(b)
	for b.Loop() {
		if set, problems := rulesets.Compile("campus.yaml", source); set == nil {
			b.Fatal(problems)
		}
	}
}
