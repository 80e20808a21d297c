package partition

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

// seen is a remembered signal id, filed by the day it expires from.
type seen struct {
	student string
	hash    uint64
}

// Signal takes one signal, written to the topic at a time. A signal id that the
// student has sent before changes nothing; it reports whether the signal was new.
func (p *Partition) Signal(s event.Signal, at time.Time, out *Effects) bool {
	p.hear(at, out)
	if s.Kind == event.Impression || s.Kind == event.Click {
		return true // recorded in the topic, changes nothing
	}
	f := p.of(s.Student)
	hash := xxhash.Sum64String(s.ID)
	if _, again := f.signals[hash]; again {
		return false
	}
	p.early(at)
	was := p.past(s.Student)
	p.remember(s.Student, f, hash, p.meta.Heard)
	out.fact(signalKey(s.Student, hash), timeValue(p.meta.Heard))
	if f.erased > 0 {
		p.overhear(s, out)
		return true
	}
	switch s.Kind {
	case event.Save:
		f.saved[s.Opportunity] = s.At
		p.saves(s.Student, s.Opportunity)
		out.fact(savedKey(s.Student, s.Opportunity), timeValue(s.At))
		p.train(s, f, 1, 1, out)
	case event.Unsave:
		if _, was := f.saved[s.Opportunity]; was {
			delete(f.saved, s.Opportunity)
			p.unsaved(s.Student, s.Opportunity)
			out.fact(savedKey(s.Student, s.Opportunity), nil)
		}
	case event.Ignore:
		f.ignored[s.Opportunity] = s.At
		out.fact(ignoredKey(s.Student, s.Opportunity), timeValue(s.At))
		p.hide(s.Student, s.Opportunity, f, out)
		p.train(s, f, 0, 1, out)
	case event.Unignore:
		if _, was := f.ignored[s.Opportunity]; was {
			delete(f.ignored, s.Opportunity)
			out.fact(ignoredKey(s.Student, s.Opportunity), nil)
			p.unhide(s.Student, s.Opportunity, f)
		}
	case event.ApplyClick:
		p.train(s, f, 1, 2, out)
	}
	p.views[s.Student] = struct{}{}
	p.touchSignal(s, was, touch{kind: rulesets.OnSignals, at: at}, out)
	p.hand(out)
	return true
}

// saves notes, by opportunity, who saved it.
func (p *Partition) saves(student, opportunity string) {
	if p.savers[opportunity] == nil {
		p.savers[opportunity] = map[string]struct{}{}
	}
	p.savers[opportunity][student] = struct{}{}
}

func (p *Partition) unsaved(student, opportunity string) {
	if delete(p.savers[opportunity], student); len(p.savers[opportunity]) == 0 {
		delete(p.savers, opportunity)
	}
}

// hide takes an ignored opportunity out of the feed it may stand in. The bucket
// is not known when the opportunity is not: then all three are asked.
func (p *Partition) hide(student, opportunity string, f *facts, out *Effects) {
	p.students.SetIgnored(student, members(f.ignored))
	if _, ok := p.students.Lookup(student); !ok {
		return
	}
	for _, b := range event.Buckets {
		if _, dirty := p.dirty[feedID{student, b}]; !dirty {
			out.remove(student, b, event.MemberOf(opportunity))
		}
	}
}

// unhide lets an opportunity back in: by a rebuild, because it may stand anywhere.
func (p *Partition) unhide(student, opportunity string, f *facts) {
	p.students.SetIgnored(student, members(f.ignored))
	if item, ok := p.catalog.Get(opportunity); ok && item.Latest().Opportunity != nil {
		p.dirty[feedID{student, item.Latest().Opportunity.Bucket}] = struct{}{}
	}
}

// overhear takes a signal that an erasure voids: the global model learns from
// it as from all others, or what it knows would depend on which of the two was
// read first.
func (p *Partition) overhear(s event.Signal, out *Effects) {
	switch s.Kind {
	case event.Save:
		p.learn(s, match.NewDeviation(), 1, 1, out)
	case event.Ignore:
		p.learn(s, match.NewDeviation(), 0, 1, out)
	case event.ApplyClick:
		p.learn(s, match.NewDeviation(), 1, 2, out)
	}
}

// learn teaches a student's model and the global one, and keeps the global one.
func (p *Partition) learn(s event.Signal, own *match.Deviation, y, m float64, out *Effects) {
	p.global.Train(own, s.Features, y, m)
	for _, feature := range s.Features {
		out.fact(globalKey(feature), encode(p.global.Feature(feature)))
	}
}

// train learns from one signal and re-ranks the student's feeds.
func (p *Partition) train(s event.Signal, f *facts, y, m float64, out *Effects) {
	if len(s.Features) == 0 {
		return
	}
	if f.model == nil {
		f.model = match.NewDeviation()
	}
	p.learn(s, f.model, y, m, out)
	out.fact(weightsKey(s.Student), encode(f.model))
	if _, ok := p.students.Lookup(s.Student); ok {
		p.students.SetWeights(s.Student, f.model.Weights())
		p.rebuildAll(s.Student)
	}
}

// hear moves the clock of the signals forward. How long an id is remembered is
// counted by it alone: a client's time may be any, and how far the ticks are
// ahead of the signals depends on what was read first.
func (p *Partition) hear(at time.Time, out *Effects) {
	before := p.meta.Heard
	if !at.After(before) {
		return
	}
	p.meta.Heard = at.UTC()
	if dayOf(at) > dayOf(before) {
		p.forget(dayOf(at)-signalMemory, out)
	}
}

func dayOf(t time.Time) int64 { return t.Unix() / 86400 }

func (p *Partition) remember(student string, f *facts, hash uint64, at time.Time) {
	f.signals[hash] = at
	p.days[dayOf(at)] = append(p.days[dayOf(at)], seen{student, hash})
}

// forget ends the signal ids that were filed under the days before one.
func (p *Partition) forget(limit int64, out *Effects) {
	for _, day := range slices.Sorted(maps.Keys(p.days)) {
		if day >= limit {
			return
		}
		for _, old := range p.days[day] {
			if f := p.facts[old.student]; f != nil {
				if _, known := f.signals[old.hash]; known {
					delete(f.signals, old.hash)
					out.fact(signalKey(old.student, old.hash), nil)
				}
			}
		}
		delete(p.days, day)
	}
}

func members(ids map[string]time.Time) []event.Member {
	list := make([]event.Member, 0, len(ids))
	for id := range ids {
		list = append(list, event.MemberOf(id))
	}
	slices.Sort(list)
	return list
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // only plain numbers, strings and times come here
		panic("partition: " + err.Error())
	}
	return b
}

func timeValue(t time.Time) []byte { return encode(t) }
