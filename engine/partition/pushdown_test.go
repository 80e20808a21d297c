package partition

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/rulesets"
)

// Conditions from which random rules are made. None looks at what is seen only
// at the next touch (interest, the clock): the naive side looks at every pair anew.
var pushed = []string{
	`opp.bucket == "jobs"`, `opp.bucket in ["hackathons", "content"]`, `opp.bucket != "content"`, `opp.remote`, `opp.kind == "internship"`,
	`opp.difficulty >= 50.0`, `match.overlap >= 0.5`, `match.overlap > 0.75`, `!(match.overlap < 0.25)`, `student.open_to_work`,
	`!student.open_to_work`, `match.saved`, `has_skill(student, "go")`, `"sql" in match.missing`,
}

func randomRules() *rapid.Generator[string] {
	return rapid.Custom(func(t *rapid.T) string {
		var source strings.Builder
		source.WriteString("apiVersion: tideline/v1\nruleset: random\nrules:\n")
		for i := range rapid.IntRange(1, 4).Draw(t, "rules") {
			parts := rapid.SliceOfNDistinct(rapid.SampledFrom(pushed), 2, 3, rapid.ID[string]).Draw(t, "conditions")
			form := rapid.SampledFrom([]string{"%s && %s", "%s || %s", "(%s || %s) && %s", "%s ? %s : %s", "%s && !(%s)"}).Draw(t, "form")
			for len(parts) < strings.Count(form, "%s") {
				parts = append(parts, "opp.remote")
			}
			when := form
			for _, p := range parts[:strings.Count(form, "%s")] {
				when = strings.Replace(when, "%s", "("+p+")", 1)
			}
			among := rapid.SampledFrom([]string{"eligible", "saved"}).Draw(t, "among")
			fmt.Fprintf(&source, "  - id: r%d\n    audience: student\n    allow_scan: true\n    among: %s\n    when: '%s'\n    notify: {category: c, template: x, channels: [inapp]}\n", i, among, when)
		}
		return source.String()
	})
}

// side is one of two partitions that are shown the same events.
type side struct {
	*Partition
	catalog *catalog.Catalog
	offset  int64
	fired   []string
}

func newSide(compile func(name, source string) (*rulesets.Set, error)) *side {
	dict := match.NewDictionary(skills.Normalize)
	s := &side{catalog: catalog.New(match.Default(), dict)}
	s.Partition = New(0, Config{Match: match.Default(), Compile: compile}, dict, s.catalog)
	return s
}

func (s *side) do(event func(*Effects)) {
	var out Effects
	event(&out)
	s.Flush(&out)
	for _, n := range out.Notifications {
		s.fired = append(s.fired, fmt.Sprint(n.Rule, " ", n.ID, " ", n.Outcome))
	}
	slices.Sort(s.fired)
}

func (s *side) publish(t *rapid.T, o event.Opportunity) {
	if err := s.catalog.Apply([]catalog.Change{{Position: catalog.Position{Offset: s.offset}, ID: o.ID, Opportunity: &o}}); err != nil {
		t.Fatal(err)
	}
	s.do(func(out *Effects) { s.Range(event.Range{From: s.offset, To: s.offset}, out) })
	s.offset++
}

func compileWith(change func(*rulesets.Rule)) func(name, source string) (*rulesets.Set, error) {
	return func(name, source string) (*rulesets.Set, error) {
		set, problems := rulesets.Compile(name, []byte(source), rulesets.Options{Normalize: skills.Normalize})
		if set == nil {
			return nil, problems.Err()
		}
		for _, r := range set.Rules {
			change(r)
		}
		return set, nil
	}
}

var (
	asCompiled = compileWith(func(*rulesets.Rule) {})
	// widened has nothing for the indexes to narrow by.
	widened = compileWith(func(r *rulesets.Rule) { r.Narrow = rulesets.Narrow{Buckets: [3]bool{true, true, true}} })
)

var skillNames = rapid.SampledFrom([]string{"go", "sql", "aws"})

func randomProfile(t *rapid.T) event.Profile {
	p := event.Profile{ID: rapid.SampledFrom([]string{"s1", "s2", "s3"}).Draw(t, "student"), OpenToWork: rapid.Bool().Draw(t, "open")}
	for _, name := range rapid.SliceOfNDistinct(skillNames, 0, 3, rapid.ID[string]).Draw(t, "skills") {
		p.Skills = append(p.Skills, event.Skill{Name: name, Level: rapid.IntRange(1, 5).Draw(t, "level")})
	}
	for _, name := range rapid.SliceOfNDistinct(skillNames, 0, 2, rapid.ID[string]).Draw(t, "gaps") {
		p.Gaps = append(p.Gaps, event.Gap{Skill: name, Severity: 0.8})
	}
	return p
}

func randomOpportunity(t *rapid.T) event.Opportunity {
	o := event.Opportunity{
		ID: rapid.SampledFrom([]string{"o1", "o2", "o3"}).Draw(t, "opportunity"), Bucket: rapid.SampledFrom(event.Buckets[:]).Draw(t, "bucket"),
		Title: "t", Kind: rapid.SampledFrom([]string{"internship", "job"}).Draw(t, "kind"), Remote: rapid.Bool().Draw(t, "remote"),
		Status: rapid.SampledFrom([]event.Status{event.Open, event.Open, event.Open, event.Closed}).Draw(t, "status"), PostedAt: start,
	}
	if rapid.Bool().Draw(t, "rated") {
		o.Difficulty = new(float64(rapid.IntRange(0, 100).Draw(t, "difficulty")))
	}
	for _, name := range rapid.SliceOfNDistinct(skillNames, 1, 3, rapid.ID[string]).Draw(t, "required") {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: name, Level: rapid.IntRange(1, 5).Draw(t, "level"), Weight: 1})
	}
	return o
}

// What the indexes leave out must be what no rule is true of: a partition that
// narrows fires what one that cannot fires, and has fired what is true of any pair.
func checkPushDown(t *rapid.T) {
	source := randomRules().Draw(t, "rules")
	if set, err := asCompiled("random", source); set == nil {
		t.Skip("a rule that can never be true is refused: ", err)
	}
	narrow, wide := newSide(asCompiled), newSide(widened)
	sides := []*side{narrow, wide}
	each := func(event func(s *side, out *Effects)) {
		for _, s := range sides {
			s.do(func(out *Effects) { event(s, out) })
		}
	}
	each(func(s *side, out *Effects) { s.Tick(start, out) })
	each(func(s *side, out *Effects) {
		if err := s.Rules(event.Rules{Key: "random", Record: &event.RulesetRecord{Ruleset: &event.Activation{Name: "random", Source: source, At: start}}}, out); err != nil {
			t.Fatal(err)
		}
	})
	for i := range rapid.IntRange(2, 12).Draw(t, "events") {
		switch rapid.IntRange(0, 2).Draw(t, "event") {
		case 0:
			p := randomProfile(t)
			each(func(s *side, out *Effects) { s.Profile(p, start, out) })
		case 1:
			o := randomOpportunity(t)
			for _, s := range sides {
				s.publish(t, o)
			}
		default:
			signal := event.Signal{
				ID: fmt.Sprint(i), Student: rapid.SampledFrom([]string{"s1", "s2"}).Draw(t, "who"), At: start,
				Kind:        rapid.SampledFrom([]event.SignalKind{event.Save, event.Unsave, event.Ignore, event.Unignore}).Draw(t, "kind"),
				Opportunity: rapid.SampledFrom([]string{"o1", "o2"}).Draw(t, "what"),
			}
			each(func(s *side, out *Effects) { s.Signal(signal, start.Add(time.Duration(i)*time.Second), out) })
		}
		if diff := cmp.Diff(wide.fired, narrow.fired); diff != "" {
			t.Fatalf("after event %d, without push-down (-) and with (+):\n%s\n%s", i, diff, source)
		}
		checkAllPairs(t, narrow, source)
	}
}

// checkAllPairs holds what is remembered as fired against every rule for every pair.
func checkAllPairs(t *rapid.T, s *side, source string) {
	for _, f := range s.book.forces {
		for _, student := range []string{"s1", "s2", "s3"} {
			for _, id := range []string{"o1", "o2", "o3"} {
				truth, told := s.naive(f, student, id), false
				for _, i := range s.about(student, f.id, natural{opportunity: id}) {
					told = told || i.State == fired && !i.Withdrawn
				}
				if truth == rulesets.True && !told || truth == rulesets.False && told {
					t.Fatalf("%s, %s and %s: told is %v, the condition is %v\n%s", f.id, student, id, told, truth, source)
				}
			}
		}
	}
}

// naive evaluates a condition by itself: no index, nothing pushed down.
func (s *side) naive(f *force, student, id string) rulesets.Truth {
	who, what := s.person(student), s.current(id)
	if who == nil || what == nil {
		return rulesets.False
	}
	how := s.judge(who, what)
	_, saved := who.saved[id]
	if f.rule.Among == rulesets.Eligible && how.Gate != match.NoGate || f.rule.Among == rulesets.Saved && (!saved || !how.Gate.Takeable()) {
		return rulesets.False
	}
	return f.rule.When(&rulesets.Subject{Student: who.cel, Opp: what.cel, Now: s.time(), Match: &rulesets.Match{
		Overlap: how.Overlap, Fit: how.Fit, Interest: how.Interest, Relevance: how.Relevance, Saved: saved,
		Skills: func() (matched, missing []string) { return s.dict.Compare(who.row, what.version.Compiled) },
	}})
}

func TestPushDownFiresWhatAFullScanFires(t *testing.T) { rapid.Check(t, checkPushDown) }

func FuzzPushDownInTheStream(f *testing.F) { f.Fuzz(rapid.MakeFuzz(checkPushDown)) }
