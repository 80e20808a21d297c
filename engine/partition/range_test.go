package partition

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tideline/engine/event"
)

func ranged(b *bench, r event.Range) func(*Effects) {
	return func(out *Effects) { b.Range(r, out) }
}

func TestARangeThatExceedsTheBudgetIsContinued(t *testing.T) {
	b := newBench(t, Config{MaxEntries: 2})
	b.do(putProfile(b, "s"), putProfile(b, "r"))
	for i := range 3 {
		o := opportunity(i)
		b.publish(o.ID, &o)
	}
	all := event.Range{From: 0, To: 2, At: 77}
	out := b.do(ranged(b, all))
	rest := event.Range{From: 1, To: 2, At: 77}
	if !slices.Equal(out.Rest, []event.Range{rest}) || out.Entries != 2 {
		t.Fatalf("%d entries, the rest is %v", out.Entries, out.Rest)
	}
	if passed := b.Passed()[0]; passed != 1 {
		t.Errorf("the partition says it has passed %d, and the older versions of what is open would be dropped", passed)
	}
	b = b.restarted(profile("s"), profile("r"))
	if passed := b.Passed()[0]; passed != 1 {
		t.Errorf("after a restart it has passed %d", passed)
	}
	out = b.do(ranged(b, rest))
	last := event.Range{From: 2, To: 2, At: 77}
	if !slices.Equal(out.Rest, []event.Range{last}) {
		t.Fatalf("then the rest is %v", out.Rest)
	}
	if out = b.do(ranged(b, last)); len(out.Rest) != 0 || b.Passed()[0] != 3 || len(b.Meta().Open) != 0 {
		t.Errorf("in the end: rest %v, passed %v, open %v", out.Rest, b.Passed(), b.Meta().Open)
	}
}

// A router that lost its place says things twice; a feed may have been lost meanwhile.
func TestARangeThatComesTwiceIsShownTwice(t *testing.T) {
	b := newBench(t, Config{MaxEntries: 1})
	b.do(putProfile(b, "s"))
	var all event.Range
	for i := range 3 {
		o := opportunity(i)
		all = b.publish(o.ID, &o)
		b.do(ranged(b, all))
	}
	all.From = 0
	if out := b.do(ranged(b, all)); len(out.Feeds) != 1 || len(out.Feeds[0].Add) != 3 || len(out.Rest) > 0 || b.Passed()[0] != 3 {
		t.Errorf("said again: %+v, the rest is %v, passed %d", out.Feeds, out.Rest, b.Passed()[0])
	}
}

func TestARangeTakesTheOlderVersionBackWhereTheLatestDoesNotMatch(t *testing.T) {
	b := newBench(t, Config{})
	b.do(putProfile(b, "s"))
	o := opportunity(1)
	b.do(ranged(b, b.publish(o.ID, &o)))
	o.Skills[0].Name = "cobol"
	out := b.do(ranged(b, b.publish(o.ID, &o)))
	if len(out.Feeds) != 1 || !slices.Equal(out.Feeds[0].Remove, []event.Member{event.MemberOf(o.ID)}) || len(out.Feeds[0].Add) != 0 {
		t.Errorf("changed: %+v", out.Feeds)
	}
	o.Skills = []event.RequiredSkill{{Name: "go", Level: 1, Weight: 1}}
	b.do(ranged(b, b.publish(o.ID, &o)))
	out = b.do(ranged(b, b.publish(o.ID, nil)))
	if len(out.Feeds) != 1 || !slices.Equal(out.Feeds[0].Remove, []event.Member{event.MemberOf(o.ID)}) {
		t.Errorf("deleted: %+v", out.Feeds)
	}
}

func TestATickTakesOutWhatHasExpired(t *testing.T) {
	b := newBench(t, Config{})
	b.do(putProfile(b, "s"), func(out *Effects) { b.Tick(start, out) })
	o := opportunity(1)
	o.Deadline = new(start.Add(time.Hour))
	b.do(ranged(b, b.publish(o.ID, &o)))
	out := b.do(func(out *Effects) { b.Tick(start.Add(time.Hour-time.Second), out) })
	if len(out.Feeds) != 0 {
		t.Errorf("before its deadline: %+v", out.Feeds)
	}
	out = b.do(func(out *Effects) {
		b.Tick(start.Add(time.Hour), out)
		b.Tick(start, out) // an old tick says nothing
	})
	if len(out.Feeds) != 1 || len(out.Feeds[0].Remove) != 1 || !b.Now().Equal(start.Add(time.Hour)) {
		t.Errorf("at its deadline, %v: %+v", b.Now(), out.Feeds)
	}
}

func TestAClockThatJumpsByDaysMayHaveMissedRanges(t *testing.T) {
	b := newBench(t, Config{})
	var out Effects
	for _, c := range []struct {
		now    time.Time
		missed bool
	}{{start, false}, {start.Add(maxGap), false}, {start.Add(2*maxGap + time.Second), true}} {
		if missed := b.Tick(c.now, &out); missed != c.missed {
			t.Errorf("at %v: %v", c.now, missed)
		}
	}
}

func TestChangesOfOneFeedInABatchAreMerged(t *testing.T) {
	entry := func(i int) event.Entry { return event.Entry{Member: event.MemberOf(fmt.Sprint("o", i)), Key: int64(i)} }
	member := func(i int) event.Member { return entry(i).Member }
	for name, c := range map[string]struct {
		do   func(*Effects)
		want event.FeedOp
	}{
		"the last of two additions counts": {
			func(e *Effects) {
				e.add("s", event.Jobs, event.Entry{Member: member(1), Key: 9})
				e.add("s", event.Jobs, entry(2))
				e.add("s", event.Jobs, entry(1))
			},
			event.FeedOp{Add: []event.Entry{entry(2), entry(1)}},
		},
		"an addition undoes a removal": {
			func(e *Effects) { e.remove("s", event.Jobs, member(1)); e.add("s", event.Jobs, entry(1)) },
			event.FeedOp{Add: []event.Entry{entry(1)}},
		},
		"a removal undoes an addition, and still removes what was there": {
			func(e *Effects) {
				e.add("s", event.Jobs, entry(1))
				e.remove("s", event.Jobs, member(1))
				e.remove("s", event.Jobs, member(1))
			},
			event.FeedOp{Remove: []event.Member{member(1)}},
		},
		"a replacement drops what was pending": {
			func(e *Effects) {
				e.add("s", event.Jobs, entry(1))
				e.remove("s", event.Jobs, member(2))
				e.replace("s", event.Jobs, []event.Entry{entry(3)}, true)
			},
			event.FeedOp{Replace: true, Truncated: true, Add: []event.Entry{entry(3)}},
		},
		"changes after a replacement join it": {
			func(e *Effects) {
				e.replace("s", event.Jobs, []event.Entry{entry(3), entry(2)}, false)
				e.remove("s", event.Jobs, member(3))
				e.add("s", event.Jobs, entry(4))
			},
			event.FeedOp{Replace: true, Remove: []event.Member{member(3)}, Add: []event.Entry{entry(2), entry(4)}},
		},
		"an erasure leaves nothing to write": {
			func(e *Effects) { e.add("s", event.Jobs, entry(1)); e.drop("s") },
			event.FeedOp{},
		},
	} {
		t.Run(name, func(t *testing.T) {
			var e Effects
			e.add("r", event.Jobs, entry(7)) // others are left alone
			c.do(&e)
			c.want.Student, c.want.Bucket = "s", event.Jobs
			if len(e.Feeds) != 2 || !same(e.Feeds[1], c.want) || len(e.Feeds[0].Add) != 1 {
				t.Errorf("got %+v, want %+v", e.Feeds, c.want)
			}
			e.Clear()
			e.add("s", event.Jobs, entry(5))
			if len(e.Feeds) != 1 || len(e.Feeds[0].Add) != 1 {
				t.Errorf("after what was carried out is cleared: %+v", e.Feeds)
			}
		})
	}
}

func same(a, b event.FeedOp) bool {
	return a.Student == b.Student && a.Bucket == b.Bucket && a.Replace == b.Replace && a.Truncated == b.Truncated &&
		slices.Equal(a.Add, b.Add) && slices.Equal(a.Remove, b.Remove)
}

func TestARestartedPartitionKnowsWhatWasCommitted(t *testing.T) {
	b := newBench(t, Config{})
	o := opportunity(1)
	b.do(putProfile(b, "s"), func(out *Effects) { b.Tick(start, out) }, ranged(b, b.publish(o.ID, &o)),
		said(b, "s", "1", event.Save, "o1"), said(b, "s", "2", event.Ignore, "o2"))
	b.keep(b.Commit(7, 9))
	next := b.restarted(profile("s"))
	meta := next.Meta()
	if meta.Token != 7 || meta.Sequence != 9 || !next.Now().Equal(start) || next.Passed()[0] != 1 || !meta.Heard.Equal(start) {
		t.Errorf("its record is %+v", meta)
	}
	before, after := b.View("s"), next.View("s")
	if string(before.Encode()) != string(after.Encode()) || after.Signals != 2 {
		t.Errorf("the view was %+v and is %+v", before, after)
	}
	again := next.do(said(next, "s", "1", event.Save, "o1"))
	if len(again.Views) != 0 {
		t.Error("a repeated signal changes something")
	}
}
