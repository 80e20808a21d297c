package partition

import (
	"maps"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/engine/notify"
	"tideline/rulesets"
)

// Profile takes a new or changed profile: the student's feeds are rebuilt.
func (p *Partition) Profile(profile event.Profile, at time.Time, out *Effects) {
	p.early(at)
	was := p.past(profile.ID)
	p.students.Put(profile.ID, profile)
	p.own(profile.ID)
	p.setGaps(profile)
	if f := p.facts[profile.ID]; f != nil {
		p.applyFacts(profile.ID, f)
	}
	p.rebuildAll(profile.ID)
	p.views[profile.ID] = struct{}{}
	p.touchProfile(profile.ID, was, touch{kind: rulesets.OnProfiles, at: at}, out)
	p.scheduleGaps(profile.ID)
	p.hand(out)
}

// setGaps keeps a student's gaps under the skills' canonical names; of one named
// twice the more severe counts.
func (p *Partition) setGaps(profile event.Profile) {
	if len(profile.Gaps) == 0 {
		delete(p.gaps, profile.ID)
		return
	}
	worst := map[string]event.Gap{}
	for _, g := range profile.Gaps {
		g.Skill = p.dict.Canonical(g.Skill)
		if old, twice := worst[g.Skill]; !twice || g.Severity > old.Severity {
			worst[g.Skill] = g
		}
	}
	p.gaps[profile.ID] = slices.SortedFunc(maps.Values(worst), func(a, b event.Gap) int { return strings.Compare(a.Skill, b.Skill) })
}

func (p *Partition) scheduleGaps(student string) {
	for _, g := range p.gaps[student] {
		p.scheduleOther(p.book.forces, student, natural{gap: g.Skill})
	}
}

// Erase forgets a student: profile, saved, ignored, interest and feeds. Signals
// from before the erasure may not have been read yet: until Void is told that
// they have, the student's signals leave nothing behind. The erasure is named by
// the offset of its record, so that the same one may come again.
func (p *Partition) Erase(student string, offset int64, out *Effects) {
	p.students.Remove(student)
	p.eraseRules(student, out)
	f := p.of(student)
	f.void(student, out)
	f.erased = offset + 1
	out.fact(erasedKey(student), encode(f.erased))
	out.Erased = append(out.Erased, Erasure{student, f.erased})
	for _, b := range event.Buckets {
		delete(p.dirty, feedID{student, b})
	}
	out.drop(student)
	p.views[student] = struct{}{}
}

// eraseRules withdraws what was said about a student and forgets what is remembered.
func (p *Partition) eraseRules(student string, out *Effects) {
	for _, i := range slices.Clone(p.instances[student]) {
		if i.State == fired && !i.Withdrawn && i.Recipient != "" { // the student's own desk forgets the rest
			p.takeBack(i.Rule, student, i, out)
		}
		p.forgetInstance(student, i, out)
	}
	for at := range maps.Clone(p.candidacies[student]) {
		p.unrank(student, at, out)
	}
	delete(p.gaps, student)
	delete(p.candidacies, student)
	for opportunity, students := range p.concerned {
		if delete(students, student); len(students) == 0 {
			delete(p.concerned, opportunity)
		}
	}
	if f := p.facts[student]; f != nil {
		p.unsaveAll(student, f)
	}
	p.hand(out)
	p.atDesk(out, func(o *notify.Out) { p.desk.Erase(student, p.time(), o) })
}

func (p *Partition) unsaveAll(student string, f *facts) {
	for opportunity := range f.saved {
		p.unsaved(student, opportunity)
	}
}

// Void hears that everything a student said up to here was said before an
// erasure, and forgets it. An erasure of 0 is one that nobody here has asked for.
func (p *Partition) Void(student string, erasure int64, out *Effects) {
	f := p.facts[student]
	if f == nil {
		return
	}
	if f.erased > 0 && erasure >= f.erased {
		f.erased = 0
		out.fact(erasedKey(student), nil)
	}
	p.unsaveAll(student, f)
	voided := f.void(student, out)
	if _, known := p.students.Lookup(student); known && voided {
		p.students.SetIgnored(student, nil)
		p.students.SetWeights(student, nil)
		p.rebuildAll(student)
		p.views[student] = struct{}{}
		p.touchPairs(p.person(student), nil, student, touch{at: p.time()}, out) // what was hidden or saved may now be true or false
		p.hand(out)
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
