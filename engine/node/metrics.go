package node

import (
	"fmt"
	"maps"
	"strconv"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/engine/event"
	"tideline/engine/partition"
	"tideline/streams"
)

// metrics of the engine. Labels are topics and a handful of outcomes, never ids.
type metrics struct {
	events     *prometheus.CounterVec
	candidates prometheus.Counter
	pruned     prometheus.Counter
	written    prometheus.Counter
	rebuilt    prometheus.Counter
	toFeed     *prometheus.HistogramVec
	batch      prometheus.Histogram
	partitions *prometheus.GaugeVec
	students   prometheus.Gauge
	restores   prometheus.Histogram
	retries    prometheus.Counter
	outages    prometheus.Counter
	rules      *prometheus.CounterVec
	decisions  *prometheus.CounterVec
	inForce    *prometheus.GaugeVec
	timers     *prometheus.GaugeVec
	waiting    map[partition.Waiting]int // what timers show; only the loop looks

	mu    sync.Mutex
	stats map[string]partition.RuleStats // by ruleset/rule
}

func newMetrics(reg prometheus.Registerer) *metrics {
	f := promauto.With(reg)
	counter := func(name, help string) prometheus.Counter {
		return f.NewCounter(prometheus.CounterOpts{Name: "tideline_engine_" + name, Help: help})
	}
	buckets := prometheus.ExponentialBuckets(0.001, 2, 16)
	return &metrics{
		stats: map[string]partition.RuleStats{},
		events: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_engine_events_total", Help: "Records taken from the topics and committed, by what became of them.",
		}, []string{"topic", "outcome"}),
		candidates: counter("candidates_total", "Students who share a skill with an arriving opportunity."),
		pruned:     counter("pruned_total", "Candidates dropped in memory: not eligible, or below the floor of their feed."),
		written:    counter("feed_entries_total", "Feed entries sent to the store."),
		rebuilt:    counter("feed_rebuilds_total", "Feeds computed anew."),
		toFeed: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tideline_engine_event_to_feed_seconds", Help: "From the record's time to the feeds that show it; of opportunities, the oldest of each range.", Buckets: buckets,
		}, []string{"topic"}),
		batch: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tideline_engine_batch_seconds", Help: "One batch, from poll to commit.", Buckets: buckets,
		}),
		partitions: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tideline_engine_partitions", Help: "Student partitions owned, by state.",
		}, []string{"state"}),
		students: f.NewGauge(prometheus.GaugeOpts{Name: "tideline_engine_students", Help: "Students of the owned partitions."}),
		restores: f.NewHistogram(prometheus.HistogramOpts{
			Name: "tideline_engine_restore_seconds", Help: "Loading one partition's state after it was assigned.", Buckets: buckets,
		}),
		rules: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_rule_events_total",
			Help: "What rules did: evaluated, matched, unknown (a value was missing), fired, late (its time had passed), unaddressed (nobody to tell).",
		}, []string{"rule", "event"}),
		decisions: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_notification_decisions_total", Help: "What became of firings at the gates; reason names the gate that dropped or held one.",
		}, []string{"rule", "outcome", "reason"}),
		inForce: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tideline_rulesets_info", Help: "1 for each ruleset in force here.",
		}, []string{"ruleset", "version", "digest"}),
		timers: f.NewGaugeVec(prometheus.GaugeOpts{
			Name: "tideline_rule_timers",
			Help: "Timers of the owned partitions by what they wait for: hold, at, repeat, settle. One whose subject has changed since counts until it is due.",
		}, []string{"rule", "for"}),
		outages: counter("store_retries_total", "Writes to Redis that failed and were repeated."),
		retries: counter("batch_retries_total", "Batches that were not committed and are processed again."),
	}
}

func (m *metrics) ruleStats() map[string]partition.RuleStats {
	m.mu.Lock()
	defer m.mu.Unlock()
	return maps.Clone(m.stats)
}

// rulesets shows what is in force and nothing that was.
func (m *metrics) rulesets(active map[string]event.RulesetRecord) {
	m.inForce.Reset()
	for _, r := range active {
		if r.Ruleset != nil {
			m.inForce.WithLabelValues(r.Ruleset.Name, strconv.Itoa(r.Ruleset.Version), fmt.Sprintf("%.12s", r.Ruleset.Digest)).Set(1)
		}
	}
}

// pending shows the timers that wait and nothing that no longer does.
func (m *metrics) pending(now map[partition.Waiting]int) {
	for w := range m.waiting {
		if now[w] == 0 {
			m.timers.DeleteLabelValues(w.Rule, w.For)
		}
	}
	for w, n := range now {
		if m.waiting[w] != n {
			m.timers.WithLabelValues(w.Rule, w.For).Set(float64(n))
		}
	}
	m.waiting = now
}

func (m *metrics) effects(out *partition.Effects) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for rule, s := range out.Rules {
		m.stats[rule] = m.stats[rule].Plus(*s)
		for name, n := range map[string]int{
			"evaluated": s.Evaluations, "matched": s.Matches, "unknown": s.Unknown, "fired": s.Fired, "late": s.Late, "unaddressed": s.Unaddressed,
		} {
			if n > 0 {
				m.rules.WithLabelValues(rule, name).Add(float64(n))
			}
		}
	}
	for _, n := range out.Notifications {
		m.decisions.WithLabelValues(n.Ruleset+"/"+n.Rule, string(n.Outcome), string(n.Reason)).Inc()
	}
	m.candidates.Add(float64(out.Candidates))
	m.pruned.Add(float64(out.Pruned))
	m.written.Add(float64(out.Entries))
	m.rebuilt.Add(float64(out.Rebuilt))
}

// tally is what one batch did to one partition, to be counted when it is committed:
// what is aborted is done again.
type tally struct {
	events map[fate]int
	ages   []age
	shown  time.Time // when the store had the effects
}

type fate struct{ topic, outcome string }

// age is when something happened that feeds were to show.
type age struct {
	topic string
	since time.Time
}

// add notes a record. A range stands for opportunities, whose way led through
// the router; a tick shows nothing by itself.
func (t *tally) add(in streams.Input, outcome string) {
	if t.events == nil {
		t.events = map[fate]int{}
	}
	t.events[fate{in.Topic, outcome}]++
	if in.Topic != streams.Fanout {
		t.ages = append(t.ages, age{in.Topic, in.Time})
	} else if f, err := event.DecodeFanout(in.Value); err == nil && f.Range != nil {
		t.ages = append(t.ages, age{streams.Opportunities, time.UnixMilli(f.Range.At)})
	}
}

// committed counts what is done for good.
func (m *metrics) committed(t tally) {
	for e, n := range t.events {
		m.events.WithLabelValues(e.topic, e.outcome).Add(float64(n))
	}
	for _, a := range t.ages {
		m.toFeed.WithLabelValues(a.topic).Observe(max(0, t.shown.Sub(a.since).Seconds()))
	}
}
