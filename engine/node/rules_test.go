package node

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/bench/oracle"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/feeds"
	shipped "tideline/rulesets/campus"
	"tideline/streams"
)

// campusRules puts the shipped rules in force, as the router passes them on.
func (c *campus) campusRules() {
	source, err := campusFile()
	if err != nil {
		c.t.Fatal(err)
	}
	var records []streams.Record
	for n := range int32(campusPartitions) {
		records = append(records, streams.FanoutTo(n, event.Fanout{Rules: &event.Rules{
			Key: "campus", Record: &event.RulesetRecord{Ruleset: &event.Activation{Name: "campus", Version: 1, Digest: "d", Source: source, At: noon}},
		}}))
	}
	c.send(records...)
	c.tick(noon.Add(-time.Hour))
}

func campusFile() (string, error) {
	source, err := shipped.FS.ReadFile("campus.yaml")
	return string(source), err
}

// checkRules compares what stands, and who is a candidate, with the oracle, and
// gives how often each notification was sent.
func (c *campus) checkRules(now time.Time) map[string]int {
	c.t.Helper()
	logs := c.logs()
	for _, list := range [][]oracle.Record{logs.Opportunities, logs.Profiles, logs.Signals} {
		for i := range list {
			list[i].Time = noon // as the clock of this campus had it
		}
	}
	want := oracle.Rules(logs, oracle.Config{
		AliasTable: skills.Table(), Weights: oracleWeights(c.config.Partition.Match), Now: func(int32) time.Time { return now },
	})
	state, stands, by := map[string][]byte{}, map[oracle.Firing]bool{}, map[string]int{}
	for _, in := range c.read(streams.State) {
		state[string(in.Key)] = in.Value
	}
	for key, value := range state {
		if f, ok := oracle.ParseFact(key, value); ok {
			stands[f] = true
		}
	}
	for f := range want.Must {
		by[f.Rule]++
	}
	for _, rule := range []string{oracle.JobMatch, oracle.HackathonClosing, oracle.GapReminder} {
		if by[rule] == 0 {
			c.t.Errorf("%s must not fire for anybody: the campus shows nothing", rule)
		}
	}
	c.same(want.DiffFirings(stands))
	for job := range want.Candidates {
		c.same(want.DiffCandidates(job, c.shortlist(job)))
	}
	sent, alerts := map[string]int{}, 0
	for _, in := range c.read(streams.Notifications) {
		n, err := event.DecodeNotification(in.Value)
		if err != nil {
			c.t.Fatal(err)
		}
		if n.Outcome == event.Sent {
			if sent[n.ID]++; sent[n.ID] > 1 {
				c.t.Errorf("%s of %s is sent again", n.ID, n.Rule)
			}
			if n.Audience == event.ToRecruiter {
				alerts++
			}
		}
	}
	if alerts == 0 || len(want.Candidates) == 0 {
		c.t.Errorf("%d alerts of %d jobs with candidates", alerts, len(want.Candidates))
	}
	return sent
}

func (c *campus) shortlist(job string) (got []oracle.Ranked) {
	c.t.Helper()
	value, err := c.store.Blob(c.t.Context(), event.Partition(job, campusPartitions), feeds.Candidates, job)
	if err != nil {
		c.t.Fatal(err)
	}
	var lists []struct{ Candidates []event.Candidate }
	if value != nil {
		if err := json.Unmarshal(value, &lists); err != nil {
			c.t.Fatal(err)
		}
	}
	for _, list := range lists {
		for _, candidate := range list.Candidates {
			got = append(got, oracle.Ranked{Student: candidate.Student, Score: candidate.Score})
		}
	}
	return got
}

// restart ends the engine and opens another in its place.
func (c *campus) restart() {
	c.t.Helper()
	store, config := c.store, c.config
	c.Close()
	c.metrics = prometheus.NewRegistry()
	engine, err := Open(c.t.Context(), c.kafka, campusPartitions, store, config, match.NewDictionary(skills.Normalize), c.metrics, quietly)
	if err != nil {
		c.t.Fatal(err)
	}
	c.Engine = engine
	c.t.Cleanup(engine.Close)
	c.follow()
}

// quiesce takes steps until what rules have proposed, too, is worked off.
func (c *campus) quiesce() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for before, same := int64(-1), 0; ctx.Err() == nil; {
		if err := c.step(ctx); err != nil {
			c.t.Fatal(err)
		}
		done := c.ends(streams.State, streams.Fanout)
		if same++; done != before || !c.Settled() {
			same = 0
		}
		if same >= 3 {
			return
		}
		before = done
	}
	c.t.Fatal("it does not settle")
}

func TestRulesSpeakOnceAlsoAfterARestartAndWhenRedisHasLostEverything(t *testing.T) {
	c := newCampus(t)
	end := c.follow()
	c.campusRules()
	c.quiesce()
	c.season()
	now := noon.Add(time.Hour)
	c.tick(now)
	c.quiesce()
	first := c.checkRules(now)

	c.redis.FlushAll()
	now = now.Add(time.Minute)
	c.tick(now)
	c.quiesce()
	if again := c.checkRules(now); len(again) != len(first) {
		t.Errorf("%d sent, %d before Redis lost everything", len(again), len(first))
	}

	end()
	c.restart()
	now = now.Add(time.Minute)
	c.tick(now)
	c.quiesce()
	if again := c.checkRules(now); len(again) != len(first) {
		t.Errorf("%d sent, %d before the restart", len(again), len(first))
	}
}
