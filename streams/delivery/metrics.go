package delivery

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/engine/event"
)

// metrics are by channel and endpoint; endpoints are configuration, so there are few.
type metrics struct {
	outcomes *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
	latency  *prometheus.HistogramVec
	queued   *prometheus.GaugeVec
	breaker  *prometheus.GaugeVec
}

func newMetrics(reg prometheus.Registerer) metrics {
	f := promauto.With(reg)
	target := []string{"channel", "endpoint"}
	return metrics{
		outcomes: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_delivery_outcomes_total",
			Help: "Attempts and deliveries by outcome; all but retried are final.",
		}, append(target, "outcome")),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tideline_delivery_attempt_seconds", Help: "One attempt.",
			Buckets: prometheus.ExponentialBuckets(0.005, 3, 9),
		}, target),
		latency: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tideline_delivery_latency_seconds", Help: "From the decision to the delivery.",
			Buckets: prometheus.ExponentialBuckets(0.1, 4, 12),
		}, target),
		queued: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tideline_delivery_queue_length", Help: "Deliveries that wait or are under way.",
		}, target),
		breaker: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tideline_delivery_breaker_state", Help: "0 closed, 1 half-open, 2 open: the destination is left alone.",
		}, target),
	}
}

func (m metrics) observe(l *lane, now time.Time) {
	m.queued.WithLabelValues(string(l.Channel), l.Endpoint).Set(float64(len(l.waiting) + l.busy))
	m.breaker.WithLabelValues(string(l.Channel), l.Endpoint).Set(l.breaker.State(now))
}

func (m metrics) attempted(l *lane, took time.Duration) {
	m.seconds.WithLabelValues(string(l.Channel), l.Endpoint).Observe(took.Seconds())
}

func (m metrics) ended(i *item, outcome Outcome) {
	m.count(i.Channel, i.Endpoint, outcome)
	if outcome == Delivered {
		m.latency.WithLabelValues(string(i.Channel), i.Endpoint).Observe(time.Since(i.Notification.Decided).Seconds())
	}
}

func (m metrics) count(channel event.Channel, endpoint string, outcome Outcome) {
	m.outcomes.WithLabelValues(string(channel), endpoint, string(outcome)).Inc()
}
