package notify

import (
	"cmp"
	"container/heap"
	"slices"
	"time"

	"tideline/engine/event"
)

// appointment is something to look at when its time has come. What it points at
// says whether it is still due.
type appointment struct {
	at        time.Time
	recipient string
	deferred  string // id of a notification that waits for the end of quiet hours
	digest    string // rule of a digest
	forget    string // id of a decision
}

type agenda []appointment

func (a agenda) Len() int           { return len(a) }
func (a agenda) Less(i, j int) bool { return a[i].before(a[j]) }
func (a agenda) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *agenda) Push(x any)        { *a = append(*a, x.(appointment)) }
func (a *agenda) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

func (a *agenda) add(x appointment) { heap.Push(a, x) }

// before orders appointments by time, and those of one time always in the same way.
func (a appointment) before(b appointment) bool {
	return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.recipient, b.recipient), cmp.Compare(a.deferred, b.deferred),
		cmp.Compare(a.digest, b.digest), cmp.Compare(a.forget, b.forget)) < 0
}

// Tick sends what waited until now and forgets what is older than it must be remembered.
func (d *Desk) Tick(now time.Time, out *Out) {
	for len(d.due) > 0 && !d.due[0].at.After(now) {
		a := heap.Pop(&d.due).(appointment)
		r := d.recipients[a.recipient]
		switch {
		case r == nil:
		case a.deferred != "":
			d.resume(r, a, now, out)
		case a.digest != "":
			if g := r.digests[a.digest]; g != nil && g.Due.Equal(a.at) {
				d.finish(r, a.digest, g, now, out)
			}
		default:
			d.forget(r, a, out)
		}
	}
}

// resume takes a deferred firing through the gates again.
func (d *Desk) resume(r *recipient, a appointment, now time.Time, out *Out) {
	n, waits := r.deferred[a.deferred]
	if !waits || !n.Until.Equal(a.at) {
		return
	}
	delete(r.deferred, a.deferred)
	out.fact(deferredKey(a.recipient, a.deferred), nil)
	n.Decided, n.Reason = now, ""
	d.gates(r, n, out)
}

func (d *Desk) forget(r *recipient, a appointment, out *Out) {
	if made, known := r.decided[a.forget]; known && !made.At.Add(memory).After(a.at) {
		delete(r.decided, a.forget)
		out.fact(decidedKey(a.recipient, a.forget), nil)
	}
}

// finish sends a digest, or what is left of it after the gates have had another
// look. In quiet hours it waits for their end.
func (d *Desk) finish(r *recipient, rule string, g *digest, now time.Time, out *Out) {
	who := g.Items[0].Recipient
	if until, quiet := r.preferences.QuietUntil(now); quiet {
		g.Due = until
		out.fact(digestKey(who, rule), g)
		d.due.add(appointment{at: until, recipient: who, digest: rule})
		return
	}
	delete(r.digests, rule)
	out.fact(digestKey(who, rule), nil)
	first := g.Items[0].ID
	var items []event.Notification
	for _, n := range g.Items {
		n.Decided, n.Until, n.Outcome = now, nil, ""
		delete(r.decided, n.ID) // it was decided to wait, no more
		if reason := d.refuse(r, &n); reason != "" {
			d.drop(r, n, reason, out)
		} else if !r.affords(n.Notice.Budget, rule, now) {
			d.drop(r, n, event.ByBudget, out)
		} else {
			items = append(items, n)
		}
	}
	switch {
	case len(items) == 1:
		items[0].Language, items[0].Email = r.preferences.Language, r.preferences.Email
		d.send(r, items[0], out)
	case len(items) > 1:
		d.sendDigest(r, rule, first, items, out)
	}
}

func (d *Desk) sendDigest(r *recipient, rule, first string, items []event.Notification, out *Out) {
	slices.SortStableFunc(items, func(a, b event.Notification) int {
		return cmp.Or(cmp.Compare(b.Facts.Relevance, a.Facts.Relevance), cmp.Compare(b.Facts.Severity, a.Facts.Severity), cmp.Compare(a.ID, b.ID))
	})
	whole := items[0]
	whole.ID = event.DigestID(rule, whole.Recipient, first)
	whole.Subject, whole.Facts, whole.Episode, whole.Repeat = event.Subject{Student: whole.Subject.Student}, event.Facts{}, 0, 0
	if whole.Audience == event.ToRecruiter {
		whole.Subject = event.Subject{}
	}
	whole.Language, whole.Email = r.preferences.Language, r.preferences.Email
	named := len(items)
	if limit := whole.Notice.Digest.Max; limit > 0 {
		named = min(named, limit)
	}
	for _, n := range items[:named] {
		whole.Items = append(whole.Items, event.Item{ID: n.ID, Subject: n.Subject, Facts: n.Facts})
	}
	whole.More = len(items) - named
	for _, n := range items {
		d.decide(r, n.Recipient, n.ID, decision{At: n.Decided, Outcome: event.Sent, Part: whole.ID}, out)
	}
	d.send(r, whole, out)
}
