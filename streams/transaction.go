package streams

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
)

var (
	// ErrUnfenced refuses to commit records when nothing was consumed: such a
	// transaction would pass even after this member was evicted from the group.
	ErrUnfenced = errors.New("a transaction that writes must also commit a consumed offset")
	// ErrFenced says that another process took this instance's name. The session
	// is over for good; the process should end.
	ErrFenced = errors.New("another process runs under this instance name; give every process its own")
)

// Begin opens a transaction. The error wraps ErrFenced when the session is over.
func (s *Session) Begin() error {
	s.produced = 0
	s.mu.Lock()
	s.failed = nil
	s.mu.Unlock()
	return fenced(s.session.Begin())
}

// Produce adds records to the transaction; it does not wait for them. Commit
// reports the first that could not be written.
func (s *Session) Produce(ctx context.Context, records ...Record) {
	for _, r := range records {
		s.produced++
		s.session.Produce(ctx, s.counts.place(r), func(r *kgo.Record, err error) {
			if err == nil {
				return
			}
			s.metrics.produceErrors.WithLabelValues(r.Topic).Inc()
			s.mu.Lock()
			defer s.mu.Unlock()
			if s.failed == nil {
				s.failed = fmt.Errorf("produce to %s[%d]: %w", r.Topic, r.Partition, err)
			}
		})
	}
}

// Commit ends the transaction with everything produced and all offsets polled.
// When it reports false, the records will be polled again unless they turn out
// to be committed after all: the partitions they belong to must be restored
// first. The error wraps ErrFenced when the session is over.
func (s *Session) Commit(ctx context.Context) (bool, error) {
	if s.produced > 0 && len(s.session.Client().UncommittedOffsets()) == 0 {
		return false, errors.Join(ErrUnfenced, s.Abort(ctx))
	}
	if err := s.session.Client().Flush(ctx); err != nil {
		return false, errors.Join(fmt.Errorf("wait for produced records: %w", err), s.Abort(ctx))
	}
	s.mu.Lock()
	failed := s.failed
	s.mu.Unlock()
	if failed != nil {
		return false, errors.Join(fenced(failed), s.Abort(ctx))
	}
	return s.end(ctx, kgo.TryCommit)
}

// Abort ends the transaction with nothing; its records will be polled again.
func (s *Session) Abort(ctx context.Context) error {
	_, err := s.end(ctx, kgo.TryAbort)
	return err
}

// ending is the context of what ends a transaction. It outlives ctx, because an
// end that was cut off is one of which nobody knows the outcome, but it is
// bounded, and in a shutdown by what is left of it.
func (s *Session) ending(ctx context.Context) (context.Context, context.CancelFunc) {
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), endTimeout)
	unhook := context.AfterFunc(s.alive, cancel)
	return end, func() { unhook(); cancel() }
}

func (s *Session) end(ctx context.Context, how kgo.TransactionEndTry) (bool, error) {
	ctx, cancel := s.ending(ctx)
	defer cancel()
	start := time.Now()
	committed, err := s.session.End(ctx, how)
	outcome := "aborted"
	if committed {
		outcome = "committed"
	}
	s.metrics.transactions.WithLabelValues(outcome).Inc()
	s.metrics.seconds.Observe(time.Since(start).Seconds())
	if committed {
		return true, nil
	}
	s.unresolved = s.unresolved || bool(how) || err != nil
	if err != nil {
		err = fenced(fmt.Errorf("end the transaction: %w", err))
	}
	// On failure the next poll tries again, and says what is wrong.
	if again := s.resolve(ctx); again != nil && err == nil {
		s.log.Warn("positions not yet known after a transaction that did not commit", "error", again)
	}
	return false, err
}

// resolve brings the positions to what the group has committed after a commit
// that did not succeed. The client goes back to the last commit it knows of,
// but a commit whose answer was lost may have happened: its records must not
// be processed twice.
func (s *Session) resolve(ctx context.Context) error {
	if !s.unresolved {
		return nil
	}
	// Ends what is still open; a new producer epoch makes the coordinator decide.
	if _, err := s.session.End(ctx, kgo.TryAbort); err != nil {
		return fenced(fmt.Errorf("abort the transaction whose end is unknown: %w", err))
	}
	if _, _, err := s.session.Client().ProducerID(ctx); err != nil {
		return fenced(fmt.Errorf("renew the producer after a failed transaction: %w", err))
	}
	held := s.session.Client().CommittedOffsets()
	partitions := map[string][]int32{}
	for topic, known := range held {
		partitions[topic] = slices.Collect(maps.Keys(known))
	}
	offsets, err := stableOffsets(ctx, s.session.Client(), s.group, partitions)
	if err != nil {
		return err
	}
	positions := map[string]map[int32]kgo.EpochOffset{}
	for topic, partitions := range offsets {
		positions[topic] = map[int32]kgo.EpochOffset{}
		for n, at := range partitions {
			if known := held[topic][n]; known.Offset != at { // else keep the epoch it knows
				positions[topic][n] = kgo.EpochOffset{Epoch: -1, Offset: at}
			}
		}
	}
	s.session.Client().SetOffsets(positions)
	s.unresolved = false
	return nil
}

// Rewind forgets what was polled since the last commit, so that it is polled
// again, and lets the next transaction commit after a revocation. No
// transaction is open.
func (s *Session) Rewind(ctx context.Context) error {
	ctx, cancel := s.ending(ctx)
	defer cancel()
	if _, err := s.session.End(ctx, kgo.TryAbort); err != nil {
		s.unresolved = true
		return fenced(fmt.Errorf("go back to the committed offsets: %w", err))
	}
	return nil
}

// fenced marks errors after which the session cannot go on.
func fenced(err error) error {
	if errors.Is(err, ErrFenced) {
		return err
	}
	for _, final := range []error{kerr.ProducerFenced, kerr.InvalidProducerEpoch, kerr.FencedInstanceID} {
		if errors.Is(err, final) {
			return fmt.Errorf("%w: %w", ErrFenced, err)
		}
	}
	return err
}
