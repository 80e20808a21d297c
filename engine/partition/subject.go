package partition

import (
	"maps"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

// person is a student as rules see them, now or before a record changed them.
type person struct {
	id    string
	row   *match.Student
	gaps  []event.Gap
	saved map[string]time.Time
	cel   *rulesets.Student
}

// person looks at a student; nil when they have no profile. It is good until
// the next change of the index.
func (p *Partition) person(id string) *person {
	row, known := p.students.Lookup(id)
	if !known {
		return nil
	}
	who := &person{id: id, row: row, gaps: p.gaps[id]}
	if f := p.facts[id]; f != nil {
		who.saved = f.saved
	}
	who.cel = &rulesets.Student{ID: id, Load: func() event.Profile {
		profile := p.students.ProfileOf(id, who.row)
		profile.Gaps = who.gaps
		return profile
	}}
	return who
}

// past is a person who stays as they are while a record changes them.
func (p *Partition) past(id string) *person {
	who := p.person(id)
	if who != nil {
		who.row = who.row.Clone()
		saved := who.saved
		who.saved = map[string]time.Time{}
		maps.Copy(who.saved, saved)
	}
	return who
}

// matter is one version of an opportunity as rules see it.
type matter struct {
	item     *catalog.Item
	version  *catalog.Version
	cel      *rulesets.Opp
	verdicts map[*force]rulesets.Truth // of the conjuncts that look at nothing else
}

// matter looks at a version; nil for a deletion.
func (p *Partition) matter(item *catalog.Item, v *catalog.Version) *matter {
	if v == nil || v.Opportunity == nil {
		return nil
	}
	return &matter{
		item: item, version: v, verdicts: map[*force]rulesets.Truth{},
		cel: &rulesets.Opp{Opportunity: v.Opportunity, Skills: p.dict.Skills(v.Compiled)},
	}
}

// current looks at the latest version of an opportunity; nil when there is none.
func (p *Partition) current(id string) *matter {
	item, ok := p.catalog.Get(id)
	if !ok {
		return nil
	}
	return p.matter(item, item.Latest())
}

// asRead is current of the version that this partition has read.
func (p *Partition) asRead(id string) *matter {
	item, ok := p.catalog.Get(id)
	if !ok {
		return nil
	}
	return p.matter(item, p.read(item))
}

// admits says whether the opportunity alone lets a rule be true.
func (m *matter) admits(f *force, now time.Time) bool {
	if !f.rule.Narrow.Buckets[m.version.Opportunity.Bucket.Index()] {
		return false
	}
	verdict, known := m.verdicts[f]
	if !known {
		verdict = f.rule.Opp(&rulesets.Subject{Opp: m.cel, Now: now})
		m.verdicts[f] = verdict
	}
	return verdict == rulesets.True
}

// verdict is what a rule says about one subject.
type verdict struct {
	truth   rulesets.Truth
	exists  bool   // the subject is one of the rule's
	key     string // empty: not identified
	subject rulesets.Subject
	to      string // the recipient; empty: nobody to tell
}

func (v verdict) holds() bool { return v.exists && v.truth == rulesets.True && v.key != "" }

// pair evaluates a pair rule. Who and what may be nil: then there is no such subject.
func (p *Partition) pair(f *force, who *person, what *matter, how *match.Pair, out *Effects) verdict {
	if who == nil || what == nil {
		return verdict{}
	}
	if how == nil {
		how = p.judge(who, what)
	}
	_, saved := who.saved[what.item.ID]
	v := verdict{exists: how.Gate == match.NoGate}
	if f.rule.Among == rulesets.Saved {
		v.exists = saved && how.Gate.Takeable()
	}
	v.subject = rulesets.Subject{Student: who.cel, Opp: what.cel, Signal: p.signal, Now: p.time(), Match: &rulesets.Match{
		Overlap: how.Overlap, Fit: how.Fit, Interest: how.Interest, Relevance: how.Relevance, Saved: saved,
		Skills: func() (matched, missing []string) { return p.dict.Compare(who.row, what.version.Compiled) },
	}}
	if !v.exists {
		return v // but what re-arms a rule can be seen
	}
	v.truth = rulesets.False
	if p.may(f, who, what, how) {
		v.truth = f.rule.When(&v.subject)
		out.rule(f).count(v.truth)
	}
	v.to = who.id
	if f.rule.Audience == event.ToRecruiter {
		v.to = what.version.Opportunity.Recruiter
	}
	p.identify(f, &v)
	return v
}

// may says whether a pair rule may be true, by what is cheap to find out. Where it
// may not, and nothing is remembered about the pair, there is nothing to reconcile.
func (p *Partition) may(f *force, who *person, what *matter, how *match.Pair) bool {
	return who != nil && what != nil && how.Overlap >= f.rule.Narrow.Overlap &&
		(!f.rule.Narrow.Seeking || who.row.Seeking()) && what.admits(f, p.time())
}

func (p *Partition) judge(who *person, what *matter) *match.Pair {
	how := match.Judge(who.row, what.version.Compiled, p.time())
	return &how
}

// identify works out the key of a subject.
func (p *Partition) identify(f *force, v *verdict) {
	if values, ok := f.rule.Values(&v.subject); ok {
		v.key = event.NotificationKey(f.id, v.to, values)
	}
}

// gap evaluates an item rule.
func (p *Partition) gap(f *force, who *person, skill string, out *Effects) verdict {
	if who == nil {
		return verdict{}
	}
	for i := range who.gaps {
		if who.gaps[i].Skill == skill {
			v := verdict{exists: true, to: who.id, subject: rulesets.Subject{Student: who.cel, Gap: &who.gaps[i], Now: p.time()}}
			p.conclude(f, &v, out)
			return v
		}
	}
	return verdict{}
}

// alone evaluates a rule about nothing but a student.
func (p *Partition) alone(f *force, who *person, out *Effects) verdict {
	if who == nil {
		return verdict{}
	}
	v := verdict{exists: true, to: who.id, subject: rulesets.Subject{Student: who.cel, Now: p.time()}}
	p.conclude(f, &v, out)
	return v
}

// application evaluates a rule about one application, which may be nil.
func (p *Partition) application(f *force, student string, app *rulesets.App, out *Effects) verdict {
	if app == nil {
		return verdict{}
	}
	v := verdict{exists: true, to: student, subject: rulesets.Subject{App: app, Now: p.time()}}
	if who := p.person(student); who != nil {
		v.subject.Student = who.cel
	}
	recruiter := ""
	if what := p.current(app.Opportunity); what != nil {
		v.subject.Opp, recruiter = what.cel, what.version.Opportunity.Recruiter
	}
	if f.rule.Audience == event.ToRecruiter {
		v.to = recruiter
	}
	p.conclude(f, &v, out)
	return v
}

func (p *Partition) conclude(f *force, v *verdict, out *Effects) {
	v.truth = f.rule.When(&v.subject)
	out.rule(f).count(v.truth)
	p.identify(f, v)
}
