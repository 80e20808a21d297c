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

const (
	// lull is how long a reader waits for records before it looks whether there are any.
	lull = 300 * time.Millisecond
	// fetchWait is how long a broker may hold a fetch that has nothing to give;
	// other requests on the connection, as of that look, wait behind it.
	fetchWait = 250 * time.Millisecond
)

// read consumes spans outside any group, committed records only, in offset
// order per partition, and returns when it has passed every end.
func read(ctx context.Context, config Config, log *slog.Logger, todo spans, sink func(Input) error) error {
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
		kgo.FetchMaxPartitionBytes(8<<20), kgo.FetchMaxWait(fetchWait),
		kgo.KeepControlRecords()) // a span may end in transaction markers, and nothing else would tell
	if err != nil {
		return err
	}
	defer cl.Close()
	r := reader{client: cl, todo: todo, open: open, sink: sink}
	for r.open > 0 {
		if err := r.poll(ctx); err != nil {
			return err
		}
	}
	return nil
}

// reader is one read under way; the from of each span moves forward.
type reader struct {
	client *kgo.Client
	todo   spans
	open   int // spans that have not reached their end
	sink   func(Input) error
}

func (r *reader) poll(ctx context.Context) error {
	waiting, cancel := context.WithTimeout(ctx, lull)
	fetches := r.client.PollFetches(waiting)
	cancel()
	if ctx.Err() != nil {
		return fmt.Errorf("read %v: %w", topicNames(r.todo), ctx.Err())
	}
	failed := pollError(fetches)
	if failed != nil {
		return fmt.Errorf("read: %w", failed)
	}
	if fetches.NumRecords() == 0 {
		return r.skip(ctx)
	}
	fetches.EachRecord(func(record *kgo.Record) {
		end := r.todo[record.Topic][record.Partition].to
		if record.Offset < end && !record.Attrs.IsControl() && failed == nil {
			failed = r.sink(input(record))
		}
		r.passed(record.Topic, record.Partition, record.Offset+1)
	})
	return failed
}

// passed notes that everything before an offset has been seen.
func (r *reader) passed(topic string, n int32, next int64) {
	s := r.todo[topic][n]
	if s.from >= s.to {
		return // past the end: later records of the same fetch
	}
	s.from = next
	r.todo[topic][n] = s
	if s.from >= s.to {
		r.open--
	}
}

// skip passes over what was compacted away at the end of a span.
func (r *reader) skip(ctx context.Context) error {
	for topic, partitions := range r.todo {
		for n, s := range partitions {
			if s.from >= s.to {
				continue
			}
			next, err := pastGap(ctx, r.client, topic, n, s.from)
			if err != nil {
				return err
			}
			r.passed(topic, n, next)
		}
	}
	return nil
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
	return read(ctx, config, log, all, sink)
}
