package partition

import (
	"slices"

	"tideline/engine/event"
)

// Profile takes a new or changed profile: the student's feeds are rebuilt.
func (p *Partition) Profile(profile event.Profile) {
	p.students.Put(profile.ID, profile)
	if f := p.facts[profile.ID]; f != nil {
		p.applyFacts(profile.ID, f)
	}
	p.rebuildAll(profile.ID)
	p.views[profile.ID] = struct{}{}
}

// Erase forgets a student: profile, saved, ignored, interest and feeds. Signals
// from before the erasure may not have been read yet: until Void is told that
// they have, the student's signals leave nothing behind.
func (p *Partition) Erase(student string, out *Effects) {
	p.students.Remove(student)
	f := p.of(student)
	f.void(student, out)
	f.erased++
	out.fact(erasedKey(student), encode(f.erased))
	out.Erased = append(out.Erased, student)
	for _, b := range event.Buckets {
		delete(p.dirty, feedID{student, b})
	}
	out.drop(student)
	p.views[student] = struct{}{}
}

// Void hears that everything a student said up to here was said before an
// erasure, and forgets it.
func (p *Partition) Void(student string, out *Effects) {
	f := p.facts[student]
	if f == nil {
		return
	}
	if f.erased--; f.erased > 0 {
		out.fact(erasedKey(student), encode(f.erased))
	} else if f.erased == 0 {
		out.fact(erasedKey(student), nil)
	}
	f.erased = max(0, f.erased) // somebody else may have written to the signals
	voided := f.void(student, out)
	if _, known := p.students.Lookup(student); known && voided {
		p.students.SetIgnored(student, nil)
		p.students.SetWeights(student, nil)
		p.rebuildAll(student)
		p.views[student] = struct{}{}
	}
	if f.empty() {
		delete(p.facts, student)
	}
}

// void forgets what signals left behind, their ids apart: a repetition of what
// was said before an erasure must not count as new. It reports whether there was anything.
func (f *facts) void(student string, out *Effects) bool {
	var keys []string
	for o := range f.saved {
		keys = append(keys, savedKey(student, o))
	}
	for o := range f.ignored {
		keys = append(keys, ignoredKey(student, o))
	}
	if f.model != nil {
		keys = append(keys, weightsKey(student))
	}
	slices.Sort(keys)
	for _, key := range keys {
		out.fact(key, nil)
	}
	clear(f.saved)
	clear(f.ignored)
	f.model = nil
	return len(keys) > 0
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
