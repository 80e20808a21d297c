// Package demo makes up a campus: students, opportunities and what students did
// with them, all from a seed: the same seed gives the same campus, whichever
// part of it is asked for, how often and in which order. Names of people are
// left out; organisations and titles are composed.
package demo

import (
	"fmt"
	"iter"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
)

// Sizes says how much there is.
type Sizes struct {
	Students, Opportunities int
}

// Default is a campus of 5,000 students and 2,000 opportunities.
func Default() Sizes { return Sizes{Students: 5000, Opportunities: 2000} }

// Campus generates. It is safe for concurrent use.
type Campus struct {
	seed   uint64
	sizes  Sizes
	now    time.Time
	skills []string
	chance []float64 // cumulative, by skill: Zipf with exponent 1
}

// New returns a campus as of a time, with skills in descending order of how common they are.
func New(seed uint64, sizes Sizes, now time.Time, skills []string) *Campus {
	c := &Campus{seed: seed, sizes: sizes, now: now.UTC().Truncate(time.Second), skills: skills}
	total := 0.0
	for i := range skills {
		total += 1 / float64(i+1)
		c.chance = append(c.chance, total)
	}
	return c
}

// The parts of a campus, each drawn from a sequence of its own.
const (
	students = iota
	opportunities
	signals
)

// gapStream is where the sequences of the students' gaps begin.
const gapStream = 1 << 32

// draw is one pass over one part of a campus.
type draw struct {
	*Campus
	random *rand.Rand
}

func (c *Campus) draw(part uint64) draw { return draw{c, rand.New(rand.NewPCG(c.seed, part))} }

// some draws n different skills, common ones more often.
func (c draw) some(n int) []string {
	var list []string
	seen := map[int]bool{}
	for len(list) < min(n, len(c.skills)) {
		x := c.random.Float64() * c.chance[len(c.chance)-1]
		i, _ := slices.BinarySearch(c.chance, x)
		if !seen[i] {
			seen[i] = true
			list = append(list, c.skills[i])
		}
	}
	return list
}

func pick[T any](c draw, list []T) T { return list[c.random.IntN(len(list))] }

var (
	firstSyllables  = []string{"Nor", "Bel", "Kar", "Tal", "Vi", "Sol", "Mer", "Or", "Lum", "Fen"}
	secondSyllables = []string{"dia", "tec", "vane", "lix", "mar", "nova", "grid", "sia", "lab", "works"}
	cities          = []string{"Bengaluru", "Pune", "Hyderabad", "Delhi", "Mumbai", "Chennai", "Singapore", "Berlin", "London", "Toronto"}
	roles           = []string{"Engineer", "Developer", "Analyst", "Researcher", "Associate"}
)

// Organisation names the i-th of forty organisations.
func Organisation(i int) string {
	return firstSyllables[i%10] + secondSyllables[(i*7+i/10)%10]
}

// Students gives every profile.
func (c *Campus) Students() iter.Seq[event.Profile] {
	return func(yield func(event.Profile) bool) {
		d := c.draw(students)
		for i := range c.sizes.Students {
			if !yield(d.student(i)) {
				return
			}
		}
	}
}

// StudentID is the id of the i-th student.
func StudentID(i int) string { return fmt.Sprintf("s%05d", i+1) }

func (c draw) student(i int) event.Profile {
	p := event.Profile{
		ID: StudentID(i), GraduationYear: c.now.Year() + c.random.IntN(4), OpenToWork: c.random.Float64() < 0.8,
		AIProfile: event.AIProfile{
			CareerScore:   new(math.Round(min(100, max(0, 50+18*c.random.NormFloat64())))),
			ActivityScore: new(float64(c.random.IntN(101))),
		},
	}
	for _, name := range c.some(4 + c.random.IntN(11)) {
		p.Skills = append(p.Skills, event.Skill{Name: name, Level: 1 + c.random.IntN(5)})
	}
	for range c.random.IntN(3) {
		p.Locations = append(p.Locations, pick(c, cities))
	}
	if c.random.Float64() < 0.1 {
		p.Remote = new(false)
	}
	p.Gaps = c.gaps(i, p)
	return p
}

// gaps are up to two common skills that a student lacks, open for up to a month;
// the learning service of a campus would find them.
func (c *Campus) gaps(i int, p event.Profile) []event.Gap {
	random := rand.New(rand.NewPCG(c.seed, gapStream+uint64(i))) // of its own, so that profiles stay what they were
	var gaps []event.Gap
	for _, name := range c.skills[:min(12, len(c.skills))] {
		has := slices.ContainsFunc(p.Skills, func(s event.Skill) bool { return s.Name == name })
		if len(gaps) == 2 || has || random.Float64() > 0.15 {
			continue
		}
		gaps = append(gaps, event.Gap{
			Skill: name, Severity: math.Round(100*(0.4+0.6*random.Float64())) / 100,
			Since: new(c.now.Add(-time.Duration(random.IntN(30*24)) * time.Hour)),
		})
	}
	return gaps
}

// Opportunities gives all opportunities: three fifths jobs and internships, the
// rest hackathons and content, posted over the last thirty days.
func (c *Campus) Opportunities() iter.Seq[event.Opportunity] {
	return func(yield func(event.Opportunity) bool) {
		d := c.draw(opportunities)
		for i := range c.sizes.Opportunities {
			if !yield(d.opportunity(i)) {
				return
			}
		}
	}
}

func (c draw) opportunity(i int) event.Opportunity {
	o := event.Opportunity{
		ID: fmt.Sprintf("demo:%04d", i+1), Source: "demo", Status: event.Open,
		PostedAt: c.now.Add(-time.Duration(c.random.Int64N(int64(30 * 24 * time.Hour)))).Truncate(time.Second),
	}
	names := c.some(3 + c.random.IntN(5))
	for _, name := range names {
		o.Skills = append(o.Skills, event.RequiredSkill{Name: name, Level: 1 + c.random.IntN(4), Weight: 1 + c.random.IntN(3)})
	}
	org := c.random.IntN(40)
	o.Organisation = Organisation(org)
	switch x := c.random.Float64(); {
	case x < 0.6:
		c.job(&o, org, names[0])
	case x < 0.75:
		o.Bucket, o.Kind, o.Remote = event.Hackathons, "hackathon", true
		o.Title = fmt.Sprintf("%s %s Hackathon", o.Organisation, names[0])
		o.Deadline = new(c.now.Add(time.Duration(1+c.random.IntN(30)) * 24 * time.Hour))
	default:
		o.Bucket, o.Kind, o.Remote = event.Content, pick(c, []string{"article", "course", "video"}), true
		o.Title = fmt.Sprintf("%s in practice: with %s", names[0], names[1])
	}
	o.URL = "https://example.org/" + o.ID
	o.Description = fmt.Sprintf("%s at %s. You will work with %s and %s.", o.Title, o.Organisation,
		strings.Join(names[:len(names)-1], ", "), names[len(names)-1])
	return o
}

func (c draw) job(o *event.Opportunity, org int, skill string) {
	o.Bucket, o.Kind = event.Jobs, pick(c, []string{"internship", "internship", "job"})
	o.Title = fmt.Sprintf("%s %s", skill, pick(c, roles))
	if o.Kind == "internship" {
		o.Title += " Intern"
	}
	o.Recruiter = fmt.Sprintf("r%02d", org%20+1)
	o.Locations, o.Remote = []string{pick(c, cities)}, c.random.Float64() < 0.4
	o.Difficulty = new(float64(20 + c.random.IntN(70)))
	if c.random.Float64() < 0.3 {
		o.GraduationYears = []int{c.now.Year(), c.now.Year() + 1}
	}
	if c.random.Float64() < 0.7 {
		o.Deadline = new(c.now.Add(time.Duration(3+c.random.IntN(45)) * 24 * time.Hour))
	}
}

// Signals gives what students did over the last day: every fifth has up to three
// saves, apply clicks and hidden things among the given opportunities, never
// before these were posted. Features are the caller's to add.
func (c *Campus) Signals(among []event.Opportunity) iter.Seq[event.Signal] {
	return func(yield func(event.Signal) bool) {
		if len(among) == 0 {
			return
		}
		d := c.draw(signals)
		for i := range c.sizes.Students / 5 {
			for n := range d.random.IntN(4) {
				if !yield(d.signal(i, n, pick(d, among))) {
					return
				}
			}
		}
	}
}

func (c draw) signal(i, n int, o event.Opportunity) event.Signal {
	at := c.now.Add(-time.Duration(c.random.IntN(86400)) * time.Second)
	if at.Before(o.PostedAt) {
		at = o.PostedAt
	}
	return event.Signal{
		ID: fmt.Sprintf("demo-%d-%d", i, n), Student: StudentID(i * 5), Opportunity: o.ID, At: at,
		Kind: pick(c, []event.SignalKind{event.Save, event.Save, event.ApplyClick, event.Ignore}),
	}
}
