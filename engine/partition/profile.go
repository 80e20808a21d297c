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

// Erase forgets a student: profile, saved, ignored, interest and feeds.
func (p *Partition) Erase(student string, out *Effects) {
	p.students.Remove(student)
	p.eraseRules(student, out)
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

// eraseRules withdraws what was said about a student and forgets what is remembered.
func (p *Partition) eraseRules(student string, out *Effects) {
	for _, i := range slices.Clone(p.instances[student]) {
		if i.State == fired && !i.Withdrawn {
			p.takeBack(i.Rule, student, i, out)
		}
		p.forgetInstance(student, i, out)
	}
	for at := range maps.Clone(p.candidacies[student]) {
		p.unrank(student, at, out)
	}
	for id := range p.apps[student] {
		out.fact(appKey(student, id), nil)
	}
	delete(p.apps, student)
	delete(p.gaps, student)
	delete(p.candidacies, student)
	for opportunity, students := range p.concerned {
		if delete(students, student); len(students) == 0 {
			delete(p.concerned, opportunity)
		}
	}
	if f := p.facts[student]; f != nil {
		for opportunity := range f.saved {
			p.unsaved(student, opportunity)
		}
	}
	p.hand(out)
	p.atDesk(out, func(o *notify.Out) { p.desk.Erase(student, p.time(), o) })
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
