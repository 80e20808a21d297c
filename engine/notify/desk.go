// Package notify takes firings through the gates of their recipients: it decides
// what is sent, when, and why something is not.
//
// A Desk is a value driven from outside, like a partition: no I/O, no clock, no
// goroutines, one caller at a time. The same proposals, preferences and ticks
// give the same decisions. ARCHITECTURE.md, "Gates", is its specification.
package notify

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
)

// Out is what a run of calls decided.
type Out struct {
	Facts         []event.Fact
	Notifications []event.Notification
	Digested      int // firings that wait in digests
}

// memory is how long a decided id is remembered: the longest retention of a
// topic that a firing could come again from, and a week.
const memory = 37 * 24 * time.Hour

// Desk decides for the recipients of one student partition.
type Desk struct {
	recipients map[string]*recipient
	silences   map[string]event.Silence
	due        agenda // what waits, and what is to be forgotten
}

// recipient is what the desk knows of one.
type recipient struct {
	preferences event.Preferences
	decided     map[string]decision           // by id
	sends       map[string][]time.Time        // by rule: when something was sent, oldest first, as long as it matters
	deferred    map[string]event.Notification // by id: waits for the end of the quiet hours
	digests     map[string]*digest            // by rule: waits for the end of its window
}

// decision is what is remembered of an id.
type decision struct {
	At      time.Time     `json:"at"`
	Outcome event.Outcome `json:"outcome"`
	Rule    string        `json:"rule"`            // ruleset/rule
	Part    string        `json:"part,omitempty"`  // the digest it was sent in
	Alive   int           `json:"alive,omitempty"` // of a digest that was sent: named items that are still true
}

// digest is what waits to be told at once: the best in full, the rest as a
// number. Each named item is a record of its own, so that a firing costs what it
// adds and not what waits already.
type digest struct {
	Due   time.Time `json:"due"`
	First string    `json:"first"` // id of the first that joined
	Rest  int       `json:"rest,omitempty"`

	named map[string]event.Notification // by id
}

// New returns a desk at which nothing was decided.
func New() *Desk {
	return &Desk{recipients: map[string]*recipient{}, silences: map[string]event.Silence{}}
}

func (d *Desk) of(id string) *recipient {
	r := d.recipients[id]
	if r == nil {
		r = &recipient{
			preferences: event.Preferences{Recipient: id}, decided: map[string]decision{}, sends: map[string][]time.Time{},
			deferred: map[string]event.Notification{}, digests: map[string]*digest{},
		}
		d.recipients[id] = r
	}
	return r
}

// SetPreferences replaces what a recipient wants.
func (d *Desk) SetPreferences(p event.Preferences) { d.of(p.Recipient).preferences = p }

// ErasePreferences forgets what a recipient wants.
func (d *Desk) ErasePreferences(recipient string) {
	if r := d.recipients[recipient]; r != nil {
		r.preferences = event.Preferences{Recipient: recipient}
	}
}

// SetSilence starts or changes a silence.
func (d *Desk) SetSilence(s event.Silence, out *Out) {
	d.silences[s.ID] = s
	out.fact(silenceKey(s.ID), s)
}

// Silences lists those that were set and not ended, also when their time is over.
func (d *Desk) Silences() []event.Silence { return slices.Collect(maps.Values(d.silences)) }

// EndSilence ends one.
func (d *Desk) EndSilence(id string, out *Out) {
	if _, known := d.silences[id]; known {
		delete(d.silences, id)
		out.fact(silenceKey(id), nil)
	}
}

// Propose takes a firing, or a withdrawal, through the gates.
func (d *Desk) Propose(p event.Proposal, now time.Time, out *Out) {
	r := d.of(p.Recipient)
	if p.Withdraw {
		d.withdraw(r, p, now, out)
		return
	}
	d.gates(r, event.Notification{Proposal: p, Decided: now}, out)
}

// gates decides about one firing. It is run again for one that was deferred.
func (d *Desk) gates(r *recipient, n event.Notification, out *Out) {
	now := n.Decided
	n.Outcome, n.Until = "", nil
	r.address(&n)
	if reason := d.refuse(r, &n); reason != "" {
		d.drop(r, n, reason, out)
		return
	}
	urgent := n.Notice.Priority == event.High
	if until, quiet := r.preferences.QuietUntil(now); quiet && !urgent {
		d.defers(r, n, until, out)
		return
	}
	rule := ruleOf(n.Proposal)
	if w := n.Notice.Digest; w != nil && !urgent {
		if open := r.digests[rule]; open != nil {
			d.join(r, n, open, out)
			return
		}
		if last := r.lastSend(rule); w.Wait || !last.IsZero() && now.Before(last.Add(time.Duration(w.Window))) {
			due := now.Add(time.Duration(w.Window))
			if !w.Wait {
				due = last.Add(time.Duration(w.Window))
			}
			if !w.Wait && !r.affords(n.Notice.Budget, rule, due) {
				d.drop(r, n, event.ByBudget, out) // the digest that it would open could not be sent
				return
			}
			d.join(r, n, d.open(r, n, rule, due), out)
			return
		}
	}
	if !r.affords(n.Notice.Budget, rule, now) {
		d.drop(r, n, event.ByBudget, out)
		return
	}
	d.send(r, n, out)
}

// refuse tries the gates that drop.
func (d *Desk) refuse(r *recipient, n *event.Notification) event.Reason {
	if n.Shadow {
		return event.ByMode
	}
	for _, s := range d.silences {
		if s.Covers(n.Proposal, n.Decided) {
			return event.BySilence
		}
	}
	if reason := r.channels(n); reason != "" {
		return reason
	}
	if _, again := r.decided[n.ID]; again {
		return event.ByDuplicate
	}
	return ""
}

// channels leaves those that the notice names and the recipient allows.
func (r *recipient) channels(n *event.Notification) (last event.Reason) {
	n.Channels = nil
	for _, c := range n.Notice.Channels {
		switch {
		case c == event.Email && (!r.preferences.Consent.Email || r.preferences.Email == ""):
			last = event.ByConsent
		case !r.preferences.Wants(n.Notice.Category, c):
			last = event.ByPreference
		default:
			n.Channels = append(n.Channels, c)
		}
	}
	if len(n.Channels) > 0 {
		return ""
	}
	return cmp.Or(last, event.ByPreference)
}

// address says where, in which language and in which zone a recipient reads.
func (r *recipient) address(n *event.Notification) {
	n.Language, n.Email, n.TimeZone = r.preferences.Language, r.preferences.Email, r.preferences.TimeZone
}

// lastSend is when something of a rule was last sent; zero: not lately.
func (r *recipient) lastSend(rule string) time.Time {
	if times := r.sends[rule]; len(times) > 0 {
		return times[len(times)-1]
	}
	return time.Time{}
}

// affords says whether the budget has room for a send at a time.
func (r *recipient) affords(b *event.Budget, rule string, at time.Time) bool {
	if b == nil {
		return true
	}
	spent := 0
	for _, sent := range r.sends[rule] {
		if at.Before(sent.Add(time.Duration(b.Per))) {
			spent++
		}
	}
	return spent < b.Count
}

// keepFor is how long a send matters to a notice's budget and digest.
func keepFor(n event.Notice) time.Duration {
	var keep time.Duration
	if n.Budget != nil {
		keep = time.Duration(n.Budget.Per)
	}
	if n.Digest != nil {
		keep = max(keep, time.Duration(n.Digest.Window))
	}
	return keep
}

func (d *Desk) send(r *recipient, n event.Notification, out *Out) {
	n.Outcome = event.Sent
	d.decide(r, n.Recipient, n.ID, decision{At: n.Decided, Rule: ruleOf(n.Proposal), Outcome: event.Sent, Alive: len(n.Items)}, out)
	rule := ruleOf(n.Proposal)
	if keep := keepFor(n.Notice); keep > 0 {
		r.sends[rule] = slices.DeleteFunc(append(r.sends[rule], n.Decided), func(t time.Time) bool { return !n.Decided.Before(t.Add(keep)) })
		out.fact(sendsKey(n.Recipient, rule), r.sends[rule])
	}
	out.Notifications = append(out.Notifications, n)
}

func (d *Desk) drop(r *recipient, n event.Notification, reason event.Reason, out *Out) {
	n.Outcome, n.Reason, n.Channels, n.Until = event.Suppressed, reason, nil, nil
	if reason != event.ByDuplicate {
		d.decide(r, n.Recipient, n.ID, decision{At: n.Decided, Rule: ruleOf(n.Proposal), Outcome: event.Suppressed}, out)
	}
	out.Notifications = append(out.Notifications, n)
}

func (d *Desk) defers(r *recipient, n event.Notification, until time.Time, out *Out) {
	n.Outcome, n.Reason, n.Until, n.Channels = event.Deferred, event.ByQuietHours, &until, nil
	r.deferred[n.ID] = n
	out.fact(deferredKey(n.Recipient, n.ID), n)
	d.due.add(appointment{at: until, recipient: n.Recipient, deferred: n.ID})
	out.Notifications = append(out.Notifications, n)
}

// decide remembers an id.
func (d *Desk) decide(r *recipient, id, notification string, made decision, out *Out) {
	r.decided[notification] = made
	out.fact(decidedKey(id, notification), made)
	d.due.add(appointment{at: made.At.Add(memory), recipient: id, forget: notification})
}

// Erase withdraws everything that is about a student or waits for them, and
// forgets what they want. What was decided stays remembered only while it waits
// to be forgotten.
func (d *Desk) Erase(student string, now time.Time, out *Out) {
	r := d.recipients[student]
	if r == nil {
		return
	}
	before := len(out.Notifications)
	for _, id := range slices.Sorted(maps.Keys(r.deferred)) {
		n := r.deferred[id]
		n.Decided = now
		out.fact(deferredKey(student, id), nil)
		d.drop(r, n, event.ByErasure, out)
	}
	for _, rule := range slices.Sorted(maps.Keys(r.digests)) {
		for _, n := range r.close(student, rule, out) {
			n.Decided = now
			d.drop(r, n, event.ByErasure, out)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(r.decided)) {
		if made := r.decided[id].Outcome; made == event.Sent || made == event.Retracted { // it may be told again should they come back
			set, rule, _ := strings.Cut(r.decided[id].Rule, "/")
			out.Notifications = append(out.Notifications, event.Notification{
				Proposal: event.Proposal{ID: id, Ruleset: set, Rule: rule, Recipient: student, At: now}, Outcome: event.Retracted, Reason: event.ByErasure, Decided: now,
			})
		}
		out.fact(decidedKey(student, id), nil)
		if len(out.Notifications) == before { // whoever keeps what was decided hears that it ends
			out.Notifications = append(out.Notifications, event.Notification{
				Proposal: event.Proposal{ID: id, Recipient: student, At: now}, Outcome: event.Suppressed, Reason: event.ByErasure, Decided: now,
			})
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(r.sends)) {
		out.fact(sendsKey(student, rule), nil)
	}
	delete(d.recipients, student)
}

// ruleOf names a rule across rulesets.
func ruleOf(p event.Proposal) string { return p.Ruleset + "/" + p.Rule }

func (o *Out) fact(key string, v any) {
	f := event.Fact{Key: key}
	if v != nil {
		data, err := json.Marshal(v)
		if err != nil { // only values made of strings, numbers and times come here
			panic("notify: " + err.Error())
		}
		f.Value = data
	}
	o.Facts = append(o.Facts, f)
}
