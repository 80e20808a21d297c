//go:build !noembed

package command

import (
	"io"
	"testing"
	"time"

	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/streams"
)

// count gives how many records a topic has.
func count(t *testing.T, a *app, topic string) (n int) {
	t.Helper()
	err := streams.ReadLog(t.Context(), a.backend.kafka(a.config), a.log, topic, func(streams.Input) error { n++; return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestALoadOfTheCampusThatWasCutOffIsCompletedAndThenLeftAlone(t *testing.T) {
	ctx, a := running(t)
	load := campusLoad{a.engine.Producer(), io.Discard, demo.Sizes{Students: 12, Opportunities: 10}}
	records, applications := load.made(time.Now())
	if err := load.producer.Send(ctx, records[:13]...); err != nil { // three of the students
		t.Fatal(err)
	}
	first := feedsPort{a.store, a.partitions}
	if err := await(ctx, func() bool { _, err := first.View(ctx, demo.StudentID(2)); return err == nil }); err != nil {
		t.Fatal(err)
	}
	if err := a.loadCampus(ctx, load); err != nil {
		t.Fatal(err)
	}
	for i := range load.sizes.Students {
		if _, err := first.View(ctx, demo.StudentID(i)); err != nil {
			t.Errorf("student %d: %v", i, err)
		}
	}
	profiles, signals := count(t, a, streams.Profiles), count(t, a, streams.Signals)
	if profiles != 15 || signals == 0 {
		t.Errorf("%d profiles, %d signals were written", profiles, signals)
	}
	if n := a.applications.board.Len(); n != len(applications) || n == 0 || len(a.applications.board.OfStudent(demo.StudentID(0))) == 0 {
		t.Errorf("%d applications of %d", n, len(applications))
	}
	if err := a.loadCampus(ctx, load); err != nil {
		t.Fatal(err)
	}
	if again := count(t, a, streams.Profiles); again != profiles {
		t.Errorf("loaded again: %d profiles, then %d", profiles, again)
	}
	for _, b := range event.Buckets {
		entries, err := first.Page(ctx, demo.StudentID(0), b, event.FeedShow)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if e.Member == event.MemberOf(loadedID) {
				t.Error("what says that the campus is loaded is in a feed")
			}
		}
	}
}
