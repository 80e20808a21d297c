package partition

import (
	"time"

	"tideline/engine/event"
)

// Profile takes a new or changed profile: the student's feeds are rebuilt.
func (p *Partition) Profile(profile event.Profile, at time.Time, out *Effects) {
	p.students.Put(profile.ID, profile)
	if f := p.facts[profile.ID]; f != nil {
		p.applyFacts(profile.ID, f)
	}
	p.rebuildAll(profile.ID)
	p.views[profile.ID] = struct{}{}
}

// Erase forgets a student: profile, saved, ignored, interest and feeds.
func (p *Partition) Erase(student string, out *Effects) {
	p.students.Remove(student)
	if f := p.facts[student]; f != nil {
		for _, key := range f.keys(student) {
			out.fact(key, nil)
		}
		delete(p.facts, student)
	}
	for _, b := range event.Buckets {
		delete(p.dirty, feedID{student, b})
	}
	out.drop(student)
	p.views[student] = struct{}{}
}

// applyFacts shows the index what signals left behind about a student.
func (p *Partition) applyFacts(student string, f *facts) {
	p.students.SetIgnored(student, members(f.ignored))
	if f.model != nil {
		p.students.SetWeights(student, f.model.Weights())
	}
}

func (p *Partition) rebuildAll(student string) {
	for _, b := range event.Buckets {
		p.dirty[feedID{student, b}] = struct{}{}
	}
}
