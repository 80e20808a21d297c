package partition

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/engine/notify"
	"tideline/rulesets"
)

// reconcile brings what is remembered of a rule and a subject in line with what
// is true after a record: ARCHITECTURE.md, "When a rule fires".
func (p *Partition) reconcile(f *force, s step, t touch, out *Effects) {
	if f.rule.Rank != nil {
		p.rank(f, s, t, out)
		return
	}
	p.fall(f, s, out)
	if !s.after.holds() || f.rule.On&t.kind == 0 && !t.due && !t.send {
		return
	}
	i := p.instanceOf(s.student, f.id, s.after.key)
	if i != nil && i.State != armed {
		return
	}
	if !t.due && !t.send {
		if was := s.before(); was.holds() && was.key == s.after.key {
			return // it was true already when the rule came into force
		}
	}
	if i == nil {
		i = &instance{
			Rule: f.id, Key: s.after.key, Opportunity: s.natural.opportunity, Application: s.natural.application, Gap: s.natural.gap,
		}
		if s.after.to != s.student {
			i.Recipient = s.after.to
		}
	}
	p.rise(f, i, s, t, out)
}

// rise begins what a condition that has become true leads to.
func (p *Partition) rise(f *force, i *instance, s step, t touch, out *Effects) {
	switch {
	case f.rule.HeldFor > 0:
		i.State, i.Since = holding, t.at
		if g := s.after.subject.Gap; g != nil && g.Since != nil && g.Since.Before(t.at) {
			i.Since = *g.Since
		}
		if i.due(f).After(p.time()) {
			p.rememberInstance(s.student, i, out)
			return
		}
	case f.rule.HasAt:
		at, known := f.rule.At(&s.after.subject)
		if !known || at.After(p.time()) {
			return
		}
		if p.time().After(at.Add(f.rule.Late)) {
			if t.due {
				out.rule(f).Late++
			}
			return
		}
	}
	p.fire(f, i, s, out)
}

// fall ends what is remembered and no longer true.
func (p *Partition) fall(f *force, s step, out *Effects) {
	for _, i := range p.about(s.student, f.id, s.natural) {
		if s.after.holds() && i.Key == s.after.key {
			continue
		}
		switch i.State {
		case holding:
			if i.Episode == 0 {
				p.forgetInstance(s.student, i, out)
			} else { // it fired before: the episodes must go on counting
				i.State, i.Since = armed, time.Time{}
				p.rememberInstance(s.student, i, out)
			}
		case fired:
			p.cool(f, i, s, out)
		}
	}
}

// cool withdraws and re-arms what has fired.
func (p *Partition) cool(f *force, i *instance, s step, out *Effects) {
	gone := !s.after.exists || s.after.key != "" && s.after.key != i.Key
	over := gone || s.after.truth == rulesets.False
	rearm := over && !f.rule.OncePer
	if f.rule.HasRearm {
		rearm = f.rule.Rearm(&s.after.subject) == rulesets.True // also of a pair that is none now: no skill in common is a small overlap
		over = gone || rearm
	}
	changed := false
	if over && !i.Withdrawn {
		i.Withdrawn, changed = true, true
		p.takeBack(f.id, s.student, i, out)
	}
	if rearm {
		i.State, i.Count, i.Withdrawn, changed = armed, 0, false, true
		i.Episode++
	}
	if changed {
		p.rememberInstance(s.student, i, out)
	}
}

// fire proposes one notification.
func (p *Partition) fire(f *force, i *instance, s step, out *Effects) {
	if s.after.to == "" {
		out.rule(f).Unaddressed++
		return
	}
	i.State, i.Fired, i.Since, i.Withdrawn = fired, p.time(), time.Time{}, false
	i.Count++
	p.rememberInstance(s.student, i, out)
	out.rule(f).Fired++
	facts := shown(&s.after.subject)
	if s.natural.gap != "" {
		p.remedy(s.student, s.natural.gap, &facts)
	}
	p.propose(event.Proposal{
		ID: i.notificationID(), Key: i.Key, Rule: f.rule.ID, Ruleset: f.set, Digest: f.digest,
		Shadow: f.shadow(), Audience: f.rule.Audience, Recipient: s.after.to,
		Subject: p.subject(s), Facts: facts, Episode: i.Episode, Repeat: i.Count - 1,
		At: p.time(), Notice: f.rule.Notice,
	}, out)
}

// takeBack withdraws what was proposed last.
func (p *Partition) takeBack(rule, student string, i *instance, out *Effects) {
	set, id, _ := strings.Cut(rule, "/")
	proposal := event.Proposal{
		ID: i.notificationID(), Key: i.Key, Rule: id, Ruleset: set, Audience: event.ToStudent, Recipient: student,
		Episode: i.Episode, Repeat: max(0, i.Count-1), At: p.time(), Withdraw: true,
		Subject: event.Subject{Student: student, Opportunity: i.Opportunity, Application: i.Application, Gap: i.Gap},
	}
	if i.Recipient != "" {
		proposal.Audience, proposal.Recipient = event.ToRecruiter, i.Recipient
	}
	p.propose(proposal, out)
}

// propose hands a firing to the desk of its recipient: a student's is here, a
// recruiter's wherever their id belongs.
func (p *Partition) propose(proposal event.Proposal, out *Effects) {
	if proposal.Audience == event.ToRecruiter {
		out.Proposals = append(out.Proposals, proposal)
	} else {
		p.pending = append(p.pending, &proposal)
	}
}

// hand gives the students' desk what one record made fire, withdrawals first,
// then the best first: where a budget lets only some through, it should be these.
func (p *Partition) hand(out *Effects) {
	slices.SortStableFunc(p.pending, func(a, b *event.Proposal) int {
		if a.Withdraw != b.Withdraw {
			return map[bool]int{true: -1, false: 1}[a.Withdraw]
		}
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(b.Facts.Relevance, a.Facts.Relevance),
			cmp.Compare(b.Facts.Severity, a.Facts.Severity), cmp.Compare(a.Key, b.Key))
	})
	p.atDesk(out, func(o *notify.Out) {
		for _, proposal := range p.pending {
			p.desk.Propose(*proposal, p.time(), o)
		}
	})
	clear(p.pending)
	p.pending = p.pending[:0]
}

// atDesk lets the desk decide and takes over what it decided.
func (p *Partition) atDesk(out *Effects, do func(*notify.Out)) {
	var decided notify.Out
	do(&decided)
	out.Facts = append(out.Facts, decided.Facts...)
	out.Notifications = append(out.Notifications, decided.Notifications...)
}

// subject names what a firing is about.
func (p *Partition) subject(s step) event.Subject {
	named := event.Subject{Student: s.student, Opportunity: s.natural.opportunity, Application: s.natural.application, Gap: s.natural.gap}
	if app := s.after.subject.App; app != nil {
		named.Opportunity = app.Opportunity
	}
	if opp := s.after.subject.Opp; opp != nil {
		named.Organisation = opp.Organisation
	}
	return named
}

// remedies is how far down a student's content something about a gap is looked for.
const remedies = 100

// remedy names the best of a student's content that is about a skill, if there is any.
func (p *Partition) remedy(student, skill string, f *event.Facts) {
	who := p.person(student)
	if who == nil {
		return
	}
	best, _ := p.catalog.Top(who.row, event.Content, remedies, p.time(), &p.scratch)
	for _, e := range best {
		o, ok := p.catalog.ByMember(e.Member)
		about := func(s event.RequiredSkill) bool { return p.dict.Canonical(s.Name) == skill }
		if ok && slices.ContainsFunc(o.Skills, about) {
			f.Title, f.URL, f.Bucket = o.Title, o.URL, o.Bucket
			return
		}
	}
}

// shown collects what a message may show.
func shown(s *rulesets.Subject) event.Facts {
	var f event.Facts
	if s.Opp != nil {
		f.Title, f.URL, f.Bucket, f.Deadline = s.Opp.Title, s.Opp.URL, s.Opp.Bucket, s.Opp.Deadline
	}
	if s.Match != nil {
		f.Overlap, f.Relevance = s.Match.Overlap, s.Match.Relevance
		f.Matched, f.Missing = s.Match.Skills()
	}
	if s.Gap != nil {
		f.Severity = s.Gap.Severity
	}
	if s.App != nil {
		f.Stage, f.StageSince, f.At = string(s.App.Stage), &s.App.StageSince, s.App.InterviewAt
		switch s.App.Stage {
		case event.OfferExtended:
			f.At = s.App.OfferEnds
		case event.InterviewCompleted:
			f.At = s.App.InterviewedAt
		case event.Applied, event.Shortlisted, event.InterviewScheduled, event.OfferAccepted, event.OfferRejected, event.Rejected, event.Withdrawn:
		}
	}
	return f
}
