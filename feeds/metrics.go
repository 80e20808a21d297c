package feeds

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type storeMetrics struct {
	calls   *prometheus.CounterVec
	entries prometheus.Counter
	seconds prometheus.Histogram
}

func newStoreMetrics(reg prometheus.Registerer) storeMetrics {
	f := promauto.With(reg)
	return storeMetrics{
		calls: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_feeds_calls_total", Help: "Script calls by outcome.",
		}, []string{"outcome"}),
		entries: f.NewCounter(prometheus.CounterOpts{
			Name: "tideline_feeds_entries_total", Help: "Entries and views written to Redis.",
		}),
		seconds: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tideline_feeds_batch_seconds", Help: "One batch at Redis.",
			Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}),
	}
}
