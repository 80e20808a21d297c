package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tideline/engine/event"
	"tideline/engine/partition"
	"tideline/feeds"
	"tideline/streams"
)

// actor is one student partition at work: its state, its right to write to
// Redis, and how far a rebuild has come. One goroutine at a time uses it.
type actor struct {
	partition *partition.Partition
	store     *feeds.Store
	metrics   *metrics

	token    int64       // proves ownership to the store
	sequence int64       // of the last script call
	sweep    int         // next student to rebuild; -1 when none is due
	strays   *feeds.Scan // of a rebuild, before the sweep; nil when none is due
}

// sweepSlice is how many students one turn rebuilds: about 10 ms of work, so
// that a rebuild of everything never holds up the stream.
const sweepSlice = 100

// scanSlice is how many steps of a walk through Redis one turn takes, likewise.
const scanSlice = 20

// turn is what one batch did to one partition.
type turn struct {
	records []streams.Record // facts, continuations and dead letters, for the transaction
	lost    bool             // the store must be claimed again and everything rebuilt
	tally   tally            // to be counted once it is committed
}

// run processes one batch of a partition: it decodes, applies, writes the
// effects to the store and returns what belongs into the transaction. Nothing
// is committed; after an error the partition must be restored.
func (a *actor) run(ctx context.Context, inputs []streams.Input) (turn, error) {
	var out partition.Effects
	var t turn
	for _, in := range inputs {
		outcome, err := a.apply(ctx, in, &out)
		if bad, ok := errors.AsType[*event.Invalid](err); ok {
			t.records = append(t.records, streams.DeadLetter(in, string(bad.Code()), bad.Error()))
			outcome = "dead_letter"
		} else if err != nil {
			return t, err
		}
		t.tally.add(in, outcome)
	}
	if err := a.settle(ctx, &out, &t); err != nil {
		return t, err
	}
	t.tally.shown = time.Now()
	a.metrics.effects(&out)
	number := a.partition.Number()
	for _, f := range out.Facts {
		t.records = append(t.records, streams.EngineState(number, f.Key, f.Value))
	}
	for _, r := range out.Rest {
		t.records = append(t.records, streams.FanoutTo(number, event.Fanout{Range: &r}))
	}
	t.records = append(t.records, notices(number, &out)...)
	for _, e := range out.Erased {
		t.records = append(t.records, streams.SignalsVoid(number, e.Student, e.ID))
	}
	meta := a.partition.Commit(a.token, a.sequence)
	t.records = append(t.records, streams.EngineState(number, meta.Key, meta.Value))
	return t, nil
}

// idle writes a slice of a rebuild while no events come. It reports whether
// the store must be claimed again.
func (a *actor) idle(ctx context.Context) (lost bool, err error) {
	var out partition.Effects
	var t turn
	err = a.settle(ctx, &out, &t)
	a.metrics.effects(&out)
	return t.lost, err
}

// settle writes effects until nothing is left to do: a feed that the store
// found too short is rebuilt at once. It must be before the commit, or a crash
// in between would leave the feed short until somebody touches it again.
func (a *actor) settle(ctx context.Context, out *partition.Effects, t *turn) error {
	for {
		states, err := a.write(ctx, out, t)
		if err != nil || t.lost {
			return err
		}
		a.partition.Learn(states)
		if !a.partition.Pending() {
			return nil
		}
		out.Clear()
	}
}

// write flushes the partition and carries the feed effects out.
func (a *actor) write(ctx context.Context, out *partition.Effects, t *turn) ([]event.FeedState, error) {
	sweeping := a.sweep >= 0
	if sweeping {
		if err := a.advance(ctx); err != nil {
			return nil, err
		}
	}
	a.partition.Flush(out)
	batch := feeds.Batch{
		Partition: a.partition.Number(), Token: a.token, Seq: a.sequence + 1,
		Feeds: out.Feeds, Views: out.Views, Blobs: out.Blobs,
	}
	var result feeds.Result
	err := a.persist(ctx, func() (err error) {
		result, err = a.store.Apply(ctx, batch)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("write feeds of partition %d: %w", a.partition.Number(), err)
	}
	a.sequence += int64(feeds.Chunks(batch))
	t.lost = result.Outcome != feeds.Applied
	if sweeping && a.sweep < 0 && !t.lost {
		if err := a.store.Live(ctx, a.partition.Number(), a.token); err != nil {
			return nil, fmt.Errorf("end the rebuild of partition %d: %w", a.partition.Number(), err)
		}
	}
	return result.States, nil
}

// patience is how long a batch waits for Redis before it is given up and its
// partitions are restored; well inside the transaction's timeout.
const patience = 30 * time.Second

// advance takes the next step of a rebuild. Students who no longer exist come
// first: their views and feeds are left over when a batch that removed them was
// refused, or when Redis went back to an older state.
func (a *actor) advance(ctx context.Context) error {
	if a.strays == nil {
		a.sweep = a.partition.Sweep(a.sweep, sweepSlice)
		return nil
	}
	for range scanSlice {
		var stored []string
		err := a.persist(ctx, func() (err error) {
			stored, err = a.store.Students(ctx, a.partition.Number(), a.strays)
			return err
		})
		if err != nil {
			return fmt.Errorf("look for students who no longer exist: %w", err)
		}
		strays := a.partition.Strays(stored)
		if a.strays.Done() {
			a.strays = nil
			return nil
		}
		if strays > 0 {
			return nil
		}
	}
	return nil
}

// persist does something at the store, again and again while Redis is away:
// repeating it is harmless, restoring a partition is expensive.
func (a *actor) persist(ctx context.Context, do func() error) error {
	giveUp := time.Now().Add(patience)
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := do()
		if err == nil || ctx.Err() != nil || time.Now().Add(wait).After(giveUp) {
			return err
		}
		a.metrics.outages.Inc()
		pause(ctx, wait)
	}
}

// claim takes the partition in the store. When the store has lost data, or the
// catalog no longer knows what the feeds hold, a rebuild of everything begins.
func (a *actor) claim(ctx context.Context, rebuild bool) error {
	number := a.partition.Number()
	committed := a.partition.Meta().Sequence
	fence, err := a.store.Claim(ctx, number, max(a.token, a.partition.Meta().Token), committed)
	if err != nil {
		return fmt.Errorf("claim partition %d in the store: %w", number, err)
	}
	a.token, a.sequence = fence.Token, committed
	if !fence.Lost && !rebuild {
		return nil
	}
	return a.rebuild(ctx)
}

// rebuild begins to write every feed anew. The store keeps in mind that it is
// under way, so that a crash in the middle begins it again.
func (a *actor) rebuild(ctx context.Context) error {
	a.sweep, a.strays = 0, &feeds.Scan{}
	if err := a.store.Rebuilding(ctx, a.partition.Number(), a.token); err != nil {
		return fmt.Errorf("begin the rebuild of partition %d: %w", a.partition.Number(), err)
	}
	return nil
}

// apply decodes one record and applies it; an *event.Invalid is a dead letter.
func (a *actor) apply(ctx context.Context, in streams.Input, out *partition.Effects) (outcome string, err error) {
	switch in.Topic {
	case streams.Profiles:
		return "applied", a.profile(in, out)
	case streams.Signals:
		return a.signal(in, out)
	case streams.Fanout:
		f, err := event.DecodeFanout(in.Value)
		if err != nil {
			return "", err
		}
		if f.Range != nil {
			a.partition.Range(*f.Range, out)
		} else if f.Rules != nil {
			return "applied", a.partition.Rules(*f.Rules, out)
		} else if a.partition.Tick(*f.Tick, out) {
			return "applied", a.rebuild(ctx) // ranges may have been missed while nobody read them
		}
		return "applied", nil
	}
	return a.notice(in, out)
}

func (a *actor) signal(in streams.Input, out *partition.Effects) (outcome string, err error) {
	if in.Value == nil {
		if len(in.Key) == 0 {
			return "", sameKey("signal", in.Key, "student", "a student id")
		}
		a.partition.Void(string(in.Key), in.Erasure, out)
		return "applied", nil
	}
	signal, err := event.DecodeSignal(in.Value)
	if err != nil {
		return "", err
	}
	if err := sameKey("signal", in.Key, "student", signal.Student); err != nil {
		return "", err
	}
	if !a.partition.Signal(signal, in.Time, out) {
		return "duplicate", nil
	}
	return "applied", nil
}

func (a *actor) profile(in streams.Input, out *partition.Effects) error {
	if in.Value == nil {
		if len(in.Key) == 0 {
			return sameKey("profile", in.Key, "id", "a student id")
		}
		a.partition.Erase(string(in.Key), in.Offset, out)
		return nil
	}
	p, err := event.DecodeProfile(in.Value)
	if err != nil {
		return err
	}
	if err := sameKey("profile", in.Key, "id", p.ID); err != nil {
		return err
	}
	a.partition.Profile(p, in.Time, out)
	return nil
}

// sameKey refuses a record whose key and content disagree: it would sit in the
// wrong partition, and a tombstone would never reach it.
func sameKey(what string, key []byte, field, id string) error {
	if string(key) == id {
		return nil
	}
	return &event.Invalid{What: what, Fields: []event.FieldError{{
		Path: field, Code: event.KeyMismatch,
		Message: fmt.Sprintf("is %q but the record's key is %q; both must be the same", id, key),
	}}}
}
