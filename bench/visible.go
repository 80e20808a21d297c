package main

import (
	"context"
	"fmt"
	"time"

	"tideline/engine/node"
	"tideline/streams"
)

// visible is the way of an opportunity from the producer to the feed of the
// student who waits for it, under load, held against a bare produce and consume
// through the same broker at the same rate.
func (l *lab) visible() row {
	v := &visibleRun{lab: l}
	return row{
		name: "produce to visible in the feed, p99 at 1000 events/s", unit: "ms", against: "bare Kafka round trip, p99", bar: 5,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			if err := v.open(ctx, server); err != nil {
				v.close()
				return nil, nil, err
			}
			return func() (sample, error) { return v.sample(ctx) }, v.close, nil
		},
		note: func() string { return v.summary },
	}
}

type visibleRun struct {
	lab     *lab
	kafka   streams.Config
	engine  *node.Engine
	probing probing
	summary string
	closers []func()
}

func (v *visibleRun) defers(f func()) { v.closers = append(v.closers, f) }

func (v *visibleRun) close() {
	for i := range v.closers {
		v.closers[len(v.closers)-1-i]()
	}
}

// open starts a broker and an engine, and loads the campus.
func (v *visibleRun) open(ctx context.Context, server *redisServer) error {
	kafka, stop, err := startKafka(ctx)
	if err != nil {
		return err
	}
	v.defers(stop)
	v.kafka = kafka
	store := server.store()
	v.defers(func() { store.Close() })
	if v.engine, err = openEngine(ctx, v.kafka, store); err != nil {
		return err
	}
	v.defers(v.engine.Close)
	v.defers(running(ctx, v.engine))
	load, records := newLoad(v.lab.seed, feedProbe)
	v.probing = probing{redis: server, producer: v.engine.Producer(), load: load, span: v.lab.span}
	return v.fill(ctx, records)
}

// fill loads the campus and waits until all of it is processed.
func (v *visibleRun) fill(ctx context.Context, records []streams.Record) error {
	if err := v.engine.Producer().Send(ctx, records...); err != nil {
		return fmt.Errorf("load the campus: %w", err)
	}
	ready := func() bool { ok, _ := v.engine.Ready(); return ok && v.engine.Settled() }
	if err := until(ctx, 2*time.Minute, func() bool { return ready() && v.engine.Students() == visibleStudents+probers }); err != nil {
		return fmt.Errorf("wait for the campus: %w", err)
	}
	return nil
}

// until looks every 20 ms.
func until(ctx context.Context, patience time.Duration, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

func (v *visibleRun) sample(ctx context.Context) (s sample, err error) {
	bare, err := roundTrips(ctx, v.kafka.Brokers, visibleRate, v.lab.span)
	if err != nil {
		return sample{}, fmt.Errorf("bare round trip: %w", err)
	}
	seen, err := v.probing.run(ctx)
	if err != nil {
		return sample{}, err
	}
	s, v.summary = against(seen, bare)
	return s, nil
}
