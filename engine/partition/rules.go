package partition

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"tideline/engine/event"
	"tideline/engine/notify"
	"tideline/rulesets"
)

// force is one rule in force.
type force struct {
	id     string // ruleset/rule
	set    string
	digest string // of the ruleset's text
	rule   *rulesets.Rule
}

// rulebook is what is in force.
type rulebook struct {
	sets   map[string]inForce
	forces []*force // by id
	byID   map[string]*force
}

// inForce is one activated ruleset: its record in engine-state.
type inForce struct {
	event.Activation
	Meanings map[string]string `json:"meanings"` // by rule
}

func newRulebook() rulebook {
	return rulebook{sets: map[string]inForce{}, byID: map[string]*force{}}
}

func rulesetKey(name string) string { return sep + "ruleset" + sep + name }

// Rules takes a record of the rulesets topic: a ruleset or a silence that came,
// changed or went. A ruleset that does not compile changes nothing; the error is
// an *event.Invalid then.
func (p *Partition) Rules(r event.Rules, out *Effects) error {
	p.revision++
	switch {
	case r.Record == nil:
		if _, known := p.book.sets[r.Key]; known {
			p.retire(r.Key, nil, out)
			p.uninstall(r.Key)
			out.fact(rulesetKey(r.Key), nil)
		} else {
			id := strings.TrimPrefix(r.Key, "silence/")
			p.atDesk(out, func(o *notify.Out) { p.desk.EndSilence(id, o) })
		}
	case r.Record.Silence != nil:
		p.atDesk(out, func(o *notify.Out) { p.desk.SetSilence(*r.Record.Silence, o) })
	case r.Record.Ruleset != nil:
		return p.activate(*r.Record.Ruleset, out)
	}
	return nil
}

// activate puts a ruleset in force. Rules that mean what they meant go on; new
// and edited ones adopt what matches already.
func (p *Partition) activate(a event.Activation, out *Effects) error {
	set, err := p.config.Compile(a.Name, a.Source)
	if err == nil && set.Name != a.Name {
		err = fmt.Errorf("the ruleset calls itself %q", set.Name)
	}
	if err != nil {
		return &event.Invalid{What: "ruleset", Fields: []event.FieldError{{Path: a.Name, Code: event.UnknownValue, Message: err.Error()}}}
	}
	before := p.book.sets[a.Name]
	next := inForce{Activation: a, Meanings: map[string]string{}}
	var fresh []string
	for _, rule := range set.Rules {
		if before.Meanings[rule.ID] != rule.Meaning {
			fresh = append(fresh, a.Name+"/"+rule.ID)
		}
		next.Meanings[rule.ID] = rule.Meaning
	}
	p.retire(a.Name, next.Meanings, out)
	out.fact(rulesetKey(a.Name), encode(next))
	p.install(set, next)
	p.schedule(fresh)
	if a.Send > 0 {
		p.sendCurrent(fresh, a.Send, out)
	}
	return nil
}

// install replaces the compiled rules of one set.
func (p *Partition) install(set *rulesets.Set, record inForce) {
	p.uninstall(set.Name)
	p.book.sets[set.Name] = record
	for _, rule := range set.Rules {
		if rule.Mode != rulesets.Off {
			f := &force{id: set.Name + "/" + rule.ID, set: set.Name, digest: set.Digest, rule: rule}
			p.book.byID[f.id] = f
		}
	}
	p.book.index()
}

func (p *Partition) uninstall(name string) {
	delete(p.book.sets, name)
	maps.DeleteFunc(p.book.byID, func(_ string, f *force) bool { return f.set == name })
	p.book.index()
}

// index orders the rules, so that the same records always fire them in the same order.
func (b *rulebook) index() {
	b.forces = slices.SortedFunc(maps.Values(b.byID), func(x, y *force) int { return cmp.Compare(x.id, y.id) })
}

// retire forgets what is remembered of a set's rules that are no longer there.
// What they sent stays sent.
func (p *Partition) retire(set string, keep map[string]string, out *Effects) {
	gone := func(f *force) bool {
		if f == nil || f.set != set {
			return false
		}
		_, kept := keep[f.rule.ID]
		return !kept
	}
	for _, student := range slices.Sorted(maps.Keys(p.instances)) {
		for _, i := range slices.Clone(p.instances[student]) {
			if gone(p.book.byID[i.Rule]) {
				p.forgetInstance(student, i, out)
			}
		}
	}
	for _, id := range slices.Sorted(maps.Keys(p.ranks)) {
		if gone(p.book.byID[id]) {
			p.retireRank(id, out)
		}
	}
}

// restoreRuleset loads an activation that was processed before.
func (p *Partition) restoreRuleset(name string, value []byte) error {
	if value == nil {
		p.uninstall(name)
		return nil
	}
	var record inForce
	if err := json.Unmarshal(value, &record); err != nil {
		return err
	}
	set, err := p.config.Compile(record.Name, record.Source)
	if err != nil {
		return fmt.Errorf("ruleset %s, in force before, no longer compiles: %w", name, err)
	}
	p.install(set, record)
	return nil
}

// Preferences takes what a recipient wants.
func (p *Partition) Preferences(v event.Preferences) { p.desk.SetPreferences(v) }

// ErasePreferences forgets what a recipient wants.
func (p *Partition) ErasePreferences(recipient string) { p.desk.ErasePreferences(recipient) }

// Propose takes a firing for a recipient of this partition.
func (p *Partition) Propose(proposal event.Proposal, out *Effects) {
	p.early(proposal.At)
	p.atDesk(out, func(o *notify.Out) { p.desk.Propose(proposal, p.time(), o) })
}

// shadow says whether firings are dropped at the first gate.
func (f *force) shadow() bool { return f.rule.Mode == rulesets.Shadow }

// Active gives what is in force, by the key of its record in the rulesets topic,
// and a number that differs whenever it does.
func (p *Partition) Active() (list map[string]event.RulesetRecord, revision int) {
	list = map[string]event.RulesetRecord{}
	for name, record := range p.book.sets {
		list[name] = event.RulesetRecord{Ruleset: &record.Activation}
	}
	for _, s := range p.desk.Silences() {
		list["silence/"+s.ID] = event.RulesetRecord{Silence: &s}
	}
	return list, p.revision
}

// Revision differs whenever Active does.
func (p *Partition) Revision() int { return p.revision }
