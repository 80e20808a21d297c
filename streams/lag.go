package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

// LagReader tells how far the engine's group is behind. It is safe for concurrent use.
type LagReader struct {
	config Config
	client *kgo.Client
	admin  *kadm.Client
	group  string
	log    *slog.Logger
	gauge  *prometheus.GaugeVec
}

// NewLagReader opens a client.
func NewLagReader(config Config, reg prometheus.Registerer, log *slog.Logger) (*LagReader, error) {
	cl, err := config.client(log)
	if err != nil {
		return nil, err
	}
	return &LagReader{
		config: config,
		client: cl, admin: kadm.NewClient(cl), group: config.Group, log: log,
		gauge: promauto.With(reg).NewGaugeVec(prometheus.GaugeOpts{
			Name: "tideline_stream_lag_records",
			Help: "Records of a topic that the engine's group has not yet committed; of the whole group, so every process tells the same.",
		}, []string{"topic"}),
	}, nil
}

// Close releases the client.
func (r *LagReader) Close() { r.client.Close() }

// Run measures at once and then again and again, until ctx ends; then it returns nil.
func (r *LagReader) Run(ctx context.Context, every time.Duration) error {
	for {
		r.measure(ctx, every)
		if sleep(ctx, every) != nil {
			return nil
		}
	}
}

// measure sets the gauges. When the brokers do not answer in time they are
// removed: a lag that stays as it was looks like one that does not grow.
func (r *LagReader) measure(ctx context.Context, within time.Duration) {
	asking, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	lag, err := r.Lag(asking)
	if err != nil {
		r.gauge.Reset()
		if ctx.Err() == nil {
			r.log.Warn("the lag could not be measured; tried again", "error", err)
		}
		return
	}
	for topic, n := range lag {
		r.gauge.WithLabelValues(topic).Set(float64(n))
	}
}

// nearEnd is how few offsets of a partition are looked at one by one.
const nearEnd = 64

// Lag gives, per topic the engine consumes, how many offsets lie between what
// is committed by the group and the end of the topic. Where these are few, only
// records count: a topic that transactions write ends in their markers, which
// nobody consumes, and would seem behind for ever.
func (r *LagReader) Lag(ctx context.Context) (map[string]int64, error) {
	return r.lag(ctx, r.group, slices.Concat(routed, copartitioned))
}

// Projected is how many records of a topic a projection has yet to commit.
func (r *LagReader) Projected(ctx context.Context, projection, topic string) (int64, error) {
	lag, err := r.lag(ctx, r.group+"-"+projection, []string{topic})
	return lag[topic], err
}

func (r *LagReader) lag(ctx context.Context, group string, topics []string) (map[string]int64, error) {
	all, err := extents(ctx, r.admin, topics...)
	if err != nil {
		return nil, err
	}
	committed, err := r.admin.FetchOffsetsForTopics(ctx, group, topics...)
	if err != nil && !errors.Is(err, kerr.GroupIDNotFound) { // nobody has joined yet: nothing is committed
		return nil, fmt.Errorf("fetch the committed offsets of group %s: %w", group, err)
	}
	for topic, partitions := range all {
		for n, s := range partitions {
			if o, ok := committed.Lookup(topic, n); ok && o.At > s.from {
				s.from = o.At
				partitions[n] = s
			}
		}
	}
	return r.count(ctx, all)
}

// count gives how many records there are in the spans, per topic.
func (r *LagReader) count(ctx context.Context, all spans) (map[string]int64, error) {
	lag, few := map[string]int64{}, spans{}
	for topic, partitions := range all {
		lag[topic] = 0
		for n, s := range partitions {
			switch {
			case s.to-s.from > nearEnd:
				lag[topic] += s.to - s.from
			case s.to > s.from:
				if few[topic] == nil {
					few[topic] = map[int32]span{}
				}
				few[topic][n] = s
			}
		}
	}
	err := read(ctx, r.config, r.log, few, func(in Input) error { lag[in.Topic]++; return nil })
	return lag, err
}

// Behind is the lag of all topics together.
func (r *LagReader) Behind(ctx context.Context) (all int64, err error) {
	lag, err := r.Lag(ctx)
	for _, n := range lag {
		all += n
	}
	return all, err
}
