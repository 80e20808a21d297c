package streams

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"

	"tideline/engine/event"
)

// outbox keeps what it is told and fails as often as it is told to.
type outbox struct {
	mu       sync.Mutex
	failures int
	taken    map[int32][]Input
	accepted []string
	want     int
	enough   func()
}

func (o *outbox) Take(_ context.Context, n int32, queue []Input) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.failures > 0 {
		o.failures--
		return errors.New("not now")
	}
	o.taken[n] = queue
	return nil
}

func (o *outbox) Release(context.Context, int32) {}

func (o *outbox) Room(ctx context.Context) error { return ctx.Err() }

func (o *outbox) Accept(_ context.Context, n int32, inputs []Input) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.taken[n]; !ok {
		return errors.New("accepted before taken")
	}
	if o.failures > 0 {
		o.failures--
		return errors.New("not now")
	}
	for _, in := range inputs {
		o.accepted = append(o.accepted, string(in.Key))
	}
	if len(o.accepted) >= o.want {
		o.enough()
	}
	return nil
}

func TestDeliveriesRestoreTheirQueueAndReadOnFromWhatWasCommitted(t *testing.T) {
	c, _ := brokers(t)
	ensure(t, c)
	p := producer(t, c)
	n := event.Partition("s1", students)
	notification := func() Record { return published(Notifications, "test", "s1", []byte(`{}`)) }
	send(t, p, notification(), notification(),
		Delivery(n, "a", []byte("1")), Delivery(n, "b", []byte("1")), Delivery(n, "a", []byte("2")), Delivery(n, "c", nil))

	run := func(failures, want int) *outbox {
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		o := &outbox{failures: failures, want: want, taken: map[int32][]Input{}, enough: cancel}
		done := make(chan error, 1)
		go func() { done <- RunDeliveries(ctx, c, o, nil, quietly) }()
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		return o
	}
	o := run(2, 2)
	if len(o.accepted) != 2 {
		t.Fatalf("accepted %v", o.accepted)
	}
	queue := o.taken[n]
	if len(queue) != 3 || string(queue[0].Key) != "b" || string(queue[1].Value) != "2" || queue[2].Value != nil {
		t.Errorf("took %+v", queue)
	}
	if len(o.taken) != students {
		t.Errorf("took %d partitions of %d", len(o.taken), students)
	}
	send(t, p, notification())
	if o := run(0, 1); len(o.accepted) != 1 {
		t.Errorf("after a restart %d notifications came, want the new one", len(o.accepted))
	}
}

func TestTheQueueIsCompactedAndNotKeptForEver(t *testing.T) {
	c, _ := brokers(t)
	ensure(t, c)
	ensure(t, c) // what was created passes the check of the next start
	configs, err := kadm.NewClient(client(t, c)).DescribeTopicConfigs(t.Context(), Deliveries)
	if err != nil {
		t.Fatal(err)
	}
	have, err := configs.On(Deliveries, nil)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range have.Configs {
		found[entry.Key] = entry.MaybeValue()
	}
	if found["cleanup.policy"] != "compact,delete" || found["retention.ms"] != "2592000000" {
		t.Errorf("policy %q, kept %q", found["cleanup.policy"], found["retention.ms"])
	}
}
