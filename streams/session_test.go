package streams

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// step polls once and, when records came, writes each of them as a fact, named
// by where it came from, and commits.
func step(ctx context.Context, s *Session) (committed bool, err error) {
	short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
	defer cancel()
	b, err := s.Poll(short)
	if err != nil || b.Empty() {
		return false, err
	}
	if err := s.Begin(); err != nil {
		return false, err
	}
	for n, inputs := range b.Partitions {
		for _, in := range inputs {
			s.Produce(ctx, EngineState(n, fmt.Sprintf("%s/%d/%d", in.Topic, in.Partition, in.Offset), in.Key))
		}
	}
	return s.Commit(ctx)
}

// process steps until so many facts are there; errors are tried again.
func process(t *testing.T, config Config, s *Session, wanted int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for facts(t, config) < wanted {
		if _, err := step(ctx, s); err != nil {
			t.Log(err)
		}
		if ctx.Err() != nil {
			t.Fatalf("%d facts of %d", facts(t, config), wanted)
		}
	}
}

// facts counts what was written per key, and complains of what is there twice.
func facts(t *testing.T, config Config) int {
	t.Helper()
	seen := map[string]bool{}
	for _, in := range log(t, config, State) {
		if seen[string(in.Key)] {
			t.Errorf("%s was processed twice", in.Key)
		}
		seen[string(in.Key)] = true
	}
	return len(seen)
}

func TestABatchIsGroupedByStudentPartitionInOrder(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	for i := range 3 {
		send(t, p, signalOf("ann", i), Opportunity(opportunityOf(fmt.Sprint("o", i))))
	}
	send(t, p, NoProfile("ann"))
	b := poll(t, session(t, config, "a"), has(7))
	if !slices.Equal(b.Assigned, []int32{0, 1, 2, 3}) || b.Generation == 0 {
		t.Errorf("assigned %v in generation %d", b.Assigned, b.Generation)
	}
	if len(b.Partitions) != 1 || len(b.Router) == 0 {
		t.Fatalf("%d student partitions, %d of the router", len(b.Partitions), len(b.Router))
	}
	for _, inputs := range b.Partitions {
		last := map[string]int64{}
		for _, in := range inputs {
			if before, ok := last[in.Topic]; ok && in.Offset <= before {
				t.Errorf("%s: offset %d after %d", in.Topic, in.Offset, before)
			}
			last[in.Topic] = in.Offset
			if in.ID == "" || string(in.Key) != "ann" {
				t.Errorf("id %q, key %q", in.ID, in.Key)
			}
		}
	}
}

func TestWhatIsAbortedComesAgainAndLeavesNothing(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	send(t, producer(t, config), signalOf("ann", 0), signalOf("bob", 1))
	s := session(t, config, "a")
	for range 2 {
		poll(t, s, has(2))
		if err := s.Begin(); err != nil {
			t.Fatal(err)
		}
		s.Produce(t.Context(), EngineState(0, "lost", []byte("1")))
		if err := s.Abort(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if n := facts(t, config); n != 0 {
		t.Errorf("%d facts of aborted transactions", n)
	}
	process(t, config, s, 2)
}

// failures are ways in which the end of a transaction can go wrong.
var failures = map[string]func(c *kfake.Cluster){
	"commit refused": func(c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.TransactionAbortable})
	},
	"outcome unknown": func(c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.UnknownServerError})
	},
	"done, but the answer was lost": func(c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.EndTxn}, TopLevel: true, Err: kerr.RequestTimedOut})
	},
	"offsets refused": func(c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.IllegalGeneration})
	},
	"offsets not authorised": func(c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.TxnOffsetCommit}, Err: kerr.TopicAuthorizationFailed})
	},
	"a record refused": func(c *kfake.Cluster) {
		c.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Produce}, Topic: State, Err: kerr.InvalidRecord})
	},
	"connection cut": func(c *kfake.Cluster) {
		c.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) { return nil, errors.New("cut"), true })
	},
}

func TestEachRecordIsProcessedOnceWhateverFails(t *testing.T) {
	for name, fail := range failures {
		t.Run(name, func(t *testing.T) {
			config, cluster := breakable(t)
			ensure(t, config)
			p, s := producer(t, config), session(t, config, "a")
			for i := range 6 {
				send(t, p, signalOf(fmt.Sprint("student-", i), i))
				if i%2 == 1 {
					fail(cluster)
				}
				process(t, config, s, i+1)
			}
			if n := facts(t, config); n != 6 {
				t.Errorf("%d facts of 6 records", n)
			}
		})
	}
}

func TestATransactionWithoutOffsetsIsRefused(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	s := session(t, config, "a")
	poll(t, s, func(b Batch) bool { return len(b.Assigned) == students })
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	s.Produce(t.Context(), EngineState(0, "unfenced", []byte("1")))
	if committed, err := s.Commit(t.Context()); committed || !errors.Is(err, ErrUnfenced) {
		t.Errorf("committed %t, %v", committed, err)
	}
	if n := facts(t, config); n != 0 {
		t.Error("it was written")
	}
}

func TestAnEvictedMemberCannotCommit(t *testing.T) {
	config, cluster := breakable(t)
	ensure(t, config)
	send(t, producer(t, config), signalOf("ann", 0))
	zombie := session(t, config, "zombie")
	poll(t, zombie, has(1))
	// From here on the group no longer hears from it.
	cluster.Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Heartbeat, kmsg.JoinGroup}, Group: config.Group, TopLevel: true, Err: kerr.CoordinatorNotAvailable, Count: -1,
		When: func(req kmsg.Request) bool {
			switch r := req.(type) {
			case *kmsg.HeartbeatRequest:
				return r.InstanceID != nil && *r.InstanceID == "zombie"
			case *kmsg.JoinGroupRequest:
				return r.InstanceID != nil && *r.InstanceID == "zombie"
			}
			return false
		},
	})
	if err := zombie.Begin(); err != nil {
		t.Fatal(err)
	}
	zombie.Produce(t.Context(), EngineState(0, "zombie", []byte("1")))
	heir := session(t, config, "heir")
	poll(t, heir, has(1)) // it comes to the heir, who has not committed it yet
	if committed, err := zombie.Commit(t.Context()); committed {
		t.Fatalf("the zombie committed (%v)", err)
	}
	if err := errors.Join(heir.Begin(), heir.Abort(t.Context())); err != nil {
		t.Fatal(err)
	}
	process(t, config, heir, 1)
	if all := log(t, config, State); string(all[0].Key) == "zombie" {
		t.Error("the zombie's fact is there")
	}
}

func TestASessionOfTheSameNameShutsTheFormerOut(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	send(t, producer(t, config), signalOf("ann", 0))
	former := session(t, config, "a")
	poll(t, former, has(1))
	if err := former.Begin(); err != nil {
		t.Fatal(err)
	}
	former.Produce(t.Context(), EngineState(0, "former", []byte("1")))
	session(t, config, "a")
	if committed, err := former.Commit(t.Context()); committed || !errors.Is(err, ErrFenced) {
		t.Errorf("committed %t, %v", committed, err)
	}
}

func TestWhatWasPolledIsNotLostOverAnErrorElsewhere(t *testing.T) {
	config, cluster := breakable(t)
	ensure(t, config)
	p, s := producer(t, config), session(t, config, "a")
	poll(t, s, func(Batch) bool { return len(s.Owned()) == students })
	records := kgo.Fetches{{Topics: []kgo.FetchTopic{{Topic: Signals, Partitions: []kgo.FetchPartition{
		{Partition: 0, Err: kerr.UnknownServerError}, {Partition: 1, Err: context.Canceled},
	}}}}}
	if err := pollError(records); !errors.Is(err, kerr.UnknownServerError) || errors.Is(err, context.Canceled) {
		t.Errorf("poll error %v", err)
	}
	broken := cluster.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Topic: Profiles, Err: kerr.TopicAuthorizationFailed, Count: -1})
	defer broken.Remove()
	for i := range 20 {
		send(t, p, signalOf(fmt.Sprint("s", i), i))
		_, _ = step(t.Context(), s) // reports the topic that cannot be read
	}
	process(t, config, s, 20)
}

func TestAShutdownDoesNotWaitForATransactionThatWillNotEnd(t *testing.T) {
	config, cluster := breakable(t)
	ensure(t, config)
	send(t, producer(t, config), signalOf("ann", 0))
	s := session(t, config, "a")
	poll(t, s, has(1))
	if err := s.Begin(); err != nil {
		t.Fatal(err)
	}
	s.Produce(t.Context(), EngineState(0, "fact", []byte("1")))
	if err := s.session.Client().Flush(t.Context()); err != nil { // or there is nothing to end
		t.Fatal(err)
	}
	hang, asked := make(chan struct{}), make(chan struct{}, 100)
	defer close(hang)
	cluster.ControlKey(int16(kmsg.EndTxn), func(kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		asked <- struct{}{}
		cluster.SleepControl(func() { <-hang })
		return nil, nil, false
	})
	ctx, cancel := context.WithCancel(t.Context())
	defer s.EndWithin(ctx, 10*time.Millisecond)()
	ended := make(chan error, 1)
	go func() { ended <- errors.Join(s.Abort(ctx), s.Rewind(ctx)) }()
	<-asked
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("it ended, and nobody let it")
		}
	case <-time.After(endTimeout / 2):
		t.Fatal("still waiting")
	}
}
