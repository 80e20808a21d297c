// Package rehearsal plays events through the rules without sending anything: for
// the tests of a ruleset, and for plans, which compare what two rulesets make of
// the recorded past.
//
// It drives the real partition, one that owns every student, recruiter and job,
// by hand: no Kafka, no Redis, no clock. The same input gives the same output, to
// the byte.
package rehearsal

import (
	"fmt"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
	"tideline/rulesets"
)

// World is a campus of one partition.
type World struct {
	catalog   *catalog.Catalog
	partition *partition.Partition
	offset    int64
	erased    int64 // erasures so far
	decided   []event.Notification
	stats     map[string]partition.RuleStats
}

// NewWorld returns an empty campus. Normalize gives the canonical spelling of a skill.
func NewWorld(config match.Config, normalize func(string) string) *World {
	dict := match.NewDictionary(normalize)
	w := &World{
		catalog: catalog.New(config, dict), stats: map[string]partition.RuleStats{},
	}
	w.partition = partition.New(0, partition.Config{Match: config, MaxEntries: 1 << 30}, dict, w.catalog)
	return w
}

// Decided gives what was decided since the last call.
func (w *World) Decided() []event.Notification {
	list := w.decided
	w.decided = nil
	return list
}

// Stats counts, by ruleset/rule, what the rules did so far.
func (w *World) Stats() map[string]partition.RuleStats { return w.stats }

// step carries one event through the partition, and what follows from it until
// nothing more does.
func (w *World) step(do func(out *partition.Effects) error) error {
	var out partition.Effects
	if err := do(&out); err != nil {
		return err
	}
	for {
		w.partition.Flush(&out)
		w.decided = append(w.decided, out.Notifications...)
		for rule, s := range out.Rules {
			w.stats[rule] = w.stats[rule].Plus(*s)
		}
		offers, proposals := out.Offers, out.Proposals
		if len(offers)+len(proposals) == 0 {
			return nil
		}
		out = partition.Effects{}
		for _, list := range offers {
			w.partition.Candidates(list, &out)
		}
		for _, p := range proposals {
			w.partition.Propose(p, &out)
		}
	}
}

// Activate puts a ruleset in force.
func (w *World) Activate(name, source string, at time.Time) error {
	return w.step(func(out *partition.Effects) error {
		set, problems := rulesets.Compile(name, []byte(source), rulesets.Options{Normalize: skills.Normalize})
		if set == nil {
			return problems.Err()
		}
		a := event.Activation{Name: name, Source: source, Digest: set.Digest, At: at}
		return w.partition.Rules(event.Rules{Key: name, Record: &event.RulesetRecord{Ruleset: &a}}, out)
	})
}

// Silence starts a silence.
func (w *World) Silence(s event.Silence) error {
	return w.step(func(out *partition.Effects) error {
		return w.partition.Rules(event.Rules{Key: "silence/" + s.ID, Record: &event.RulesetRecord{Silence: &s}}, out)
	})
}

// Tick moves the clock.
func (w *World) Tick(now time.Time) error {
	return w.step(func(out *partition.Effects) error {
		w.partition.Tick(now.UTC().Truncate(time.Second), out)
		return nil
	})
}

// Opportunity publishes one; nil deletes it.
func (w *World) Opportunity(id string, o *event.Opportunity, at time.Time) error {
	position := catalog.Position{Offset: w.offset}
	w.offset++
	if err := w.catalog.Apply([]catalog.Change{{Position: position, ID: id, Opportunity: o}}); err != nil {
		return fmt.Errorf("opportunity %q: %w", id, err)
	}
	err := w.step(func(out *partition.Effects) error {
		w.partition.Range(event.Range{From: position.Offset, To: position.Offset, At: at.UnixMilli()}, out)
		return nil
	})
	if err != nil {
		return err
	}
	return w.catalog.Release(w.partition.Passed())
}

// Profile publishes a profile.
func (w *World) Profile(p event.Profile, at time.Time) error {
	return w.step(func(out *partition.Effects) error { w.partition.Profile(p, at, out); return nil })
}

// Erase takes a profile back.
func (w *World) Erase(student string) error {
	return w.step(func(out *partition.Effects) error { w.erased++; w.partition.Erase(student, w.erased, out); return nil })
}

// Signal sends a signal.
func (w *World) Signal(s event.Signal, at time.Time) error {
	return w.step(func(out *partition.Effects) error { w.partition.Signal(s, at, out); return nil })
}

// StageChange moves an application.
func (w *World) StageChange(s event.StageChange) error {
	return w.step(func(out *partition.Effects) error { w.partition.StageChange(s, out); return nil })
}

// Evaluation gives feedback.
func (w *World) Evaluation(e event.Evaluation) error {
	return w.step(func(out *partition.Effects) error { w.partition.Evaluation(e, out); return nil })
}

// Message says something within an application.
func (w *World) Message(m event.Message) error {
	return w.step(func(out *partition.Effects) error { w.partition.Message(m, out); return nil })
}

// Preferences says what a recipient wants.
func (w *World) Preferences(p event.Preferences) error {
	return w.step(func(*partition.Effects) error { w.partition.Preferences(p); return nil })
}

// NoPreferences takes that back.
func (w *World) NoPreferences(recipient string) error {
	return w.step(func(*partition.Effects) error { w.partition.ErasePreferences(recipient); return nil })
}
