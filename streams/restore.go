package streams

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"
)

// Restorer loads the state of student partitions as of their committed offsets.
// It is safe for concurrent use.
type Restorer struct {
	config Config
	log    *slog.Logger
	client *kgo.Client
	admin  *kadm.Client
}

// RestoreSinks take what a restore reads, in offset order.
type RestoreSinks struct {
	Profile func(Input) error
	State   func(Input) error
}

// NewRestorer opens a client.
func NewRestorer(config Config, log *slog.Logger) (*Restorer, error) {
	cl, err := config.client(log)
	if err != nil {
		return nil, err
	}
	return &Restorer{config: config, log: log, client: cl, admin: kadm.NewClient(cl)}, nil
}

// Close releases the client.
func (r *Restorer) Close() { r.client.Close() }

// Partition reads the profiles of one student partition up to the group's
// committed offset, and all of its engine-state. It waits for transactions of
// the former owner to end: what they decide is part of the state.
func (r *Restorer) Partition(ctx context.Context, n int32, sinks RestoreSinks) error {
	committed, err := r.admin.FetchOffsetsForTopics(kadm.RequireStable(ctx), r.config.Group, Profiles)
	if err != nil {
		return fmt.Errorf("fetch the committed offsets of group %s: %w", r.config.Group, err)
	}
	all, err := extents(ctx, r.admin, Profiles, State)
	if err != nil {
		return err
	}
	profiles := all[Profiles][n]
	at, ok := committed.Lookup(Profiles, n)
	if !ok || at.At < 0 {
		profiles.to = profiles.from // nothing processed yet
	} else {
		profiles.to = min(profiles.to, at.At)
	}
	state := all[State][n]
	if state.to, err = r.barrier(ctx, n); err != nil {
		return err
	}
	return read(ctx, r.config, r.log, spans{Profiles: {n: profiles}, State: {n: state}}, 0, func(in Input) error {
		switch {
		case in.Topic == Profiles:
			return sinks.Profile(in)
		case string(in.Key) == barrierKey:
			return nil
		}
		return sinks.State(in)
	})
}

// barrierKey is of a record that says nothing: where it is seen, everything
// written before it has been.
const barrierKey = "\x1fbarrier"

// barrier writes such a record to a partition of engine-state and gives the
// offset after it. The end of a topic that transactions write cannot be
// waited for otherwise: it may be a run of aborted records, which nobody is shown.
func (r *Restorer) barrier(ctx context.Context, n int32) (int64, error) {
	written, err := r.client.ProduceSync(ctx, &kgo.Record{Topic: State, Partition: n, Key: []byte(barrierKey)}).First()
	if err != nil {
		return 0, fmt.Errorf("write a barrier to %s[%d]: %w", State, n, err)
	}
	return written.Offset + 1, nil
}
