package partition_test

import (
	"fmt"
	"testing"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
)

// A batch that takes a while meets many small ranges, and what it
// puts off must not grow with their number. Each is written again at every batch.
func TestRangesThatArePutOffJoin(t *testing.T) {
	dict := match.NewDictionary(skills.Normalize)
	c := catalog.New(match.Default(), dict)
	p := partition.New(0, partition.Config{Match: match.Default(), MaxEntries: 5}, dict, c)
	at := time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)
	var out partition.Effects
	p.Profile(event.Profile{ID: "ann", Skills: []event.Skill{{Name: "go", Level: 3}}}, at, &out)
	p.Flush(&out)
	out = partition.Effects{}
	const all = 50
	for i := range int64(all) {
		o := event.Opportunity{
			ID: fmt.Sprint("o", i), Bucket: event.Jobs, Title: "t", Status: event.Open, PostedAt: at,
			Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}},
		}
		if err := c.Apply([]catalog.Change{{Position: catalog.Position{Offset: i}, ID: o.ID, Opportunity: &o}}); err != nil {
			t.Fatal(err)
		}
		p.Range(event.Range{From: i, To: i}, &out)
	}
	batches := 1
	entered := out.Entries
	for ; len(out.Rest) > 0 && batches < 100; batches++ {
		if n := len(out.Rest); n != 1 || len(p.Meta().Open) != n {
			t.Fatalf("batch %d puts off %d ranges and keeps %d open", batches, n, len(p.Meta().Open))
		}
		rest := out.Rest
		if low := p.Passed()[0]; low != rest[0].From {
			t.Fatalf("passed %d with %+v open", low, rest)
		}
		out = partition.Effects{}
		for _, r := range rest {
			p.Range(r, &out)
		}
		entered += out.Entries
	}
	if entered != all || batches != all/5 || len(p.Meta().Open) != 0 || p.Passed()[0] != all {
		t.Errorf("%d entries in %d batches, open %v, passed %d", entered, batches, p.Meta().Open, p.Passed()[0])
	}
}
