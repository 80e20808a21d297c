package catalog

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
)

func open(t testing.TB) *Catalog {
	t.Helper()
	return New(match.Default(), match.NewDictionary(skills.Normalize))
}

func change(id string, offset int64, title string) Change {
	c := Change{Position: Position{Partition: 1, Offset: offset}, ID: id}
	if title != "" {
		c.Opportunity = &event.Opportunity{
			ID: id, Bucket: event.Jobs, Title: title, Status: event.Open, PostedAt: time.Unix(1_780_000_000, 0),
			Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}},
		}
	}
	return c
}

func offsets(i *Item) (list []int64) {
	for _, v := range i.Versions {
		list = append(list, v.Offset)
	}
	return list
}

// history is of three opportunities, one of them deleted and one deleted and back.
func history() []Change {
	return []Change{
		change("a", 0, "first"), change("b", 1, "first"), change("a", 2, "second"), change("c", 3, "first"),
		change("b", 4, ""), change("c", 5, ""), change("a", 6, "third"), change("c", 7, "back"),
	}
}

func TestHowChangesAreCutIntoTransactionsDoesNotMatter(t *testing.T) {
	for size := 1; size <= len(history()); size++ {
		c := open(t)
		for run := range slices.Chunk(history(), size) {
			if err := c.Apply(run); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.Apply(history()[2:7]); err != nil { // read again
			t.Fatal(err)
		}
		for id, want := range map[string][]int64{"a": {0, 2, 6}, "b": {1, 4}, "c": {3, 5, 7}} {
			item, ok := c.Get(id)
			if !ok || !slices.Equal(offsets(item), want) {
				t.Errorf("by %d: %s has versions %v, want %v", size, id, offsets(item), want)
			}
		}
		if n := c.Count(); n[0] != 2 {
			t.Errorf("by %d: %d jobs, want 2", size, n[0])
		}
		if err := c.Release(map[int32]int64{1: 100}); err != nil {
			t.Fatal(err)
		}
		if item, _ := c.Get("a"); !slices.Equal(offsets(item), []int64{6}) || len(c.stale) > 0 {
			t.Errorf("by %d: after the release %v, %d stale", size, offsets(item), len(c.stale))
		}
		if item, ok := c.Get("b"); !ok || len(item.Past) != 1 || item.Latest().Opportunity != nil {
			t.Errorf("by %d: what the deleted one was is not known: %+v", size, item)
		}
	}
}

func TestAnItemOnceReadDoesNotChange(t *testing.T) {
	c := open(t)
	if err := c.Apply(history()[:4]); err != nil {
		t.Fatal(err)
	}
	before, _ := c.Get("a")
	if err := c.Apply(history()[4:]); err != nil {
		t.Fatal(err)
	}
	if got := offsets(before); !slices.Equal(got, []int64{0, 2}) {
		t.Errorf("it became %v", got)
	}
}

// BenchmarkLoad loads a log in which each of 700 opportunities changed 240 times.
func BenchmarkLoad(b *testing.B) {
	var changes []Change
	for i := range int64(700 * 240) {
		changes = append(changes, change(fmt.Sprint("o", i%700), i, "intern"))
	}
	for b.Loop() {
		if err := open(b).Apply(changes); err != nil {
			b.Fatal(err)
		}
	}
}

func TestOfThePastTheLastVersionsAreKept(t *testing.T) {
	c := open(t)
	pass := func(changes ...Change) {
		t.Helper()
		if err := c.Apply(changes); err != nil {
			t.Fatal(err)
		}
		if err := c.Release(map[int32]int64{1: changes[len(changes)-1].Offset + 1}); err != nil {
			t.Fatal(err)
		}
	}
	pass(change("old", 0, "first"), change("gone", 1, "first"))
	pass(change("old", 2, "second"), change("gone", 3, ""))
	before := func(id string, offset int64) any {
		if item, ok := c.Get(id); ok {
			if v := item.Before(func(at Position) bool { return at.Offset < offset }); v != nil {
				return v.Offset
			}
		}
		return nil
	}
	if old, gone := before("old", 2), before("gone", 3); old != int64(0) || gone != int64(1) {
		t.Fatalf("before their last versions there were %v and %v", old, gone)
	}
	if got := written(c.Changed(event.Range{Partition: 1, From: 0, To: 9})); got != "old@0 gone@1 old@2 gone@3" {
		t.Errorf("written were %s", got)
	}
	for i := range int64(maxPast + 2) {
		pass(change("busy", 10+i, "again"))
	}
	if old, busy := before("old", 2), before("busy", 11+maxPast); old != nil || busy != int64(10+maxPast) {
		t.Errorf("then there were %v and %v", old, busy)
	}
	if item, _ := c.Get("busy"); len(item.Past) != maxPastOfOne {
		t.Errorf("one item has a past of %d versions", len(item.Past))
	}
	if _, known := c.Get("gone"); known {
		t.Error("what was deleted stays for ever")
	}
	if len(c.past) != maxPast {
		t.Errorf("%d versions of the past", len(c.past))
	}
}

// The first release after a start has all that the log holds.
func TestAPastThatIsTooLongIsNotKeptInPart(t *testing.T) {
	c := open(t)
	var changes []Change
	for i := range int64(maxPast + 2) {
		changes = append(changes, change("busy", i, "again"))
	}
	if err := c.Apply(changes); err != nil {
		t.Fatal(err)
	}
	if err := c.Release(map[int32]int64{1: maxPast + 2}); err != nil {
		t.Fatal(err)
	}
	if item, _ := c.Get("busy"); len(item.Past) != 0 || len(c.past) != 0 {
		t.Errorf("%d versions of the past, %d listed", len(item.Past), len(c.past))
	}
}

func written(list []Written) string {
	var s []string
	for _, w := range list {
		s = append(s, fmt.Sprintf("%s@%d", w.Item.ID, w.Offset))
	}
	return strings.Join(s, " ")
}
