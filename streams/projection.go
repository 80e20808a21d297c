package streams

import (
	"context"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Projection copies topics to a store outside the engine, at least once, in a
// consumer group of its own: an outage of that store holds up nothing but itself.
type Projection struct {
	client   *kgo.Client
	max      int
	log      *slog.Logger
	failures prometheus.Counter
}

// NewProjection joins the group "<group>-<name>".
func NewProjection(config Config, name string, topics []string, maxRecords int, reg prometheus.Registerer, log *slog.Logger) (*Projection, error) {
	cl, err := config.client(log,
		kgo.ConsumerGroup(config.Group+"-"+name), kgo.ConsumeTopics(topics...),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()), kgo.FetchIsolationLevel(kgo.ReadCommitted()),
		kgo.InstanceID(config.Instance), kgo.DisableAutoCommit(), kgo.BlockRebalanceOnPoll())
	if err != nil {
		return nil, err
	}
	failures := promauto.With(reg).NewCounter(prometheus.CounterOpts{
		Name: "tideline_stream_projection_failures_total", Help: "Batches that the projected store refused; they are tried again.",
		ConstLabels: prometheus.Labels{"projection": name},
	})
	return &Projection{client: cl, max: maxRecords, log: log, failures: failures}, nil
}

// Close leaves the group.
func (p *Projection) Close() { p.client.CloseAllowingRebalance() }

// Run applies batches until ctx ends or Close; then it returns nil. A batch that
// fails is tried again, with growing pauses, for as long as it takes.
func (p *Projection) Run(ctx context.Context, apply func(context.Context, []Input) error) error {
	for ctx.Err() == nil {
		fetches := p.client.PollRecords(ctx, p.max)
		if fetches.IsClientClosed() {
			return nil
		}
		if err := pollError(fetches); err != nil {
			p.log.Warn("the projection could not read everything; tried again", "error", err)
		}
		inputs := incarnate(fetches)
		if len(inputs) > 0 && p.persist(ctx, inputs, apply) {
			if err := p.client.CommitUncommittedOffsets(ctx); err != nil && ctx.Err() == nil {
				p.log.Warn("offsets of the projection not committed; its records come again", "error", err)
			}
		}
		p.client.AllowRebalance()
	}
	return nil
}

// persist reports false when ctx ended before the batch was applied.
func (p *Projection) persist(ctx context.Context, inputs []Input, apply func(context.Context, []Input) error) bool {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 30*time.Second) {
		err := apply(ctx, inputs)
		if err == nil {
			return true
		}
		if ctx.Err() != nil {
			return false
		}
		p.failures.Inc()
		p.log.Warn("projection failed; tried again", "error", err, "in", wait)
		if sleep(ctx, wait) != nil {
			return false
		}
	}
}
