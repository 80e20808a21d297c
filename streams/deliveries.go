package streams

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Outbox is what takes notifications out of the house. For a partition the calls
// are Take, any number of Accept, Release; a Release may come while Accept runs.
type Outbox interface {
	// Take begins a partition with what its deliveries topic holds: the newest
	// record of each key in the order of the log, tombstones too. An error: it is called again.
	Take(ctx context.Context, partition int32, queue []Input) error
	// Release ends a partition; another process takes it once this returns.
	Release(ctx context.Context, partition int32)
	// Room returns when more may be accepted. An error, that of ctx, ends the reading.
	Room(ctx context.Context) error
	// Accept takes records of notifications; once it returns nil they count as
	// read. An error: it is called again with the same.
	Accept(ctx context.Context, partition int32, notifications []Input) error
}

// maxAccepted is how many notifications are taken at a time.
const maxAccepted = 500

// RunDeliveries reads notifications in the group "<group>-delivery" into an
// outbox until ctx ends; then it returns nil. A partition of deliveries belongs
// to whoever owns that partition of notifications.
func RunDeliveries(ctx context.Context, config Config, outbox Outbox, reg prometheus.Registerer, log *slog.Logger) error {
	d := &deliveries{config: config, outbox: outbox, log: log}
	d.failures = promauto.With(reg).NewCounter(prometheus.CounterOpts{
		Name: "tideline_stream_delivery_failures_total", Help: "Runs of notifications that could not be queued; they are tried again.",
	})
	cl, err := config.client(log,
		kgo.ConsumerGroup(config.Group+"-delivery"), kgo.ConsumeTopics(Notifications), kgo.InstanceID(config.Instance),
		kgo.SessionTimeout(config.sessionTimeout()), kgo.HeartbeatInterval(config.sessionTimeout()/10),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.FetchMaxWait(fetchWait), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll(),
		kgo.OnPartitionsAssigned(d.assigned), kgo.OnPartitionsRevoked(d.released), kgo.OnPartitionsLost(d.released))
	if err != nil {
		return err
	}
	defer cl.CloseAllowingRebalance()
	return d.run(ctx, cl)
}

type deliveries struct {
	config   Config
	outbox   Outbox
	log      *slog.Logger
	failures prometheus.Counter
}

// assigned restores the queue of each partition before anything is read from it.
func (d *deliveries) assigned(ctx context.Context, _ *kgo.Client, came map[string][]int32) {
	for _, n := range came[Notifications] {
		d.persist(ctx, "queue not restored; tried again", n, func() error {
			queue, err := readQueue(ctx, d.config, n, d.log)
			if err != nil {
				return err
			}
			return d.outbox.Take(ctx, n, queue)
		})
	}
}

func (d *deliveries) released(ctx context.Context, _ *kgo.Client, gone map[string][]int32) {
	for _, n := range gone[Notifications] {
		d.outbox.Release(ctx, n)
	}
}

func (d *deliveries) run(ctx context.Context, cl *kgo.Client) error {
	// Waiting for room holds up no rebalance: the poll before it is over.
	for d.outbox.Room(ctx) == nil {
		fetches := cl.PollRecords(ctx, maxAccepted)
		if fetches.IsClientClosed() {
			return nil
		}
		if err := pollError(fetches); err != nil && ctx.Err() == nil {
			d.log.Warn("not all notifications could be read; tried again", "error", err)
		}
		all := true
		fetches.EachPartition(func(p kgo.FetchTopicPartition) {
			if len(p.Records) == 0 {
				return
			}
			inputs := make([]Input, len(p.Records))
			for i, r := range p.Records {
				inputs[i] = input(r)
			}
			all = d.persist(ctx, "notifications not queued; tried again", p.Partition, func() error {
				return d.outbox.Accept(ctx, p.Partition, inputs)
			}) && all
		})
		if all && !fetches.Empty() {
			d.commit(ctx, cl)
		}
		cl.AllowRebalance()
	}
	return nil
}

// commit is not cut short by the end of ctx: what comes again could be sent again.
func (d *deliveries) commit(ctx context.Context, cl *kgo.Client) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	if err := cl.CommitUncommittedOffsets(ctx); err != nil {
		d.log.Warn("offsets of the delivery not committed; its records come again", "error", err)
	}
}

// persist tries until it works; false when ctx ended first.
func (d *deliveries) persist(ctx context.Context, what string, partition int32, try func() error) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := try()
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		d.failures.Inc()
		d.log.Warn(what, "partition", partition, "error", err, "in", wait)
		if sleep(ctx, wait) != nil {
			return false
		}
	}
}

// readQueue gives the newest record of each key of a partition of deliveries,
// in the order of the log.
func readQueue(ctx context.Context, config Config, n int32, log *slog.Logger) ([]Input, error) {
	cl, err := config.client(log)
	if err != nil {
		return nil, err
	}
	defer cl.Close()
	all, err := extents(ctx, kadm.NewClient(cl), Deliveries)
	if err != nil {
		return nil, err
	}
	s, ok := all[Deliveries][n]
	if !ok {
		return nil, fmt.Errorf("topic %s has no partition %d", Deliveries, n)
	}
	newest := map[string]Input{}
	err = read(ctx, config, log, spans{Deliveries: {n: s}}, func(in Input) error {
		newest[string(in.Key)] = in
		return nil
	})
	queue := make([]Input, 0, len(newest))
	for _, in := range newest {
		queue = append(queue, in)
	}
	slices.SortFunc(queue, func(a, b Input) int { return int(a.Offset - b.Offset) })
	return queue, err
}

// Delivery is one record of the deliveries topic, on the partition of its
// notification; a nil value ends it.
func Delivery(partition int32, key string, value []byte) Record {
	r := published(Deliveries, "tideline.delivery.v1", key, value)
	r.partition = partition
	return r
}
