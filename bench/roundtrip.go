package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	echoTopic = "bench-echo"
	echoBytes = 500 // of a record: about an opportunity's
)

// roundTrips produces to one topic at a rate, acknowledged by all replicas, and
// consumes it with another client: no transaction, no group, no work. It gives
// how long each record took from when it was due.
func roundTrips(ctx context.Context, brokers []string, rate int, span time.Duration) ([]time.Duration, error) {
	// The same waits as the engine's clients: no linger, and fetches that answer as soon as there is anything.
	producer, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ProducerLinger(0), kgo.RequiredAcks(kgo.AllISRAcks()),
		kgo.ProducerBatchCompression(kgo.NoCompression()))
	if err != nil {
		return nil, err
	}
	defer producer.Close()
	if _, err := kadm.NewClient(producer).CreateTopic(ctx, 4, 1, nil, echoTopic); err != nil && !errors.Is(err, kerr.TopicAlreadyExists) {
		return nil, fmt.Errorf("create topic %s: %w", echoTopic, err)
	}
	consumer, err := kgo.NewClient(kgo.SeedBrokers(brokers...), kgo.ConsumeTopics(echoTopic), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	if err != nil {
		return nil, err
	}
	defer consumer.Close()
	e := &echo{producer: producer, consumer: consumer}
	if _, err := e.run(ctx, rate, slot); err != nil { // both clients have found the broker
		return nil, err
	}
	return e.run(ctx, rate, span)
}

type echo struct{ producer, consumer *kgo.Client }

func (e *echo) run(ctx context.Context, rate int, span time.Duration) ([]time.Duration, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	start := time.Now() // also tells the records of this run from earlier ones
	var took []time.Duration
	var consuming sync.WaitGroup
	consuming.Go(func() { took = consume(ctx, e.consumer, start, int(span.Seconds()*float64(rate))) })
	err := pace(ctx, rate, span, func(due time.Time, n int) {
		for range n {
			value := binary.BigEndian.AppendUint64(nil, uint64(start.UnixNano()))
			value = binary.BigEndian.AppendUint64(value, uint64(due.Sub(start)))
			value = append(value, bytes.Repeat([]byte{'x'}, echoBytes-len(value))...)
			e.producer.Produce(ctx, &kgo.Record{Topic: echoTopic, Value: value}, func(_ *kgo.Record, err error) {
				if err != nil {
					cancel(fmt.Errorf("produce: %w", err))
				}
			})
		}
	})
	if err != nil {
		cancel(err)
	}
	consuming.Wait()
	if cause := context.Cause(ctx); cause != nil {
		return nil, cause
	}
	return took, nil
}

// consume reads until it has seen all records of the run.
func consume(ctx context.Context, client *kgo.Client, start time.Time, total int) []time.Duration {
	var took []time.Duration
	for len(took) < total && ctx.Err() == nil {
		fetches := client.PollFetches(ctx)
		now := time.Now()
		fetches.EachRecord(func(r *kgo.Record) {
			if len(r.Value) == echoBytes && int64(binary.BigEndian.Uint64(r.Value)) == start.UnixNano() {
				took = append(took, now.Sub(start.Add(time.Duration(binary.BigEndian.Uint64(r.Value[8:])))))
			}
		})
	}
	return took
}
