package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kgo"
)

// ErrUnfenced refuses to commit records when nothing was consumed: such a
// transaction would pass even after this member was evicted from the group.
var ErrUnfenced = errors.New("a transaction that writes must also commit a consumed offset")

// transactionTimeout bounds how long a crashed process can hold back readers;
// it must exceed the longest batch, outages of Redis included.
const transactionTimeout = 90 * time.Second

// Session is the one transactional consumer and producer of a process. All
// methods but Owned are for one goroutine.
type Session struct {
	session *kgo.GroupTransactSession
	counts  counts
	max     int
	metrics sessionMetrics

	mu         sync.Mutex
	owned      map[string]map[int32]bool
	assigned   map[int32]bool // changes since the last poll
	revoked    map[int32]bool
	generation int

	polled   int // records since the last transaction ended
	produced int
	failed   error // first produce error of the transaction; guarded by mu
}

// Batch is what one poll brought.
type Batch struct {
	Partitions map[int32][]Input // by student partition: profiles, then signals, then fanout
	Router     map[int32][]Input // by partition of the opportunities topic
	Assigned   []int32           // student partitions that came since the last poll
	Revoked    []int32           // and that went; one that is in both went and came back
	Generation int               // of the assignment; 0 before the first
}

// Empty says whether there are no records.
func (b Batch) Empty() bool { return len(b.Partitions)+len(b.Router) == 0 }

// NewSession joins the group. MaxRecords bounds one poll.
func NewSession(ctx context.Context, config Config, partitions, maxRecords int, reg prometheus.Registerer, log *slog.Logger) (*Session, error) {
	s := &Session{
		counts: counts{partitions}, max: maxRecords, metrics: newSessionMetrics(reg),
		owned: map[string]map[int32]bool{}, assigned: map[int32]bool{}, revoked: map[int32]bool{},
	}
	opts, err := config.options(log)
	if err != nil {
		return nil, err
	}
	opts = append(opts,
		kgo.TransactionalID(config.Group+"-"+config.Instance),
		kgo.TransactionTimeout(transactionTimeout),
		kgo.ConsumerGroup(config.Group),
		kgo.InstanceID(config.Instance),
		kgo.SessionTimeout(20*time.Second),
		kgo.HeartbeatInterval(2*time.Second),
		kgo.ConsumeTopics(append(slices.Clone(copartitioned), Opportunities)...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(newBalancer()),
		kgo.FetchMaxWait(500*time.Millisecond),
		// Callbacks only take notes; the loop acts on them.
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, came map[string][]int32) { s.note(came, true) }),
		kgo.OnPartitionsRevoked(func(_ context.Context, _ *kgo.Client, went map[string][]int32) { s.note(went, false) }),
		kgo.OnPartitionsLost(func(_ context.Context, _ *kgo.Client, went map[string][]int32) { s.note(went, false) }),
	)
	if s.session, err = kgo.NewGroupTransactSession(opts...); err != nil {
		return nil, fmt.Errorf("open the transactional session: %w", err)
	}
	// Ask for the producer id now, not at the first record: that ends the
	// transaction a crash of this instance left open, which would otherwise hold
	// back every restore until its timeout.
	if _, _, err := s.session.Client().ProducerID(ctx); err != nil {
		s.Close()
		return nil, fmt.Errorf("end the transactions of the former %s: %w", config.Instance, err)
	}
	return s, nil
}

// Close leaves the group; an open transaction is aborted by the broker's timeout.
func (s *Session) Close() { s.session.Close() }

// Partitions is the number of student partitions.
func (s *Session) Partitions() int { return s.counts.students }

func (s *Session) note(change map[string][]int32, came bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	s.metrics.rebalances.Inc()
	for topic, partitions := range change {
		if s.owned[topic] == nil {
			s.owned[topic] = map[int32]bool{}
		}
		for _, n := range partitions {
			if came {
				s.owned[topic][n] = true
			} else {
				delete(s.owned[topic], n)
			}
			if slices.Contains(copartitioned, topic) {
				if came {
					s.assigned[n] = true
				} else {
					s.revoked[n] = true
				}
			}
		}
	}
}

// Owned lists the student partitions this process owns in every topic.
func (s *Session) Owned() []int32 {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []int32
	for n := range s.owned[copartitioned[0]] {
		whole := true
		for _, topic := range copartitioned[1:] {
			whole = whole && s.owned[topic][n]
		}
		if whole {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

// Poll waits for records or assignment changes until ctx ends; then the batch
// is empty and the error nil. Other errors come from the brokers and may pass.
func (s *Session) Poll(ctx context.Context) (Batch, error) {
	fetches := s.session.PollRecords(ctx, s.max)
	b := Batch{Partitions: map[int32][]Input{}, Router: map[int32][]Input{}}
	byTopic := map[string][]Input{}
	fetches.EachRecord(func(r *kgo.Record) {
		s.polled++
		in := input(r)
		if in.Topic == Opportunities {
			b.Router[in.Partition] = append(b.Router[in.Partition], in)
		} else {
			byTopic[in.Topic] = append(byTopic[in.Topic], in)
		}
	})
	for _, topic := range copartitioned {
		for _, in := range byTopic[topic] {
			b.Partitions[in.Partition] = append(b.Partitions[in.Partition], in)
		}
	}
	s.mu.Lock()
	b.Assigned, b.Revoked = slices.Sorted(maps.Keys(s.assigned)), slices.Sorted(maps.Keys(s.revoked))
	b.Generation = s.generation
	clear(s.assigned)
	clear(s.revoked)
	s.mu.Unlock()
	var failed error
	fetches.EachError(func(topic string, partition int32, err error) {
		if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, context.Canceled) {
			failed = errors.Join(failed, fmt.Errorf("%s[%d]: %w", topic, partition, err))
		}
	})
	return b, failed
}

// Begin opens a transaction.
func (s *Session) Begin() error {
	s.produced = 0
	s.setFailed(nil)
	return s.session.Begin()
}

// Produce adds records to the transaction; it does not wait for them.
func (s *Session) Produce(ctx context.Context, records ...Record) {
	for _, r := range records {
		s.produced++
		s.session.Produce(ctx, s.counts.place(r), func(r *kgo.Record, err error) {
			if err != nil {
				s.setFailed(fmt.Errorf("produce to %s[%d]: %w", r.Topic, r.Partition, err))
			}
		})
	}
}

func (s *Session) setFailed(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil || err == nil {
		s.failed = err
	}
}

// Commit ends the transaction with everything produced and all offsets polled.
// When it reports false, nothing was committed and the records will be polled
// again: the partitions they belong to must be restored first.
func (s *Session) Commit(ctx context.Context) (bool, error) {
	if s.produced > 0 && s.polled == 0 {
		return false, errors.Join(ErrUnfenced, s.Abort(ctx))
	}
	if err := s.session.Client().Flush(ctx); err != nil {
		return false, errors.Join(fmt.Errorf("wait for produced records: %w", err), s.Abort(context.WithoutCancel(ctx)))
	}
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	if failed != nil {
		return false, errors.Join(failed, s.Abort(ctx))
	}
	return s.end(ctx, kgo.TryCommit)
}

// Abort ends the transaction with nothing.
func (s *Session) Abort(ctx context.Context) error {
	_, err := s.end(ctx, kgo.TryAbort)
	return err
}

func (s *Session) end(ctx context.Context, how kgo.TransactionEndTry) (bool, error) {
	start := time.Now()
	committed, err := s.session.End(ctx, how)
	s.polled = 0
	outcome := "aborted"
	if committed {
		outcome = "committed"
	}
	s.metrics.transactions.WithLabelValues(outcome).Inc()
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	if err != nil {
		return committed, fmt.Errorf("end the transaction: %w", err)
	}
	return committed, nil
}

type sessionMetrics struct {
	transactions *prometheus.CounterVec
	seconds      prometheus.Histogram
	rebalances   prometheus.Counter
}

func newSessionMetrics(reg prometheus.Registerer) sessionMetrics {
	f := promauto.With(reg)
	return sessionMetrics{
		transactions: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_stream_transactions_total", Help: "Transactions by outcome.",
		}, []string{"outcome"}),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tideline_stream_transaction_end_seconds", Help: "Ending one transaction.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 14),
		}),
		rebalances: f.NewCounter(prometheus.CounterOpts{
			Name: "tideline_stream_assignment_changes_total", Help: "Times the group gave or took partitions.",
		}),
	}
}
