package streams

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/event"
)

// Producer writes what the API, the command line and sources publish. Every
// method returns once all in-sync replicas have the records. It is safe for
// concurrent use.
type Producer struct {
	client *kgo.Client
	counts counts
}

// NewProducer opens an idempotent producer for P student partitions.
func NewProducer(config Config, partitions int, log *slog.Logger) (*Producer, error) {
	cl, err := config.client(log, kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerLinger(0), kgo.MaxBufferedRecords(20_000))
	if err != nil {
		return nil, err
	}
	return &Producer{client: cl, counts: counts{partitions}}, nil
}

// Close waits for nothing: every method already has.
func (p *Producer) Close() { p.client.Close() }

// Opportunity builds the record of a new or changed opportunity.
func Opportunity(o event.Opportunity) Record {
	return published(Opportunities, "tideline.opportunity.v1", o.ID, o.Encode())
}

// NoOpportunity builds the record that deletes one.
func NoOpportunity(id string) Record {
	return published(Opportunities, "tideline.opportunity.deleted.v1", id, nil)
}

// Profile builds the record of a new or changed profile.
func Profile(v event.Profile) Record {
	return published(Profiles, "tideline.profile.v1", v.ID, v.Encode())
}

// NoProfile builds the record that erases one.
func NoProfile(id string) Record { return published(Profiles, "tideline.profile.erased.v1", id, nil) }

// Signal builds the record of a signal.
func Signal(s event.Signal) Record {
	return published(Signals, "tideline.signal.v1", s.Student, s.Encode())
}

// Send produces records in order and waits for all. The error is the first of any record.
func (p *Producer) Send(ctx context.Context, records ...Record) error {
	var (
		mu      sync.Mutex
		first   error
		waiting sync.WaitGroup
	)
	for _, r := range records {
		waiting.Add(1)
		p.client.Produce(ctx, p.counts.place(r), func(r *kgo.Record, err error) {
			defer waiting.Done()
			if err == nil {
				return
			}
			mu.Lock()
			defer mu.Unlock()
			if first == nil {
				first = fmt.Errorf("produce to %s[%d]: %w", r.Topic, r.Partition, err)
			}
		})
	}
	waiting.Wait()
	return first
}

// PutOpportunity publishes a new or changed opportunity.
func (p *Producer) PutOpportunity(ctx context.Context, o event.Opportunity) error {
	return p.Send(ctx, Opportunity(o))
}

// DeleteOpportunity publishes that an opportunity is gone.
func (p *Producer) DeleteOpportunity(ctx context.Context, id string) error {
	return p.Send(ctx, NoOpportunity(id))
}

// PutProfile publishes a new or changed profile.
func (p *Producer) PutProfile(ctx context.Context, v event.Profile) error {
	return p.Send(ctx, Profile(v))
}

// DeleteProfile publishes that a student is to be erased.
func (p *Producer) DeleteProfile(ctx context.Context, id string) error {
	return p.Send(ctx, NoProfile(id))
}

// Signals publishes signals in order.
func (p *Producer) Signals(ctx context.Context, list []event.Signal) error {
	records := make([]Record, len(list))
	for i, s := range list {
		records[i] = Signal(s)
	}
	return p.Send(ctx, records...)
}

// Tick tells student partitions what time it is.
func (p *Producer) Tick(ctx context.Context, now time.Time, partitions ...int32) error {
	now = now.UTC().Truncate(time.Second)
	var records []Record
	for _, n := range partitions {
		records = append(records, FanoutTo(n, event.Fanout{Tick: &now}))
	}
	return p.Send(ctx, records...)
}
