package streams

import (
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// seen collects what a table was told.
type seen struct {
	mu   sync.Mutex
	keys []string
}

func (s *seen) sink(inputs []Input) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, in := range inputs {
		s.keys = append(s.keys, string(in.Key))
	}
	return nil
}

func (s *seen) list() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(slices.Values(s.keys))
}

// table runs a table and waits until it has caught up.
func table(t *testing.T, config Config, s *seen) *Table {
	t.Helper()
	tb, err := NewTable(t.Context(), config, quietly, s.sink)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- tb.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("table: %v", err)
		}
		tb.Close()
	})
	select {
	case <-tb.CaughtUp():
	case <-time.After(15 * time.Second):
		t.Fatalf("not caught up; positions %v of %v", tb.next, tb.start)
	}
	return tb
}

// transact writes opportunities to partition 0 in a transaction of their own.
func transact(t *testing.T, config Config, how kgo.TransactionEndTry, ids ...string) (last int64) {
	t.Helper()
	cl := client(t, config, kgo.TransactionalID("writer"))
	if err := cl.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	for _, id := range ids {
		r := counts{students}.place(Opportunity(opportunityOf(id)))
		r.Partition = 0
		if err := cl.ProduceSync(t.Context(), r).FirstErr(); err != nil {
			t.Fatal(err)
		}
		last = r.Offset
	}
	if err := cl.EndTransaction(t.Context(), how); err != nil {
		t.Fatal(err)
	}
	return last
}

func TestTheTablePassesMarkersAndAbortedRecords(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	transact(t, config, kgo.TryCommit, "o1", "o2")
	transact(t, config, kgo.TryAbort, "no1", "no2") // the partition ends in aborted records and a marker
	var s seen
	tb := table(t, config, &s)
	if got := s.list(); !slices.Equal(got, []string{"o1", "o2"}) {
		t.Fatalf("at the start: %v", got)
	}
	end := transact(t, config, kgo.TryAbort, "no3")
	last := transact(t, config, kgo.TryCommit, "o3")
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := tb.Wait(ctx, 0, end); err != nil { // of an aborted record
		t.Fatal(err)
	}
	if err := tb.Wait(ctx, 0, last); err != nil {
		t.Fatal(err)
	}
	if got := s.list(); !slices.Equal(got, []string{"o1", "o2", "o3"}) || tb.Position(0) <= last {
		t.Errorf("then: %v, position %d after %d", got, tb.Position(0), last)
	}
	cancel()
	if err := tb.Wait(ctx, 0, last+100); err == nil {
		t.Error("waited for what never came, without an error")
	}
}

func TestTheTableStartsEmpty(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	table(t, config, &seen{})
}

// hollow makes partition 0 of a topic end in so many offsets that hold nothing,
// as compaction leaves it.
func hollow(cluster *kfake.Cluster, topic string, offsets int64) {
	end := cluster.PartitionInfo(topic, 0).HighWatermark
	cluster.ControlKey(int16(kmsg.ListOffsets), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		req := kreq.(*kmsg.ListOffsetsRequest)
		if len(req.Topics) != 1 || req.Topics[0].Topic != topic {
			return nil, nil, false
		}
		cluster.KeepControl()
		resp := req.ResponseKind().(*kmsg.ListOffsetsResponse)
		rt := kmsg.NewListOffsetsResponseTopic()
		rt.Topic = topic
		for _, p := range req.Topics[0].Partitions {
			rp := kmsg.NewListOffsetsResponseTopicPartition()
			rp.Partition, rp.Offset = p.Partition, 0
			if p.Partition == 0 && p.Timestamp == -1 {
				rp.Offset = end + offsets
			}
			rt.Partitions = append(rt.Partitions, rp)
		}
		resp.Topics = append(resp.Topics, rt)
		return resp, nil, true
	})
	cluster.ControlKey(int16(kmsg.Fetch), func(kreq kmsg.Request) (kmsg.Response, error, bool) {
		req := kreq.(*kmsg.FetchRequest)
		cluster.KeepControl()
		if req.SessionEpoch != -1 || len(req.Topics) != 1 || req.Topics[0].Partitions[0].FetchOffset < end {
			return nil, nil, false
		}
		resp := req.ResponseKind().(*kmsg.FetchResponse)
		rt := kmsg.NewFetchResponseTopic()
		rt.Topic, rt.TopicID = req.Topics[0].Topic, req.Topics[0].TopicID
		rp := kmsg.NewFetchResponseTopicPartition()
		rp.Partition, rp.LastStableOffset, rp.HighWatermark = 0, end+offsets, end+offsets
		rt.Partitions = append(rt.Partitions, rp)
		resp.Topics = append(resp.Topics, rt)
		return resp, nil, true
	})
}

func TestWhatEndsInCompactedOffsetsIsReadToItsEnd(t *testing.T) {
	config, cluster := breakable(t)
	ensure(t, config)
	transact(t, config, kgo.TryCommit, "o1")
	hollow(cluster, Opportunities, 3)
	var s seen
	tb := table(t, config, &s)
	if got := s.list(); !slices.Equal(got, []string{"o1"}) || tb.Position(0) != 5 {
		t.Errorf("table has %v, position %d", got, tb.Position(0))
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	n := 0
	if err := ReadLog(ctx, config, quietly, Opportunities, func(Input) error { n++; return nil }); err != nil || n != 1 {
		t.Errorf("log: %d records, %v", n, err)
	}
}

func TestEmptyBatchesArePassed(t *testing.T) {
	batch := func(first int64, lastDelta, records uint32) []byte {
		b := make([]byte, 61, 70)
		binary.BigEndian.PutUint64(b, uint64(first))
		binary.BigEndian.PutUint32(b[8:], 61-12)
		binary.BigEndian.PutUint32(b[23:], lastDelta)
		binary.BigEndian.PutUint32(b[57:], records)
		return b
	}
	for want, batches := range map[int64][]byte{
		0:  nil,
		10: batch(7, 2, 0),
		14: append(batch(7, 2, 0), batch(12, 1, 0)...),
		15: append(batch(14, 0, 0), batch(15, 9, 1)...),
	} {
		if got := pastEmpty(batches); got != want {
			t.Errorf("got %d, want %d", got, want)
		}
	}
	if got := pastEmpty(batch(7, 2, 1)); got != 0 {
		t.Errorf("records were passed over: %d", got)
	}
}

func TestAFailingSinkStopsTheTable(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	send(t, producer(t, config), Opportunity(opportunityOf("o1")))
	tb, err := NewTable(t.Context(), config, quietly, func([]Input) error { return fmt.Errorf("full") })
	if err != nil {
		t.Fatal(err)
	}
	defer tb.Close()
	if err := tb.Run(t.Context()); err == nil {
		t.Error("no error")
	}
}
