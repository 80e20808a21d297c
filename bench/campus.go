package main

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"
	"time"

	"tideline/engine/event"
)

// The made-up campus. Skills follow Zipf's law: of vocabulary names, the k-th
// most common is drawn with a chance of 1/k^exponent over the sum of all.
const (
	vocabulary     = 1000
	exponent       = 1.0
	studentSkills  = 12 // different ones each
	requiredSkills = 6
	spread         = 30 * 24 * time.Hour // over which live opportunities were posted
)

// benchNow is when everything happens: nothing depends on the wall clock.
var benchNow = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

var cities = []string{"Berlin", "Delhi", "Lagos", "Lima", "London", "Oslo", "Pune", "Toronto"}

// campus draws students and opportunities; the same seed gives the same ones.
// It is for one goroutine.
type campus struct {
	random *rand.Rand
	names  []string
	chance []float64 // cumulative
}

// newCampus is one stream of draws of a seed: different streams are independent.
func newCampus(seed, stream uint64) *campus {
	c := &campus{random: rand.New(rand.NewPCG(seed, stream))}
	total := 0.0
	for k := 1; k <= vocabulary; k++ {
		total += 1 / math.Pow(float64(k), exponent)
		c.names, c.chance = append(c.names, fmt.Sprintf("skill %d", k)), append(c.chance, total)
	}
	return c
}

// some draws n different skills.
func (c *campus) some(n int) []string {
	list := make([]string, 0, n)
	var drawn [vocabulary]bool
	for len(list) < n {
		k := sort.SearchFloat64s(c.chance, c.random.Float64()*c.chance[vocabulary-1])
		if !drawn[k] {
			drawn[k] = true
			list = append(list, c.names[k])
		}
	}
	return list
}

func studentID(i int) string { return fmt.Sprintf("s%07d", i) }

// student has 12 skills, a graduation year of four, an ability around 50, and
// in three cases of ten a place they want to stay at.
func (c *campus) student(i int) event.Profile {
	p := event.Profile{
		ID: studentID(i), GraduationYear: 2026 + c.random.IntN(4), OpenToWork: true,
		AIProfile: event.AIProfile{CareerScore: new(min(100, max(0, 50+18*c.random.NormFloat64())))},
	}
	for _, name := range c.some(studentSkills) {
		p.Skills = append(p.Skills, event.Skill{Name: name, Level: 1 + c.random.IntN(5)})
	}
	if c.random.IntN(10) < 3 {
		p.Locations = []string{cities[c.random.IntN(len(cities))]}
	}
	return p
}

// job asks for 6 skills; half of them are bound to a place, three in ten to two
// graduation years.
func (c *campus) job(id string, posted time.Time) event.Opportunity {
	o := event.Opportunity{
		ID: id, Bucket: event.Jobs, Kind: "internship", Title: "Engineer Intern", Status: event.Open, PostedAt: posted,
		Organisation: fmt.Sprint("organisation ", c.random.IntN(400)), URL: "https://example.org/" + id,
		Difficulty: new(float64(20 + c.random.IntN(70))),
	}
	for _, name := range c.some(requiredSkills) {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: name, Level: 1 + c.random.IntN(4), Weight: 1 + c.random.IntN(3)})
	}
	if c.random.IntN(2) == 0 {
		o.Locations, o.Remote = []string{cities[c.random.IntN(len(cities))]}, c.random.IntN(10) < 4
	}
	if c.random.IntN(10) < 3 {
		year := 2026 + c.random.IntN(3)
		o.GraduationYears = []int{year, year + 1}
	}
	return o
}

// posted is some time in the last thirty days.
func (c *campus) posted() time.Time {
	return benchNow.Add(-time.Duration(c.random.Int64N(int64(spread)))).Truncate(time.Second)
}
