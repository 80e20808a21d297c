package rulesets_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/event"
	"tideline/rulesets"
)

func TestConditionsAreTrueFalseOrUnknown(t *testing.T) {
	for when, want := range map[string]rulesets.Truth{
		`opp.bucket == "jobs" && match.overlap >= 0.75`:             rulesets.True,
		`opp.bucket == "content" && opp.difficulty > 3`:             rulesets.False, // false is false, whatever the rest
		`opp.bucket == "jobs" && opp.difficulty > 3`:                rulesets.Unknown,
		`opp.difficulty > 3 || match.overlap > 0.5`:                 rulesets.True,
		`has(opp.difficulty) || match.overlap > 0.9`:                rulesets.False,
		`has(opp.deadline) && match.overlap > 0.1`:                  rulesets.True,
		`student.career_score >= 60 && match.overlap > 0.1`:         rulesets.True, // whole numbers beside doubles
		`student.activity_score >= 60`:                              rulesets.Unknown,
		`opp.deadline - now < duration("4d")`:                       rulesets.True, // days
		`opp.deadline - now < duration("2d12h")`:                    rulesets.False,
		`"sql" in student.skills && !("aws" in student.skills)`:     rulesets.True,
		`has_skill(student, "go") && has_skill(opp, "aws")`:         rulesets.True,
		`student.level("go") >= 4 && student.level("rust") == 0`:    rulesets.True,
		`student.levels["rust"] > 0`:                                rulesets.Unknown,
		`student.levels["go"] == 4`:                                 rulesets.True,
		`student.gaps.exists(g, g.skill == "aws" && g.since < now)`: rulesets.True,
		`student.gaps.all(g, g.severity > 0.5)`:                     rulesets.False,
		`match.missing == ["aws"] && size(match.matched) == 2`:      rulesets.True,
		`opp.locations.exists(l, l in student.locations)`:           rulesets.True,
		`student.graduation_year in opp.graduation_years`:           rulesets.True,
		`opp.title.matches("(?i)^go ")`:                             rulesets.True,
		`match.saved || student.remote`:                             rulesets.True,
		`match.relevance * 2 > match.interest`:                      rulesets.True,
		`opp.posted_at > now - duration("1d")`:                      rulesets.True,
	} {
		if got := rule(t, when).When(pair()); got != want {
			t.Errorf("%s is %v; want %v", when, got, want)
		}
	}
}

func TestAMissingPartIsUnknown(t *testing.T) {
	r := rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`)
	s := pair()
	s.Opp = nil
	if got := r.When(s); got != rulesets.Unknown {
		t.Errorf("without an opportunity it is %v", got)
	}
	if values, ok := r.Values(s); ok {
		t.Errorf("without an opportunity it is identified by %v", values)
	}
	if got := r.Rearm(pair()); got != rulesets.Unknown {
		t.Errorf("rearm that is not there is %v", got)
	}
	if _, ok := r.At(pair()); ok {
		t.Error("there is a time without at")
	}
	if r.Opp(s) == rulesets.True {
		t.Error("opp is true without an opportunity")
	}
}

func TestTheProfileIsLoadedOnlyWhenItIsNeeded(t *testing.T) {
	loads := 0
	r := rule(t, `opp.bucket == "content" && student.open_to_work && match.overlap > 0.5`)
	s := pair()
	s.Student = &rulesets.Student{ID: "s1", Load: func() event.Profile { loads++; return event.Profile{OpenToWork: true} }}
	r.When(s)
	if loads != 0 {
		t.Errorf("loaded %d times for an opportunity of another bucket", loads)
	}
	s.Opp.Bucket = event.Content
	r.When(s)
	r.When(s)
	if loads != 1 {
		t.Errorf("loaded %d times", loads)
	}
}

func TestOncePerGivesTheSameTextForTheSameThing(t *testing.T) {
	r := rule(t, "match.overlap > 0.5", "once_per: [student.id, opp.id, opp.deadline, match.overlap, size(opp.skills), opp.remote]")
	got, ok := r.Values(pair())
	want := []string{"s1", "o1", "2026-06-04T12:00:00Z", "0.8", "3", "false"}
	if !ok || !slices.Equal(got, want) {
		t.Errorf("got %q, %v", got, ok)
	}
	if got, ok := rule(t, "match.overlap > 0.5").Values(pair()); !ok || !slices.Equal(got, []string{"s1", "o1"}) {
		t.Errorf("without once_per: %q", got)
	}
	s := pair()
	s.Opp.Deadline = nil
	if got, ok := r.Values(s); ok {
		t.Errorf("without a deadline: %q", got)
	}
}

func TestTimesRanksAndNotices(t *testing.T) {
	r := rule(t, "match.overlap > 0.5", `at: opp.deadline - duration("2d")`, "late: 12h", "budget: 2/6h")
	if at, ok := r.At(pair()); !ok || !at.Equal(noon.Add(24*time.Hour)) || !r.HasAt || r.Late != 12*time.Hour {
		t.Errorf("at %v %v, late %v", at, ok, r.Late)
	}
	if diff := cmp.Diff(&event.Budget{Count: 2, Per: event.Duration(6 * time.Hour)}, r.Notice.Budget); diff != "" {
		t.Error(diff)
	}
	set, problems := rulesets.Compile("campus.yaml", campusSource(t))
	if problems.Err() != nil {
		t.Fatal(problems)
	}
	top := set.Rules[slices.IndexFunc(set.Rules, func(r *rulesets.Rule) bool { return r.ID == "top-candidate" })]
	if by, ok := top.By(pair()); !ok || by != 0.79 || top.Rank.Top != 10 {
		t.Errorf("by %v %v of %+v", by, ok, top.Rank)
	}
}

func TestAnyNameOfASkillWillDo(t *testing.T) {
	lower := rulesets.Options{Normalize: strings.ToLower}
	for _, when := range []string{
		`"AWS" in opp.skills`, `has_skill(student, "GO")`, `student.level("Go") > 3`, `student.levels["Go"] > 3`,
		`opp.skills.exists(s, s == "Aws")`, `student.gaps.exists(g, g.skill == "AWS")`, `student.gaps.exists(g, g.skill in ["AWS", "GCP"])`,
	} {
		set, problems := rulesets.Compile("t", []byte(source(when)), lower)
		if set == nil {
			t.Fatal(problems)
		}
		if got := set.Rules[0].When(pair()); got != rulesets.True {
			t.Errorf("%s is %v", when, got)
		}
	}
	set, _ := rulesets.Compile("t", []byte(source(`opp.title == "Go intern" && opp.organisation == "Acme"`)), lower)
	if got := set.Rules[0].When(pair()); got != rulesets.True {
		t.Errorf("what is no skill was changed: %v", got)
	}
}

func TestLetsAndListsStandForWhatTheySay(t *testing.T) {
	text := `
apiVersion: tideline/v1
ruleset: test
lists: {stack: [go, sql], good: [0.5, 0.8]}
lets:
  strong: match.overlap >= 0.5 && wanted
  wanted: opp.skills.exists(s, s in stack)
rules:
  - id: r
    audience: student
    lets: {soon: 'opp.deadline - now < duration("1w")'}
    when: opp.bucket == "jobs" && strong && soon && match.overlap in good
    notify: {category: c, template: x}
`
	set, problems := rulesets.Compile("t.yaml", []byte(text))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	r := set.Rules[0]
	if got := r.When(pair()); got != rulesets.True {
		t.Errorf("it is %v", got)
	}
	if r.Narrow.Overlap != 0.5 || !r.Narrow.Opp {
		t.Errorf("lets hide what can be pushed down: %+v", r.Narrow)
	}
	var at []string
	for _, k := range r.Explain(pair()) {
		at = append(at, fmt.Sprintf("%d:%d %s", k.Line, k.Column, k.Text))
	}
	want := []string{
		`12:11 opp.bucket == "jobs"`, `6:11 match.overlap >= 0.5`, `7:11 opp.skills.exists(s, s in ["go", "sql"])`,
		`11:19 opp.deadline - now < duration("168h0m0s")`, `12:53 match.overlap in [0.5, 0.8]`,
	}
	if diff := cmp.Diff(want, at); diff != "" {
		t.Error(diff)
	}
}

func TestTheMeaningIsWhatDecidesWhenARuleFires(t *testing.T) {
	base := rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`, "rearm: match.overlap < 0.7").Meaning
	for name, r := range map[string]*rulesets.Rule{
		"another order":  rule(t, `match.overlap >= 0.75 && opp.bucket == "jobs"`, "rearm: match.overlap < 0.7"),
		"other spacing":  rule(t, "(opp.bucket=='jobs')\n  && match.overlap>=0.750", "rearm: match.overlap < 0.70"),
		"another text":   rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`, "rearm: match.overlap < 0.7", "budget: 3/d", "mode: shadow", "title: x"),
		"the default on": rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`, "rearm: match.overlap < 0.7", "on: [signals, profiles, opportunities]"),
	} {
		if r.Meaning != base {
			t.Errorf("%s is another meaning", name)
		}
	}
	for name, r := range map[string]*rulesets.Rule{
		"another bound": rule(t, `opp.bucket == "jobs" && match.overlap >= 0.76`, "rearm: match.overlap < 0.7"),
		"another rearm": rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`, "rearm: match.overlap < 0.6"),
		"held":          rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`, "rearm: match.overlap < 0.7", "held_for: 1d"),
		"fewer kinds":   rule(t, `opp.bucket == "jobs" && match.overlap >= 0.75`, "rearm: match.overlap < 0.7", "on: [profiles]"),
	} {
		if r.Meaning == base {
			t.Errorf("%s is the same meaning", name)
		}
	}
}
