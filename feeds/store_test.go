package feeds

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

const part = 3

// owner is a claimed partition.
type owner struct {
	t     *testing.T
	store *Store
	token int64
	seq   int64
}

func claimed(t *testing.T, s *Store) *owner {
	f, err := s.Claim(t.Context(), part, 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Live(t.Context(), part, f.Token); err != nil {
		t.Fatal(err)
	}
	return &owner{t: t, store: s, token: f.Token}
}

func (o *owner) batch(ops ...event.FeedOp) Batch {
	return Batch{Partition: part, Token: o.token, Seq: o.seq + 1, Feeds: ops}
}

func (o *owner) apply(ops ...event.FeedOp) []event.FeedState {
	o.t.Helper()
	b := o.batch(ops...)
	r, err := o.store.Apply(o.t.Context(), b)
	if err != nil || r.Outcome != Applied {
		o.t.Fatalf("outcome %v, error %v", r.Outcome, err)
	}
	o.seq += int64(Chunks(b))
	return r.States
}

func (o *owner) all(student string) ([]event.Entry, bool) {
	o.t.Helper()
	entries, truncated, err := o.store.All(o.t.Context(), part, student, event.Jobs)
	if err != nil {
		o.t.Fatal(err)
	}
	return entries, truncated
}

func entry(i int, key int64) event.Entry {
	return event.Entry{Member: event.Member(2_000_000_000_000_000_000 + uint64(i)), Key: key}
}

func entries(n int, key func(i int) int64) []event.Entry {
	var list []event.Entry
	for i := range n {
		list = append(list, entry(i, key(i)))
	}
	slices.SortFunc(list, func(a, b event.Entry) int {
		if a.Before(b) {
			return -1
		}
		return 1
	})
	return list
}

func TestReplaceThenRead(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		want := entries(5, func(i int) int64 { return int64(i%2) * 1000 })
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true, Add: want})
		got, truncated := o.all("s")
		if !slices.Equal(got, want) || truncated {
			t.Errorf("got %v, truncated %v, want %v", got, truncated, want)
		}
		page, err := s.Page(t.Context(), part, "s", event.Jobs, 2)
		if err != nil || !slices.Equal(page, want[:2]) {
			t.Errorf("page %v, %v", page, err)
		}
	})
}

func TestAddTrimsAndKeepsTheBest(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		all := entries(event.FeedStore+5, func(i int) int64 { return int64(i / 3) }) // ties at the border
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true})
		states := o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: all})
		got, truncated := o.all("s")
		if !slices.Equal(got, all[:event.FeedStore]) || !truncated {
			t.Fatalf("%d entries, truncated %v", len(got), truncated)
		}
		low := all[event.FeedStore-1]
		if want := []event.FeedState{{Student: "s", Bucket: event.Jobs, Truncated: true, Count: event.FeedStore, Floor: low.Key}}; !slices.Equal(states, want) {
			t.Errorf("states %+v, want %+v", states, want)
		}
		// Below the lowest of a truncated feed nothing may enter, though there is room.
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Remove: []event.Member{all[0].Member, all[1].Member}})
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{all[event.FeedStore], entry(900, low.Key)}})
		got, _ = o.all("s")
		if slices.Contains(got, all[event.FeedStore]) || len(got) != event.FeedStore-1 {
			t.Errorf("an entry below the lowest entered: %v", got[len(got)-3:])
		}
		if !slices.Contains(got, entry(900, low.Key)) {
			t.Error("an entry that ties with the lowest and stands above it was left out")
		}
	})
}

// A full feed takes entries without a look at its scores; all its answers must be those of the look.
func TestAFullFeedKeepsItsBest(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		all := entries(event.FeedStore+2, func(i int) int64 { return int64(1000 + i/3) })
		full, below := all[:event.FeedStore], all[event.FeedStore]
		for _, truncated := range []bool{false, true} {
			o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true, Truncated: truncated, Add: full})
			for i := range 2 * askEvery { // re-keyed, asked and not
				up := event.Entry{Member: full[0].Member, Key: full[0].Key + int64(i)}
				o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{up}})
				if got, cut := o.all("s"); cut != truncated || len(got) != len(full) || got[0] != up {
					t.Fatalf("re-keyed: %v, truncated %v of %d", got[0], cut, len(got))
				}
			}
			o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{below}})
			if got, cut := o.all("s"); !cut || !slices.Equal(got[1:], full[1:]) {
				t.Errorf("an entry below the lowest: truncated %v, lowest %v", cut, got[len(got)-1])
			}
			top := entry(5000, 5000)
			o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{top}})
			if got, cut := o.all("s"); !cut || got[0] != top || !slices.Equal(got[2:], full[1:len(full)-1]) {
				t.Errorf("an entry on top: truncated %v, lowest %v", cut, got[len(got)-1])
			}
		}
	})
}

func TestTheLowestOfAFullFeedIsToldNowAndThen(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true, Truncated: true, Add: entries(event.FeedStore, func(i int) int64 { return int64(i) })})
		told := 0
		for i := range 20 * askEvery {
			before, _ := o.all("s")
			for _, state := range o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{entry(1000+i, int64(1000+i))}}) {
				told++
				if want := (event.FeedState{Student: "s", Bucket: event.Jobs, Truncated: true, Count: event.FeedStore, Floor: before[len(before)-1].Key}); state != want {
					t.Fatalf("told %+v, want %+v", state, want)
				}
			}
		}
		if told < 10 || told > 40 {
			t.Errorf("told %d times of %d", told, 20*askEvery)
		}
	})
}

func TestACompleteFeedTakesEverything(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true, Add: entries(2, func(i int) int64 { return 50 })})
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{entry(7, -5)}})
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{entry(0, 60)}, Remove: []event.Member{entry(1, 0).Member}})
		got, truncated := o.all("s")
		if want := []event.Entry{entry(0, 60), entry(7, -5)}; !slices.Equal(got, want) || truncated {
			t.Errorf("got %v, truncated %v, want %v", got, truncated, want)
		}
	})
}

func TestATruncatedFeedThatRunsLowIsReported(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		all := entries(event.FeedStore, func(i int) int64 { return int64(i) })
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true, Truncated: true, Add: all})
		var gone []event.Member
		for _, e := range all[:event.FeedStore-event.FeedShow] {
			gone = append(gone, e.Member)
		}
		if states := o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Remove: gone}); len(states) != 1 || states[0].Low() || states[0].Count != event.FeedShow {
			t.Errorf("with exactly what is shown: %+v", states)
		}
		if states := o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Remove: []event.Member{all[60].Member}}); len(states) != 1 || !states[0].Low() {
			t.Errorf("one less: %+v", states)
		}
	})
}

func TestAMissingFeedIsReportedAndNotBegun(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		states := o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{entry(1, 1)}})
		if len(states) != 1 || !states[0].Missing {
			t.Errorf("states %+v", states)
		}
		if _, err := s.Page(t.Context(), part, "s", event.Jobs, 5); !errors.Is(err, ErrNoStudent) {
			t.Errorf("a feed began with a hole in it: %v", err)
		}
	})
}

func TestTheFenceRefusesOthers(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		zombie := claimed(t, s)
		owner := claimed(t, s)
		if owner.token <= zombie.token {
			t.Fatalf("token %d does not exceed %d", owner.token, zombie.token)
		}
		r, err := s.Apply(t.Context(), zombie.batch(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true}))
		if err != nil || r.Outcome != Fenced {
			t.Errorf("the zombie got %v, %v", r.Outcome, err)
		}
		owner.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true})
	})
}

func TestABatchIsAppliedOnce(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true})
		b := o.batch(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: []event.Entry{entry(1, 1)}})
		o.apply(b.Feeds...)
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Remove: []event.Member{entry(1, 1).Member}})
		r, err := s.Apply(t.Context(), b) // its answer was lost, say
		if err != nil || r.Outcome != Applied || len(r.States) != 1 || !r.States[0].Missing {
			t.Errorf("repeated: %+v, %v", r, err)
		}
		if got, _ := o.all("s"); len(got) != 0 {
			t.Errorf("applied twice: %v", got)
		}
	})
}

func TestLostDataIsNoticed(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		o.apply()
		skipped := o.batch()
		skipped.Seq += 5
		if r, err := s.Apply(t.Context(), skipped); err != nil || r.Outcome != Lost {
			t.Errorf("a gap gives %v, %v", r.Outcome, err)
		}
		flushAll(t, s)
		if r, err := s.Apply(t.Context(), o.batch()); err != nil || r.Outcome != Lost {
			t.Errorf("an empty Redis gives %v, %v", r.Outcome, err)
		}
		if f, err := s.Claim(t.Context(), part, o.token, o.seq); err != nil || !f.Lost || f.Token <= o.token {
			t.Errorf("claim after the loss: %+v, %v", f, err)
		}
	})
}

func TestAClaimKnowsAnUnfinishedRebuildAndAnOldSequence(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		o.apply()
		if f, err := s.Claim(t.Context(), part, 0, o.seq); err != nil || f.Lost {
			t.Errorf("nothing lost: %+v, %v", f, err)
		}
		if f, err := s.Claim(t.Context(), part, o.token+5, o.seq); err != nil || !f.Lost || f.Token != o.token+6 {
			t.Errorf("from before the last committed claim: %+v, %v", f, err)
		}
		o = claimed(t, s)
		if f, err := s.Claim(t.Context(), part, 0, o.seq+1); err != nil || !f.Lost {
			t.Errorf("behind what was committed: %+v, %v", f, err)
		}
		o = claimed(t, s)
		if err := s.Rebuilding(t.Context(), part, o.token); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Page(t.Context(), part, "s", event.Jobs, 5); !errors.Is(err, ErrRebuilding) {
			t.Errorf("while rebuilding a missing feed gives %v", err)
		}
		if f, err := s.Claim(t.Context(), part, 0, 0); err != nil || !f.Lost {
			t.Errorf("an unfinished rebuild: %+v, %v", f, err)
		}
	})
}

func TestViewsComeAndGoWithTheFeeds(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		view := event.View{Profile: event.Profile{ID: "s", GraduationYear: 2027}, Signals: 4}
		b := o.batch(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true})
		b.Views = []event.ViewOp{{Student: "s", View: &view}}
		if r, err := s.Apply(t.Context(), b); err != nil || r.Outcome != Applied {
			t.Fatal(r, err)
		}
		o.seq += int64(Chunks(b))
		if got, err := s.View(t.Context(), part, "s"); err != nil || got.Signals != 4 || got.Profile.GraduationYear != 2027 {
			t.Errorf("view %+v, %v", got, err)
		}
		b = o.batch()
		b.Views = []event.ViewOp{{Student: "s"}}
		if r, err := s.Apply(t.Context(), b); err != nil || r.Outcome != Applied {
			t.Fatal(r, err)
		}
		everywhere(t, s, func(ctx context.Context, c *redis.Client) error {
			if keys := c.Keys(ctx, "*s").Val(); len(keys) != 0 {
				t.Errorf("left behind: %v", keys)
			}
			return nil
		})
		if _, err := s.View(t.Context(), part, "s"); !errors.Is(err, ErrNoStudent) {
			t.Errorf("view of nobody: %v", err)
		}
	})
}

func TestALargeBatchIsCutIntoCalls(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		var ops []event.FeedOp
		for i := range 300 {
			ops = append(ops, event.FeedOp{Student: fmt.Sprint("s", i), Bucket: event.Jobs, Replace: true, Add: entries(100, func(i int) int64 { return int64(i) })})
		}
		if n := Chunks(o.batch(ops...)); n < 300*100/chunkEntries {
			t.Errorf("%d calls", n)
		}
		o.apply(ops...)
		if got, _ := o.all("s299"); len(got) != 100 {
			t.Errorf("%d entries", len(got))
		}
	})
}

func TestAFullFeedKeepsTheCompactEncoding(t *testing.T) {
	s := open(t, Config{Addrs: []string{realRedis(t)}})
	o := claimed(t, s)
	o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Replace: true})
	for i := range 3 {
		o.apply(event.FeedOp{Student: "s", Bucket: event.Jobs, Add: entries(event.FeedStore+i, func(i int) int64 { return 23_000_000 + int64(i) })})
	}
	key := feedKey(part, event.Jobs, "s")
	if got := s.client.ObjectEncoding(t.Context(), key).Val(); got != "listpack" {
		t.Errorf("encoding %s", got)
	}
	bytes := s.client.MemoryUsage(t.Context(), key).Val()
	if perEntry := float64(bytes) / event.FeedStore; perEntry > 20 {
		t.Errorf("%.1f bytes an entry, key and all", perEntry)
	} else {
		t.Logf("%.1f bytes an entry", perEntry)
	}
}

func TestAPartitionLivesInOneSlot(t *testing.T) {
	for _, key := range []string{feedKey(7, event.Content, "a{b}c"), viewKey(7, "{x}"), fenceKey(7)} {
		if first := strings.Index(key, "{"); first < 0 || !strings.HasPrefix(key[first:], "{p007}") {
			t.Errorf("%s has another hash tag", key)
		}
	}
}

func TestNobodyHomeIsUnavailable(t *testing.T) {
	s := open(t, Config{Addrs: []string{"127.0.0.1:1"}})
	if _, err := s.Page(t.Context(), part, "s", event.Jobs, 5); !errors.Is(err, ErrUnavailable) {
		t.Errorf("got %v", err)
	}
}
