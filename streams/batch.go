package streams

import (
	"context"
	"errors"
	"fmt"

	"github.com/twmb/franz-go/pkg/kgo"
)

// Batch is what one poll brought.
type Batch struct {
	Partitions map[int32][]Input // by student partition, topics in the order of copartitioned
	Router     map[int32][]Input // by partition of the opportunities topic
	Rulesets   []Input           // of the rulesets topic
	Assigned   []int32           // student partitions that came since the last poll
	Revoked    []int32           // and that went; one that is in both went and came back
	Generation int               // of the assignment; 0 before the first
}

// Empty says whether there are no records.
func (b Batch) Empty() bool { return len(b.Partitions)+len(b.Router)+len(b.Rulesets) == 0 }

// Poll waits for records until ctx ends; then the batch has none and the error
// is nil. With an error there is no batch: nothing was consumed and no change
// of the assignment was reported. It wraps ErrFenced when the session is over;
// other errors come from the brokers and may pass.
func (s *Session) Poll(ctx context.Context) (Batch, error) {
	if err := s.resolve(ctx); err != nil {
		return Batch{}, err
	}
	fetches := s.session.PollRecords(ctx, s.max)
	batch := collect(fetches)
	err := pollError(fetches)
	if s.assignment.disturbed() {
		// The session would let no transaction commit that begins now: it cannot
		// tell records from before the revocation. Forget the records, which
		// come again, and with them the revocation.
		if err := s.Rewind(ctx); err != nil {
			return Batch{}, err
		}
		batch = collect(nil)
	}
	if err != nil && batch.Empty() {
		return Batch{}, fenced(err)
	}
	if err != nil { // what was polled must not be lost over it
		s.log.Warn("some partitions could not be read", "error", err)
	}
	s.metrics.observe(batch)
	batch.Assigned, batch.Revoked, batch.Generation = s.assignment.take()
	return batch, nil
}

// collect groups records by what they concern, each topic partition in order.
func collect(fetches kgo.Fetches) Batch {
	b := Batch{Partitions: map[int32][]Input{}, Router: map[int32][]Input{}}
	byTopic := map[string][]Input{}
	fetches.EachRecord(func(r *kgo.Record) {
		in := input(r)
		switch in.Topic {
		case Opportunities:
			b.Router[in.Partition] = append(b.Router[in.Partition], in)
		case Rulesets:
			b.Rulesets = append(b.Rulesets, in)
		default:
			byTopic[in.Topic] = append(byTopic[in.Topic], in)
		}
	})
	for _, topic := range copartitioned {
		for _, in := range byTopic[topic] {
			b.Partitions[in.Partition] = append(b.Partitions[in.Partition], in)
		}
	}
	return b
}

// pollError joins what went wrong, the end of the poll's own ctx apart.
func pollError(fetches kgo.Fetches) error {
	var failed error
	fetches.EachError(func(topic string, n int32, err error) {
		if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
			return
		}
		if topic != "" {
			err = fmt.Errorf("%s[%d]: %w", topic, n, err)
		}
		failed = errors.Join(failed, err)
	})
	return failed
}
