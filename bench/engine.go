package main

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"tideline/deploy/local"
	"tideline/engine/match"
	"tideline/engine/node"
	"tideline/engine/partition"
	"tideline/feeds"
	"tideline/streams"
)

// studentPartitions is what the embedded broker is used with by default.
const studentPartitions = 8

// troubles lets only errors of the engine through.
func troubles() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError}))
}

// startKafka starts the embedded broker, with its topics, on a directory that
// goes when it is stopped.
func startKafka(ctx context.Context) (streams.Config, func(), error) {
	dir, err := os.MkdirTemp("", "tideline-bench-kafka-")
	if err != nil {
		return streams.Config{}, nil, fmt.Errorf("make a directory for Kafka: %w", err)
	}
	servers, err := local.Start(ctx, local.Options{Dir: dir, Kafka: true, Log: troubles()})
	if err != nil {
		_ = os.RemoveAll(dir)
		return streams.Config{}, nil, err
	}
	stop := func() { servers.Close(); _ = os.RemoveAll(dir) }
	kafka := streams.Config{Brokers: servers.Brokers, Group: "bench", ClientID: "bench", Instance: "bench"}
	if _, err := streams.EnsureTopics(ctx, kafka, studentPartitions, studentPartitions, 1, troubles()); err != nil {
		stop()
		return streams.Config{}, nil, err
	}
	return kafka, stop, nil
}

// openEngine connects an engine with the defaults of the configuration.
func openEngine(ctx context.Context, kafka streams.Config, store *feeds.Store) (*node.Engine, error) {
	config := node.EngineConfig{
		Partition: partition.Config{Match: match.Default()}, MaxRecords: 5000, RetryEvery: time.Second, Tick: 10 * time.Second,
	}
	return node.Open(ctx, kafka, studentPartitions, store, config, match.NewDictionary(fold), nil, troubles())
}

// running runs an engine until the function it returns is called.
func running(ctx context.Context, engine *node.Engine) (stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var group sync.WaitGroup
	group.Go(func() {
		if err := engine.Run(ctx); err != nil {
			troubles().Error("the engine ended", "error", err)
		}
	})
	return func() { cancel(); group.Wait() }
}
