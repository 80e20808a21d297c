package streams

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// LagReader tells how far the groups are behind. It is safe for concurrent use.
type LagReader struct {
	client *kgo.Client
	admin  *kadm.Client
	group  string
}

// NewLagReader opens a client.
func NewLagReader(config Config, log *slog.Logger) (*LagReader, error) {
	cl, err := config.client(log)
	if err != nil {
		return nil, err
	}
	return &LagReader{client: cl, admin: kadm.NewClient(cl), group: config.Group}, nil
}

// Close releases the client.
func (r *LagReader) Close() { r.client.Close() }

// Lag gives, per topic the engine consumes, how many offsets lie between what
// is committed by the group and the end of the topic; transaction markers count.
func (r *LagReader) Lag(ctx context.Context) (map[string]int64, error) {
	topics := slices.Concat(routed, copartitioned)
	all, err := extents(ctx, r.admin, topics...)
	if err != nil {
		return nil, err
	}
	committed, err := r.admin.FetchOffsetsForTopics(ctx, r.group, topics...)
	if err != nil {
		return nil, fmt.Errorf("fetch the committed offsets of group %s: %w", r.group, err)
	}
	lag := map[string]int64{}
	for topic, partitions := range all {
		lag[topic] = 0
		for n, s := range partitions {
			at := s.from
			if o, ok := committed.Lookup(topic, n); ok && o.At > at {
				at = o.At
			}
			lag[topic] += max(0, s.to-at)
		}
	}
	return lag, nil
}
