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
// committed offset, and all of its engine-state. It waits, until ctx ends, for
// transactions of the former owner: what they decide is part of the state. One
// that its owner left open holds it up until the owner's name is taken again,
// or until the broker's timeout.
func (r *Restorer) Partition(ctx context.Context, n int32, sinks RestoreSinks) error {
	// Offsets of every topic of the partition: a transaction may have consumed
	// signals only, and written state all the same.
	partitions := map[string][]int32{}
	for _, topic := range copartitioned {
		partitions[topic] = []int32{n}
	}
	committed, err := stableOffsets(ctx, r.client, r.config.Group, partitions)
	if err != nil {
		return err
	}
	all, err := extents(ctx, r.admin, Profiles, State)
	if err != nil {
		return err
	}
	profiles := all[Profiles][n]
	if at, ok := committed[Profiles][n]; ok {
		profiles.to = min(profiles.to, at)
	} else {
		profiles.to = profiles.from // nothing processed yet
	}
	state := all[State][n]
	if state.to, err = r.barrier(ctx, n); err != nil {
		return err
	}
	return read(ctx, r.config, r.log, spans{Profiles: {n: profiles}, State: {n: state}}, func(in Input) error {
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
// Nor is it the end as long as a transaction is open before it, even one whose
// offsets are decided: the coordinator marks one partition after the other.
func (r *Restorer) barrier(ctx context.Context, n int32) (int64, error) {
	written, err := r.client.ProduceSync(ctx, &kgo.Record{Topic: State, Partition: n, Key: []byte(barrierKey)}).First()
	if err != nil {
		return 0, fmt.Errorf("write a barrier to %s[%d]: %w", State, n, err)
	}
	return written.Offset + 1, nil
}
