package streams

import (
	"context"
	"testing"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// standing is an inbox store that stands somewhere.
type standing struct {
	InboxStore
	at    event.InboxOffsets
	known bool
}

func (s *standing) Positions(context.Context, int32, string) (event.InboxOffsets, bool, error) {
	return s.at, s.known, nil
}

func TestAGroupHasPassedAnEndWhenItHasReadWhatStoodBefore(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	r, err := NewLagReader(config, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	ends := func() Places {
		t.Helper()
		e, err := r.Ends(t.Context(), Signals)
		if err != nil {
			t.Fatal(err)
		}
		return e
	}
	passed := func(projection string, e Places) bool {
		t.Helper()
		done, err := r.Passed(t.Context(), projection, e)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	if !passed("", ends()) {
		t.Error("a group that nobody has joined is behind of nothing")
	}
	one := signalOf("ann", 0)
	send(t, p, one)
	first := ends()
	if passed("", first) || passed("other", first) {
		t.Error("nobody has read it")
	}
	partition := event.Partition("ann", testPartitions(t, r))
	commit := func(group string, at int64) {
		t.Helper()
		offsets := kadm.Offsets{}
		offsets.AddOffset(Signals, partition, at, -1)
		if err := r.admin.CommitAllOffsets(t.Context(), group, offsets); err != nil {
			t.Fatal(err)
		}
	}
	commit(config.Group, 1)
	if !passed("", first) || passed("other", first) {
		t.Error("one group has read it, the other has not")
	}
	commit(config.Group+"-other", 1)
	send(t, p, one)
	if !passed("other", first) || passed("other", ends()) {
		t.Error("what came later counts, or does not")
	}
	commit(config.Group, 2)
	inTransaction(t, config, &kgo.Record{Topic: Signals, Partition: partition, Value: []byte("{}")})
	commit(config.Group, 3)
	for !passed("", ends()) { // a broker may know of the end of a transaction a moment later
		if t.Context().Err() != nil {
			t.Fatal("the marker of a transaction, which nobody reads, is waited for")
		}
	}
}

// testPartitions is how many partitions there are.
func testPartitions(t *testing.T, r *LagReader) int {
	t.Helper()
	ends, err := r.Ends(t.Context(), Signals)
	if err != nil {
		t.Fatal(err)
	}
	return len(ends[Signals])
}

func TestInboxesHavePassedWhatTheirStoreSays(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	r, err := NewLagReader(config, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	partition := event.Partition("ann", testPartitions(t, r))
	send(t, p, Notification(partition, event.Notification{Proposal: event.Proposal{ID: "n", Rule: "r", Recipient: "ann"}}))
	ends, err := r.Ends(t.Context(), Notifications)
	if err != nil {
		t.Fatal(err)
	}
	store := &standing{}
	for _, c := range []struct {
		known bool
		at    int64
		want  bool
	}{{false, 1, false}, {true, 0, false}, {true, 1, true}} {
		store.known, store.at.Notifications = c.known, c.at
		if got, err := r.InboxPassed(t.Context(), store, ends); err != nil || got != c.want {
			t.Errorf("%+v: %t, %v", c, got, err)
		}
	}
}
