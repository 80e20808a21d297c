package node

import (
	"testing"
	"time"

	"tideline/bench/oracle"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/skills"
	"tideline/streams"
)

// stands is what the engine remembers to have told.
func (c *campus) stands() map[oracle.Firing]bool {
	state, stands := map[string][]byte{}, map[oracle.Firing]bool{}
	for _, in := range c.read(streams.State) {
		state[string(in.Key)] = in.Value
	}
	for key, value := range state {
		if f, ok := oracle.ParseFact(key, value); ok {
			stands[f] = true
		}
	}
	return stands
}

// What is there when the rules come is adopted, however often it is sent again;
// what comes afterwards is told. The oracle knows both from when the rules came.
func TestRulesThatComeAfterTheDataTellWhatRisesSince(t *testing.T) {
	c := newCampus(t)
	c.follow()
	opportunities := c.season()
	c.tick(noon.Add(time.Hour))
	c.quiesce()
	before := c.logs()
	c.campusRules()
	c.quiesce()
	for range 2 {
		var again []streams.Record
		for _, o := range opportunities {
			again = append(again, streams.Opportunity(o))
		}
		c.send(again...)
		c.quiesce()
	}
	var fresh []streams.Record
	for o := range demo.New(8, demo.Sizes{Students: 1, Opportunities: 60}, noon, demo.Skills[:30]).Opportunities() {
		o.ID = "fresh:" + o.ID
		fresh = append(fresh, streams.Opportunity(o))
	}
	c.send(fresh...)
	now := noon.Add(2 * time.Hour)
	c.tick(now)
	c.quiesce()

	logs, came := c.logs(), noon.Add(time.Hour)
	for i, list := range [][]oracle.Record{logs.Opportunities, logs.Profiles, logs.Signals} {
		there := map[int32]int64{}
		for _, r := range [][]oracle.Record{before.Opportunities, before.Profiles, before.Signals}[i] {
			there[r.Partition] = r.Offset + 1
		}
		for j := range list {
			if list[j].Time = noon; list[j].Offset >= there[list[j].Partition] {
				list[j].Time = came.Add(30 * time.Minute)
			}
		}
	}
	activation := event.RulesetRecord{Ruleset: &event.Activation{Name: "campus", Digest: "d", At: came}}
	logs.Rulesets = []oracle.Record{{Key: "campus", Value: activation.Encode(), Time: came}}
	config := oracle.Config{
		AliasTable: skills.Table(), Weights: oracleWeights(c.config.Partition.Match), Now: func(int32) time.Time { return now },
		Digest: "d", Acted: func(int32) time.Time { return came }, Skew: time.Second,
	}
	want, stands := oracle.Rules(logs, config), c.stands()
	c.same(want.DiffFirings(stands))
	for job := range want.Candidates {
		c.same(want.DiffCandidates(job, c.shortlist(job)))
	}
	if len(want.Must) == 0 || len(want.Open) > 0 {
		t.Errorf("%d firings must stand, of %d nothing is claimed", len(want.Must), len(want.Open))
	}
	config.Acted = nil // as if they had been in force all the time
	if adopted := len(oracle.Rules(logs, config).DiffFirings(stands)); adopted == 0 {
		t.Error("nothing was adopted: the campus shows nothing")
	}
}
