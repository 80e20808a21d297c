package partition

import (
	"maps"
	"slices"
	"time"

	"tideline/engine/catalog"
	"tideline/rulesets"
)

// evaluate looks at one subject as it is now.
func (p *Partition) evaluate(f *force, student string, n natural, out *Effects) verdict {
	switch f.rule.Scope {
	case rulesets.PairScope:
		return p.pair(f, p.person(student), p.asRead(n.opportunity), nil, out)
	case rulesets.ApplicationScope:
		return p.application(f, student, p.app(student, n.application), out)
	case rulesets.ItemScope:
		return p.gap(f, p.person(student), n.gap, out)
	}
	return p.alone(f, p.person(student), out)
}

// instanceDue fires what has held for long enough, and what is to be repeated.
func (p *Partition) instanceDue(t timer, out *Effects) {
	for _, i := range p.instances[t.student] {
		f := p.book.byID[i.Rule]
		if i.Key != t.key || f == nil {
			continue
		}
		if due := i.due(f); due.IsZero() || due.After(p.time()) {
			return
		}
		s := step{student: t.student, natural: i.natural(), after: p.evaluate(f, t.student, i.natural(), out)}
		if i.Withdrawn {
			if !s.after.exists {
				p.forgetInstance(t.student, i, out)
			}
			return
		}
		if s.after.holds() && s.after.key == i.Key {
			p.fire(f, i, s, out)
		} else {
			p.fall(f, s, out)
		}
		return
	}
}

// atDue looks at all subjects of a rule whose `at` has come.
func (p *Partition) atDue(t timer, _ time.Time, out *Effects) {
	f := p.book.byID[t.Rule]
	if f == nil || !f.rule.HasAt {
		return
	}
	tick := touch{at: t.due, due: true}
	if t.opp != "" {
		what := p.asRead(t.opp)
		if what == nil {
			return
		}
		if at, known := f.rule.At(&rulesets.Subject{Opp: what.cel, Now: p.time()}); !known || !at.Equal(t.due) {
			return // the deadline has moved
		}
		for _, student := range p.audience([]*force{f}, what.item, what) {
			p.reconcile(f, step{
				student: student, natural: natural{opportunity: t.opp}, after: p.pair(f, p.person(student), what, nil, out),
			}, tick, out)
		}
		return
	}
	n := natural{application: t.key}
	if f.rule.Scope != rulesets.ApplicationScope {
		n = natural{gap: t.key}
	}
	s := step{student: t.student, natural: n, after: p.evaluate(f, t.student, n, out)}
	if at, known := f.rule.At(&s.after.subject); known && at.Equal(t.due) {
		p.reconcile(f, s, tick, out)
	}
}

// schedule arms what is to come of rules that have just come into force.
func (p *Partition) schedule(ids []string) {
	var pairs, others []*force
	for _, id := range ids {
		switch f := p.book.byID[id]; {
		case f == nil || !f.rule.HasAt:
		case f.rule.Scope == rulesets.PairScope:
			pairs = append(pairs, f)
		default:
			others = append(others, f)
		}
	}
	if len(pairs) > 0 {
		p.catalog.Each(func(item *catalog.Item) bool {
			p.scheduleOpportunity(pairs, p.matter(item, item.Latest()))
			return true
		})
	}
	for student, apps := range p.apps {
		for id := range apps {
			p.scheduleOther(others, student, natural{application: id})
		}
	}
	for student, gaps := range p.gaps {
		for _, g := range gaps {
			p.scheduleOther(others, student, natural{gap: g.Skill})
		}
	}
}

// scheduleOpportunity arms the rules whose `at` an opportunity sets.
func (p *Partition) scheduleOpportunity(rules []*force, what *matter) {
	if what == nil {
		return
	}
	for _, f := range rules {
		if !f.rule.HasAt || !what.admits(f, p.time()) {
			continue
		}
		if at, known := f.rule.At(&rulesets.Subject{Opp: what.cel, Now: p.time()}); known && at.After(p.time()) {
			p.arm(timer{Waiting: Waiting{f.id, waitAt}, due: at, opp: what.item.ID})
		}
	}
}

// scheduleOther arms the rules whose `at` an application or a gap sets.
func (p *Partition) scheduleOther(rules []*force, student string, n natural) {
	var nothing Effects
	for _, f := range rules {
		if !f.rule.HasAt || (f.rule.Scope == rulesets.ApplicationScope) != (n.application != "") {
			continue
		}
		v := p.evaluate(f, student, n, &nothing)
		if at, known := f.rule.At(&v.subject); known && at.After(p.time()) {
			p.arm(timer{Waiting: Waiting{f.id, waitAt}, due: at, student: student, key: n.application + n.gap})
		}
	}
}

// sendCurrent lets rules that have just come into force speak of what matches
// already, as often as the activation allows.
func (p *Partition) sendCurrent(ids []string, limit int, out *Effects) {
	for _, id := range ids {
		f := p.book.byID[id]
		if f == nil || f.rule.Rank != nil || f.rule.HasAt {
			continue // a ranking has its own way of settling, an `at` its own time
		}
		before := out.rule(f).Fired
		for _, student := range slices.Sorted(p.students.All()) {
			if out.rule(f).Fired-before >= limit {
				break
			}
			p.touchRule(f, student, limit-(out.rule(f).Fired-before), out)
		}
	}
	p.hand(out)
}

// touchRule fires one rule for what is true of a student now.
func (p *Partition) touchRule(f *force, student string, limit int, out *Effects) {
	who, t := p.person(student), touch{at: p.time(), send: true}
	var naturals []natural
	switch f.rule.Scope {
	case rulesets.PairScope:
		for _, item := range p.matters([]*force{f}, who, student) {
			naturals = append(naturals, natural{opportunity: item.ID})
		}
	case rulesets.ApplicationScope:
		for _, id := range slices.Sorted(maps.Keys(p.apps[student])) {
			naturals = append(naturals, natural{application: id})
		}
	case rulesets.ItemScope:
		for _, skill := range p.gapSkills(student, who, f) {
			naturals = append(naturals, natural{gap: skill})
		}
	default:
		naturals = append(naturals, natural{})
	}
	before := out.rule(f).Fired
	for _, n := range naturals {
		if out.rule(f).Fired-before >= limit {
			return
		}
		p.reconcile(f, step{student: student, natural: n, after: p.evaluate(f, student, n, out)}, t, out)
	}
}
