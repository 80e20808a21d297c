package node

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"tideline/bench/oracle"
	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
	"tideline/engine/skills"
	"tideline/feeds"
	"tideline/streams"
)

// world plays Kafka for actors: logs, committed offsets, and the fate of
// batches. Redis is a real server; the actors are the real ones.
type world struct {
	t       *rapid.T
	config  partition.Config
	dict    *match.Dictionary
	catalog *catalog.Catalog
	store   *feeds.Store
	server  *miniredis.Miniredis
	logs    oracle.Logs
	opps    [2]int64 // next offsets
	parts   []*part
	clock   time.Time
	serial  int
	erased  map[string]time.Time // when, by student
	apps    map[string]*tracking
	scores  map[string][]byte // told last, by student
	replica *snapshot
}

// part is one student partition's inputs, by topic, each in the order of
// arrival, and what was committed of them: a poll may bring much of one topic
// and nothing of another.
type part struct {
	number int32
	queues [kinds]queue // profiles, stage changes, evaluations, signals, fanout: as a batch orders them
	state  []streams.Input
	actor  *actor
	tick   time.Time
}

type queue struct {
	inputs    []streams.Input
	committed int
}

const (
	profiles = iota
	stages
	evaluations
	signals
	fanout
	kinds
)

func (p *part) add(n int, in streams.Input) {
	in.Topic, in.Partition = []string{streams.Profiles, streams.StageChanges, streams.Evaluations, streams.Signals, streams.Fanout}[n], p.number
	in.Offset = int64(len(p.queues[n].inputs))
	p.queues[n].inputs = append(p.queues[n].inputs, in)
}

func (p *part) drained() bool {
	for _, q := range p.queues {
		if q.committed < len(q.inputs) {
			return false
		}
	}
	return true
}

const worldStart = 1_780_000_000 // May 2026

func newWorld(t *rapid.T, server *miniredis.Miniredis, partitions int) *world {
	w := &world{t: t, server: server, dict: match.NewDictionary(skills.Normalize), clock: time.Unix(worldStart, 0).UTC(), erased: map[string]time.Time{}, apps: map[string]*tracking{}, scores: map[string][]byte{}}
	w.config = partition.Config{Match: match.Default(), MaxEntries: rapid.SampledFrom([]int{3, 40, 20_000}).Draw(t, "budget")}
	w.catalog = catalog.New(w.config.Match, w.dict)
	w.store = feeds.New(feeds.Config{Addrs: []string{server.Addr()}}, nil, slog.New(slog.DiscardHandler))
	for n := range partitions {
		w.parts = append(w.parts, &part{number: int32(n)})
	}
	return w
}

func (w *world) now() time.Time {
	w.clock = w.clock.Add(time.Duration(rapid.IntRange(1, 3600).Draw(w.t, "pass")) * time.Second)
	return w.clock
}

func (w *world) opportunity() {
	id := fmt.Sprint("o", rapid.IntRange(0, 170).Draw(w.t, "opportunity"))
	at := w.now()
	if rapid.IntRange(0, 6).Draw(w.t, "delete") == 0 {
		w.publish(id, nil, at)
		return
	}
	o := randomOpportunity(w.t, id, at)
	w.publish(id, &o, at)
}

// flood publishes, or takes back, more of one kind than a feed can store.
func (w *world) flood() {
	at := w.now()
	o := randomOpportunity(w.t, "", at)
	o.Skills = append(o.Skills, event.RequiredSkill{Name: "go", Level: 3, Weight: 1})
	gone := rapid.Bool().Draw(w.t, "gone")
	first := rapid.IntRange(0, 300).Draw(w.t, "first")
	for i := range rapid.IntRange(20, 200).Draw(w.t, "flood") {
		o := o
		o.ID = fmt.Sprint("o", first+i)
		o.PostedAt = o.PostedAt.Add(-time.Duration(i%7) * time.Hour)
		if gone {
			w.publish(o.ID, nil, at)
		} else {
			w.publish(o.ID, &o, at)
		}
	}
}

func (w *world) publish(id string, decoded *event.Opportunity, at time.Time) {
	k := event.Partition(id, 2)
	var value []byte
	if decoded != nil {
		value = decoded.Encode()
	}
	offset := w.opps[k]
	w.opps[k]++
	w.logs.Opportunities = append(w.logs.Opportunities, oracle.Record{Partition: k, Offset: offset, Key: id, Value: value, Time: at})
	if err := w.catalog.Apply([]catalog.Change{{Position: catalog.Position{Partition: k, Offset: offset}, ID: id, Opportunity: decoded}}); err != nil {
		w.t.Fatal(err)
	}
	for _, p := range w.parts {
		p.add(fanout, streams.Input{Value: event.Fanout{Range: &event.Range{Partition: k, From: offset, To: offset}}.Encode()})
	}
}

func (w *world) student() (string, *part) {
	id := fmt.Sprint("s", rapid.IntRange(0, 5).Draw(w.t, "student"))
	return id, w.parts[event.Partition(id, len(w.parts))]
}

func (w *world) profile() {
	id, p := w.student()
	r := oracle.Record{Partition: p.number, Offset: int64(len(w.logs.Profiles)), Key: id, Time: w.now()}
	if rapid.IntRange(0, 3).Draw(w.t, "erase") > 0 {
		r.Value = randomProfile(w.t, id).Encode()
	} else {
		w.erased[id] = r.Time
	}
	w.logs.Profiles = append(w.logs.Profiles, r)
	p.add(profiles, streams.Input{Key: []byte(id), Value: r.Value, Time: r.Time})
}

func (w *world) signal() {
	id, p := w.student()
	w.serial++
	serial := w.serial
	if rapid.IntRange(0, 5).Draw(w.t, "again") == 0 {
		serial = rapid.IntRange(1, w.serial).Draw(w.t, "repeated")
	}
	s := event.Signal{
		ID: fmt.Sprint(serial), Student: id, At: w.now(), // or what a client makes of it
		Kind:        rapid.SampledFrom([]event.SignalKind{event.Impression, event.Save, event.Unsave, event.Ignore, event.Ignore, event.Unignore, event.ApplyClick}).Draw(w.t, "kind"),
		Opportunity: fmt.Sprint("o", rapid.IntRange(0, 170).Draw(w.t, "about")),
	}
	if o, ok := w.catalog.Opportunity(s.Opportunity); ok {
		s.Features = match.Features(o, skills.Normalize)
	}
	at := s.At
	if rapid.IntRange(0, 3).Draw(w.t, "queued") == 0 {
		s.At = s.At.Add(-time.Duration(rapid.IntRange(0, 50).Draw(w.t, "for")) * 24 * time.Hour)
	}
	w.say(p, streams.Input{Key: []byte(id), Value: s.Encode(), Time: at})
}

// say writes to the signals.
func (w *world) say(p *part, in streams.Input) {
	w.logs.Signals = append(w.logs.Signals, oracle.Record{
		Partition: p.number, Offset: int64(len(w.logs.Signals)), Key: string(in.Key), Value: in.Value, Time: in.Time,
	})
	p.add(signals, in)
}

// leap lets days pass in which nothing happens, though never so many that the
// signals topic would have dropped what was not read.
func (w *world) leap() {
	after := w.clock.Add(time.Duration(rapid.IntRange(1, 20).Draw(w.t, "days")) * 24 * time.Hour)
	if after.Before(time.Unix(worldStart, 0).Add(75 * 24 * time.Hour)) {
		w.clock = after
	}
}

func (w *world) ticks() {
	now := w.now()
	for _, p := range w.parts {
		p.add(fanout, streams.Input{Value: event.Fanout{Tick: &now}.Encode()})
		p.tick = now
	}
}

// open restores an actor from what was committed, as a process does.
func (w *world) open(p *part) *actor {
	core := partition.New(p.number, w.config, w.dict, w.catalog)
	for _, in := range p.queues[profiles].inputs[:p.queues[profiles].committed] {
		if err := restoreProfile(core, in); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, in := range p.state {
		if err := core.RestoreFact(string(in.Key), in.Value); err != nil {
			w.t.Fatal(err)
		}
	}
	core.Restored()
	a := &actor{partition: core, store: w.store, metrics: newMetrics(nil), sweep: -1}
	rebuild := false
	for k, next := range core.Passed() {
		rebuild = rebuild || next < w.catalog.Released(k)
	}
	if err := a.claim(w.t.Context(), rebuild); err != nil {
		w.t.Fatal(err)
	}
	return a
}

// step lets a partition process up to so many inputs of each topic; then the
// batch is committed, or the process dies before the commit.
func (w *world) step(p *part, most [kinds]int, dies bool) {
	if p.actor == nil {
		p.actor = w.open(p)
	}
	var inputs []streams.Input
	var next [kinds]int
	for i, q := range p.queues {
		next[i] = min(q.committed+most[i], len(q.inputs))
		inputs = append(inputs, q.inputs[q.committed:next[i]]...)
	}
	t, err := p.actor.run(w.t.Context(), inputs)
	if err != nil {
		w.t.Fatal(err)
	}
	if dies {
		p.actor = nil
		return
	}
	for i := range p.queues {
		p.queues[i].committed = next[i]
	}
	for _, r := range t.records {
		topic, _, key, value := r.Parts()
		switch topic {
		case streams.State:
			p.state = append(p.state, streams.Input{Key: key, Value: value})
		case streams.Fanout:
			p.add(fanout, streams.Input{Value: value})
		case streams.Signals:
			void := r.Input()
			void.Time = w.clock
			w.say(p, void)
		case streams.ProfileScores:
			w.scores[string(key)] = value
		default:
			w.t.Fatalf("a record for %s: %s", topic, value)
		}
	}
	if t.lost {
		if err := p.actor.claim(w.t.Context(), true); err != nil {
			w.t.Fatal(err)
		}
	}
}

func (w *world) release() {
	passed := map[int32]int64{0: math.MaxInt64, 1: math.MaxInt64}
	for _, p := range w.parts {
		if p.actor == nil {
			return
		}
		for k, low := range passed {
			passed[k] = min(low, p.actor.partition.Passed()[k])
		}
	}
	if err := w.catalog.Release(passed); err != nil {
		w.t.Fatal(err)
	}
}

// drain processes everything, rebuilds included.
func (w *world) drain() {
	for _, p := range w.parts {
		for !p.drained() || p.actor == nil || p.actor.sweep >= 0 {
			w.step(p, [kinds]int{50, 50, 50, 50, 50}, false)
		}
		w.step(p, [kinds]int{}, false) // shows a Redis that lost everything since
		for p.actor.sweep >= 0 {
			w.step(p, [kinds]int{}, false)
		}
	}
}

// failover makes Redis what it was a while ago, as when a replica that lagged
// behind takes over.
func (w *world) failover() {
	if w.replica != nil && rapid.Bool().Draw(w.t, "failover") {
		w.replica.load(w.server)
	} else {
		w.replica = snapshotOf(w.server)
	}
}

func oracleWeights(config match.Config) map[string]oracle.Weights {
	weights := map[string]oracle.Weights{}
	for i, b := range event.Buckets {
		c := config.Buckets[i]
		weights[string(b)] = oracle.Weights{Overlap: c.Overlap, Fit: c.Fit, Interest: c.Interest, Sigma: c.Sigma, HalfLife: c.HalfLife}
	}
	return weights
}

func (w *world) compare() {
	want := oracle.Compute(w.logs, oracle.Config{
		AliasTable: skills.Table(), Weights: oracleWeights(w.config.Match),
		Now: func(n int32) time.Time { return w.parts[n].tick },
	})
	for _, p := range w.parts {
		for walk := (feeds.Scan{}); !walk.Done(); {
			stored, err := w.store.Students(w.t.Context(), p.number, &walk)
			if err != nil {
				w.t.Fatal(err)
			}
			for _, student := range stored {
				if want.Feeds[student] == nil {
					w.t.Fatalf("there is something about %s, who does not exist", student)
				}
			}
		}
	}
	for _, student := range want.Students() {
		n := event.Partition(student, len(w.parts))
		for _, b := range event.Buckets {
			entries, err := w.store.Page(w.t.Context(), n, student, b, event.FeedShow)
			if err != nil {
				w.t.Fatalf("feed %s of %s: %v", b, student, err)
			}
			got := make([]oracle.Place, len(entries))
			for i, e := range entries {
				got[i] = oracle.Place{Member: uint64(e.Member), Key: e.Key}
			}
			if diff := oracle.Diff(student, string(b), want.Feeds[student][string(b)], got); len(diff) > 0 {
				w.t.Fatalf("%d differences, the first: %s", len(diff), diff[0])
			}
		}
		view, err := w.store.View(w.t.Context(), n, student)
		if err != nil {
			w.t.Fatal(err)
		}
		known := oracle.Known{
			Saved: slices.Collect(maps.Keys(view.Saved)), Ignored: slices.Collect(maps.Keys(view.Ignored)), Weights: view.Weights,
		}
		if diff := want.DiffKnown(student, known); len(diff) > 0 {
			w.t.Fatalf("%d differences, the first: %s", len(diff), diff[0])
		}
		w.saidSince(student, view)
	}
	w.compareScores(want)
}

// saidSince checks that what is known of a student was said after the last
// erasure: of that the oracle learns from the engine, here from the profiles.
func (w *world) saidSince(student string, view event.View) {
	since := map[string]bool{}
	for _, r := range w.logs.Signals {
		if s, err := event.DecodeSignal(r.Value); err == nil && s.Student == student && r.Time.After(w.erased[student]) {
			since[s.Opportunity] = true
		}
	}
	for _, list := range []map[string]time.Time{view.Saved, view.Ignored} {
		for o := range list {
			if !since[o] {
				w.t.Fatalf("%s knows of %s, which was said before the erasure", student, o)
			}
		}
	}
	if len(since) == 0 && len(view.Weights) > 0 {
		w.t.Fatalf("%s has weights %v from before the erasure", student, view.Weights)
	}
}

func TestFeedsEqualTheOracleWhateverHappens(t *testing.T) {
	server := miniredis.RunT(t)
	rapid.Check(t, func(t *rapid.T) {
		server.FlushAll()
		w := newWorld(t, server, rapid.SampledFrom([]int{1, 2}).Draw(t, "partitions"))
		defer w.store.Close()
		w.ticks()
		for range rapid.IntRange(5, 300).Draw(t, "events") {
			switch rapid.IntRange(0, 19).Draw(t, "event") {
			case 0, 1:
				w.profile()
			case 2, 3, 4:
				w.signal()
			case 14:
				w.application()
			case 5:
				w.ticks()
			case 6, 7, 8:
				p := rapid.SampledFrom(w.parts).Draw(t, "partition")
				most := [kinds]int{}
				for i := range most {
					most[i] = rapid.IntRange(0, 30).Draw(t, "batch")
				}
				w.step(p, most, rapid.IntRange(0, 4).Draw(t, "dies") == 0)
			case 9:
				w.release()
			case 11:
				w.flood()
			case 10:
				if rapid.IntRange(0, 4).Draw(t, "flush") == 0 {
					server.FlushAll()
				}
			case 12:
				w.failover()
			case 13:
				if rapid.IntRange(0, 4).Draw(t, "leap") == 0 {
					w.leap()
				}
			default:
				w.opportunity()
			}
		}
		w.drain()
		w.compare()
	})
}
