package streams

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// span is a run of offsets of one topic partition, the end exclusive.
type span struct{ from, to int64 }

type spans map[string]map[int32]span

// read consumes spans outside any group, committed records only, in offset
// order per partition, and returns when it has passed every end. An end among
// aborted records is never seen; idle, if not 0, is how long to wait for it.
func read(ctx context.Context, config Config, log *slog.Logger, todo spans, idle time.Duration, sink func(Input) error) error {
	offsets, open := map[string]map[int32]kgo.Offset{}, 0
	for topic, partitions := range todo {
		for n, s := range partitions {
			if s.from >= s.to {
				continue
			}
			if offsets[topic] == nil {
				offsets[topic] = map[int32]kgo.Offset{}
			}
			offsets[topic][n] = kgo.NewOffset().At(s.from)
			open++
		}
	}
	if open == 0 {
		return nil
	}
	cl, err := config.client(log,
		kgo.ConsumePartitions(offsets), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.KeepControlRecords()) // a span may end in transaction markers, and nothing else would tell
	if err != nil {
		return err
	}
	defer cl.Close()
	for open > 0 {
		poll, cancel := idleAfter(ctx, idle)
		fetches := cl.PollFetches(poll)
		cancel()
		if err := fetches.Err0(); err != nil && ctx.Err() == nil && idle > 0 {
			return nil
		} else if err != nil {
			return fmt.Errorf("read %v: %w", topicNames(todo), err)
		}
		var failed error
		fetches.EachError(func(topic string, n int32, err error) { failed = fmt.Errorf("read %s[%d]: %w", topic, n, err) })
		if failed != nil {
			return failed
		}
		fetches.EachRecord(func(r *kgo.Record) {
			end := todo[r.Topic][r.Partition].to
			if r.Offset < end && !r.Attrs.IsControl() && failed == nil {
				failed = sink(input(r))
			}
			if r.Offset >= end-1 && end > 0 {
				todo[r.Topic][r.Partition] = span{} // done; later records of the fetch are past the end
				open--
			}
		})
		if failed != nil {
			return failed
		}
	}
	return nil
}

func idleAfter(ctx context.Context, idle time.Duration) (context.Context, context.CancelFunc) {
	if idle == 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, idle)
}

func topicNames(todo spans) []string {
	var names []string
	for topic := range todo {
		names = append(names, topic)
	}
	return names
}

// extents gives, per partition, everything that is committed now.
func extents(ctx context.Context, admin *kadm.Client, topics ...string) (spans, error) {
	starts, err := admin.ListStartOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list the first offsets of %v: %w", topics, err)
	}
	ends, err := admin.ListCommittedOffsets(ctx, topics...)
	if err != nil {
		return nil, fmt.Errorf("list the last offsets of %v: %w", topics, err)
	}
	all := spans{}
	ends.Each(func(o kadm.ListedOffset) {
		if o.Err != nil {
			err = fmt.Errorf("list the last offset of %s[%d]: %w", o.Topic, o.Partition, o.Err)
			return
		}
		start, _ := starts.Lookup(o.Topic, o.Partition)
		if all[o.Topic] == nil {
			all[o.Topic] = map[int32]span{}
		}
		all[o.Topic][o.Partition] = span{start.Offset, o.Offset}
	})
	return all, err
}

// ReadLog gives every committed record of a topic, in offset order per partition.
func ReadLog(ctx context.Context, config Config, log *slog.Logger, topic string, sink func(Input) error) error {
	cl, err := config.client(log)
	if err != nil {
		return err
	}
	defer cl.Close()
	all, err := extents(ctx, kadm.NewClient(cl), topic)
	if err != nil {
		return err
	}
	return read(ctx, config, log, all, 5*time.Second, sink)
}
