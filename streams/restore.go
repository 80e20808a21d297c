package streams

import (
	"context"
	"fmt"
	"log/slog"
	"slices"

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
	Profile     func(Input) error
	Preferences func(Input) error
	Candidates  func(Input) error
	State       func(Input) error
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

// tables are the compacted inputs of a student partition: what they say up to
// the committed offset is part of its state.
var tables = []string{Preferences, Profiles, Candidates}

// Partition reads the tables of one student partition up to the group's
// committed offsets, and all of its engine-state. It waits, until ctx ends, for
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
	all, err := extents(ctx, r.admin, append(slices.Clone(tables), State)...)
	if err != nil {
		return err
	}
	todo := spans{}
	for _, topic := range tables {
		table := all[topic][n]
		if at, ok := committed[topic][n]; ok {
			table.to = min(table.to, at)
		} else {
			table.to = table.from // nothing processed yet
		}
		todo[topic] = map[int32]span{n: table}
	}
	state := all[State][n]
	if state.to, err = r.barrier(ctx, n); err != nil {
		return err
	}
	todo[State] = map[int32]span{n: state}
	return read(ctx, r.config, r.log, todo, sinks.take)
}

// take passes a record on to the sink of its topic.
func (s RestoreSinks) take(in Input) error {
	switch in.Topic {
	case Preferences:
		return s.Preferences(in)
	case Profiles:
		return s.Profile(in)
	case Candidates:
		return s.Candidates(in)
	}
	if string(in.Key) == barrierKey {
		return nil
	}
	return s.State(in)
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
