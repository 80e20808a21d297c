package partition

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
)

// sep parts the student id from the fact's name in a key of engine-state.
const sep = "\x1f"

const metaKey = sep + "meta"

func savedKey(student, opportunity string) string { return student + sep + "saved" + sep + opportunity }

func ignoredKey(student, opportunity string) string {
	return student + sep + "ignored" + sep + opportunity
}
func weightsKey(student string) string { return student + sep + "weights" }
func erasedKey(student string) string  { return student + sep + "erased" }
func globalKey(feature string) string  { return sep + "global" + sep + feature }

func signalKey(student string, hash uint64) string {
	return student + sep + "signal" + sep + strconv.FormatUint(hash, 16)
}

// RestoreProfile loads a profile that was processed before; nothing follows from it.
func (p *Partition) RestoreProfile(profile event.Profile) {
	p.students.Put(profile.ID, profile)
	p.setGaps(profile)
	if f := p.facts[profile.ID]; f != nil {
		p.applyFacts(profile.ID, f)
	}
}

// RestoreErasure takes back a profile that was processed before.
func (p *Partition) RestoreErasure(student string) {
	p.students.Remove(student)
	delete(p.gaps, student)
}

// RestorePreferences loads what a recipient wants, processed before.
func (p *Partition) RestorePreferences(v event.Preferences) { p.desk.SetPreferences(v) }

// RestoreNoPreferences takes that back.
func (p *Partition) RestoreNoPreferences(recipient string) { p.desk.ErasePreferences(recipient) }

// RestoreFact loads one record of engine-state; records come in the order they
// were written. An error means that the record is none of ours or damaged.
func (p *Partition) RestoreFact(key string, value []byte) error {
	student, rest, ok := strings.Cut(key, sep)
	if !ok {
		return fmt.Errorf("engine-state key %q has no separator", key)
	}
	if mine, err := p.desk.Restore(key, value); mine {
		return err
	}
	what, about, _ := strings.Cut(rest, sep)
	var err error
	switch {
	case student == "":
		err = p.restoreOwn(what, about, value)
	case what == "weights":
		err = p.restoreWeights(student, value)
	case what == "rule":
		err = p.restoreInstance(student, about, value)
	case what == "rank":
		err = p.restoreRank(student, about, value)
	case what == "app":
		err = p.restoreApp(student, about, value)
	case what == "erased":
		err = p.restoreErased(student, value)
	default:
		err = p.restoreTime(student, what, about, value)
	}
	if err != nil {
		return fmt.Errorf("engine-state record %q: %w", key, err)
	}
	return nil
}

func (p *Partition) restoreOwn(what, about string, value []byte) error {
	switch what {
	case "meta":
		meta := Meta{Positions: map[int32]int64{}}
		if err := json.Unmarshal(value, &meta); err != nil {
			return err
		}
		p.meta, p.now = meta, meta.Now
		return nil
	case "global":
		return p.global.Restore(about, value)
	case "ruleset":
		return p.restoreRuleset(about, value)
	case "gone":
		return p.restoreGone(about, value)
	case "alert":
		return p.restoreAlert(about, value)
	}
	return fmt.Errorf("unknown fact %q", what)
}

func (p *Partition) restoreWeights(student string, value []byte) error {
	f := p.of(student)
	f.model = nil
	if value == nil {
		return nil
	}
	f.model = match.NewDeviation()
	return json.Unmarshal(value, f.model)
}

func (p *Partition) restoreErased(student string, value []byte) error {
	f := p.of(student)
	f.erased = 0
	if value == nil {
		return nil
	}
	return json.Unmarshal(value, &f.erased)
}

func (p *Partition) restoreTime(student, what, about string, value []byte) error {
	var at time.Time
	if value != nil {
		if err := json.Unmarshal(value, &at); err != nil {
			return err
		}
	}
	f := p.of(student)
	switch what {
	case "saved":
		setOrDelete(f.saved, about, at, value)
	case "ignored":
		setOrDelete(f.ignored, about, at, value)
	case "signal":
		hash, err := strconv.ParseUint(about, 16, 64)
		if err != nil {
			return err
		}
		if value == nil {
			delete(f.signals, hash)
		} else {
			p.remember(student, f, hash, at)
		}
	default:
		return fmt.Errorf("unknown fact %q", what)
	}
	return nil
}

func setOrDelete(m map[string]time.Time, key string, at time.Time, value []byte) {
	if value == nil {
		delete(m, key)
	} else {
		m[key] = at
	}
}

// Restored ends a restore: what signals left behind reaches the index.
func (p *Partition) Restored() {
	p.revision++
	for student, f := range p.facts {
		if f.empty() {
			delete(p.facts, student)
			continue
		}
		p.applyFacts(student, f)
		for opportunity := range f.saved {
			p.saves(student, opportunity)
		}
	}
	for student := range p.apps {
		p.assess(student)
		if s := p.standings[student]; s != nil {
			p.students.SetScores(student, s.activity(), s.interview())
		}
	}
	p.restoreTimers()
}

// restoreTimers arms what is to come.
func (p *Partition) restoreTimers() {
	for student, list := range p.instances {
		for _, i := range list {
			p.await(student, i)
		}
	}
	for key, a := range p.alerts {
		if f := p.book.byID[a.Rule]; a.State == holding && f != nil && f.rule.Rank != nil {
			p.arm(timer{Waiting: Waiting{f.id, waitSettle}, due: a.Since.Add(f.rule.Rank.Settle), key: key})
		}
	}
	p.schedule(slices.Collect(maps.Keys(p.book.byID)))
}
