package node

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"tideline/bench/oracle"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/streams"
)

// noon is what the clock says on the campus; the engine has no other.
var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

// season publishes a small campus: what is there, then what happens.
func (c *campus) season() (opportunities []event.Opportunity) {
	there := demo.New(7, demo.Sizes{Students: 60, Opportunities: 400}, noon, demo.Skills[:30])
	var records []streams.Record
	for p := range there.Students() {
		records = append(records, streams.Profile(p))
	}
	for o := range there.Opportunities() {
		opportunities = append(opportunities, o)
		records = append(records, streams.Opportunity(o))
	}
	for s := range there.Signals(opportunities) {
		for _, o := range opportunities {
			if o.ID == s.Opportunity {
				s.Features = match.Features(o, skills.Normalize)
			}
		}
		records = append(records, streams.Signal(s))
	}
	c.send(records...)
	c.tick(noon)
	return opportunities
}

func (c *campus) tick(now time.Time) {
	if err := c.producer.Tick(c.t.Context(), now, 0, 1, 2, 3); err != nil {
		c.t.Fatal(err)
	}
}

// changes publishes what takes things out of feeds again.
func (c *campus) changes(opportunities []event.Opportunity) {
	var records []streams.Record
	for i, o := range opportunities[:200] {
		switch i % 4 {
		case 0:
			records = append(records, streams.NoOpportunity(o.ID))
		case 1:
			o.Status = event.Closed
			records = append(records, streams.Opportunity(o))
		case 2:
			o.Skills = o.Skills[:1]
			records = append(records, streams.Opportunity(o))
		}
	}
	for i := range 10 {
		records = append(records, streams.NoProfile(demo.StudentID(5*i)))
	}
	p := event.Profile{ID: demo.StudentID(0), Skills: []event.Skill{{Name: demo.Skills[0], Level: 5}}}
	records = append(records, streams.Profile(p), streams.Signal(event.Signal{
		ID: "again", Student: p.ID, Kind: event.Save, Opportunity: opportunities[201].ID, At: noon,
		Features: match.Features(opportunities[201], skills.Normalize),
	}))
	c.send(records...)
	c.tick(noon.Add(10 * 24 * time.Hour)) // past deadlines, and so far ahead that ranges may have been missed
}

func (c *campus) logs() (logs oracle.Logs) {
	for topic, into := range map[string]*[]oracle.Record{
		streams.Opportunities: &logs.Opportunities, streams.Profiles: &logs.Profiles, streams.Signals: &logs.Signals,
		streams.StageChanges: &logs.StageChanges, streams.Evaluations: &logs.Evaluations,
	} {
		for _, in := range c.read(topic) {
			*into = append(*into, oracle.Record{Partition: in.Partition, Offset: in.Offset, Key: string(in.Key), Value: in.Value, Time: in.Time})
		}
	}
	return logs
}

// check compares everything that students are shown with the oracle.
func (c *campus) check(now time.Time, students int) {
	c.t.Helper()
	want := oracle.Compute(c.logs(), oracle.Config{
		AliasTable: skills.Table(), Weights: oracleWeights(c.config.Partition.Match), Now: func(int32) time.Time { return now },
	})
	entries := 0
	for _, student := range want.Students() {
		n := event.Partition(student, campusPartitions)
		for _, b := range event.Buckets {
			page, err := c.store.Page(c.t.Context(), n, student, b, event.FeedShow)
			if err != nil {
				c.t.Fatal(err)
			}
			entries += len(page)
			got := make([]oracle.Place, len(page))
			for i, e := range page {
				got[i] = oracle.Place{Member: uint64(e.Member), Key: e.Key}
			}
			c.same(oracle.Diff(student, string(b), want.Feeds[student][string(b)], got))
		}
		view, err := c.store.View(c.t.Context(), n, student)
		if err != nil {
			c.t.Fatal(err)
		}
		c.same(want.DiffKnown(student, oracle.Known{
			Saved: slices.Collect(maps.Keys(view.Saved)), Ignored: slices.Collect(maps.Keys(view.Ignored)), Weights: view.Weights,
		}))
	}
	if len(want.Feeds) != students || entries < 10*students {
		c.t.Errorf("only %d students and %d entries were compared", len(want.Feeds), entries)
	}
	if keys := len(c.redis.Keys()); keys != 4*students+campusPartitions {
		c.t.Errorf("%d keys; each of %d students has a view and three feeds, each partition a fence", keys, students)
	}
}

func (c *campus) same(differences []oracle.Difference) {
	c.t.Helper()
	if len(differences) > 0 {
		c.t.Fatal(fmt.Sprintf("%d differences, the first: ", len(differences)), differences[0])
	}
}

func TestACampusEqualsTheOracleAlsoAfterRedisHasLostIt(t *testing.T) {
	c := newCampus(t)
	c.follow()
	opportunities := c.season()
	c.settle()
	c.check(noon, 60)

	c.redis.FlushAll()
	c.tick(noon.Add(time.Hour)) // the next batch finds it empty
	c.settle()
	c.check(noon.Add(time.Hour), 60)

	c.redis.FlushAll()
	c.changes(opportunities) // the batch that erases finds it empty
	c.settle()
	c.check(noon.Add(10*24*time.Hour), 51)
}
