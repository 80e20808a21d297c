package streams

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"tideline/engine/event"
)

// restored gives how many profiles and facts a restore of a partition reads.
func restored(ctx context.Context, t *testing.T, config Config, n int32) (profiles, state int, err error) {
	t.Helper()
	r, err := NewRestorer(config, quietly)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	err = r.Partition(ctx, n, RestoreSinks{
		Profile: func(in Input) error { profiles++; return nil },
		State:   func(in Input) error { state++; return nil },

		Preferences: func(in Input) error { return nil },
		Candidates:  func(in Input) error { return nil },
	})
	return profiles, state, err
}

// studentsOn gives names that belong to a partition.
func studentsOn(n int32, count int) (names []string) {
	for i := 0; len(names) < count; i++ {
		if name := fmt.Sprint("student-", i); event.Partition(name, students) == n {
			names = append(names, name)
		}
	}
	return names
}

func TestARestoreReadsUpToWhatIsCommitted(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p, names := producer(t, config), studentsOn(1, 5)
	for _, name := range names[:3] {
		send(t, p, Profile(event.Profile{ID: name}))
	}
	if profiles, state, err := restored(t.Context(), t, config, 1); profiles != 0 || state != 0 || err != nil {
		t.Fatalf("before the first commit: %d profiles, %d facts, %v", profiles, state, err)
	}
	process(t, config, session(t, config, "a"), 3)
	for _, name := range names[3:] {
		send(t, p, Profile(event.Profile{ID: name}))
	}
	if profiles, state, err := restored(t.Context(), t, config, 1); profiles != 3 || state != 3 || err != nil {
		t.Errorf("partition 1: %d profiles, %d facts, %v", profiles, state, err)
	}
	if profiles, state, err := restored(t.Context(), t, config, 2); profiles != 0 || state != 0 || err != nil {
		t.Errorf("partition 2: %d profiles, %d facts, %v", profiles, state, err)
	}
}

func TestARestoreWaitsForTheFormerOwnersTransaction(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	owner := client(t, config, kgo.TransactionalID("former"))
	if err := owner.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	record := counts{students}.place(EngineState(2, "fact", []byte("1")))
	if err := owner.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, state, err := restored(short, t, config, 2); err == nil {
		t.Fatalf("it did not wait and read %d facts", state)
	}
	if err := owner.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	if _, state, err := restored(t.Context(), t, config, 2); state != 1 || err != nil {
		t.Errorf("%d facts, %v", state, err)
	}
}

// A transaction that has consumed only signals decides about the state all the same.
func TestARestoreWaitsForOffsetsOfEveryTopic(t *testing.T) {
	config, cluster := breakable(t)
	ensure(t, config)
	p := producer(t, config)
	former := session(t, config, "a")
	send(t, p, signalOf(studentsOn(3, 1)[0], 0))
	commit := func() error {
		poll(t, former, has(1))
		if err := former.Begin(); err != nil {
			return err
		}
		_, err := former.Commit(t.Context())
		return err
	}
	if err := commit(); err != nil { // kfake has no pending offsets of a group that never committed any
		t.Fatal(err)
	}
	var held atomic.Bool
	held.Store(true)
	ending := make(chan struct{}, 1)
	cluster.ControlKey(int16(kmsg.EndTxn), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		cluster.KeepControl()
		if !held.Load() {
			return nil, nil, false
		}
		select {
		case ending <- struct{}{}:
		default:
		}
		resp := kreq.ResponseKind().(*kmsg.EndTxnResponse)
		resp.ErrorCode = kerr.ConcurrentTransactions.Code // come back later
		return resp, nil, true
	})
	send(t, p, signalOf(studentsOn(3, 1)[0], 1))
	done := make(chan error, 1)
	go func() { done <- commit() }()
	<-ending
	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if _, _, err := restored(short, t, config, 3); err == nil {
		t.Error("it did not wait")
	}
	held.Store(false)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, _, err := restored(t.Context(), t, config, 3); err != nil {
		t.Error(err)
	}
}

func TestASessionEndsWhatACrashLeftOpen(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	crashed := client(t, config, kgo.TransactionalID(config.Group+"-a"))
	if err := crashed.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	record := counts{students}.place(EngineState(0, "fact", []byte("1")))
	if err := crashed.ProduceSync(t.Context(), record).FirstErr(); err != nil {
		t.Fatal(err)
	}
	session(t, config, "a")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if _, state, err := restored(ctx, t, config, 0); state != 0 || err != nil {
		t.Errorf("%d facts, %v", state, err)
	}
}
