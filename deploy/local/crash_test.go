//go:build !noembed

package local

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// crashed gives a directory as a process that is killed now would leave it.
func crashed(t *testing.T, dir string) string {
	t.Helper()
	left := filepath.Join(t.TempDir(), "left")
	if err := os.CopyFS(left, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	return left
}

func kafkaOn(t *testing.T, dir string) *Servers {
	t.Helper()
	s, err := Start(t.Context(), Options{Dir: dir, Kafka: true, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func client(t *testing.T, s *Servers, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	cl, err := kgo.NewClient(append(opts, kgo.SeedBrokers(s.Brokers...))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cl.Close)
	return cl
}

// transaction writes a record in a transaction that is left open.
func transaction(t *testing.T, s *Servers, name, value string) *kgo.Client {
	t.Helper()
	cl := client(t, s, kgo.TransactionalID(name))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	if err := cl.ProduceSync(t.Context(), &kgo.Record{Topic: "t", Value: []byte(value)}).FirstErr(); err != nil {
		t.Fatal(err)
	}
	return cl
}

// The embedded Kafka forgets at a crash which transaction was open, and writes
// no end of it: a later one of the same name swallows its records, and readers
// pass over both. Under a new name at every start each stays what it was.
func TestWhatACrashLeftOpenStaysOutUnderNewNames(t *testing.T) {
	dir := t.TempDir()
	s := kafkaOn(t, dir)
	if _, err := kadm.NewClient(client(t, s)).CreateTopic(t.Context(), 1, 1, nil, "t"); err != nil {
		t.Fatal(err)
	}
	transaction(t, s, "first", "lost")
	dir = crashed(t, dir)
	s = kafkaOn(t, dir)
	if err := transaction(t, s, "second", "kept").EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	check := func(s *Servers, when string) {
		cl := client(t, s, kgo.ConsumeTopics("t"), kgo.FetchIsolationLevel(kgo.ReadCommitted()), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		var got []string
		for !slices.Contains(got, "kept") && ctx.Err() == nil { // the last
			cl.PollFetches(ctx).EachRecord(func(r *kgo.Record) { got = append(got, string(r.Value)) })
		}
		if !slices.Equal(got, []string{"kept"}) {
			t.Errorf("%s: read %v", when, got)
		}
	}
	check(s, "after the crash")
	check(kafkaOn(t, crashed(t, dir)), "after another")
}
