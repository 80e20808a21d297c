package api

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"sync"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/skills"
	"tideline/rulesets"
)

// testRules is a ruleset with a rule of each kind that is explained.
const testRules = `apiVersion: tideline/v1
ruleset: test
rules:
  - id: fits
    audience: student
    on: [opportunities, profiles]
    when: opp.bucket == "jobs" && match.overlap >= 0.75
    once_per: [student.id, opp.id]
    notify: {category: jobs, priority: normal, template: job-match, channels: [inapp]}
  - id: lacks
    audience: student
    on: [profiles]
    each: student.gaps
    as: gap
    when: gap.severity >= 0.7
    notify: {category: learning, priority: low, template: gap, channels: [inapp]}
  - id: tops
    audience: recruiter
    on: [profiles, opportunities]
    when: opp.recruiter == "rita" && match.overlap >= 0.5
    notify: {category: candidates, priority: high, template: top-candidate, channels: [inapp]}
  - id: stuck
    audience: recruiter
    on: [stage-changes]
    when: app.stage in ["shortlisted", "interview_completed"] && has_skill(opp, "sql")
    held_for: 7d
    once_per: [app.id, app.stage_seq]
    notify: {category: pipeline, template: stage-stuck, channels: [inapp]}
`

// notifyWorld is what rules and notifications stand on, in memory.
type notifyWorld struct {
	*Switchboard
	mu          sync.Mutex
	inboxes     map[string][]event.InboxItem // oldest first
	cut         map[string]int64             // below this sequence the inbox keeps nothing
	retracted   map[string][]Told            // oldest first
	next        int64                        // how far the inboxes have come
	position    int64                        // how far the tail has come
	looked      chan struct{}                // told, when not nil, of each look for what came after
	trouble     error                        // of the store of inboxes
	wishes      map[string]event.Preferences
	decisions   map[string]event.Decision // by recipient/key
	lists       []Shortlist
	versions    []RulesetVersion // oldest first
	active      map[string]event.RulesetRecord
	report      TestReport
	rehearsed   []string
	marks       []event.Mark
	activations []event.Activation
	silences    []event.Silence
}

func (w *world) notifyPorts() NotifyPorts {
	n := &notifyWorld{
		Switchboard: NewSwitchboard(), inboxes: map[string][]event.InboxItem{}, cut: map[string]int64{}, retracted: map[string][]Told{}, wishes: map[string]event.Preferences{},
		decisions: map[string]event.Decision{}, active: map[string]event.RulesetRecord{}, report: TestReport{Tests: []TestResult{}},
	}
	w.notify = n
	return NotifyPorts{
		Inbox: n, Live: n, Candidates: n, Rulesets: n, Rehearsal: n, Publisher: notifyTopics{w},
		Active:     func() map[string]event.RulesetRecord { return n.active },
		Compile:    rulesets.Options{Normalize: skills.Normalize},
		RuleCounts: func() map[string]RuleCounts { return map[string]RuleCounts{"test/fits": {Evaluated: 7, Matched: 2}} },
		Opportunities: func(yield func(event.Opportunity) bool) {
			w.catalog.Each(func(item *catalog.Item) bool { return yield(*item.Latest().Opportunity) })
		},
		Unsubscribe: func(token string) (string, string, error) {
			if token != "good" {
				return "", "", errors.New("is not one of ours")
			}
			return "sam", "jobs", nil
		},
	}
}

func inboxItemOf(seq int64) event.InboxItem {
	return event.InboxItem{Seq: seq, ID: fmt.Sprintf("n%d", seq), Rule: "test/fits", Category: "jobs", Title: "A job", At: now}
}

// inbox fills one with items of these sequences, oldest first.
func (w *world) inbox(recipient string, items ...event.InboxItem) {
	w.notify.mu.Lock()
	defer w.notify.mu.Unlock()
	w.notify.inboxes[recipient] = append(w.notify.inboxes[recipient], items...)
	for _, i := range items {
		w.notify.next = max(w.notify.next, i.Seq+1)
	}
	w.notify.position = max(w.notify.position, w.notify.next)
}

// retract takes an item out of an inbox.
func (w *world) retract(recipient, id string, seq int64) {
	w.notify.mu.Lock()
	defer w.notify.mu.Unlock()
	w.notify.inboxes[recipient] = slices.DeleteFunc(w.notify.inboxes[recipient], func(i event.InboxItem) bool { return i.ID == id })
	w.notify.retracted[recipient] = append(w.notify.retracted[recipient], Told{Sequence: seq, Retract: id})
	w.notify.next = max(w.notify.next, seq+1)
	w.notify.position = max(w.notify.position, w.notify.next)
}

func (w *world) keep(source, tests string) {
	n := w.notify
	n.versions = append(n.versions, RulesetVersion{
		Name: "test", Version: len(n.versions) + 1, Digest: digestOf(source), Source: source, Tests: tests, By: "olga", At: now,
	})
}

func (w *world) inForce(source string, version int) {
	w.notify.active["test"] = event.RulesetRecord{Ruleset: &event.Activation{Name: "test", Version: version, Source: source, Digest: digestOf(source), Before: 1}}
}

func (n *notifyWorld) List(_ context.Context, recipient string, before int64, limit int) ([]event.InboxItem, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	var list []event.InboxItem
	for _, i := range slices.Backward(n.inboxes[recipient]) {
		if len(list) < limit && (before == 0 || i.Seq < before) {
			list = append(list, i)
		}
	}
	return list, n.trouble
}

func (n *notifyWorld) Unread(context.Context, string) (int, error) { return 0, errors.ErrUnsupported }

func (n *notifyWorld) After(_ context.Context, recipient string, seq int64, limit int) (Since, error) {
	n.mu.Lock()
	told := slices.Clone(n.retracted[recipient])
	for _, i := range n.inboxes[recipient] {
		told = append(told, Told{Sequence: i.Seq, Item: &i})
	}
	slices.SortFunc(told, func(a, b Told) int { return cmp.Compare(a.Sequence, b.Sequence) })
	told = slices.DeleteFunc(told, func(t Told) bool { return t.Sequence <= seq || t.Sequence >= n.next })
	since := Since{Told: told[:min(limit, len(told))], Next: n.next, Lost: n.cut[recipient] - 1}
	looked, trouble := n.looked, n.trouble
	n.mu.Unlock()
	if looked != nil {
		looked <- struct{}{}
	}
	return since, trouble
}

func (n *notifyWorld) Position(string) int64 {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.position
}

func (n *notifyWorld) Mark(_ context.Context, m event.Mark) error {
	if n.trouble != nil {
		return n.trouble
	}
	found := false
	for i, item := range n.inboxes[m.Recipient] {
		if item.ID == m.ID || m.All && item.Seq <= m.UpTo {
			n.inboxes[m.Recipient][i].Flags |= m.Flags
			found = true
		}
	}
	if !found {
		return fmt.Errorf("%w: %q", ErrNoItem, m.ID)
	}
	return nil
}

func (n *notifyWorld) Preferences(_ context.Context, recipient string) (event.Preferences, error) {
	return n.wishes[recipient], n.trouble
}

func (n *notifyWorld) Decision(_ context.Context, recipient, key string) (event.Decision, bool, error) {
	d, known := n.decisions[recipient+"/"+key]
	return d, known, nil
}

func (n *notifyWorld) Candidates(context.Context, string) ([]Shortlist, error) { return n.lists, nil }

func (n *notifyWorld) Latest(context.Context) ([]RulesetVersion, error) {
	return n.versions[max(0, len(n.versions)-1):], nil
}

func (n *notifyWorld) Version(_ context.Context, name string, version int) (RulesetVersion, error) {
	if version == 0 {
		version = len(n.versions)
	}
	if name != "test" || version < 1 || version > len(n.versions) {
		return RulesetVersion{}, fmt.Errorf("%w: %s@%d", ErrNoRuleset, name, version)
	}
	return n.versions[version-1], nil
}

func (n *notifyWorld) Versions(_ context.Context, _ string, before, limit int) ([]RulesetVersion, error) {
	var list []RulesetVersion
	for _, v := range slices.Backward(n.versions) {
		if len(list) < limit && (before == 0 || v.Version < before) {
			list = append(list, v)
		}
	}
	return list, nil
}

func (n *notifyWorld) Put(_ context.Context, v RulesetVersion, latest int) (RulesetVersion, error) {
	if latest != len(n.versions) {
		return v, fmt.Errorf("%w: %s", ErrVersionConflict, v.Name)
	}
	v.Version = latest + 1
	n.versions = append(n.versions, v)
	return v, nil
}

func (n *notifyWorld) Test(_ context.Context, name, source, tests string) (TestReport, error) {
	n.rehearsed = append(n.rehearsed, fmt.Sprintf("test %s %.8s %s", name, digestOf(source), tests))
	return n.report, nil
}

func (n *notifyWorld) Plan(_ context.Context, name, source string, days int) (any, error) {
	n.rehearsed = append(n.rehearsed, fmt.Sprintf("plan %s %.8s %d", name, digestOf(source), days))
	return map[string]int{"after": 7}, nil
}

// notifyTopics keeps what is published.
type notifyTopics struct{ *world }

func (p notifyTopics) PutPreferences(_ context.Context, v event.Preferences) error {
	if p.refuse == nil {
		p.notify.wishes[v.Recipient] = v
	}
	return p.publish("put preferences", v.Recipient)
}

func (p notifyTopics) DeletePreferences(_ context.Context, recipient string) error {
	return p.publish("delete preferences", recipient)
}

func (p notifyTopics) Marks(_ context.Context, list []event.Mark) error {
	p.notify.marks = append(p.notify.marks, list...)
	return p.publish("marks", list[0].Recipient)
}

func (p notifyTopics) PutRuleset(_ context.Context, a event.Activation) error {
	p.notify.activations = append(p.notify.activations, a)
	return p.publish("put ruleset", a.Name)
}

func (p notifyTopics) PutSilence(_ context.Context, s event.Silence) error {
	p.notify.silences = append(p.notify.silences, s)
	return p.publish("put silence", s.ID)
}

func (p notifyTopics) DeleteSilence(_ context.Context, id string) error {
	return p.publish("delete silence", id)
}

// decoded reads the body of an answer of this status.
func decoded[T any](w *world, a answer, status int) T {
	w.t.Helper()
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != status {
		w.t.Fatalf("%d %s (%v)", a.status, a.body, err)
	}
	return v
}
