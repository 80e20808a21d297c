package partition

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
)

// alert is what is remembered of one candidate who was proposed to a recruiter,
// or who has to stay on the list for a while first. Who it is, only the key knows.
type alert struct {
	Rule        string    `json:"rule"`
	Opportunity string    `json:"opportunity"`
	Recipient   string    `json:"recipient"`
	State       string    `json:"state"` // holding or fired
	Since       time.Time `json:"since"`
	Withdrawn   bool      `json:"withdrawn,omitempty"`
}

func alertKey(key string) string { return sep + "alert" + sep + key }

// shortlist is what the candidates blob of a job holds.
type shortlist struct {
	Rule       string            `json:"rule"`
	Candidates []event.Candidate `json:"candidates"`
}

// Candidates takes what one partition offers to a job of this one.
func (p *Partition) Candidates(l event.CandidateList, out *Effects) {
	p.keepOffer(l)
	p.merge(l.Opportunity, l.Rule, out)
	p.blob(l.Opportunity, out)
}

// RestoreCandidates loads a list that was processed before.
func (p *Partition) RestoreCandidates(l event.CandidateList) { p.keepOffer(l) }

func (p *Partition) keepOffer(l event.CandidateList) {
	rules := p.offers[l.Opportunity]
	if rules == nil {
		rules = map[string]map[int32][]event.Candidate{}
		p.offers[l.Opportunity] = rules
	}
	if rules[l.Rule] == nil {
		rules[l.Rule] = map[int32][]event.Candidate{}
	}
	rules[l.Rule][l.Partition] = l.Candidates
	if len(l.Candidates) == 0 {
		delete(rules[l.Rule], l.Partition)
	}
	if len(rules[l.Rule]) == 0 {
		delete(rules, l.Rule)
	}
	if len(rules) == 0 {
		delete(p.offers, l.Opportunity)
	}
}

// offered merges the lists of all partitions, best first.
func (p *Partition) offered(job, rule string) []event.Candidate {
	var all []event.Candidate
	for _, list := range p.offers[job][rule] {
		all = append(all, list...)
	}
	slices.SortFunc(all, compareCandidates)
	return all
}

// blob writes what is shown of a job's candidates.
func (p *Partition) blob(job string, out *Effects) {
	var lists []shortlist
	for _, rule := range slices.Sorted(maps.Keys(p.offers[job])) {
		all := p.offered(job, rule)
		if f := p.book.byID[rule]; f != nil && f.rule.Rank != nil {
			all = all[:min(len(all), f.rule.Rank.Top)]
		}
		lists = append(lists, shortlist{rule, all})
	}
	op := event.BlobOp{Kind: "candidates", ID: job}
	if lists != nil {
		op.Value = encode(lists)
	}
	out.Blobs = append(out.Blobs, op)
}

// merge proposes who has come to be among the best of a job, and withdraws who
// is offered no more.
func (p *Partition) merge(job, rule string, out *Effects) {
	f, what := p.book.byID[rule], p.current(job)
	all := p.offered(job, rule)
	offered := map[string]bool{}
	recruiter := ""
	if what != nil {
		recruiter = what.version.Opportunity.Recruiter
	}
	key := func(c event.Candidate) string {
		return event.NotificationKey(rule, recruiter, []string{job, c.Student})
	}
	top := map[string]bool{}
	for i, c := range all {
		offered[key(c)] = true
		if f != nil && f.rule.Rank != nil && i < f.rule.Rank.Top {
			top[key(c)] = true
		}
	}
	p.unlist(job, rule, offered, top, out)
	if f == nil || f.rule.Rank == nil || what == nil {
		return
	}
	n := min(len(all), f.rule.Rank.Top)
	for rank, c := range all[:n] {
		if c.Since.IsZero() || n < len(all) && c.Score < all[n].Score+f.rule.Rank.Margin {
			continue
		}
		if recruiter == "" {
			out.rule(f).Unaddressed++
			continue
		}
		p.list(f, what, key(c), c, rank+1, out)
	}
}

// unlist ends the alerts of candidates who are gone: those who waited to settle
// when they leave the best, those who were proposed when nobody offers them any more.
func (p *Partition) unlist(job, rule string, offered, top map[string]bool, out *Effects) {
	for _, key := range slices.Sorted(maps.Keys(p.alertsOf[job])) {
		a := p.alerts[key]
		switch {
		case a.Rule != rule:
		case a.State == holding && !top[key]:
			delete(p.alerts, key)
			delete(p.alertsOf[job], key)
			out.fact(alertKey(key), nil)
		case a.State == fired && !offered[key] && !a.Withdrawn:
			a.Withdrawn = true
			out.fact(alertKey(key), encode(a))
			set, id, _ := strings.Cut(rule, "/")
			p.propose(event.Proposal{
				ID: event.NotificationID(key, 0, 0), Key: key, Rule: id, Ruleset: set,
				Audience: event.ToRecruiter, Recipient: a.Recipient, At: p.time(), Withdraw: true,
				Subject: event.Subject{Opportunity: job},
			}, out)
		}
	}
}

// list proposes one candidate, once, after they have stayed for long enough.
func (p *Partition) list(f *force, what *matter, key string, c event.Candidate, rank int, out *Effects) {
	a := p.alerts[key]
	if a != nil && a.State == fired {
		return
	}
	o := what.version.Opportunity
	if a == nil {
		a = &alert{Rule: f.id, Opportunity: o.ID, Recipient: o.Recruiter, State: holding, Since: p.time()}
		p.keepAlert(key, a)
	}
	if a.Since.Add(f.rule.Rank.Settle).After(p.time()) {
		p.arm(timer{Waiting: Waiting{f.id, waitSettle}, due: a.Since.Add(f.rule.Rank.Settle), key: key})
		out.fact(alertKey(key), encode(a))
		return
	}
	a.State = fired
	out.fact(alertKey(key), encode(a))
	out.rule(f).Fired++
	p.propose(event.Proposal{
		ID: event.NotificationID(key, 0, 0), Key: key, Rule: f.rule.ID, Ruleset: f.set, Digest: f.digest,
		Shadow: f.shadow(), Audience: event.ToRecruiter, Recipient: o.Recruiter, At: p.time(), Notice: f.rule.Notice,
		Subject: event.Subject{Student: c.Student, Opportunity: o.ID, Organisation: o.Organisation},
		Facts: event.Facts{
			Title: o.Title, URL: o.URL, Bucket: o.Bucket, Deadline: o.Deadline, Overlap: c.Overlap, Relevance: c.Score,
			Matched: c.Matched, Missing: c.Missing, Rank: rank,
		},
	}, out)
}

// settled looks again at a candidate whose time to settle is over.
func (p *Partition) settled(key string, out *Effects) {
	if a := p.alerts[key]; a != nil && a.State == holding {
		p.merge(a.Opportunity, a.Rule, out)
	}
}

func (p *Partition) keepAlert(key string, a *alert) {
	p.alerts[key] = a
	if p.alertsOf[a.Opportunity] == nil {
		p.alertsOf[a.Opportunity] = map[string]struct{}{}
	}
	p.alertsOf[a.Opportunity][key] = struct{}{}
}

func (p *Partition) restoreAlert(key string, value []byte) error {
	if value == nil {
		if a := p.alerts[key]; a != nil {
			delete(p.alertsOf[a.Opportunity], key)
			delete(p.alerts, key)
		}
		return nil
	}
	a := &alert{}
	if err := json.Unmarshal(value, a); err != nil {
		return err
	}
	p.keepAlert(key, a)
	return nil
}
