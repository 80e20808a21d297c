package runner

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/engine/harvest"
	"tideline/streams/sources/manifest"
)

// metrics are by source: those are configuration, so there are few.
type metrics struct {
	runs     *prometheus.CounterVec
	records  *prometheus.CounterVec
	requests *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	seconds  *prometheus.GaugeVec
	good     *prometheus.GaugeVec
}

// newMetrics begins to count the outcomes of all sources at 0, so that the first
// failure is seen as one.
func newMetrics(reg prometheus.Registerer, entries []manifest.Entry) metrics {
	f := promauto.With(reg)
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return f.NewCounterVec(prometheus.CounterOpts{Name: "tideline_source_" + name, Help: help}, append([]string{"source"}, labels...))
	}
	gauge := func(name, help string) *prometheus.GaugeVec {
		return f.NewGaugeVec(prometheus.GaugeOpts{Name: "tideline_source_" + name, Help: help}, []string{"source"})
	}
	m := metrics{
		runs:     counter("runs_total", "Runs of a source by how they ended.", "outcome"),
		records:  counter("records_total", "Records of a source by what became of them.", "what"),
		requests: counter("requests_total", "Requests that runs of a source made."),
		bytes:    counter("bytes_total", "Bytes of the answers, unpacked."),
		seconds:  gauge("last_run_seconds", "How long the last run took."),
		good:     gauge("last_success_timestamp_seconds", "When a run last ended that did not fail."),
	}
	for _, e := range entries {
		for _, outcome := range []harvest.Outcome{harvest.Whole, harvest.Part, harvest.Unchanged, harvest.Failed} {
			m.runs.WithLabelValues(e.Name, string(outcome))
		}
	}
	return m
}

// ran counts a run that ended.
func (m metrics) ran(r harvest.Run, at time.Time) {
	rejected := 0
	for _, n := range r.Rejected {
		rejected += n
	}
	m.runs.WithLabelValues(r.Source, string(r.Outcome)).Inc()
	for what, n := range map[string]int{"new": r.New, "changed": r.Changed, "unchanged": r.Same, "closed": r.Closed, "rejected": rejected} {
		m.records.WithLabelValues(r.Source, what).Add(float64(n))
	}
	m.requests.WithLabelValues(r.Source).Add(float64(r.Requests))
	m.bytes.WithLabelValues(r.Source).Add(float64(r.Bytes))
	m.seconds.WithLabelValues(r.Source).Set(r.Seconds)
	if r.Outcome != harvest.Failed {
		m.good.WithLabelValues(r.Source).Set(float64(at.Unix()))
	}
}

// forget drops what was counted of a source that is no more.
func (m metrics) forget(source string) {
	of := prometheus.Labels{"source": source}
	for _, counter := range []*prometheus.CounterVec{m.runs, m.records, m.requests, m.bytes} {
		counter.DeletePartialMatch(of)
	}
	for _, gauge := range []*prometheus.GaugeVec{m.seconds, m.good} {
		gauge.DeletePartialMatch(of)
	}
}
