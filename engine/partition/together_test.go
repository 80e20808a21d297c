package partition_test

import (
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
)

const matching = `apiVersion: tideline/v1
ruleset: late
rules:
  - id: match
    audience: student
    when: opp.bucket == "jobs" && match.overlap >= 0.5
    once_per: [student.id, opp.id]
    notify: {category: jobs, template: job-match}
`

// reading is a partition, the catalog before it, and a naive account of what it
// has read: a student has skills, a job wants one, and who comes to have it is told once.
type reading struct {
	t       rapid.TB
	p       *partition.Partition
	catalog *catalog.Catalog
	out     partition.Effects

	log    []version // the opportunities topic
	ranged int64     // how far ranges have been read
	has    map[string][]string
	wants  map[string]string // as read
	at     map[string]int64  // its offset
	late   []event.Range     // what was put off
	rules  bool
	told   map[string]int // by student and job
}

type version struct{ id, skill string } // no skill: deleted

func newReading(t rapid.TB, budget int) *reading {
	dict := match.NewDictionary(skills.Normalize)
	c := catalog.New(match.Default(), dict)
	r := &reading{
		t: t, catalog: c, p: partition.New(0, partition.Config{Match: match.Default(), MaxEntries: budget}, dict, c),
		has: map[string][]string{}, wants: map[string]string{}, at: map[string]int64{}, told: map[string]int{},
	}
	r.p.Tick(begin, &r.out)
	return r
}

// write lets the catalog know a version that no range has brought yet.
func (r *reading) write(id, skill string) {
	r.t.Helper()
	var o *event.Opportunity
	if skill != "" {
		o = &event.Opportunity{
			ID: id, Bucket: event.Jobs, Title: "a job", Status: event.Open, PostedAt: begin,
			Skills: []event.RequiredSkill{{Name: skill, Level: 3, Weight: 1}},
		}
	}
	at := catalog.Position{Offset: int64(len(r.log))}
	if err := r.catalog.Apply([]catalog.Change{{Position: at, ID: id, Opportunity: o}}); err != nil {
		r.t.Fatal(err)
	}
	r.log = append(r.log, version{id, skill})
}

// step is what one record or version may make true that was not.
func (r *reading) step(change func()) {
	before := r.true()
	change()
	for pair := range r.true() {
		if !before[pair] && r.rules && r.told[pair] == 0 {
			r.told[pair] = 1
		}
	}
}

func (r *reading) true() map[string]bool {
	pairs := map[string]bool{}
	for student, skills := range r.has {
		for id, wanted := range r.wants {
			if slices.Contains(skills, wanted) {
				pairs[student+" "+id] = true
			}
		}
	}
	return pairs
}

func (r *reading) become(student string, names ...string) {
	profile := event.Profile{ID: student}
	for _, name := range names {
		profile.Skills = append(profile.Skills, event.Skill{Name: name, Level: 3})
	}
	r.p.Profile(profile, begin, &r.out)
	r.step(func() { r.has[student] = names })
}

// take reads a range, or the rest of one; what is put off stays with late. Of a
// range that has been said before, only what goes beyond that is read.
func (r *reading) take(g event.Range) {
	rest := r.out.Rest
	put, from := slices.Clone(rest), max(g.From, r.ranged)
	if slices.Contains(r.late, g) && !slices.Contains(rest, g) {
		r.late, from = slices.DeleteFunc(r.late, func(old event.Range) bool { return old == g }), g.From
	}
	r.p.Range(g, &r.out)
	r.ranged = max(r.ranged, g.To+1)
	end := g.To
	switch {
	case len(r.out.Rest) > len(put):
		end = r.out.Rest[len(put)].From - 1
		r.late = append(r.late, r.out.Rest[len(put)])
	case !slices.Equal(put, r.out.Rest): // the whole of it joined what was put off before
		for i := range put {
			r.late[slices.Index(r.late, put[i])] = r.out.Rest[i]
		}
		end = from - 1
	}
	for offset := from; offset <= end; offset++ {
		v := r.log[offset]
		if at, known := r.at[v.id]; known && at >= offset {
			continue
		}
		r.at[v.id] = offset
		r.step(func() {
			if r.wants[v.id] = v.skill; v.skill == "" {
				delete(r.wants, v.id)
			}
		})
	}
}

// commit ends a batch.
func (r *reading) commit() {
	r.p.Flush(&r.out)
	r.out = partition.Effects{}
	if err := r.catalog.Release(r.p.Passed()); err != nil {
		r.t.Fatal(err)
	}
}

func (r *reading) activate() {
	record := event.RulesetRecord{Ruleset: &event.Activation{Name: "late", Source: matching, At: begin}}
	if err := r.p.Rules(event.Rules{Key: "late", Record: &record}, &r.out); err != nil {
		r.t.Fatal(err)
	}
	r.rules = true
}

// collect adds what the partition told since the last time.
func (r *reading) collect(into map[string]int) {
	for _, n := range r.out.Notifications {
		if n.Outcome == event.Sent {
			into[n.Subject.Student+" "+n.Subject.Opportunity]++
		}
	}
}

// Whatever the catalog knows already, whatever is put off and overtaken, and
// whenever the rules come: told is once what has become true from one thing that
// the partition read to the next.
func TestWhatIsToldIsWhatBecameTrueInTheOrderOfReading(t *testing.T) {
	students, jobs, names := []string{"ann", "bob"}, []string{"o", "p", "q"}, []string{"go", "sql", "aws"}
	rapid.Check(t, func(t *rapid.T) {
		r := newReading(t, rapid.IntRange(1, 4).Draw(t, "budget"))
		got := map[string]int{}
		t.Repeat(map[string]func(*rapid.T){
			"write": func(t *rapid.T) {
				r.write(rapid.SampledFrom(jobs).Draw(t, "job"), rapid.SampledFrom(append(names, "")).Draw(t, "skill"))
			},
			"become": func(t *rapid.T) {
				r.become(rapid.SampledFrom(students).Draw(t, "student"), rapid.SliceOfNDistinct(rapid.SampledFrom(names), 1, 2, rapid.ID[string]).Draw(t, "skills")...)
			},
			"reach": func(t *rapid.T) {
				if n := int64(len(r.log)); n > r.ranged {
					r.take(event.Range{From: r.ranged, To: rapid.Int64Range(r.ranged, n-1).Draw(t, "to")})
				}
			},
			"again": func(t *rapid.T) { // a router that lost its place
				if r.ranged > 0 {
					from := rapid.Int64Range(0, r.ranged-1).Draw(t, "from")
					r.take(event.Range{From: from, To: rapid.Int64Range(r.ranged-1, int64(len(r.log))-1).Draw(t, "to")})
				}
			},
			"commit": func(t *rapid.T) {
				r.collect(got)
				r.commit()
				if len(r.late) > 0 && rapid.Bool().Draw(t, "the rest comes") {
					r.take(r.late[0])
				}
			},
			"activate": func(t *rapid.T) {
				if !r.rules {
					r.activate()
				}
			},
		})
		r.collect(got)
		if !maps.Equal(got, r.told) {
			t.Errorf("told %v, not %v", got, r.told)
		}
	})
}
