package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Table keeps a process's copy of the opportunities topic: everything from the
// start, then whatever comes.
type Table struct {
	client *kgo.Client
	start  spans
	sink   func([]Input) error
	log    *slog.Logger

	mu       sync.Mutex
	next     map[int32]int64 // first offset not yet applied
	moved    chan struct{}   // closed and replaced whenever next moves
	caughtUp chan struct{}
}

// NewTable opens the table. Sink takes records in offset order per partition,
// first all that exist, in large runs, then as they come; one call at a time.
func NewTable(ctx context.Context, config Config, log *slog.Logger, sink func([]Input) error) (*Table, error) {
	cl, err := config.client(log,
		kgo.ConsumeTopics(Opportunities), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.KeepControlRecords(), kgo.FetchMaxWait(fetchWait))
	if err != nil {
		return nil, err
	}
	start, err := extents(ctx, kadm.NewClient(cl), Opportunities)
	if err != nil {
		cl.Close()
		return nil, err
	}
	return &Table{
		client: cl, start: start, sink: sink, log: log, next: map[int32]int64{},
		moved: make(chan struct{}), caughtUp: make(chan struct{}),
	}, nil
}

// Close releases the client.
func (t *Table) Close() { t.client.Close() }

// CaughtUp is closed once everything that existed at the start is applied.
func (t *Table) CaughtUp() <-chan struct{} { return t.caughtUp }

// Run follows the topic until ctx ends or Close; then it returns nil.
func (t *Table) Run(ctx context.Context) error {
	var backlog []Input
	loading := true
	for {
		if loading && t.reached() {
			loading = false
			if err := t.apply(backlog); err != nil {
				return err
			}
			backlog = nil
			close(t.caughtUp)
		}
		records, ends, err := t.poll(ctx, loading)
		if ctx.Err() != nil || errors.Is(err, kgo.ErrClientClosed) {
			return nil
		}
		if err != nil {
			// The client goes on by itself; what is final shows up as lag.
			t.log.Warn("the opportunities could not be read; tried again", "error", err)
			if sleep(ctx, 100*time.Millisecond) != nil {
				return nil
			}
		}
		if loading {
			backlog = append(backlog, records...)
		} else if err := t.apply(records); err != nil {
			return err
		}
		t.move(ends)
	}
}

// poll waits for records. While loading, it does not wait for ever: what existed
// at the start may end in offsets that were compacted away.
func (t *Table) poll(ctx context.Context, loading bool) (records []Input, ends map[int32]int64, err error) {
	waiting, cancel := ctx, context.CancelFunc(func() {})
	if loading {
		waiting, cancel = context.WithTimeout(ctx, lull)
	}
	fetches := t.client.PollFetches(waiting)
	cancel()
	if fetches.IsClientClosed() {
		return nil, nil, kgo.ErrClientClosed
	}
	records, ends = gather(fetches)
	if err := pollError(fetches); err != nil || !loading || len(ends) > 0 {
		return records, ends, err
	}
	for n, s := range t.start[Opportunities] {
		at := max(s.from, t.Position(n))
		if at >= s.to {
			continue
		}
		next, err := pastGap(ctx, t.client, Opportunities, n, at)
		if err != nil {
			return nil, ends, err
		}
		if next > at {
			ends[n] = next
		}
	}
	return nil, ends, nil
}

// gather takes the data records of a poll and how far it got.
func gather(fetches kgo.Fetches) (records []Input, ends map[int32]int64) {
	ends = map[int32]int64{}
	fetches.EachRecord(func(r *kgo.Record) {
		if !r.Attrs.IsControl() {
			records = append(records, input(r))
		}
		ends[r.Partition] = r.Offset + 1
	})
	return records, ends
}

func (t *Table) apply(records []Input) error {
	if len(records) == 0 {
		return nil
	}
	if err := t.sink(records); err != nil {
		return fmt.Errorf("apply %d opportunity records: %w", len(records), err)
	}
	return nil
}

// reached says whether the polls have passed what existed at the start.
func (t *Table) reached() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	for n, s := range t.start[Opportunities] {
		if s.from < s.to && t.next[n] < s.to {
			return false
		}
	}
	return true
}

// Position is the first offset of a partition that is not yet applied; 0 before the first.
func (t *Table) Position(partition int32) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next[partition]
}

func (t *Table) move(ends map[int32]int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	maps.Copy(t.next, ends)
	close(t.moved)
	t.moved = make(chan struct{})
}

// Wait blocks until the record at an offset is applied, or ctx ends.
func (t *Table) Wait(ctx context.Context, partition int32, offset int64) error {
	for {
		t.mu.Lock()
		done, moved := t.next[partition] > offset, t.moved
		t.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-moved:
		}
	}
}
