package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

const (
	// transactionTimeout bounds how long a crashed process can hold back readers;
	// it must exceed the longest batch, outages of Redis included.
	transactionTimeout = 90 * time.Second
	// endTimeout bounds the end of a transaction; in a shutdown it gets less: see EndWithin.
	endTimeout = 30 * time.Second
)

// Session is the one transactional consumer and producer of a process. All
// methods but Owned and Partitions are for one goroutine.
type Session struct {
	session *kgo.GroupTransactSession
	group   string
	counts  counts
	max     int
	log     *slog.Logger
	metrics sessionMetrics

	alive      context.Context // of the ends of transactions: see EndWithin
	assignment *assignment
	unresolved bool // the last transaction did not commit and positions are not yet what the broker says
	produced   int

	mu     sync.Mutex
	failed error // first produce error of the transaction
}

// NewSession joins the group. MaxRecords bounds one poll. It ends a
// transaction that a former process of this instance's name left open, and
// shuts that process out should it still run.
func NewSession(ctx context.Context, config Config, partitions, maxRecords int, reg prometheus.Registerer, log *slog.Logger) (*Session, error) {
	if config.Group == "" || config.Instance == "" {
		return nil, errors.New("open the transactional session: a group and an instance name are needed")
	}
	s := &Session{
		group: config.Group, counts: counts{partitions}, max: maxRecords, log: log,
		metrics: newSessionMetrics(reg), assignment: newAssignment(), alive: context.Background(),
	}
	opts, err := config.options(log)
	if err != nil {
		return nil, err
	}
	opts = append(opts, s.options(config)...)
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

// transactional is the name of this process's transactions.
func (c Config) transactional() string {
	name := c.Group + "-" + c.Instance
	if c.Incarnation != "" {
		name += "-" + c.Incarnation
	}
	return name
}

func (s *Session) options(config Config) []kgo.Opt {
	end := func(_ context.Context, _ *kgo.Client, gone map[string][]int32) { s.assignment.end(gone) }
	return []kgo.Opt{
		kgo.TransactionalID(config.transactional()),
		kgo.TransactionTimeout(transactionTimeout),
		kgo.ConsumerGroup(config.Group),
		kgo.InstanceID(config.Instance),
		kgo.SessionTimeout(config.sessionTimeout()),
		kgo.HeartbeatInterval(config.sessionTimeout() / 10),
		kgo.ConsumeTopics(slices.Concat(copartitioned, routed)...),
		kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(&listening{newBalancer(copartitioned), s.assignment.synced}),
		kgo.FetchMaxWait(500 * time.Millisecond),
		// Callbacks only take notes; the loop acts on them.
		kgo.OnPartitionsAssigned(func(_ context.Context, _ *kgo.Client, added map[string][]int32) {
			if s.assignment.begin(added) {
				s.metrics.rebalances.Inc()
			}
		}),
		kgo.OnPartitionsRevoked(end),
		kgo.OnPartitionsLost(end),
	}
}

// Close stops; the group keeps this instance's place for it to take back. An
// open transaction is ended by the next session of this name, or by the
// broker's timeout.
func (s *Session) Close() { s.session.Close() }

// EndWithin lets transactions end after ctx has, but only for so long,
// altogether: an end that is cut off is one whose outcome the next session finds
// out from the broker, which is better than not to stop. It is called before the
// first poll; release it after the last.
func (s *Session) EndWithin(ctx context.Context, d time.Duration) (release func()) {
	alive, cancel := context.WithCancel(context.Background())
	s.alive = alive
	unhook := context.AfterFunc(ctx, func() { time.AfterFunc(d, cancel) })
	return func() { unhook(); cancel() }
}

// Partitions is the number of student partitions.
func (s *Session) Partitions() int { return s.counts.students }

// Owned lists the student partitions this process owns in every topic.
func (s *Session) Owned() []int32 { return s.assignment.units() }
