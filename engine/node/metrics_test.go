package node

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/engine/event"
	"tideline/engine/partition"
	"tideline/streams"
)

func TestOnlyWhatIsCommittedIsCounted(t *testing.T) {
	c := newCampus(t)
	c.follow()
	for i := range 40 {
		c.send(streams.Profile(event.Profile{ID: fmt.Sprint("s", i)}))
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var batch streams.Batch
	for len(batch.Partitions) < 2 {
		var err error
		if batch, err = c.session.Poll(ctx); err == nil {
			err = c.assign(ctx, batch)
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(batch.Partitions) == 1 {
			if err := c.process(ctx, batch); err != nil {
				t.Fatal(err)
			}
		}
	}
	before := c.processed()
	for n := range batch.Partitions {
		delete(c.actors, n) // as if it were on its way to another process
		break
	}
	if err := c.process(ctx, batch); err == nil {
		t.Fatal("the batch is committed")
	}
	if now := c.processed(); now != before {
		t.Errorf("%d records of an aborted batch are counted", now-before)
	}
	c.settle() // to exactly what was written
}

func TestOpportunitiesAgeFromTheirRecordNotFromTheRoutersRange(t *testing.T) {
	now := time.Now()
	var batch tally
	for _, f := range []event.Fanout{{Range: &event.Range{To: 3, At: now.Add(-10 * time.Second).UnixMilli()}}, {Tick: &now}} {
		batch.add(streams.Input{Topic: streams.Fanout, Value: f.Encode(), Time: now}, "applied")
	}
	batch.add(streams.Input{Topic: streams.Profiles, Time: now.Add(-2 * time.Second)}, "applied")
	batch.shown = now
	registry := prometheus.NewRegistry()
	newMetrics(registry).committed(batch)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	ages := map[string]string{}
	for _, family := range families {
		if family.GetName() == "tideline_engine_event_to_feed_seconds" {
			for _, m := range family.GetMetric() {
				h := m.GetHistogram()
				ages[m.GetLabel()[0].GetValue()] = fmt.Sprintf("%d of %.0f s", h.GetSampleCount(), h.GetSampleSum())
			}
		}
	}
	if len(ages) != 2 || ages[streams.Opportunities] != "1 of 10 s" || ages[streams.Profiles] != "1 of 2 s" {
		t.Errorf("ages %v", ages)
	}
}

func TestTimersThatNoLongerWaitAreNotShown(t *testing.T) {
	registry := prometheus.NewRegistry()
	m := newMetrics(registry)
	at, hold := partition.Waiting{Rule: "campus/x", For: "at"}, partition.Waiting{Rule: "campus/y", For: "hold"}
	m.pending(map[partition.Waiting]int{at: 2, hold: 1})
	m.pending(map[partition.Waiting]int{at: 3})
	want := "# HELP tideline_rule_timers Timers of the owned partitions by what they wait for: hold, at, repeat, settle. One whose subject has changed since counts until it is due.\n" +
		"# TYPE tideline_rule_timers gauge\ntideline_rule_timers{for=\"at\",rule=\"campus/x\"} 3\n"
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "tideline_rule_timers"); err != nil {
		t.Error(err)
	}
}
