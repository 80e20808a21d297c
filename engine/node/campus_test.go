package node

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"

	"tideline/deploy/local"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
	"tideline/feeds"
	"tideline/streams"
)

// campusPartitions is P on the campus of these tests.
const campusPartitions = 4

var quietly = slog.New(slog.DiscardHandler)

// campus is an engine with real servers in the process, driven step by step.
type campus struct {
	*Engine
	t       *testing.T
	redis   *miniredis.Miniredis
	kafka   streams.Config
	metrics *prometheus.Registry
	asks    *asking // see ends
}

func newCampus(t *testing.T) *campus {
	servers, err := local.Start(t.Context(), local.Options{Dir: t.TempDir(), Kafka: true, Log: quietly})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	c := &campus{
		t: t, redis: miniredis.RunT(t), metrics: prometheus.NewRegistry(),
		kafka: streams.Config{Brokers: servers.Brokers, Group: "tideline", Instance: "a", SessionTimeout: 2 * time.Second},
	}
	if _, err := streams.EnsureTopics(t.Context(), c.kafka, campusPartitions, 0, 1, quietly); err != nil {
		t.Fatal(err)
	}
	store := feeds.New(feeds.Config{Addrs: []string{c.redis.Addr()}}, nil, quietly)
	t.Cleanup(func() { _ = store.Close() })
	config := EngineConfig{
		Partition: partition.Config{Match: match.Default(), MaxEntries: 200}, MaxRecords: 500,
		RetryEvery: time.Millisecond, Tick: time.Hour,
	}
	c.Engine, err = Open(t.Context(), c.kafka, campusPartitions, store, config, match.NewDictionary(skills.Normalize), c.metrics, quietly)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// follow keeps the catalog at the end of the opportunities, as Run does, until it is stopped.
func (c *campus) follow() (end func()) {
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- c.table.Run(ctx) }()
	end = sync.OnceFunc(func() {
		stop()
		if err := <-ended; err != nil {
			c.t.Errorf("table: %v", err)
		}
	})
	c.t.Cleanup(end)
	c.await(c.table.CaughtUp(), "the table has not caught up")
	c.status.tableReady()
	return end
}

func (c *campus) await(done <-chan struct{}, or string) {
	c.t.Helper()
	select {
	case <-done:
	case <-time.After(time.Minute):
		c.t.Fatal(or)
	}
}

func (c *campus) send(records ...streams.Record) {
	c.t.Helper()
	if err := c.producer.Send(c.t.Context(), records...); err != nil {
		c.t.Fatal(err)
	}
}

// settle takes steps until everything is processed and no feed waits for a rebuild.
func (c *campus) settle() {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	for before := -1; ctx.Err() == nil; {
		if err := c.step(ctx); err != nil {
			c.t.Fatal(err)
		}
		done := c.processed()
		if done == before && c.Settled() && done == c.written() {
			return
		}
		before = done
	}
	c.t.Fatalf("it does not settle: %d of %d records are processed", c.processed(), c.written())
}

// processed is how many records the engine says it has taken.
func (c *campus) processed() (n int) {
	families, err := c.metrics.Gather()
	if err != nil {
		c.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "tideline_engine_events_total" {
			for _, m := range family.GetMetric() {
				n += int(m.GetCounter().GetValue())
			}
		}
	}
	return n
}

// written is how many records there are for it to take.
func (c *campus) written() (n int) {
	for _, topic := range []string{streams.Opportunities, streams.Profiles, streams.Signals, streams.Fanout} {
		n += len(c.read(topic))
	}
	return n
}

// read gives everything that is committed in a topic.
func (c *campus) read(topic string) (all []streams.Input) {
	c.t.Helper()
	err := streams.ReadLog(c.t.Context(), c.kafka, quietly, topic, func(in streams.Input) error {
		all = append(all, in)
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	return all
}

func anOpportunity(id string) event.Opportunity {
	return event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: "Intern", Status: event.Open, PostedAt: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
		Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}},
	}
}

// tableThatFailsAt gives the engine a table that fails at the n-th opportunity.
func (c *campus) tableThatFailsAt(n int) {
	failing, err := streams.NewTable(c.t.Context(), c.kafka, quietly, func(inputs []streams.Input) error {
		if n -= len(inputs); n <= 0 {
			return errors.New("no room for more")
		}
		return nil
	})
	if err != nil {
		c.t.Fatal(err)
	}
	c.t.Cleanup(failing.Close)
	c.table = failing
}
