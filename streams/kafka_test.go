package streams

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

var quiet = slog.New(slog.DiscardHandler)

// kafka starts a broker in the process and creates the topics.
func kafka(t *testing.T, partitions int) (Config, *kfake.Cluster) {
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	c := Config{Brokers: cluster.ListenAddrs(), Group: "g", ClientID: "test", Instance: "one"}
	if _, err := EnsureTopics(t.Context(), c, partitions, 0, 1, quiet); err != nil {
		t.Fatal(err)
	}
	return c, cluster
}

func producer(t *testing.T, c Config, partitions int) *Producer {
	p, err := NewProducer(c, partitions, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

func session(t *testing.T, c Config, partitions int) *Session {
	s, err := NewSession(t.Context(), c, partitions, 1000, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// poll waits for a batch that has records.
func poll(t *testing.T, s *Session) Batch {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for ctx.Err() == nil {
		b, err := s.Poll(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !b.Empty() {
			return b
		}
	}
	t.Fatal("no records")
	return Batch{}
}

func readAll(t *testing.T, c Config, topic string) []Input {
	t.Helper()
	var all []Input
	if err := ReadLog(t.Context(), c, quiet, topic, func(in Input) error { all = append(all, in); return nil }); err != nil {
		t.Fatal(err)
	}
	return all
}

func TestTopicsAreMadeOnceAndChecked(t *testing.T) {
	c, _ := kafka(t, 8)
	if p, err := EnsureTopics(t.Context(), c, 0, 64, 1, quiet); err != nil || p != 8 {
		t.Errorf("an existing cluster gives %d, %v", p, err)
	}
	_, err := EnsureTopics(t.Context(), c, 16, 0, 1, quiet)
	if want := "topic profiles has 8 partitions and 16 are needed: the number of student partitions is fixed at first start; set partitions to 8, or move to new topics"; fmt.Sprint(err) != want {
		t.Errorf("got %v", err)
	}
}

func TestProducersPutRecordsWhereKafkaWould(t *testing.T) {
	c, _ := kafka(t, 8)
	p := producer(t, c, 8)
	hasher := kgo.StickyKeyPartitioner(nil).ForTopic(Profiles)
	for i := range 50 {
		id := fmt.Sprint("student-", i)
		if err := p.PutProfile(t.Context(), event.Profile{ID: id}); err != nil {
			t.Fatal(err)
		}
		if want := hasher.Partition(&kgo.Record{Key: []byte(id)}, 8); int32(want) != event.Partition(id, 8) {
			t.Fatalf("%s: Kafka's default is %d, ours %d", id, want, event.Partition(id, 8))
		}
	}
	for _, in := range readAll(t, c, Profiles) {
		if in.Partition != event.Partition(string(in.Key), 8) {
			t.Errorf("%s is in partition %d", in.Key, in.Partition)
		}
	}
}

func TestABatchCommitsAsAWholeOrNotAtAll(t *testing.T) {
	c, _ := kafka(t, 2)
	p := producer(t, c, 2)
	s := session(t, c, 2)
	if err := p.PutProfile(t.Context(), event.Profile{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	first := poll(t, s)
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	s.Produce(t.Context(), EngineState(0, "aborted", []byte("1")))
	if err := s.Abort(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := poll(t, s)
	n := event.Partition("a", 2)
	if len(again.Partitions[n]) != 1 || again.Partitions[n][0].Offset != first.Partitions[n][0].Offset {
		t.Fatalf("after an abort came %+v", again.Partitions)
	}
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	s.Produce(t.Context(), EngineState(0, "committed", []byte("2")))
	if ok, err := s.Commit(t.Context()); !ok || err != nil {
		t.Fatalf("commit: %v, %v", ok, err)
	}
	state := readAll(t, c, State)
	if len(state) != 1 || string(state[0].Key) != "committed" {
		t.Errorf("engine-state holds %+v", state)
	}
}

func TestATransactionThatConsumedNothingIsRefused(t *testing.T) {
	c, _ := kafka(t, 2)
	s := session(t, c, 2)
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	s.Produce(t.Context(), EngineState(0, "k", []byte("v")))
	if ok, err := s.Commit(t.Context()); ok || !errors.Is(err, ErrUnfenced) {
		t.Errorf("got %v, %v", ok, err)
	}
	if state := readAll(t, c, State); len(state) != 0 {
		t.Errorf("written all the same: %+v", state)
	}
}

func TestARestartedProcessEndsItsOwnOpenTransaction(t *testing.T) {
	c, _ := kafka(t, 1)
	p := producer(t, c, 1)
	dead := session(t, c, 1)
	if err := p.PutProfile(t.Context(), event.Profile{ID: "a"}); err != nil {
		t.Fatal(err)
	}
	poll(t, dead)
	if err := dead.Begin(); err != nil {
		t.Fatal(err)
	}
	dead.Produce(t.Context(), EngineState(0, "never", []byte("1")))
	if err := dead.session.Client().Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	// It hangs here for ever; a process of the same instance takes its place.
	reborn := session(t, c, 1)
	b := poll(t, reborn)
	if len(b.Partitions[0]) != 1 {
		t.Fatalf("polled %+v", b)
	}
	if err := reborn.Begin(); err != nil {
		t.Fatal(err)
	}
	reborn.Produce(t.Context(), EngineState(0, "reborn", []byte("2")))
	if ok, err := reborn.Commit(t.Context()); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if ok, err := dead.Commit(t.Context()); ok {
		t.Errorf("the zombie committed: %v", err)
	}
	state := readAll(t, c, State)
	if len(state) != 1 || string(state[0].Key) != "reborn" {
		t.Errorf("engine-state holds %+v", state)
	}
}

func TestARestoreReadsProfilesUpToTheCommittedOffset(t *testing.T) {
	c, _ := kafka(t, 1)
	p := producer(t, c, 1)
	s := session(t, c, 1)
	if err := p.Send(t.Context(), Profile(event.Profile{ID: "a"}), Profile(event.Profile{ID: "b"})); err != nil {
		t.Fatal(err)
	}
	for polled := 0; polled < 2; {
		polled += len(poll(t, s).Partitions[0])
	}
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	s.Produce(t.Context(), EngineState(0, "fact", []byte("1")))
	if ok, err := s.Commit(t.Context()); !ok || err != nil {
		t.Fatal(ok, err)
	}
	if err := p.PutProfile(t.Context(), event.Profile{ID: "c"}); err != nil {
		t.Fatal(err)
	}
	r, err := NewRestorer(c, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	var keys []string
	note := func(in Input) error { keys = append(keys, in.Topic+" "+string(in.Key)); return nil }
	if err := r.Partition(t.Context(), 0, RestoreSinks{Profile: note, State: note}); err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{"profiles a": true, "profiles b": true, "engine-state fact": true}
	if len(keys) != 3 || !want[keys[0]] || !want[keys[1]] || !want[keys[2]] {
		t.Errorf("restored %v", keys)
	}
}

func TestTheTableLoadsThenFollows(t *testing.T) {
	c, _ := kafka(t, 2)
	p := producer(t, c, 2)
	put := func(id string) {
		t.Helper()
		if err := p.PutOpportunity(t.Context(), event.Opportunity{ID: id, Bucket: event.Jobs, Title: "t"}); err != nil {
			t.Fatal(err)
		}
	}
	put("a")
	put("b")
	seen := make(chan string, 10)
	table, err := NewTable(t.Context(), c, quiet, func(inputs []Input) error {
		for _, in := range inputs {
			seen <- string(in.Key)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer table.Close()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- table.Run(ctx) }()
	<-table.CaughtUp()
	if len(seen) != 2 {
		t.Errorf("caught up with %d of 2", len(seen))
	}
	put("c")
	if err := table.Wait(t.Context(), event.Partition("c", OpportunityPartitions), 0); err != nil {
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestAProjectionTriesAgainUntilItWorks(t *testing.T) {
	c, _ := kafka(t, 2)
	p := producer(t, c, 2)
	if err := p.DeleteOpportunity(t.Context(), "a"); err != nil {
		t.Fatal(err)
	}
	projection, err := NewProjection(c, "store", 10, nil, quiet)
	if err != nil {
		t.Fatal(err)
	}
	defer projection.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	tries := 0
	err = projection.Run(ctx, func(_ context.Context, inputs []Input) error {
		tries++
		if len(inputs) != 1 || string(inputs[0].Key) != "a" || inputs[0].Value != nil {
			t.Errorf("got %+v", inputs)
		}
		if tries < 3 {
			return errors.New("the store is away")
		}
		cancel()
		return nil
	})
	if err != nil || tries != 3 {
		t.Errorf("%d tries, %v", tries, err)
	}
}
