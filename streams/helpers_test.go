package streams

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// students is P in these tests.
const students = 4

var quietly = slog.New(slog.DiscardHandler)

// brokers gives a cluster with nothing on it: a new one in the process, and
// the handle to break it with, or, with TIDELINE_TEST_BROKERS (host:port, comma
// separated), that one after our topics were deleted from it, and no handle.
func brokers(t *testing.T) (Config, *kfake.Cluster) {
	t.Helper()
	config := Config{Group: fmt.Sprintf("test-%d", time.Now().UnixNano()), Instance: "a", SessionTimeout: 6 * time.Second}
	if addrs := os.Getenv("TIDELINE_TEST_BROKERS"); addrs != "" {
		config.Brokers = strings.Split(addrs, ",")
		clean(t, config)
		return config, nil
	}
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	config.Brokers, config.SessionTimeout = cluster.ListenAddrs(), 2*time.Second
	return config, cluster
}

// clean deletes our topics and waits until the broker has forgotten them.
func clean(t *testing.T, config Config) {
	t.Helper()
	admin := kadm.NewClient(client(t, config))
	var names []string
	for _, topic := range topics() {
		names = append(names, topic.name)
	}
	if _, err := admin.DeleteTopics(t.Context(), names...); err != nil {
		t.Fatal(err)
	}
	for {
		left, err := admin.ListTopics(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(names, left.Has) {
			return
		}
		if err := sleep(t.Context(), 50*time.Millisecond); err != nil {
			t.Fatal("the broker does not forget our topics")
		}
	}
}

// breakable is brokers, where only the one in the process will do.
func breakable(t *testing.T) (Config, *kfake.Cluster) {
	t.Helper()
	if os.Getenv("TIDELINE_TEST_BROKERS") != "" {
		t.Skip("breaks the broker, so it needs the one in the process")
	}
	return brokers(t)
}

func ensure(t *testing.T, config Config) {
	t.Helper()
	if p, err := EnsureTopics(t.Context(), config, students, 0, 1, quietly); err != nil || p != students {
		t.Fatalf("topics: %d partitions, %v", p, err)
	}
}

func client(t *testing.T, config Config, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := config.client(quietly, opts...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

func producer(t *testing.T, config Config) *Producer {
	t.Helper()
	p, err := NewProducer(config, students, quietly)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func session(t *testing.T, config Config, instance string) *Session {
	t.Helper()
	config.Instance = instance
	s, err := NewSession(t.Context(), config, students, 1000, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func send(t *testing.T, p *Producer, records ...Record) {
	t.Helper()
	if err := p.Send(t.Context(), records...); err != nil {
		t.Fatal(err)
	}
}

// poll polls until a batch is as wanted, and adds up what the others brought.
func poll(t *testing.T, s *Session, enough func(Batch) bool) Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	sum := Batch{Partitions: map[int32][]Input{}, Router: map[int32][]Input{}}
	for !enough(sum) {
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		b, err := s.Poll(short)
		cancel()
		if err != nil {
			t.Fatalf("poll: %v", err)
		}
		for n, inputs := range b.Partitions {
			sum.Partitions[n] = append(sum.Partitions[n], inputs...)
		}
		for n, inputs := range b.Router {
			sum.Router[n] = append(sum.Router[n], inputs...)
		}
		sum.Rulesets = append(sum.Rulesets, b.Rulesets...)
		sum.Assigned, sum.Revoked = append(sum.Assigned, b.Assigned...), append(sum.Revoked, b.Revoked...)
		sum.Generation = b.Generation
		if ctx.Err() != nil {
			t.Fatalf("waited in vain; so far %+v, owned %v", sum, s.Owned())
		}
	}
	return sum
}

func has(records int) func(Batch) bool {
	return func(b Batch) bool { return size(b) >= records }
}

func size(b Batch) (n int) {
	n = len(b.Rulesets)
	for _, inputs := range b.Partitions {
		n += len(inputs)
	}
	for _, inputs := range b.Router {
		n += len(inputs)
	}
	return n
}

// log gives all committed records of a topic.
func log(t *testing.T, config Config, topic string) (all []Input) {
	t.Helper()
	err := ReadLog(t.Context(), config, quietly, topic, func(in Input) error {
		all = append(all, in)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func signalOf(student string, i int) Record {
	return Signal(event.Signal{
		ID: fmt.Sprint("signal-", i), Student: student, Kind: event.Save, Opportunity: "o1", At: time.Unix(1_800_000_000, 0),
	})
}

func opportunityOf(id string) event.Opportunity {
	return event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: "Intern", Status: event.Open,
		PostedAt: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC),
	}
}
