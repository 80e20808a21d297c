package streams

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// shelf is a store of inboxes that only notes what it was given, and how often.
type shelf struct {
	mu      sync.Mutex
	at      map[int32]lane
	notes   map[string]int
	order   []string
	outage  int // calls that fail yet
	unsure  int // batches that are applied although an error is given
	biggest int
	changed chan struct{}
	begun   int
}

func newShelf() *shelf {
	return &shelf{at: map[int32]lane{}, notes: map[string]int{}, changed: make(chan struct{}, 1)}
}

func (s *shelf) fails() error {
	if s.outage > 0 {
		s.outage--
		return errors.New("the store is away")
	}
	return nil
}

func (s *shelf) Positions(_ context.Context, n int32, incarnation string) (event.InboxOffsets, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.at[n]
	return at.next, at.incarnation == incarnation, s.fails()
}

func (s *shelf) Begin(_ context.Context, n int32, incarnation string, at event.InboxOffsets) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.begun++
	s.at[n] = lane{incarnation, at}
	return s.fails()
}

func (s *shelf) Apply(_ context.Context, b InboxBatch) (bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.fails(); err != nil {
		return false, err
	}
	if s.at[b.Partition] != (lane{b.Incarnation, b.From}) {
		return false, nil
	}
	s.at[b.Partition] = lane{b.Incarnation, b.To}
	s.biggest = max(s.biggest, len(b.Records))
	for _, r := range b.Records {
		var note string
		switch {
		case r.Notification != nil:
			note = "told " + r.Notification.ID
		case r.Mark != nil:
			note = "marked " + r.Mark.ID
		case r.Preferences != nil:
			note = "wants " + r.Preferences.Recipient
		default:
			note = "erased " + r.Erased
		}
		s.notes[note]++
		s.order = append(s.order, note)
	}
	select {
	case s.changed <- struct{}{}:
	default:
	}
	if s.unsure > 0 {
		s.unsure--
		return false, errors.New("the answer was lost")
	}
	return true, nil
}

// await waits until so many different notes are there, each made once.
func (s *shelf) await(t *testing.T, wanted int) {
	t.Helper()
	timeout := time.After(20 * time.Second)
	for {
		s.mu.Lock()
		have := maps.Clone(s.notes)
		s.mu.Unlock()
		for note, times := range have {
			if times != 1 {
				t.Fatalf("%d times: %s", times, note)
			}
		}
		if len(have) >= wanted {
			return
		}
		select {
		case <-s.changed:
		case <-timeout:
			t.Fatalf("%d of %d notes: %v", len(have), wanted, have)
		}
	}
}

func (s *shelf) locked(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
}

// projecting runs a projector until stop is called.
func projecting(t *testing.T, config Config, instance string, store InboxStore, reg prometheus.Registerer) (stop func()) {
	t.Helper()
	config.Instance = instance
	p, err := NewProjector(config, store, 1000, reg, quietly)
	if err != nil {
		t.Fatal(err)
	}
	p.lookEvery = 20 * time.Millisecond
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- p.Run(ctx) }()
	var once sync.Once
	stop = func() {
		once.Do(func() {
			cancel()
			if err := <-ended; err != nil {
				t.Errorf("the projector ended with %v", err)
			}
			p.Close()
		})
	}
	t.Cleanup(stop)
	return stop
}

// tell writes notifications to all partitions, as the engine does.
func tell(t *testing.T, p *Producer, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		who := fmt.Sprint("student-", i%10)
		send(t, p, Notification(event.Partition(who, students), notificationOf(fmt.Sprint("n", i), who)))
	}
}

func TestEachRecordOfAnInboxCountsOnceOverRestarts(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p, s := producer(t, config), newShelf()
	tell(t, p, 0, 20)
	stop := projecting(t, config, "a", s, nil)
	s.await(t, 20)
	if err := errors.Join(
		p.PutPreferences(t.Context(), event.Preferences{Recipient: "ann"}), p.DeletePreferences(t.Context(), "bob"),
		p.Marks(t.Context(), []event.Mark{{Recipient: "ann", ID: "n1", Flags: event.Read}})); err != nil {
		t.Fatal(err)
	}
	s.await(t, 23)
	stop()
	tell(t, p, 20, 30)
	projecting(t, config, "b", s, nil)
	s.await(t, 33)
	if s.begun != students {
		t.Errorf("begun %d times", s.begun)
	}
}

func TestAStoreThatLostEverythingIsFilledAnew(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p, s := producer(t, config), newShelf()
	tell(t, p, 0, 20)
	projecting(t, config, "a", s, nil)
	s.await(t, 20)
	s.locked(func() { clear(s.at); clear(s.notes) })
	s.await(t, 20) // though nothing is written that would show the loss
	tell(t, p, 20, 30)
	s.await(t, 30)
}

func TestAnOutageOfTheInboxStoreIsWaitedOut(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p, s := producer(t, config), newShelf()
	s.outage = 2 // when it is asked where it stands
	projecting(t, config, "a", s, nil)
	tell(t, p, 0, 10)
	s.await(t, 10)
	s.locked(func() { s.outage = 2 })
	tell(t, p, 10, 20)
	s.await(t, 20)
	s.locked(func() { s.unsure = 1 })
	tell(t, p, 20, 30)
	s.await(t, 30)
}

func TestTwoProjectorsShareThePartitions(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p, s := producer(t, config), newShelf()
	projecting(t, config, "a", s, nil)
	tell(t, p, 0, 20)
	s.await(t, 20)
	stop := projecting(t, config, "b", s, nil)
	tell(t, p, 20, 40)
	s.await(t, 40)
	stop()
	tell(t, p, 40, 60)
	s.await(t, 60)
}

func TestPoisonInAnInboxIsCountedAndPassedOver(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	reg := prometheus.NewRegistry()
	p, s := producer(t, config), newShelf()
	send(t, p,
		Record{topic: Notifications, partition: 1, key: []byte("x"), value: []byte("{")},
		Record{topic: InboxMarks, partition: 1, key: []byte("bob"), value: event.Mark{Recipient: "ann", ID: "n", Flags: event.Read}.Encode()},
		Record{topic: Preferences, partition: 1, key: []byte{}, value: nil},
		Record{topic: Preferences, partition: 1, key: []byte("x"), value: event.Preferences{Recipient: "y"}.Encode()},
		Notification(1, notificationOf("good", "ann")))
	stop := projecting(t, config, "a", s, reg)
	s.await(t, 1)
	s.locked(func() {
		if s.notes["told good"] != 1 {
			t.Errorf("notes %v", s.notes)
		}
	})
	want := event.InboxOffsets{Notifications: 2, Marks: 1, Preferences: 2}
	for deadline := time.Now().Add(10 * time.Second); ; {
		var at event.InboxOffsets
		s.locked(func() { at = s.at[1].next })
		if at == want || time.Now().After(deadline) {
			if at != want {
				t.Errorf("positions %+v, want %+v", at, want)
			}
			break
		}
		<-s.changed
	}
	stop() // what was applied last is counted after it
	families, err := reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	poison := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			for _, label := range m.GetLabel() {
				if f.GetName() == "tideline_inbox_records_total" && label.GetValue() == "poison" {
					poison += m.GetCounter().GetValue()
				}
			}
		}
	}
	if poison != 4 {
		t.Errorf("%v bad records were counted", poison)
	}
}

func TestABatchOfAnInboxIsBoundedAndMarksComeAfterItems(t *testing.T) {
	s := newShelf()
	s.at[1] = lane{incarnation: "era"}
	p := &Projector{store: s, log: quietly, lanes: maps.Clone(s.at), metrics: projectorMetrics{
		records: prometheus.NewCounterVec(prometheus.CounterOpts{}, []string{"topic", "outcome"}), visible: prometheus.NewHistogram(prometheus.HistogramOpts{}),
	}}
	topics := []kgo.FetchTopic{
		{Topic: InboxMarks, Partitions: []kgo.FetchPartition{{Partition: 1}}},
		{Topic: Notifications, Partitions: []kgo.FetchPartition{{Partition: 1}}},
	}
	for i := range int64(2*maxInboxBatch + 1) {
		topics[1].Partitions[0].Records = append(topics[1].Partitions[0].Records,
			&kgo.Record{Topic: Notifications, Partition: 1, Offset: 2 * i, Value: notificationOf(fmt.Sprint(i), "ann").Encode()})
	}
	topics[0].Partitions[0].Records = []*kgo.Record{{
		Topic: InboxMarks, Partition: 1, Offset: 7, Key: []byte("ann"), Value: event.Mark{Recipient: "ann", ID: "0", Flags: event.Read}.Encode(),
	}}
	if err := p.project(t.Context(), kgo.Fetches{{Topics: topics}}); err != nil {
		t.Fatal(err)
	}
	if s.biggest != maxInboxBatch || s.order[len(s.order)-1] != "marked 0" || len(s.order) != 2*maxInboxBatch+2 {
		t.Errorf("at most %d records at once, %d in all, the last %s", s.biggest, len(s.order), s.order[len(s.order)-1])
	}
	if want := (event.InboxOffsets{Notifications: 4*maxInboxBatch + 1, Marks: 8}); s.at[1].next != want {
		t.Errorf("at %+v, want %+v", s.at[1].next, want)
	}
}

func TestARecreatedTopicHasAnotherIncarnation(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	projection, err := NewProjection(config, "store", []string{Notifications, Opportunities}, 10, nil, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer projection.Close()
	want, err := incarnation(t.Context(), kadm.NewClient(client(t, config)), Notifications)
	if err != nil {
		t.Fatal(err)
	}
	tell(t, p, 0, 1)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var got []string
	err = projection.Run(ctx, func(_ context.Context, inputs []Input) error {
		for _, in := range inputs {
			got = append(got, in.Incarnation)
		}
		cancel()
		return nil
	})
	if err != nil || !slices.Equal(got, []string{want}) {
		t.Errorf("incarnations %v, want %s, %v", got, want, err)
	}
}
