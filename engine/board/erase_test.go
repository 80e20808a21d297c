package board

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"tideline/engine/application"
	"tideline/engine/event"
)

// erased is an application that is being erased, and what the topic is told of that.
func erased(stages ...event.Stage) (*application.Record, []event.StageChange) {
	r := record("s", "j", stages...)
	for i := range r.Path {
		r.Path[i].RecordedAt = r.Path[i].At
		r.Log[i].RecordedAt, r.Log[i].Change.RecordedAt = r.Path[i].At, r.Path[i].At
	}
	r.Append(r.Erase("remains", hour(50), hour(49)))
	return r, told(r)
}

func TestAnErasedCardIsCountedWhereItStood(t *testing.T) {
	r, steps := erased(event.Applied, event.Shortlisted)
	grown, loaded := New(), New()
	watch := grown.Watch("j")
	for _, s := range steps {
		if !grown.Apply(s) {
			t.Fatalf("step %d is not taken", s.Seq)
		}
	}
	for range 3 {
		<-watch.Moves()
	}
	if loaded.Put(RowOf(r)); !loaded.Apply(steps[2]) || loaded.Put(RowOf(r.Remains())) {
		t.Error("it is put twice")
	}
	before := New()
	before.Put(RowOf(record("s", "j", event.Applied, event.Shortlisted)))
	for _, b := range []*Board{grown, loaded} {
		if diff := cmp.Diff(before.CountAll(), b.CountAll()); diff != "" || b.Len() != 1 || len(b.OfStudent("s")) > 0 {
			t.Errorf("%d rows, %s", b.Len(), diff)
		}
		row, _ := b.Get("remains")
		if diff := cmp.Diff(RowOf(r.Remains()), row, cmpopts.IgnoreUnexported(Row{}), cmpopts.IgnoreFields(Row{}, "Version")); diff != "" {
			t.Error(diff)
		}
		if len(b.OfJob("j")) != 1 || len(b.OfOrganisation("acme")) != 1 {
			t.Error("an index has lost it, or has it twice")
		}
	}
	columns := Columns(grown.OfJob("j"), application.Pipeline{}, hour(9999))
	if columns[1].Count != 1 || columns[1].Stuck != 0 {
		t.Errorf("the column has %d, %d stuck", columns[1].Count, columns[1].Stuck)
	}
}

func TestWhatIsToldAgainDoesNotShowAnErasedCard(t *testing.T) {
	r, steps := erased(event.Applied, event.Shortlisted)
	b := New()
	for _, s := range append(steps, steps...) {
		if !b.Apply(s) {
			t.Fatalf("step %d is not taken", s.Seq)
		}
	}
	old := record("s", "j", event.Applied, event.Shortlisted)
	if b.Put(RowOf(old)) || b.Len() != 1 {
		t.Errorf("%d rows", b.Len())
	}
	// Who comes back applies under the same id, and the erasure is told again.
	again := steps[0]
	again.At, again.RecordedAt = hour(50), new(hour(50))
	if !b.Apply(again) || !b.Apply(steps[2]) || b.Len() != 2 || len(b.OfStudent("s")) != 1 {
		t.Errorf("%d rows of %d of the student", b.Len(), len(b.OfStudent("s")))
	}
	if b.Replace(r.ID, *steps[2].RecordedAt, RowOf(r.Remains())); b.Len() != 2 {
		t.Errorf("%d rows", b.Len())
	}
}

// A ghost: the store had what remains when the board was loaded, and the first
// step comes by the topic after that.
func TestAStepFromBeforeTheBoardWasLoadedGoesWithItsErasure(t *testing.T) {
	r, steps := erased(event.Applied)
	b := New()
	b.Put(RowOf(r.Remains()))
	for _, s := range steps {
		b.Apply(s)
	}
	if b.Len() != 1 || len(b.OfStudent("s")) > 0 {
		t.Errorf("%d rows", b.Len())
	}
}

func TestAnErasureIsRecordedAfterEverythingThatItErases(t *testing.T) {
	r := record("s", "j", event.Applied)
	r.Log[0].RecordedAt = hour(10)
	for void, want := range map[time.Time]time.Time{hour(3): hour(10).Add(time.Second), hour(20): hour(20)} {
		if i := r.Erase("x", void, hour(5)); !i.RecordedAt.Equal(want) || !i.Change.RecordedAt.Equal(want) {
			t.Errorf("recorded at %v, want %v", i.RecordedAt, want)
		}
	}
	r.Append(r.Erase("x", hour(20), hour(5)))
	data, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if read, err := application.Decode(data); err != nil || read.Seq != 1 || !read.Gone() || !read.ErasedAt.Equal(hour(20)) {
		t.Errorf("%+v, %v", read, err)
	}
}
