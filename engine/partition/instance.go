package partition

import (
	"encoding/json"
	"slices"
	"time"

	"tideline/engine/event"
)

// The states of an instance.
const (
	holding = "holding" // the condition is true, but not for long enough yet
	fired   = "fired"
	armed   = "armed" // fired before and ready to fire again
)

// instance is what is remembered of one rule and one subject of a student.
type instance struct {
	Rule        string    `json:"rule"` // ruleset/rule
	Key         string    `json:"-"`    // of the fact
	Opportunity string    `json:"opportunity,omitempty"`
	Application string    `json:"application,omitempty"`
	Gap         string    `json:"gap,omitempty"`
	Recipient   string    `json:"recipient,omitempty"` // empty: the student
	State       string    `json:"state"`
	Episode     int       `json:"episode,omitempty"`
	Count       int       `json:"count,omitempty"` // notifications of this episode
	Since       time.Time `json:"since,omitzero"`  // of holding
	Fired       time.Time `json:"fired,omitzero"`  // the last time
	Withdrawn   bool      `json:"withdrawn,omitempty"`
}

// natural is what an instance is about, whatever once_per makes of it.
type natural struct{ opportunity, application, gap string }

func (i *instance) natural() natural { return natural{i.Opportunity, i.Application, i.Gap} }

// due is when an instance has to be looked at again; zero: never.
func (i *instance) due(f *force) time.Time {
	switch {
	case f == nil:
	case i.State == holding:
		return i.Since.Add(f.rule.HeldFor)
	case i.State == fired && i.Withdrawn:
		return i.Fired.Add(withdrawnFor)
	case i.State == fired && f.rule.Repeat != nil && i.Count < f.rule.Repeat.Max:
		return i.Fired.Add(f.rule.Repeat.Every)
	}
	return time.Time{}
}

// withdrawnFor is how long something that is no longer true is remembered, so
// that it is not told again when it comes back: as long as the desk remembers.
const withdrawnFor = 37 * 24 * time.Hour

func ruleKey(student, key string) string { return student + sep + "rule" + sep + key }

// instanceOf finds what is remembered under a key.
func (p *Partition) instanceOf(student, rule, key string) *instance {
	for _, i := range p.instances[student] {
		if i.Key == key && i.Rule == rule {
			return i
		}
	}
	return nil
}

// about lists what is remembered of one rule and natural subject.
func (p *Partition) about(student, rule string, n natural) []*instance {
	var list []*instance
	for _, i := range p.instances[student] {
		if i.Rule == rule && i.natural() == n {
			list = append(list, i)
		}
	}
	return list
}

// remember stores an instance, new or changed.
func (p *Partition) rememberInstance(student string, i *instance, out *Effects) {
	p.keepInstance(student, i)
	out.fact(ruleKey(student, i.Key), encode(i))
	p.await(student, i)
}

// keepInstance puts an instance into memory.
func (p *Partition) keepInstance(student string, i *instance) {
	list := p.instances[student]
	at := slices.IndexFunc(list, func(have *instance) bool { return have.Key == i.Key })
	if at >= 0 {
		list[at] = i
	} else {
		p.instances[student] = append(list, i)
	}
	p.concern(student, i.Opportunity)
}

func (p *Partition) forgetInstance(student string, i *instance, out *Effects) {
	p.dropInstance(student, i.Key)
	out.fact(ruleKey(student, i.Key), nil)
}

func (p *Partition) dropInstance(student, key string) {
	list := slices.DeleteFunc(p.instances[student], func(have *instance) bool { return have.Key == key })
	if len(list) == 0 {
		delete(p.instances, student)
	} else {
		p.instances[student] = list
	}
}

// concern notes that a change of an opportunity matters to a student.
func (p *Partition) concern(student, opportunity string) {
	if opportunity == "" {
		return
	}
	if p.concerned[opportunity] == nil {
		p.concerned[opportunity] = map[string]struct{}{}
	}
	p.concerned[opportunity][student] = struct{}{}
}

// remembers says whether any rule may remember something about a student and an opportunity.
func (p *Partition) remembers(student, opportunity string) bool {
	_, known := p.concerned[opportunity][student]
	return known
}

func (p *Partition) restoreInstance(student, key string, value []byte) error {
	if value == nil {
		p.dropInstance(student, key)
		return nil
	}
	i := &instance{Key: key}
	if err := json.Unmarshal(value, i); err != nil {
		return err
	}
	p.keepInstance(student, i)
	return nil
}

// notificationID is of the instance's last notification.
func (i *instance) notificationID() string {
	return event.NotificationID(i.Key, i.Episode, max(0, i.Count-1))
}
