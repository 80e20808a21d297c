package streams

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type sessionMetrics struct {
	transactions  *prometheus.CounterVec
	seconds       prometheus.Histogram
	rebalances    prometheus.Counter
	polled        prometheus.Histogram
	produceErrors *prometheus.CounterVec
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
		polled: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tideline_stream_poll_records", Help: "Records of one poll that brought any.",
			Buckets: prometheus.ExponentialBuckets(1, 4, 8),
		}),
		produceErrors: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_stream_produce_errors_total", Help: "Records that could not be written in a transaction, by topic.",
		}, []string{"topic"}),
	}
}

func (m sessionMetrics) observe(b Batch) {
	n := len(b.Rulesets)
	for _, inputs := range b.Partitions {
		n += len(inputs)
	}
	for _, inputs := range b.Router {
		n += len(inputs)
	}
	if n > 0 {
		m.polled.Observe(float64(n))
	}
}
