package streams

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// heard collects what a tail hands on.
type heard struct {
	mu    sync.Mutex
	ids   []string
	next  map[int32]int64
	since chan struct{}
}

func (h *heard) sink(in Input) error {
	partition, offset := in.Partition, in.Offset
	n, err := event.DecodeNotification(in.Value)
	if err != nil {
		return err
	}
	h.mu.Lock()
	h.ids = append(h.ids, n.ID)
	if offset < h.next[partition] {
		h.ids = append(h.ids, fmt.Sprintf("%s out of order", n.ID))
	}
	h.next[partition] = offset + 1
	h.mu.Unlock()
	select {
	case h.since <- struct{}{}:
	default:
	}
	return nil
}

func (h *heard) await(t *testing.T, wanted int) []string {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		h.mu.Lock()
		ids := h.ids
		h.mu.Unlock()
		if len(ids) >= wanted {
			return ids
		}
		select {
		case <-h.since:
		case <-timeout:
			t.Fatalf("heard %v of %d", ids, wanted)
		}
	}
}

func TestATailHearsEverythingFromItsOpeningOnOverARestart(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	tell(t, p, 0, 10)
	h := &heard{next: map[int32]int64{}, since: make(chan struct{}, 1)}
	tail, err := NewTail(t.Context(), config, Notifications, h.sink, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, p, 10, 20) // before it runs
	run := func() (stop func()) {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- tail.Run(ctx) }()
		return func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the tail ended with %v", err)
			}
		}
	}
	stop := run()
	h.await(t, 10)
	if err := tail.Run(t.Context()); !errors.Is(err, ErrRunning) {
		t.Errorf("a second run: %v", err)
	}
	stop()
	tell(t, p, 20, 30)
	stop = run()
	h.await(t, 20)
	tell(t, p, 30, 40)
	seen := map[string]bool{}
	for _, id := range h.await(t, 30) {
		if seen[id] {
			t.Errorf("%s was heard twice", id)
		}
		seen[id] = true
	}
	for i := 10; i < 40; i++ {
		if !seen[fmt.Sprint("n", i)] {
			t.Errorf("n%d was not heard", i)
		}
	}
	stop()
	tail.Close()
	tail.Close()
	if err := tail.Run(t.Context()); err != nil {
		t.Errorf("run after close: %v", err)
	}
	for n := range int32(students) {
		if got := tail.Position(n); got != h.next[n] && h.next[n] != 0 {
			t.Errorf("position %d of partition %d, want %d", got, n, h.next[n])
		}
	}
}

func TestATailHearsOnlyWhatWasCommitted(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	h := &heard{next: map[int32]int64{}, since: make(chan struct{}, 1)}
	tail, err := NewTail(t.Context(), config, Notifications, h.sink, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- tail.Run(ctx) }()
	engine := client(t, config, kgo.TransactionalID("engine"))
	for _, how := range []kgo.TransactionEndTry{kgo.TryAbort, kgo.TryCommit} {
		if err := engine.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		record := counts{students}.place(Notification(1, notificationOf(fmt.Sprint(how), "ann")))
		if err := engine.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := engine.EndTransaction(t.Context(), how); err != nil {
			t.Fatal(err)
		}
	}
	if ids := h.await(t, 1); len(ids) != 1 || ids[0] != "true" {
		t.Errorf("heard %v", ids)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	tail.Close()
}
