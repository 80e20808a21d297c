package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Tail hands on every record of a topic, of all partitions, that is committed
// after it was opened, to this process: a process has one a topic, and whoever
// listens, listens to it. It leaves out what came before; that is in the stores.
type Tail struct {
	client  *kgo.Client
	topic   string
	sink    func(in Input) error
	log     *slog.Logger
	records *prometheus.CounterVec

	running sync.Mutex // a tail that runs

	mu   sync.Mutex
	next map[int32]int64
}

// NewTail opens a tail at the end of what is committed. Sink is called with the
// records of a partition in their order, one call at a time; it must not block
// for long, and must not keep what it would have to wait for. Its error is an
// *event.Invalid, of a record that cannot be read: it is counted and passed over.
func NewTail(ctx context.Context, config Config, topic string, sink func(in Input) error, reg prometheus.Registerer, log *slog.Logger) (*Tail, error) {
	ends, err := committedEnds(ctx, config, topic, log)
	if err != nil {
		return nil, err
	}
	offsets := map[int32]kgo.Offset{}
	for n, end := range ends {
		offsets[n] = kgo.NewOffset().At(end)
	}
	cl, err := config.client(log,
		kgo.ConsumePartitions(map[string]map[int32]kgo.Offset{topic: offsets}), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), // after a loss rather twice than not at all
		kgo.KeepControlRecords(),                          // else a position would stand before the end although all is read
		kgo.FetchMaxWait(500*time.Millisecond))
	if err != nil {
		return nil, err
	}
	return &Tail{client: cl, topic: topic, sink: sink, log: log, next: ends, records: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "tideline_stream_tail_records_total", Help: "Records read by this process's tails, by what became of them.",
		ConstLabels: prometheus.Labels{"topic": topic},
	}, []string{"outcome"})}, nil
}

func committedEnds(ctx context.Context, config Config, topic string, log *slog.Logger) (map[int32]int64, error) {
	cl, err := config.client(log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	all, err := extents(ctx, kadm.NewClient(cl), topic)
	if err != nil {
		return nil, err
	}
	ends := map[int32]int64{}
	for n, s := range all[topic] {
		ends[n] = s.to
	}
	if len(ends) == 0 {
		return nil, fmt.Errorf("follow topic %s: it has no partitions", topic)
	}
	return ends, nil
}

// Close releases the client. A Run under way ends.
func (t *Tail) Close() { t.client.Close() }

// Position is the next offset of a partition: everything before it has been handed on, or is being.
func (t *Tail) Position(partition int32) int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.next[partition]
}

// ErrRunning says that a tail is started that runs already.
var ErrRunning = errors.New("this runs already")

// Run hands records on until ctx ends or Close; then it returns nil. When
// it is called again it goes on where it was.
func (t *Tail) Run(ctx context.Context) error {
	if !t.running.TryLock() {
		return ErrRunning
	}
	defer t.running.Unlock()
	for ctx.Err() == nil {
		fetches := t.client.PollFetches(ctx)
		if fetches.IsClientClosed() {
			return nil
		}
		if err := pollError(fetches); err != nil {
			// The client goes on by itself.
			t.log.Warn("a topic could not be followed to its end; tried again", "topic", t.topic, "error", err)
			_ = sleep(ctx, 100*time.Millisecond) // the loop looks at ctx
		}
		fetches.EachRecord(t.hand) // also after ctx ended: they would not come again
	}
	return nil
}

func (t *Tail) hand(r *kgo.Record) {
	// Before the sink: who begins to listen while it runs is too late for this
	// record, and must learn from Position that it has to be looked for elsewhere.
	t.mu.Lock()
	t.next[r.Partition] = r.Offset + 1
	t.mu.Unlock()
	if !r.Attrs.IsControl() {
		if err := t.sink(input(r)); err != nil {
			t.records.WithLabelValues("poison").Inc()
			t.log.Warn("a record cannot be read", "topic", t.topic, "partition", r.Partition, "offset", r.Offset, "code", codeOf(err))
		} else {
			t.records.WithLabelValues("applied").Inc()
		}
	}
}
