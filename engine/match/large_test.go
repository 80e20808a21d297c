package match

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"tideline/engine/event"
)

// campus fills an index with enough students for dense lists and bounds.
func campus(r *rand.Rand, dict *Dictionary, config Config, n, skills int) *Students {
	x := NewStudents(dict, config)
	for i := range n {
		p := event.Profile{ID: fmt.Sprint("s", i), GraduationYear: []int{0, 2026, 2027}[r.IntN(3)]}
		if r.IntN(2) == 0 {
			p.AIProfile.CareerScore = new(float64(r.IntN(101)))
		}
		if r.IntN(3) > 0 { // more homes than have a number
			p.Locations, p.Remote = []string{fmt.Sprint("p", r.IntN(20)), fmt.Sprint("p", r.IntN(20))}, new(r.IntN(2) == 0)
		}
		for range 4 + r.IntN(9) {
			p.Skills = append(p.Skills, event.Skill{Name: zipf(r, skills), Level: 1 + r.IntN(5)})
		}
		x.Put(p.ID, p)
	}
	return x
}

func zipf(r *rand.Rand, n int) string {
	for {
		if k := r.IntN(n); r.Float64() < 1/float64(k+1) {
			return fmt.Sprint("k", k)
		}
	}
}

func arrivalOf(r *rand.Rand, id string, skills int) event.Opportunity {
	o := event.Opportunity{
		ID: id, Bucket: event.Jobs, Status: event.Open, PostedAt: testNow.Add(-time.Duration(r.IntN(30*24)) * time.Hour),
		Difficulty: new(float64(r.IntN(101))), Remote: r.IntN(2) == 0,
	}
	if r.IntN(2) == 0 {
		o.Locations = []string{fmt.Sprint("p", r.IntN(20))}
	}
	heaviest := 3 + 7*r.IntN(2) // with the heavy ones, sums are rounded
	for range 1 + r.IntN(7) {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: zipf(r, skills), Level: 1 + r.IntN(5), Weight: 1 + r.IntN(heaviest)})
	}
	return o
}

func TestBoundsNeverHideAStudent(t *testing.T) {
	for seed := range uint64(6) {
		r := rand.New(rand.NewPCG(seed, 1))
		config, dict := Default(), NewDictionary(lower)
		x := campus(r, dict, config, 3000, 40)
		for round := range 150 {
			o := Compile(dict, arrivalOf(r, fmt.Sprint("o", round), 40), config)
			want := map[string]int64{}
			for id, ord := range x.byID {
				b, slot := x.at(ord)
				if terms, gate := Score(&b.rows[slot], o, testNow); gate == NoGate && terms.Key() >= full(b.floors[0].keys[slot]) {
					want[id] = terms.Key()
				}
			}
			n, floors := 0, map[string]int64{}
			x.Match(o, testNow, func(ord int, key int64) {
				n++
				id := x.ID(ord)
				if want[id] != key {
					t.Fatalf("seed %d, arrival %d: %s got key %d, want %d", seed, round, id, key, want[id])
				}
				if r.IntN(3) > 0 { // feeds fill up; floors rise
					floors[id] = key - int64(r.IntN(100_000))
				}
			})
			for id, key := range floors {
				x.SetFloor(id, event.Jobs, key)
			}
			if n != len(want) {
				t.Fatalf("seed %d, arrival %d: %d found, want %d", seed, round, n, len(want))
			}
			for range 20 {
				id := fmt.Sprint("s", r.IntN(3000))
				switch r.IntN(4) {
				case 0:
					x.ClearFloor(id, event.Jobs)
				case 1:
					x.Remove(id)
				case 2:
					x.Put(id, event.Profile{ID: id, Skills: []event.Skill{{Name: zipf(r, 40), Level: 3}, {Name: zipf(r, 40), Level: 2}}})
				case 3:
					x.SetWeights(id, map[string]float64{"skill:k0": r.NormFloat64()})
				}
			}
		}
	}
}

func TestTopOfManyShelves(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	config, dict := Default(), NewDictionary(lower)
	students := campus(r, dict, config, 20, 40)
	x := NewOpportunities()
	kept := map[event.Member]*Opportunity{}
	for i := range 14_000 {
		o := Compile(dict, arrivalOf(r, fmt.Sprint("o", r.IntN(11_000)), 40), config)
		if i%5 == 4 {
			x.Remove(o.member)
			delete(kept, o.member)
			continue
		}
		x.Put(o)
		kept[o.member] = o
	}
	var scratch Scratch
	for i := range 20 {
		s, _ := students.Lookup(fmt.Sprint("s", i))
		got, truncated := x.Top(s, event.Jobs, event.FeedStore, testNow, &scratch)
		better := 0
		last := got[len(got)-1]
		for _, o := range kept {
			if terms, gate := Score(s, o, testNow); gate == NoGate && !last.Before(entry(o, terms.Key())) {
				better++
			}
		}
		if better != len(got) || !truncated || len(got) != event.FeedStore {
			t.Fatalf("student %d: %d entries, %d opportunities at or above the last, truncated %v", i, len(got), better, truncated)
		}
	}
}

// A skill that many have stays a dense list while students come who do not have it.
func TestABlockGrowsPastItsDenseLists(t *testing.T) {
	dict := NewDictionary(lower)
	x := NewStudents(dict, Default())
	put := func(from, to int, skill string) {
		for i := from; i < to; i++ {
			id := fmt.Sprint("s", i)
			x.Put(id, event.Profile{ID: id, Skills: []event.Skill{{Name: skill, Level: 3}}})
		}
	}
	put(0, 600, "go")
	put(600, 1000, "sql")
	o := event.Opportunity{ID: "o", Bucket: event.Jobs, Status: event.Open, PostedAt: testNow}
	o.Skills = []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}, {Name: "sql", Level: 3, Weight: 1}}
	found := 0
	x.Match(Compile(dict, o, Default()), testNow, func(int, int64) { found++ })
	if found != 1000 {
		t.Errorf("%d students found, want all 1000", found)
	}
}
