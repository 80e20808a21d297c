package streams

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kgo"
)

// lags reads the gauges of the lag, by topic.
func lags(t *testing.T, reg *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]float64{}
	for _, f := range families {
		if f.GetName() != "tideline_stream_lag_records" {
			continue
		}
		for _, m := range f.GetMetric() {
			found[m.GetLabel()[0].GetValue()] = m.GetGauge().GetValue()
		}
	}
	return found
}

// inTransaction writes one record and a marker.
func inTransaction(t *testing.T, config Config, record *kgo.Record) {
	t.Helper()
	cl, err := config.client(quietly, kgo.TransactionalID("another"), kgo.RecordPartitioner(kgo.ManualPartitioner()))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	if err := cl.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
}

func TestTheLagIsWhatTheGroupHasNotCommitted(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	send(t, p, signalOf("ann", 0), signalOf("bob", 1), signalOf("cleo", 2), Opportunity(opportunityOf("o1")))
	reg := prometheus.NewRegistry()
	r, err := NewLagReader(config, reg, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	// A broker may know of a group, or of the end of a transaction, a moment later.
	shows := func(when string, right func(map[string]float64) bool) {
		t.Helper()
		for deadline := time.Now().Add(20 * time.Second); ; {
			r.measure(t.Context(), 20*time.Second)
			got := lags(t, reg)
			if right(got) {
				return
			}
			if time.Now().After(deadline) {
				t.Fatalf("%s: %v", when, got)
			}
		}
	}
	want := map[string]float64{Opportunities: 1}
	for _, topic := range copartitioned {
		want[topic] = 0
	}
	want[Signals], want[Rulesets] = 3, 0
	shows("before the group has joined", func(got map[string]float64) bool { return maps.Equal(got, want) })
	process(t, config, session(t, config, "a"), 3)
	shows("after all was processed", func(got map[string]float64) bool { return len(got) > 0 && got[Signals] == 0 })
	send(t, p, signalOf("ann", 3))
	shows("after one more", func(got map[string]float64) bool { return got[Signals] == 1 })
	inTransaction(t, config, &kgo.Record{Topic: Signals, Partition: 0, Key: []byte("ann")})
	inTransaction(t, config, &kgo.Record{Topic: Signals, Partition: 0, Key: []byte("ann")})
	shows("after transactions, whose markers nobody consumes", func(got map[string]float64) bool { return got[Signals] == 3 })
	r.Close() // nobody answers any more
	r.measure(t.Context(), 20*time.Second)
	if got := lags(t, reg); len(got) != 0 {
		t.Errorf("nobody knows the lag, but it says %v", got)
	}
}

func TestAProjectionIsBehindByWhatItHasNotCommitted(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	send(t, producer(t, config), Opportunity(opportunityOf("o1")), Opportunity(opportunityOf("o2")))
	r, err := NewLagReader(config, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	behind := func() int64 {
		t.Helper()
		n, err := r.Projected(t.Context(), "copies", Opportunities)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := behind(); n != 2 {
		t.Errorf("before anybody has read, it is %d behind", n)
	}
	p, err := NewProjection(config, "copies", []string{Opportunities}, 10, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer p.Close()
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx, func(context.Context, []Input) error { return nil }) }()
	for behind() > 0 {
		if ctx.Err() != nil {
			t.Fatal("it stays behind")
		}
	}
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
