package partition_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
)

const timed = `apiVersion: tideline/v1
ruleset: timed
rules:
  - id: closing
    audience: student
    at: opp.deadline - duration("48h")
    when: opp.bucket == "jobs" && match.overlap >= 0.5
    notify: {category: jobs, template: saved-closing}
  - id: gap
    audience: student
    on: [profiles]
    each: student.gaps
    as: gap
    when: gap.severity >= 0.7
    held_for: 14d
    repeat: {every: 7d, max: 2}
    notify: {category: learning, template: gap}
`

var begin = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

// ruled is a partition with a ruleset in force from the beginning, and its catalog.
func ruled(t *testing.T, name, source string, out *partition.Effects) (*partition.Partition, *catalog.Catalog) {
	t.Helper()
	dict := match.NewDictionary(skills.Normalize)
	c := catalog.New(match.Default(), dict)
	p := partition.New(0, partition.Config{Match: match.Default()}, dict, c)
	p.Tick(begin, out)
	record := event.RulesetRecord{Ruleset: &event.Activation{Name: name, Source: source, At: begin}}
	if err := p.Rules(event.Rules{Key: name, Record: &record}, out); err != nil {
		t.Fatal(err)
	}
	return p, c
}

func TestTimersThatWaitAreCountedOnce(t *testing.T) {
	var out partition.Effects
	p, c := ruled(t, "timed", timed, &out)
	p.Profile(event.Profile{
		ID: "ann", Skills: []event.Skill{{Name: "go", Level: 3}}, Gaps: []event.Gap{{Skill: "aws", Severity: 0.8}},
	}, begin, &out)
	deadline := begin.Add(30 * 24 * time.Hour)
	for offset := range int64(3) { // a source sends the same every day
		o := event.Opportunity{
			ID: "o", Bucket: event.Jobs, Title: "t", Status: event.Open, PostedAt: begin, Deadline: &deadline,
			Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}},
		}
		if err := c.Apply([]catalog.Change{{Position: catalog.Position{Offset: offset}, ID: o.ID, Opportunity: &o}}); err != nil {
			t.Fatal(err)
		}
		p.Range(event.Range{From: offset, To: offset}, &out)
	}
	at, hold, again := partition.Waiting{Rule: "timed/closing", For: "at"}, partition.Waiting{Rule: "timed/gap", For: "hold"}, partition.Waiting{Rule: "timed/gap", For: "repeat"}
	wait := func(days int, want map[partition.Waiting]int) {
		t.Helper()
		p.Tick(begin.Add(time.Duration(days)*24*time.Hour), &out)
		if diff := cmp.Diff(want, p.Waiting()); diff != "" {
			t.Errorf("day %d: %s", days, diff)
		}
	}
	wait(1, map[partition.Waiting]int{at: 1, hold: 1})
	wait(14, map[partition.Waiting]int{at: 1, again: 1})
	wait(21, map[partition.Waiting]int{at: 1}) // the last of two
	wait(28, map[partition.Waiting]int{})
	if fired := out.Rules["timed/closing"].Fired; fired != 1 {
		t.Errorf("what closes is told %d times", fired)
	}
	p.Profile(event.Profile{ID: "ann", Gaps: []event.Gap{{Skill: "sql", Severity: 0.8}}}, begin.Add(28*24*time.Hour), &out)
	wait(29, map[partition.Waiting]int{hold: 1})
	if err := p.Rules(event.Rules{Key: "timed"}, &out); err != nil {
		t.Fatal(err)
	}
	wait(30, map[partition.Waiting]int{}) // nobody asks about rules that are gone
}
