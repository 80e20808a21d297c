package streams

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// InboxStore keeps inboxes, and with them how far they have come. An error means
// an outage: the call is repeated until it works.
type InboxStore interface {
	// Positions gives the next offsets of a partition. It is false when the store
	// knows nothing of these incarnations of the topics.
	Positions(ctx context.Context, partition int32, incarnation string) (event.InboxOffsets, bool, error)
	// Begin makes a store that knows nothing stand at the given offsets.
	Begin(ctx context.Context, partition int32, incarnation string, at event.InboxOffsets) error
	// Apply carries a batch out and moves from its From to its To in one step. It
	// is false, and does nothing, when the store does not stand at From.
	Apply(ctx context.Context, b InboxBatch) (bool, error)
}

// Projector fills inboxes from the topics. A consumer group, "<group>-inbox",
// says which process does which partitions; how far they have come says the
// store alone, so that a record counts once, and a store that lost everything is
// filled anew.
type Projector struct {
	client  *kgo.Client
	side    *kgo.Client // asks for offsets; the group may want to know before client is there for us
	admin   *kadm.Client
	store   InboxStore
	max     int
	log     *slog.Logger
	metrics projectorMetrics

	lookEvery time.Duration

	mu    sync.Mutex
	lanes map[int32]lane // of our partitions
}

// lookEvery is how often a projector looks whether the store still stands where
// it should: where nothing is written, nothing else would show that it lost all.
const lookEvery = 5 * time.Second

// lane is where the store stands in one partition, as far as we know.
type lane struct {
	incarnation string
	next        event.InboxOffsets
}

type projectorMetrics struct {
	records     *prometheus.CounterVec
	failures    prometheus.Counter
	repositions prometheus.Counter
	visible     prometheus.Histogram
}

// NewProjector joins the group.
func NewProjector(config Config, store InboxStore, maxRecords int, reg prometheus.Registerer, log *slog.Logger) (*Projector, error) {
	f := promauto.With(reg)
	p := &Projector{store: store, max: maxRecords, log: log, lanes: map[int32]lane{}, lookEvery: lookEvery, metrics: projectorMetrics{
		records: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_inbox_records_total", Help: "Records that inboxes are made of, by what became of them.",
		}, []string{"topic", "outcome"}),
		failures: f.NewCounter(prometheus.CounterOpts{
			Name: "tideline_inbox_failures_total", Help: "Batches that the inbox store could not take; they are tried again.",
		}),
		repositions: f.NewCounter(prometheus.CounterOpts{
			Name: "tideline_inbox_repositions_total", Help: "Times the inbox store stood elsewhere than expected: it lost data, or another process wrote.",
		}),
		visible: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tideline_inbox_visible_seconds", Help: "From a notification's record to the inbox that shows it.",
			Buckets: prometheus.ExponentialBuckets(0.001, 2, 16),
		}),
	}}
	var err error
	if p.side, err = config.client(log); err != nil {
		return nil, err
	}
	p.admin = kadm.NewClient(p.side)
	p.client, err = config.client(log,
		kgo.ConsumerGroup(config.Group+"-inbox"), kgo.InstanceID(config.Instance), kgo.SessionTimeout(config.sessionTimeout()),
		kgo.HeartbeatInterval(config.sessionTimeout()/10),
		kgo.RebalanceTimeout(3*config.sessionTimeout()), // so long a process that died while the group was moving holds it up
		kgo.ConsumeTopics(inboxTopics...), kgo.Balancers(newBalancer(inboxTopics)),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(500*time.Millisecond), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.AdjustFetchOffsetsFn(p.position), kgo.OnPartitionsRevoked(p.released), kgo.OnPartitionsLost(p.released))
	if err != nil {
		p.side.Close()
		return nil, err
	}
	return p, nil
}

// Close leaves the group.
func (p *Projector) Close() {
	p.client.CloseAllowingRebalance()
	p.side.Close()
}

// Run fills inboxes until ctx ends or Close; then it returns nil.
func (p *Projector) Run(ctx context.Context) error {
	wait, looked := firstPause, time.Now()
	for ctx.Err() == nil {
		poll, cancel := context.WithTimeout(ctx, p.lookEvery)
		fetches := p.client.PollRecords(poll, p.max)
		cancel()
		if fetches.IsClientClosed() {
			return nil
		}
		if err := pollError(fetches); err != nil {
			p.log.Warn("some inboxes could not be read on; tried again", "error", err)
		}
		err := p.project(ctx, fetches)
		if err == nil && time.Since(looked) >= p.lookEvery {
			err, looked = p.look(ctx), time.Now()
		}
		p.client.AllowRebalance()
		if err == nil {
			wait = firstPause
			continue
		}
		if ctx.Err() != nil {
			return nil
		}
		p.metrics.failures.Inc()
		p.log.Warn("inboxes not written; tried again", "error", err, "in", wait)
		_ = sleep(ctx, wait) // the loop looks at ctx
		wait = min(2*wait, longestPause)
	}
	return nil
}

const (
	firstPause   = 50 * time.Millisecond
	longestPause = 10 * time.Second
)

// look goes to where the store stands in partitions where that is not where it was.
func (p *Projector) look(ctx context.Context) error {
	p.mu.Lock()
	lanes := maps.Clone(p.lanes)
	p.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(lanes)) {
		next, known, err := p.store.Positions(ctx, n, lanes[n].incarnation)
		if err == nil && (!known || next != lanes[n].next) {
			err = p.reposition(ctx, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// released forgets partitions that are somebody else's now.
func (p *Projector) released(_ context.Context, _ *kgo.Client, gone map[string][]int32) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, n := range gone[Notifications] {
		delete(p.lanes, n)
	}
}

// project applies what a poll brought. What cannot be applied is polled again.
func (p *Projector) project(ctx context.Context, fetches kgo.Fetches) error {
	byPartition := map[int32]map[string][]Input{}
	for _, in := range incarnate(fetches) {
		if byPartition[in.Partition] == nil {
			byPartition[in.Partition] = map[string][]Input{}
		}
		byPartition[in.Partition][in.Topic] = append(byPartition[in.Partition][in.Topic], in)
	}
	var failed error
	for _, n := range slices.Sorted(maps.Keys(byPartition)) {
		var inputs []Input
		for _, topic := range inboxTopics {
			inputs = append(inputs, byPartition[n][topic]...)
		}
		if failed == nil {
			failed = p.partition(ctx, n, inputs)
		}
		if failed != nil {
			p.rewind(n, p.lane(n).next)
		}
	}
	return failed
}

// partition applies one partition's records, a bounded number at a time.
func (p *Projector) partition(ctx context.Context, n int32, inputs []Input) error {
	for run := range slices.Chunk(inputs, maxInboxBatch) {
		at := p.lane(n)
		b := InboxBatch{Partition: n, Incarnation: at.incarnation, From: at.next, To: at.next}
		outcomes := p.decode(&b, run)
		applied, err := p.store.Apply(ctx, b)
		if err != nil {
			return fmt.Errorf("apply %d records of partition %d: %w", len(run), n, err)
		}
		if !applied {
			return p.reposition(ctx, n)
		}
		p.set(n, lane{at.incarnation, b.To})
		now := time.Now()
		for i, in := range run {
			p.metrics.records.WithLabelValues(in.Topic, outcomes[i]).Inc()
			if in.Topic == Notifications {
				p.metrics.visible.Observe(max(0, now.Sub(in.Time).Seconds()))
			}
		}
	}
	return nil
}

// decode fills a batch. What cannot be decoded is passed over: notifications
// are the engine's own, and a bad record of preferences it keeps in dead-letters.
func (p *Projector) decode(b *InboxBatch, run []Input) (outcomes []string) {
	for _, in := range run {
		outcome := "applied"
		if err := b.add(in); err != nil {
			outcome = "poison"
			p.log.Warn("a record is no part of an inbox", "topic", in.Topic, "partition", in.Partition, "offset", in.Offset, "code", codeOf(err))
		}
		outcomes = append(outcomes, outcome)
	}
	return outcomes
}

// reposition goes to where the store stands.
func (p *Projector) reposition(ctx context.Context, n int32) error {
	p.metrics.repositions.Inc()
	found, err := p.find(ctx, n)
	if err != nil {
		return err
	}
	p.log.Warn("the inboxes of a partition stand elsewhere than expected: Redis lost data or another process wrote", "partition", n, "now", found.next)
	p.set(n, found)
	p.rewind(n, found.next)
	return nil
}

// rewind makes the next poll begin at given offsets. Rebalances are blocked.
func (p *Projector) rewind(n int32, at event.InboxOffsets) {
	offsets := map[string]map[int32]kgo.EpochOffset{}
	for _, topic := range inboxTopics {
		offsets[topic] = map[int32]kgo.EpochOffset{n: {Epoch: -1, Offset: *offsetOf(&at, topic)}}
	}
	p.client.SetOffsets(offsets)
}

// find asks the store where it stands, and lets it begin where it knows nothing.
func (p *Projector) find(ctx context.Context, n int32) (lane, error) {
	name, err := incarnation(ctx, p.admin, inboxTopics...)
	if err != nil {
		return lane{}, err
	}
	next, known, err := p.store.Positions(ctx, n, name)
	if err != nil {
		return lane{}, fmt.Errorf("find out how far the inboxes of partition %d have come: %w", n, err)
	}
	if known {
		return lane{name, next}, nil
	}
	starts, err := p.admin.ListStartOffsets(ctx, inboxTopics...)
	if err != nil {
		return lane{}, fmt.Errorf("list the first offsets of %v: %w", inboxTopics, err)
	}
	for _, topic := range inboxTopics {
		start, ok := starts.Lookup(topic, n)
		if !ok || start.Err != nil {
			return lane{}, fmt.Errorf("list the first offset of %s[%d]: %w", topic, n, start.Err)
		}
		*offsetOf(&next, topic) = start.Offset
	}
	if err := p.store.Begin(ctx, n, name, next); err != nil {
		return lane{}, fmt.Errorf("begin the inboxes of partition %d: %w", n, err)
	}
	p.log.Debug("inboxes are filled from the start", "partition", n)
	return lane{name, next}, nil
}

// position replaces the group's offsets of partitions that were assigned by the
// store's. It waits out an outage: ctx ends when the group takes them back.
func (p *Projector) position(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	found := map[int32]lane{}
	for topic, partitions := range offsets {
		for n := range partitions {
			if _, asked := found[n]; !asked {
				at, err := p.findSurely(ctx, n)
				if err != nil {
					return nil, err
				}
				found[n] = at
				p.set(n, at)
			}
			next := found[n].next
			partitions[n] = kgo.NewOffset().At(*offsetOf(&next, topic))
		}
	}
	return offsets, nil
}

func (p *Projector) findSurely(ctx context.Context, n int32) (lane, error) {
	for wait := firstPause; ; wait = min(2*wait, longestPause) {
		at, err := p.find(ctx, n)
		if err == nil || ctx.Err() != nil {
			return at, err
		}
		p.metrics.failures.Inc()
		p.log.Warn("inboxes cannot be filled yet; tried again", "error", err, "in", wait)
		if err := sleep(ctx, wait); err != nil {
			return lane{}, err
		}
	}
}

func (p *Projector) lane(n int32) lane {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lanes[n]
}

func (p *Projector) set(n int32, at lane) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lanes[n] = at
}
