package match

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

var testNow = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func lower(s string) string { return strings.ToLower(s) }

func someSkills(t *rapid.T, most int) []event.Skill {
	var list []event.Skill
	for range rapid.IntRange(0, most).Draw(t, "skills") {
		list = append(list, event.Skill{
			Name:  fmt.Sprintf("k%d", rapid.IntRange(0, 12).Draw(t, "skill")),
			Level: rapid.IntRange(1, 5).Draw(t, "level"),
		})
	}
	return list
}

func somePlaces(t *rapid.T) []string {
	return rapid.SliceOfN(rapid.SampledFrom([]string{"Oslo", "Pune", "Lima"}), 0, 2).Draw(t, "places")
}

func someScore(t *rapid.T) *float64 {
	if rapid.Bool().Draw(t, "known") {
		return new(rapid.Float64Range(0, 100).Draw(t, "score"))
	}
	return nil
}

func someProfile(t *rapid.T, id string) event.Profile {
	p := event.Profile{
		ID: id, Skills: someSkills(t, 8), Locations: somePlaces(t),
		GraduationYear: rapid.SampledFrom([]int{0, 2026, 2027}).Draw(t, "year"),
		Remote:         new(rapid.Bool().Draw(t, "remote")),
		AIProfile:      event.AIProfile{CareerScore: someScore(t)},
	}
	for range rapid.IntRange(0, 3).Draw(t, "gaps") {
		p.Gaps = append(p.Gaps, event.Gap{Skill: fmt.Sprintf("k%d", rapid.IntRange(0, 12).Draw(t, "gap")), Severity: rapid.Float64Range(0, 1).Draw(t, "severity")})
	}
	return p
}

// someBucket is one in which gaps mean nothing, or the one in which they do.
func someBucket(t *rapid.T) event.Bucket {
	return rapid.SampledFrom([]event.Bucket{event.Jobs, event.Content}).Draw(t, "bucket")
}

func someOpportunity(t *rapid.T, bucket event.Bucket, id string) event.Opportunity {
	o := event.Opportunity{
		ID: id, Bucket: bucket, Title: id, Status: event.Open, Difficulty: someScore(t), Locations: somePlaces(t),
		PostedAt:        testNow.Add(-time.Duration(rapid.IntRange(0, 60).Draw(t, "age")) * 12 * time.Hour),
		GraduationYears: rapid.SliceOfN(rapid.SampledFrom([]int{2026, 2027}), 0, 1).Draw(t, "years"),
		Remote:          rapid.Bool().Draw(t, "remote"),
	}
	for _, s := range someSkills(t, 6) {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: s.Name, Level: s.Level, Weight: rapid.IntRange(1, 10).Draw(t, "weight")})
	}
	if rapid.IntRange(0, 3).Draw(t, "deadline") == 0 {
		o.Deadline = new(testNow.Add(time.Duration(rapid.IntRange(-1, 1).Draw(t, "in")) * time.Hour))
	}
	if rapid.IntRange(0, 9).Draw(t, "closed") == 0 {
		o.Status = event.Closed
	}
	return o
}

func someConfig(t *rapid.T) Config {
	c := Default()
	w := &c.Buckets[0]
	w.Overlap = rapid.SampledFrom([]float64{1, 0, 0.5, 3}).Draw(t, "a")
	w.Fit = rapid.SampledFrom([]float64{1, 0, 2}).Draw(t, "b")
	w.Interest = rapid.SampledFrom([]float64{1, 0, 2.5}).Draw(t, "c")
	w.HalfLife = rapid.SampledFrom([]time.Duration{6 * time.Hour, 7 * 24 * time.Hour}).Draw(t, "half-life")
	c.Buckets[event.Content.Index()] = *w
	return c
}

// someExtras gives some students interest and hidden opportunities.
func someExtras(t *rapid.T, x *Students, dict *Dictionary, id string, opportunities []event.Opportunity) {
	if len(opportunities) == 0 || rapid.IntRange(0, 2).Draw(t, "extras") != 0 {
		return
	}
	o := rapid.SampledFrom(opportunities).Draw(t, "hidden")
	x.SetIgnored(id, []event.Member{event.MemberOf(o.ID)})
	weights := map[string]float64{}
	for _, f := range Features(o, lower) {
		weights[f] = rapid.Float64Range(-2, 2).Draw(t, "weight")
	}
	x.SetWeights(id, weights)
}

func TestMatchFindsExactlyWhoScoresAboveTheFloor(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config, bucket := someConfig(t), someBucket(t)
		dict := NewDictionary(lower)
		x := NewStudents(dict, config)
		var opportunities []event.Opportunity
		for i := range rapid.IntRange(1, 5).Draw(t, "opportunities") {
			opportunities = append(opportunities, someOpportunity(t, bucket, fmt.Sprint("o", i)))
		}
		for i := range rapid.IntRange(0, 120).Draw(t, "puts") {
			id := fmt.Sprint("s", rapid.IntRange(0, 90).Draw(t, "student"))
			switch rapid.IntRange(0, 9).Draw(t, "act") {
			case 0:
				x.Remove(id)
			default:
				x.Put(id, someProfile(t, id))
				someExtras(t, x, dict, id, opportunities)
			}
			if i%3 == 0 {
				x.SetFloor(id, bucket, int64(rapid.IntRange(50_000, 120_000).Draw(t, "floor"))*200)
			}
		}
		for _, b := range x.blocks { // work the bounds out although the block is small
			for i := range b.floors {
				b.floors[i].changes = math.MaxInt32
			}
		}
		for _, raw := range opportunities {
			o := Compile(dict, raw, config)
			want := map[string]int64{}
			for id := range x.byID {
				s, _ := x.Lookup(id)
				b, slot := x.at(x.byID[id])
				if terms, gate := Score(s, o, testNow); gate == NoGate && terms.Key() >= full(b.floors[bucket.Index()].keys[slot]) {
					want[id] = terms.Key()
				}
			}
			got := map[string]int64{}
			x.Match(o, testNow, func(ord int, key int64) { got[x.ID(ord)] = key })
			if fmt.Sprint(got) != fmt.Sprint(want) {
				t.Fatalf("%+v\ngot  %v\nwant %v", raw, got, want)
			}
		}
	})
}

func TestTopIsTheBestOfAllScores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		config, bucket := someConfig(t), someBucket(t)
		dict := NewDictionary(lower)
		students := NewStudents(dict, config)
		x := NewOpportunities()
		var raw []event.Opportunity
		kept := map[event.Member]*Opportunity{}
		for range rapid.IntRange(0, 80).Draw(t, "puts") {
			id := fmt.Sprint("o", rapid.IntRange(0, 60).Draw(t, "opportunity"))
			if rapid.IntRange(0, 4).Draw(t, "act") == 0 {
				x.Remove(event.MemberOf(id))
				delete(kept, event.MemberOf(id))
				continue
			}
			o := someOpportunity(t, bucket, id)
			raw = append(raw, o)
			c := Compile(dict, o, config)
			x.Put(c)
			kept[c.member] = c
		}
		students.Put("s", someProfile(t, "s"))
		someExtras(t, students, dict, "s", raw)
		s, _ := students.Lookup("s")
		var all []event.Entry
		for _, o := range kept {
			if terms, gate := Score(s, o, testNow); gate == NoGate {
				all = append(all, entry(o, terms.Key()))
			}
		}
		slices.SortFunc(all, func(a, b event.Entry) int {
			return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.Member, a.Member))
		})
		k := rapid.IntRange(1, 20).Draw(t, "k")
		var scratch Scratch
		got, truncated := x.Top(s, bucket, k, testNow, &scratch)
		if !slices.Equal(got, all[:min(k, len(all))]) {
			t.Fatalf("got  %v\nwant %v", got, all[:min(k, len(all))])
		}
		if !truncated && len(all) > k || truncated && len(got) < k {
			t.Fatalf("truncated %v with %d of %d", truncated, len(got), len(all))
		}
		if n := x.Len(bucket); n != len(kept) {
			t.Fatalf("%d counted, %d kept", n, len(kept))
		}
	})
}
