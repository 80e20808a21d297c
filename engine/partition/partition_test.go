package partition

import (
	"fmt"
	"testing"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
)

var start = time.Date(2026, 5, 1, 8, 0, 0, 0, time.UTC)

// bench is a partition with its catalog, and what it said it wants to be remembered.
type bench struct {
	*Partition
	t       *testing.T
	catalog *catalog.Catalog
	offset  int64
	state   map[string][]byte // engine-state

	erasures int64 // so far
}

func newBench(t *testing.T, config Config) *bench {
	config.Match = match.Default()
	dict := match.NewDictionary(skills.Normalize)
	b := &bench{t: t, catalog: catalog.New(config.Match, dict), state: map[string][]byte{}}
	b.Partition = New(0, config, dict, b.catalog)
	return b
}

// do runs events and flushes, as a batch does.
func (b *bench) do(events ...func(*Effects)) Effects {
	var out Effects
	for _, e := range events {
		e(&out)
	}
	b.Flush(&out)
	b.keep(out.Facts...)
	b.keep(b.Commit(1, 1))
	return out
}

func (b *bench) keep(facts ...Fact) {
	for _, f := range facts {
		if b.state[f.Key] = f.Value; f.Value == nil {
			delete(b.state, f.Key)
		}
	}
}

// restarted is the partition as another process restores it.
func (b *bench) restarted(profiles ...event.Profile) *bench {
	next := &bench{t: b.t, catalog: b.catalog, offset: b.offset, state: b.state}
	next.Partition = New(0, b.config, match.NewDictionary(skills.Normalize), b.catalog)
	for _, p := range profiles {
		next.RestoreProfile(p)
	}
	for key, value := range b.state {
		if err := next.RestoreFact(key, value); err != nil {
			b.t.Fatal(err)
		}
	}
	next.Restored()
	return next
}

// publish stores an opportunity, or with nil takes it away, and gives its range.
func (b *bench) publish(id string, o *event.Opportunity) event.Range {
	b.t.Helper()
	err := b.catalog.Apply([]catalog.Change{{Position: catalog.Position{Offset: b.offset}, ID: id, Opportunity: o}})
	if err != nil {
		b.t.Fatal(err)
	}
	b.offset++
	return event.Range{From: b.offset - 1, To: b.offset - 1}
}

func profile(id string) event.Profile {
	return event.Profile{ID: id, Skills: []event.Skill{{Name: "go", Level: 3}}}
}

func opportunity(i int) event.Opportunity {
	return event.Opportunity{
		ID: fmt.Sprint("o", i), Bucket: event.Jobs, Title: "t", Status: event.Open, PostedAt: start.Add(time.Duration(i) * time.Hour),
		Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}},
	}
}

func putProfile(b *bench, id string) func(*Effects) {
	return func(out *Effects) { b.Profile(profile(id), start, out) }
}

func said(b *bench, student, id string, kind event.SignalKind, about string) func(*Effects) {
	return func(out *Effects) {
		s := event.Signal{ID: id, Student: student, Kind: kind, Opportunity: about, At: start, Features: []string{"skill:go"}}
		b.Signal(s, start, out)
	}
}

func erase(b *bench, student string) func(*Effects) {
	return func(out *Effects) { b.erasures++; b.Erase(student, b.erasures, out) }
}

// void is of the n-th erasure; 0 is of none.
func void(b *bench, student string, n int64) func(*Effects) {
	return func(out *Effects) {
		if n > 0 {
			n++
		}
		b.Void(student, n, out)
	}
}
