package partition

import (
	"maps"
	"slices"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

// touch is one record on its way through the rules.
type touch struct {
	kind rulesets.Touch
	at   time.Time // of the record
	due  bool      // a tick reached the rule's `at`: what holds fires, whether or not it held before
	send bool      // what holds already is sent once, as the activation asked
}

// step is a rule's view of one subject before and after a record.
type step struct {
	student string
	natural natural
	before  func() verdict // asked only when it matters
	after   verdict
}

// pairRules lists the rules about pairs.
func (p *Partition) pairRules() []*force {
	var list []*force
	for _, f := range p.book.forces {
		if f.rule.Scope == rulesets.PairScope {
			list = append(list, f)
		}
	}
	return list
}

// touchOpportunity lets the rules see a version of an opportunity. Was is the
// one that this partition read before it; nil: none.
func (p *Partition) touchOpportunity(w catalog.Written, was *catalog.Version, t touch, out *Effects) {
	rules := p.pairRules()
	if len(rules) == 0 {
		return
	}
	item := w.Item
	now, before := p.matter(item, w.Version), p.matter(item, was)
	for _, student := range p.audience(rules, item, now) {
		who := p.person(student)
		var how *match.Pair
		if who != nil && now != nil {
			how = p.judge(who, now)
		}
		known := p.remembers(student, item.ID)
		for _, f := range rules {
			if !known && !p.may(f, who, now, how) {
				continue
			}
			p.reconcile(f, step{
				student: student, natural: natural{opportunity: item.ID},
				after:  p.pair(f, who, now, how, out),
				before: func() verdict { return p.pair(f, who, before, nil, out) },
			}, t, out)
		}
	}
	p.scheduleOpportunity(rules, now)
}

// audience lists, in order, every student for whom a rule about an opportunity
// may be true now, or about whom and it something is remembered.
func (p *Partition) audience(rules []*force, item *catalog.Item, now *matter) []string {
	set := maps.Clone(p.concerned[item.ID])
	if set == nil {
		set = map[string]struct{}{}
	}
	if now != nil {
		bound, scan := 2.0, false
		for _, f := range rules {
			if !now.admits(f, p.time()) {
				continue
			}
			if f.rule.Among == rulesets.Saved {
				maps.Copy(set, p.savers[item.ID])
			} else {
				bound, scan = min(bound, f.rule.Narrow.Overlap), true
			}
		}
		if scan {
			p.students.Above(now.version.Compiled, bound, func(ord int) { set[p.students.ID(ord)] = struct{}{} })
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// touchProfile lets the rules see a profile that came, changed or went.
func (p *Partition) touchProfile(student string, was *person, t touch, out *Effects) {
	who := p.person(student)
	p.touchPairs(who, was, student, t, out)
	for _, f := range p.book.forces {
		switch f.rule.Scope {
		case rulesets.ItemScope:
			for _, skill := range p.gapSkills(student, who, f) {
				p.reconcile(f, step{
					student: student, natural: natural{gap: skill}, after: p.gap(f, who, skill, out),
					before: func() verdict { return p.gap(f, was, skill, out) },
				}, t, out)
			}
		case rulesets.StudentScope:
			p.reconcile(f, step{
				student: student, after: p.alone(f, who, out), before: func() verdict { return p.alone(f, was, out) },
			}, t, out)
		}
	}
}

// gapSkills lists the gaps a student has and those that are remembered of a rule.
func (p *Partition) gapSkills(student string, who *person, f *force) []string {
	set := map[string]struct{}{}
	if who != nil {
		for _, g := range who.gaps {
			set[g.Skill] = struct{}{}
		}
	}
	for _, i := range p.instances[student] {
		if i.Rule == f.id {
			set[i.Gap] = struct{}{}
		}
	}
	return slices.Sorted(maps.Keys(set))
}

// touchPairs looks at all opportunities that may concern a student.
func (p *Partition) touchPairs(who, was *person, student string, t touch, out *Effects) {
	rules := p.pairRules()
	if len(rules) == 0 {
		return
	}
	for _, what := range p.matters(rules, who, student) {
		p.touchPair(rules, who, was, student, what, t, out)
	}
}

// touchPair looks at one opportunity for one student. What has not been read yet
// is for the range that brings it.
func (p *Partition) touchPair(rules []*force, who, was *person, student string, item *catalog.Item, t touch, out *Effects) {
	read := p.read(item)
	if read == nil {
		return
	}
	what := p.matter(item, read)
	var how *match.Pair
	if who != nil && what != nil {
		how = p.judge(who, what)
	}
	known := p.remembers(student, item.ID)
	for _, f := range rules {
		if !known && !p.may(f, who, what, how) {
			continue
		}
		p.reconcile(f, step{
			student: student, natural: natural{opportunity: item.ID},
			after: p.pair(f, who, what, how, out),
			before: func() verdict {
				defer func(s *event.Signal) { p.signal = s }(p.signal)
				p.signal = nil // before the signal there was none
				return p.pair(f, was, what, nil, out)
			},
		}, t, out)
	}
}

// matters lists, by id, every opportunity for which a rule may be true of a
// student, or that is remembered with them.
func (p *Partition) matters(rules []*force, who *person, student string) []*catalog.Item {
	set := map[string]*catalog.Item{}
	if who != nil {
		var buckets [3]bool
		bound := 2.0
		for _, f := range rules {
			if f.rule.Among == rulesets.Eligible && (!f.rule.Narrow.Seeking || who.row.Seeking()) {
				bound = min(bound, f.rule.Narrow.Overlap)
				for i, in := range f.rule.Narrow.Buckets {
					buckets[i] = buckets[i] || in
				}
			}
		}
		if bound <= 1 {
			for _, item := range p.catalog.Above(who.row, buckets, bound, &p.scratch) {
				set[item.ID] = item
			}
			for _, item := range p.catalog.Changing() { // the index knows the latest versions, not what was read
				set[item.ID] = item
			}
		}
		for id := range who.saved {
			p.addItem(set, id)
		}
	}
	for _, i := range p.instances[student] {
		p.addItem(set, i.Opportunity)
	}
	for _, id := range p.rankedFor(student) {
		p.addItem(set, id)
	}
	items := make([]*catalog.Item, 0, len(set))
	for _, id := range slices.Sorted(maps.Keys(set)) {
		items = append(items, set[id])
	}
	return items
}

func (p *Partition) addItem(set map[string]*catalog.Item, id string) {
	if id == "" || set[id] != nil {
		return
	}
	if item, ok := p.catalog.Get(id); ok {
		set[id] = item
	}
}

// touchSignal lets the rules see what a signal changed about one pair.
func (p *Partition) touchSignal(s event.Signal, was *person, t touch, out *Effects) {
	p.signal = &s
	defer func() { p.signal = nil }()
	item, ok := p.catalog.Get(s.Opportunity)
	if rules := p.pairRules(); ok && len(rules) > 0 {
		p.touchPair(rules, p.person(s.Student), was, s.Student, item, t, out)
	}
}
