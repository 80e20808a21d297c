package match

import (
	"math"
	"reflect"
	"slices"
	"testing"

	"tideline/engine/event"
)

func contentAbout(skills ...string) event.Opportunity {
	o := event.Opportunity{ID: "o", Bucket: event.Content, Title: "t", Status: event.Open, PostedAt: testNow}
	for _, s := range skills {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: s, Level: 3, Weight: 1})
	}
	return o
}

// What closes a gap comes before what is known, the worse gap first, and what is
// about neither does not come at all.
func TestContentThatClosesAGapComesFirst(t *testing.T) {
	view := event.View{Profile: event.Profile{
		ID: "s", Skills: []event.Skill{{Name: "go", Level: 5}, {Name: "sql", Level: 3}},
		Gaps: []event.Gap{{Skill: "AWS", Severity: 0.9}, {Skill: "rust", Severity: 0.3}, {Skill: "sql", Severity: 0.5}, {Skill: "lisp", Severity: 0}},
	}}
	scorer := NewScorer(Default(), lower)
	explain := func(bucket event.Bucket, skills ...string) Explanation {
		o := contentAbout(skills...)
		o.Bucket = bucket
		return scorer.Explain(view, o, testNow)
	}
	last := int64(math.MaxInt64)
	for _, c := range []struct {
		skills  []string
		share   float64 // that the key is made of
		overlap float64
	}{
		{[]string{"sql"}, (1 + 2*3/5.) / 3, 1},
		{[]string{"aws"}, 2. / 3, 0},
		{[]string{"aws", "go"}, (2 + 1) / 6., 0.5},
		{[]string{"aws", "cobol"}, 2. / 6, 0},
		{[]string{"go"}, 1. / 3, 1},
		{[]string{"rust"}, 2 * 2 / 5. / 3, 0},
	} {
		e := explain(event.Content, c.skills...)
		if want := int64(math.Round(unit * math.Log2(c.share))); !e.Eligible || e.Terms.Overlap != want || e.Overlap != c.overlap || e.Key > last {
			t.Errorf("%v: %+v, want a term of %d and an overlap of %v", c.skills, e, want, c.overlap)
		}
		last = e.Key
	}
	for _, skill := range []string{"cobol", "lisp"} {
		if e := explain(event.Content, skill); e.Gate != NoSkillGate {
			t.Errorf("%s: gate %q", skill, e.Gate)
		}
	}
	if e := explain(event.Jobs, "aws"); e.Gate != NoSkillGate || len(e.Closes) > 0 {
		t.Errorf("a job for which aws is missing: %+v", e)
	}
	e := explain(event.Content, "aws", "go", "cobol")
	if !reflect.DeepEqual(e.Closes, []ClosedGap{{"aws", 5, 2}}) || len(e.Matched) != 1 || len(e.Missing) != 2 {
		t.Errorf("explained as %+v", e)
	}
}

func TestNeedsAreNotSkills(t *testing.T) {
	dict := NewDictionary(lower)
	x := NewStudents(dict, Default())
	x.Put("s", event.Profile{ID: "s", Skills: []event.Skill{{Name: "go", Level: 5}}, Gaps: []event.Gap{{Skill: "aws", Severity: 1}}})
	s, _ := x.Lookup("s")
	o := Compile(dict, contentAbout("aws", "go"), Default())
	if p, _ := x.Profile("s"); len(p.Skills) != 1 || p.Skills[0].Name != "go" {
		t.Errorf("the profile has %v", p.Skills)
	}
	if asked := dict.Skills(o); !slices.Equal(slices.Sorted(slices.Values(asked)), []string{"aws", "go"}) {
		t.Errorf("it asks for %v", asked)
	}
	if matched, missing := dict.Compare(s, o); !slices.Equal(matched, []string{"go"}) || !slices.Equal(missing, []string{"aws"}) {
		t.Errorf("matched %v, missing %v", matched, missing)
	}
}

// The sums of an index are 16 bits wide.
func TestTheMostThatContentCanAskForFits(t *testing.T) {
	o := event.Opportunity{ID: "o", Bucket: event.Content, Title: "t", Status: event.Open, PostedAt: testNow}
	p := event.Profile{ID: "s"}
	for i := range event.MaxTopics {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26))
		o.Skills = append(o.Skills, event.RequiredSkill{Name: name, Level: 5, Weight: event.MaxWeight})
		p.Skills = append(p.Skills, event.Skill{Name: name, Level: 5})
		p.Gaps = append(p.Gaps, event.Gap{Skill: name, Severity: 1})
	}
	dict := NewDictionary(lower)
	students, x := NewStudents(dict, Default()), NewOpportunities()
	students.Put("s", p)
	c := Compile(dict, o, Default())
	x.Put(c)
	s, _ := students.Lookup("s")
	terms, _ := Score(s, c, testNow)
	var scratch Scratch
	if got, _ := x.Top(s, event.Content, 1, testNow, &scratch); len(got) != 1 || got[0].Key != terms.Key() || terms.Overlap != 0 {
		t.Errorf("top %v, scored %+v", got, terms)
	}
}
