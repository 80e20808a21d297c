package catalog

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
)

var posted = time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC)

func newCatalog() *Catalog {
	return New(match.Default(), match.NewDictionary(skills.Normalize))
}

func job(id string) *event.Opportunity {
	return &event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: id, Status: event.Open, PostedAt: posted,
		Skills: []event.RequiredSkill{{Name: "go", Level: 3, Weight: 1}},
	}
}

// apply writes opportunities to partition 0 in order, from an offset on; "-a" deletes a.
func apply(t *testing.T, c *Catalog, from int64, ids ...string) {
	t.Helper()
	for i, id := range ids {
		change := Change{Position: Position{0, from + int64(i)}, ID: id, Opportunity: job(id)}
		if id[0] == '-' {
			change.ID, change.Opportunity = id[1:], nil
		}
		if err := c.Apply([]Change{change}); err != nil {
			t.Fatal(err)
		}
	}
}

// versions writes down the offsets of an item's versions.
func versions(c *Catalog, id string) string {
	item, found := c.Get(id)
	if !found {
		return "none"
	}
	var offsets []int64
	for _, v := range item.Versions {
		offsets = append(offsets, v.Offset)
	}
	return fmt.Sprint(offsets)
}

func ids(items []*Item) (list []string) {
	for _, i := range items {
		list = append(list, i.ID)
	}
	return list
}

func TestVersionsStayUntilAllHavePassedThem(t *testing.T) {
	c := newCatalog()
	apply(t, c, 0, "a", "b", "a", "-b", "-c", "a")
	for _, step := range []struct {
		passed  map[int32]int64
		a, b, c string // of b the deletion stays, as long as what it was is known
	}{
		{nil, "[0 2 5]", "[1 3]", "[4]"},
		{map[int32]int64{1: 100}, "[0 2 5]", "[1 3]", "[4]"}, // another partition of the topic
		{map[int32]int64{0: 3}, "[0 2 5]", "[1 3]", "[4]"},   // offset 3 is still to be processed
		{map[int32]int64{0: 4}, "[0 2 5]", "[3]", "[4]"},
		{map[int32]int64{0: 6}, "[5]", "[3]", "none"},
	} {
		if step.passed != nil {
			if err := c.Release(step.passed); err != nil {
				t.Fatal(err)
			}
		}
		if a, b, x := versions(c, "a"), versions(c, "b"), versions(c, "c"); a != step.a || b != step.b || x != step.c {
			t.Errorf("passed %v: a %s, b %s, c %s", step.passed, a, b, x)
		}
	}
	if c.Released(0) != 6 || c.Released(1) != 100 || c.Released(2) != 0 {
		t.Errorf("released up to %d, %d and %d", c.Released(0), c.Released(1), c.Released(2))
	}
	if err := c.Release(map[int32]int64{0: 2}); err != nil || c.Released(0) != 6 {
		t.Errorf("a partition that is behind moves it back to %d, %v", c.Released(0), err)
	}
}

func TestWhatIsReadAgainChangesNothing(t *testing.T) {
	c := newCatalog()
	apply(t, c, 0, "a", "a")
	apply(t, c, 0, "a", "a")
	if got := versions(c, "a"); got != "[0 1]" {
		t.Errorf("versions %s", got)
	}
}

func TestChangedListsTheVersionsOfARangeInOrder(t *testing.T) {
	c := newCatalog()
	apply(t, c, 0, "c", "a", "b", "a", "-d")
	elsewhere := []Change{{Position: Position{1, 2}, ID: "elsewhere", Opportunity: job("elsewhere")}, {Position: Position{1, 7}, ID: "a", Opportunity: job("a")}}
	if err := c.Apply(elsewhere); err != nil {
		t.Fatal(err)
	}
	for _, r := range []struct {
		partition int32
		from, to  int64
		want      string
		latest    int
	}{
		{0, 0, 2, "c@0 a@1 b@2", 2}, // a changed again at 3
		{0, 1, 3, "a@1 b@2 a@3", 1},
		{0, 2, 3, "b@2 a@3", 1},
		{0, 4, 9, "d@4", 1}, // a deletion is a version
		{0, 5, 9, "", 0},
		{1, 0, 9, "elsewhere@2 a@7", 2},
		{2, 0, 9, "", 0},
		{1, 3, 9, "a@7", 1}, // it moved to a partition of higher number
		{3, 0, 9, "", 0},
	} {
		list := c.Changed(event.Range{Partition: r.partition, From: r.from, To: r.to})
		latest := 0
		for _, w := range list {
			if w.Latest() {
				latest++
			}
		}
		if got := written(list); got != r.want || latest != r.latest {
			t.Errorf("%+v: got %q, of which %d are the latest", r, got, latest)
		}
	}
}

func TestExpiringListsOpenDeadlinesOfAnInterval(t *testing.T) {
	c := newCatalog()
	at := func(hours int) time.Time {
		return time.Date(1969, 12, 31, 22, 0, 0, 0, time.UTC).Add(time.Duration(hours) * time.Hour)
	}
	var changes []Change
	for i, status := range []event.Status{event.Open, event.Open, event.Closed, event.Open, event.Open} {
		o := job(fmt.Sprint("at ", 4-i))
		o.Status, o.Deadline = status, new(at(4-i)) // before and after 1970
		changes = append(changes, Change{Position: Position{0, int64(i)}, ID: o.ID, Opportunity: o})
	}
	changes = append(changes, Change{Position: Position{0, 9}, ID: "never", Opportunity: job("never")})
	if err := c.Apply(changes); err != nil {
		t.Fatal(err)
	}
	for _, i := range []struct {
		after, upTo int
		want        []string
	}{
		{-1, 0, []string{"at 0"}},
		{0, 4, []string{"at 1", "at 3", "at 4"}}, // at 2 is closed
		{1, 2, nil},
		{3, 3, nil},
		{4, 100, nil},
	} {
		if got := ids(c.Expiring(at(i.after), at(i.upTo))); !slices.Equal(got, i.want) {
			t.Errorf("(%d, %d]: got %v", i.after, i.upTo, got)
		}
	}
	apply(t, c, 10, "at 1", "-at 3") // without a deadline; gone
	if got := ids(c.Expiring(at(0), at(4))); !slices.Equal(got, []string{"at 4"}) {
		t.Errorf("after changes: %v", got)
	}
}

func TestLookUpsCountsAndRevisionsFollowTheLatestVersion(t *testing.T) {
	c := newCatalog()
	before := c.Revision()
	apply(t, c, 0, "a", "b", "-a")
	if c.Revision() == before {
		t.Error("the revision stands")
	}
	if _, found := c.Opportunity("a"); found {
		t.Error("what was deleted is found")
	}
	if o, found := c.ByMember(event.MemberOf("b")); !found || o.ID != "b" {
		t.Errorf("by member: %v, %v", o.ID, found)
	}
	if _, found := c.ByMember(event.MemberOf("a")); found {
		t.Error("what was deleted is found by member")
	}
	if n := c.Count(); n != [3]int{1, 0, 0} {
		t.Errorf("counted %v", n)
	}
	moved := job("b")
	moved.Bucket = event.Content
	if err := c.Apply([]Change{{Position: Position{0, 3}, ID: "b", Opportunity: moved}}); err != nil {
		t.Fatal(err)
	}
	if n := c.Count(); n != [3]int{0, 0, 1} {
		t.Errorf("counted %v after it moved to another bucket", n)
	}
}
