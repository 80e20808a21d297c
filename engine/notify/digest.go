package notify

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"tideline/engine/event"
)

// open begins a digest with its first firing.
func (d *Desk) open(r *recipient, n event.Notification, rule string, due time.Time) *digest {
	g := &digest{Due: due, First: n.ID, named: map[string]event.Notification{}}
	r.digests[rule] = g
	d.due.add(appointment{at: due, recipient: n.Recipient, digest: rule})
	return g
}

// join puts a firing into a digest. It counts as decided: nothing is recorded
// of it until the digest is sent, or it is withdrawn.
func (d *Desk) join(r *recipient, n event.Notification, g *digest, out *Out) {
	rule := ruleOf(n.Proposal)
	n.Outcome, n.Until, n.Channels = event.Digested, nil, nil
	d.decide(r, n.Recipient, n.ID, decision{At: n.Decided, Rule: ruleOf(n.Proposal), Outcome: event.Digested}, out)
	g.named[n.ID] = n
	if limit := n.Notice.Digest.Max; limit > 0 && len(g.named) > limit {
		least := g.best()[limit]
		delete(g.named, least.ID)
		g.Rest++
		if least.ID != n.ID {
			out.fact(itemKey(n.Recipient, rule, least.ID), nil)
			out.fact(itemKey(n.Recipient, rule, n.ID), n)
		}
	} else {
		out.fact(itemKey(n.Recipient, rule, n.ID), n)
	}
	out.fact(digestKey(n.Recipient, rule), g)
	out.Digested++
}

// best lists the named items, best first.
func (g *digest) best() []event.Notification {
	return slices.SortedFunc(maps.Values(g.named), func(a, b event.Notification) int {
		return cmp.Or(cmp.Compare(b.Facts.Relevance, a.Facts.Relevance), cmp.Compare(b.Facts.Severity, a.Facts.Severity), cmp.Compare(a.ID, b.ID))
	})
}

// close ends a digest and gives what was named in it, best first.
func (r *recipient) close(who, rule string, out *Out) []event.Notification {
	items := r.digests[rule].best()
	for _, n := range items {
		out.fact(itemKey(who, rule, n.ID), nil)
	}
	out.fact(digestKey(who, rule), nil)
	delete(r.digests, rule)
	return items
}

// leave takes a firing out of the digest it waits in. One that was not named
// only makes the number smaller.
func (d *Desk) leave(r *recipient, p event.Proposal, now time.Time, out *Out) bool {
	rule := ruleOf(p)
	g := r.digests[rule]
	if g == nil || r.decided[p.ID].Outcome != event.Digested {
		return false
	}
	n, named := g.named[p.ID]
	if named {
		delete(g.named, p.ID)
		out.fact(itemKey(p.Recipient, rule, p.ID), nil)
	} else {
		p.Withdraw = false
		n = event.Notification{Proposal: p}
		g.Rest--
	}
	n.Decided = now
	if len(g.named) == 0 {
		r.close(p.Recipient, rule, out)
	} else {
		out.fact(digestKey(p.Recipient, rule), g)
	}
	d.drop(r, n, event.ByWithdrawal, out)
	return true
}

// finish sends a digest, or what is left of it after the gates have had another
// look. In quiet hours it waits for their end.
func (d *Desk) finish(r *recipient, who, rule string, g *digest, now time.Time, out *Out) {
	if until, quiet := r.preferences.QuietUntil(now); quiet {
		g.Due = until
		out.fact(digestKey(who, rule), g)
		d.due.add(appointment{at: until, recipient: who, digest: rule})
		return
	}
	var items []event.Notification
	for _, n := range r.close(who, rule, out) {
		n.Decided, n.Outcome = now, ""
		delete(r.decided, n.ID) // it was decided to wait, no more
		if reason := d.refuse(r, &n); reason != "" {
			d.drop(r, n, reason, out)
		} else if !r.affords(n.Notice.Budget, rule, now) {
			d.drop(r, n, event.ByBudget, out)
		} else {
			r.address(&n)
			items = append(items, n)
		}
	}
	switch {
	case len(items) == 1 && g.Rest == 0:
		d.send(r, items[0], out)
	case len(items) > 0:
		d.sendDigest(r, rule, g, items, out)
	}
}

// sendDigest sends one notification that names these items, best first.
func (d *Desk) sendDigest(r *recipient, rule string, g *digest, items []event.Notification, out *Out) {
	whole := items[0]
	whole.ID = event.DigestID(rule, whole.Recipient, g.First)
	whole.Facts, whole.Episode, whole.Repeat, whole.More = event.Facts{}, 0, 0, g.Rest
	whole.Subject = event.Subject{}
	if whole.Audience == event.ToStudent {
		whole.Subject.Student = whole.Recipient
	}
	for _, n := range items {
		whole.Items = append(whole.Items, event.Item{ID: n.ID, Subject: n.Subject, Facts: n.Facts})
		d.decide(r, n.Recipient, n.ID, decision{At: n.Decided, Rule: ruleOf(n.Proposal), Outcome: event.Sent, Part: whole.ID}, out)
	}
	d.send(r, whole, out)
}
