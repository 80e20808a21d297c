package rulesets

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

// What is compared: cel-go on the condition as written, and a rule of that condition.
func checkCondition(t *rapid.T) {
	text := conditions(3).Draw(t, "condition")
	env, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		t.Fatalf("%s: %v", text, issues.Err())
	}
	run, err := env.Program(checked)
	if err != nil {
		t.Fatal(err)
	}
	plain := program{run: run}
	set, problems := Compile("random.yaml", fmt.Appendf(nil, "apiVersion: tideline/v1\nruleset: t\nrules:\n  - id: r\n    audience: student\n    allow_scan: true\n    when: |-\n      %s\n    notify: {category: c, template: x}\n", text))
	for _, p := range problems.Errors() {
		if !strings.Contains(p.Message, "never be true") && !strings.Contains(p.Message, "names nothing") {
			t.Fatal(p)
		}
	}
	for range 8 {
		s := subjects().Draw(t, "subject")
		want := plain.truth(s)
		if set == nil {
			if want == True && strings.Contains(problems.String(), "never be true") {
				t.Fatalf("%s is true of %s, and was refused: %v", text, describe(s), problems)
			}
			continue
		}
		checkRule(t, set.Rules[0], s, want)
	}
}

func checkRule(t *rapid.T, r *Rule, s *Subject, want Truth) {
	if got := r.When(s); got != want {
		t.Fatalf("when is %v, cel-go says %v, of %s", got, want, describe(s))
	}
	if want == True && !passes(r, s) {
		t.Fatalf("%+v refuses what is true: %s", r.Narrow, describe(s))
	}
	if r.Opp(s) != True && want == True {
		t.Fatalf("opp is %v where when is true: %s", r.Opp(s), describe(s))
	}
	joined := True
	for _, k := range r.Explain(s) {
		if k.Truth == False || k.Truth == Unknown && joined == True {
			joined = k.Truth
		}
	}
	if joined != want {
		t.Fatalf("the explanation amounts to %v, when is %v, of %s", joined, want, describe(s))
	}
	if f, ok := r.Flip(s); ok && (f.Text == "" || f.Have == f.Want && f.Op == "exactly") {
		t.Fatalf("no change: %+v", f)
	}
}

// passes applies what was pushed down as an index would.
func passes(r *Rule, s *Subject) bool {
	n := r.Narrow
	if s.Opp != nil && !n.Buckets[s.Opp.Bucket.Index()] || s.Match != nil && s.Match.Overlap < n.Overlap {
		return false
	}
	return s.Student == nil || !n.Seeking || s.Student.Profile().OpenToWork
}

func describe(s *Subject) string {
	var b strings.Builder
	for _, p := range parts {
		for _, f := range p.fields {
			if path := p.name + "." + f.name; readable(s, path) != "unknown" {
				fmt.Fprintf(&b, "%s=%s ", path, readable(s, path))
			}
		}
	}
	return b.String()
}

func TestRulesAgreeWithCELAndPushDownNeverNarrows(t *testing.T) { rapid.Check(t, checkCondition) }

func FuzzPushDown(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkCondition)) }

var atoms = []string{
	`opp.bucket == "jobs"`, `"content" == opp.bucket`, `opp.bucket != "hackathons"`, `opp.bucket in ["jobs", "hackathons"]`, `opp.status == "open"`,
	`opp.remote`, `opp.remote == false`, `opp.kind in ["internship", "course"]`, `opp.kind != "course"`, `opp.difficulty >= 50.0`, `has(opp.difficulty)`,
	`has(opp.deadline)`, `opp.deadline - now < duration("48h")`, `opp.deadline > now`, `size(opp.skills) > 1`, `opp.skills.exists(s, s == "go")`,
	`"aws" in opp.skills`, `has_skill(opp, "go")`, `student.open_to_work`, `!student.open_to_work`, `student.open_to_work == true`, `student.remote`,
	`has_skill(student, "aws")`, `"go" in student.skills`, `student.level("go") >= 3`, `student.levels["go"] > 2`, `student.graduation_year >= 2026`,
	`2027 != student.graduation_year`, `student.career_score < 40.0`, `student.gaps.exists(g, g.severity > 0.5)`, `match.saved`, `match.fit < 0.5`,
	`match.relevance * 2.0 > match.interest`, `"go" in match.missing`, `true`, `false`,
}

// conditions makes conditions of at most so many levels.
func conditions(depth int) *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		sub := func() string { return conditions(depth-1).Draw(t, "side") }
		choice := 0
		if depth > 0 {
			choice = rapid.IntRange(0, 7).Draw(t, "form")
		}
		switch choice {
		case 2, 3, 4:
			return "(" + sub() + " && " + sub() + ")"
		case 5:
			return "(" + sub() + " || " + sub() + ")"
		case 6:
			return "!(" + sub() + ")"
		case 7:
			return "(" + sub() + " ? " + sub() + " : " + sub() + ")"
		}
		if rapid.Bool().Draw(t, "bound") {
			op := rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "op")
			bound := rapid.SampledFrom([]string{"0.0", "0.25", "0.5", "0.75", "1.0"}).Draw(t, "bound")
			if rapid.Bool().Draw(t, "left") {
				return bound + " " + op + " match.overlap"
			}
			return "match.overlap " + op + " " + bound
		}
		return rapid.SampledFrom(atoms).Draw(t, "atom")
	})
}

// subjects makes pairs, at times without one of their parts or some fields.
func subjects() *rapid.Generator[*Subject] {
	some := func(t *rapid.T, what string) bool { return rapid.IntRange(0, 9).Draw(t, what) > 0 }
	share := rapid.SampledFrom([]float64{0, 0.1, 0.25, 0.3, 0.5, 0.6, 0.75, 0.9, 1})
	skills := rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"go", "aws", "sql"}), 0, 3, rapid.ID[string])
	return rapid.Custom(func(t *rapid.T) *Subject {
		s := &Subject{Now: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
		if some(t, "opp") {
			o := &event.Opportunity{
				ID: "o", Bucket: rapid.SampledFrom(event.Buckets[:]).Draw(t, "bucket"), Kind: rapid.SampledFrom([]string{"", "internship", "course"}).Draw(t, "kind"),
				Remote: rapid.Bool().Draw(t, "remote"), Status: rapid.SampledFrom([]event.Status{event.Open, event.Closed}).Draw(t, "status"),
			}
			if rapid.Bool().Draw(t, "deadline") {
				o.Deadline = new(s.Now.Add(time.Duration(rapid.IntRange(-24, 96).Draw(t, "hours")) * time.Hour))
			}
			if rapid.Bool().Draw(t, "difficulty") {
				o.Difficulty = new(100 * share.Draw(t, "difficulty"))
			}
			s.Opp = &Opp{o, skills.Draw(t, "required")}
		}
		if some(t, "match") {
			missing := skills.Draw(t, "missing")
			s.Match = &Match{
				Overlap: share.Draw(t, "overlap"), Fit: share.Draw(t, "fit"), Interest: 2 * share.Draw(t, "interest"), Relevance: share.Draw(t, "relevance"),
				Saved: rapid.Bool().Draw(t, "saved"), Skills: func() ([]string, []string) { return nil, missing },
			}
		}
		if some(t, "student") {
			p := event.Profile{ID: "s", OpenToWork: rapid.Bool().Draw(t, "open"), GraduationYear: rapid.SampledFrom([]int{0, 2025, 2026, 2027}).Draw(t, "year")}
			for _, name := range skills.Draw(t, "skills") {
				p.Skills = append(p.Skills, event.Skill{Name: name, Level: rapid.IntRange(1, 5).Draw(t, "level")})
			}
			if rapid.Bool().Draw(t, "gaps") {
				p.Gaps = []event.Gap{{Skill: "aws", Severity: share.Draw(t, "severity")}}
			}
			if rapid.Bool().Draw(t, "score") {
				p.AIProfile.CareerScore = new(100 * share.Draw(t, "score"))
			}
			if rapid.Bool().Draw(t, "says remote") {
				p.Remote = new(rapid.Bool().Draw(t, "accepts"))
			}
			s.Student = &Student{ID: "s", Load: func() event.Profile { return p }}
		}
		return s
	})
}
