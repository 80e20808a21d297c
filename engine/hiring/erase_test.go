package hiring

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

func TestAnErasureIsToldAfterEverythingElseAndOnlyThenBuried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newShelf(), &wire{}
		s := service(store, w)
		id := s.applied(t)
		if err := s.move(t.Context(), id, "m", "", "shortlisted"); err != nil {
			t.Fatal(err)
		}
		at, err := s.Erase(t.Context(), id, time.Now())
		if err != nil || !at.After(time.Now()) {
			t.Fatalf("recorded at %v, %v", at, err)
		}
		if again, err := s.Erase(t.Context(), id, time.Now().Add(time.Hour)); err != nil || !again.Equal(at) {
			t.Errorf("a second time: recorded at %v, %v", again, err)
		}
		if done, err := s.Bury(t.Context(), id); done || err != nil {
			t.Fatalf("buried before the topics are told: %t, %v", done, err)
		}
		if _, err := s.Get(t.Context(), id); !errors.Is(err, ErrNoApplication) {
			t.Errorf("it is found: %v", err)
		}
		if err := s.move(t.Context(), id, "n", "", "rejected"); !errors.Is(err, ErrNoApplication) {
			t.Errorf("it is moved: %v", err)
		}
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() { ended <- s.Run(ctx) }()
		time.Sleep(3 * time.Second) // of the bubble
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		last := w.told[len(w.told)-1].Change
		if len(w.told) != 3 || last.Kind != event.Erased || last.Application != id || last.Student != "s" || last.Replacement == "" || last.Seq != 3 || last.Stage != event.Shortlisted {
			t.Fatalf("told: %+v", last)
		}
		if _, err := event.DecodeStageChange(last.Encode()); err != nil {
			t.Error(err)
		}
		if len(store.notes) != 3 || store.notes[1].Action != "advance: from applied to shortlisted" || store.notes[1].Actor != recruiter || store.notes[0].Action != "applied" {
			t.Errorf("the audit has %+v", store.notes)
		}
		for range 2 {
			if done, err := s.Bury(t.Context(), id); !done || err != nil {
				t.Fatalf("not buried: %t, %v", done, err)
			}
		}
		if len(store.records) != 1 || s.board.Len() != 1 {
			t.Fatalf("%d records, %d on the board", len(store.records), s.board.Len())
		}
		kept, err := s.Get(t.Context(), last.Replacement)
		if err != nil || kept.Student != "" || kept.Seq != 2 || kept.Stage != event.Shortlisted || kept.Recruiter != "r" {
			t.Errorf("what stays: %+v, %v", kept, err)
		}
		refusal, ok := errors.AsType[*application.Refusal](s.move(t.Context(), kept.ID, "o", "", "rejected"))
		if !ok || refusal.Rule != application.IsErased {
			t.Errorf("what stays is moved: %v", refusal)
		}
	})
}

func TestWhatRemainsNamesNobody(t *testing.T) {
	store := newShelf()
	s := service(store, &wire{})
	r, _, err := s.Apply(t.Context(), "s-1", "j", application.Origin{Via: "feed", Position: 2, Rule: "for s-1"}, application.Move{EventID: "s-1 applies"}, application.Actor{ID: "s-1", Role: application.Student})
	if err != nil {
		t.Fatal(err)
	}
	say := func(decide func(r *application.Record) (application.Item, error)) {
		t.Helper()
		_, _, err := s.Change(t.Context(), r.ID, 0, func(r *application.Record, _ application.Pipeline) (*application.Item, error) {
			i, err := decide(r)
			return &i, err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	say(func(r *application.Record) (application.Item, error) {
		return r.Say(application.Said{Body: "I am s-1"}, event.ForStudent, "m", "", student, time.Now(), time.Now())
	})
	say(func(r *application.Record) (application.Item, error) {
		return r.Submit(event.Feedback{Kind: event.Shortlisting, Summary: "s-1 is fine"}, "f", "", recruiter, nil, time.Now())
	})
	fact := event.StageChange{
		EventID: "s-1's fact", Application: r.ID, Student: "s-1", Opportunity: "j", To: event.Rejected, At: time.Now().Add(time.Second), Reason: "s-1 did not come", Actor: "ats of s-1",
	}
	if err := s.Fact(t.Context(), fact); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Erase(t.Context(), r.ID, time.Now()); err != nil {
		t.Fatal(err)
	}
	gone, _, err := store.Application(t.Context(), r.ID)
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(gone.Remains())
	if err != nil || strings.Contains(string(text), "s-1") || strings.Contains(string(text), r.ID) || strings.Contains(string(text), "interviewed") {
		t.Errorf("%s %v", text, err)
	}
	if kept := gone.Remains(); kept.Origin != (application.Origin{Via: "feed", Position: 2}) || kept.Stage != event.Rejected || kept.Published != kept.Version {
		t.Errorf("what is counted: %+v", kept)
	}
}

func TestWhatHappenedBeforeAnErasureBringsNothingBack(t *testing.T) {
	store := newShelf()
	s := service(store, &wire{})
	store.void = time.Now().Add(time.Minute).UTC().Truncate(time.Second)
	fact := event.StageChange{EventID: "f", Application: event.ApplicationID("s", "j"), Student: "s", Opportunity: "j", To: event.Shortlisted, At: store.void.Add(-time.Second)}
	message := event.Message{EventID: "m", Application: fact.Application, Student: "s", Opportunity: "j", At: fact.At, Author: "s", AuthorRole: "student", Body: "hello"}
	if err := errors.Join(s.Fact(t.Context(), fact), s.Message(t.Context(), message)); err != nil || len(store.records) > 0 {
		t.Fatalf("%d records, %v", len(store.records), err)
	}
	message.At, store.erasing = store.void, true
	if err := s.Message(t.Context(), message); !errors.Is(err, ErrErasing) {
		t.Error(err)
	}
	if _, _, err := s.Apply(t.Context(), "s", "j", application.Origin{}, application.Move{EventID: "e"}, student); !errors.Is(err, ErrErasing) || len(store.records) > 0 {
		t.Error(err)
	}
	store.erasing = false
	id := s.applied(t)
	r, err := s.Get(t.Context(), id)
	if err != nil || r.Path[0].RecordedAt.Before(store.void) {
		t.Errorf("who comes back begins with what is void: %+v, %v", r, err)
	}
}

// Another process has the board; it hears of the erasure by the topic.
func TestABoardThatMissedStepsReadsWhatStays(t *testing.T) {
	for _, buried := range []bool{false, true} {
		store, w := newShelf(), &wire{}
		s, other := service(store, w), service(store, w)
		id := s.applied(t)
		if err := other.Load(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.move(t.Context(), id, "m", "", "shortlisted"); err != nil {
			t.Fatal(err)
		}
		if _, err := s.Erase(t.Context(), id, time.Now()); err != nil {
			t.Fatal(err)
		}
		r, _, err := store.Application(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if buried {
			if err := store.Bury(t.Context(), id, r.Remains()); err != nil {
				t.Fatal(err)
			}
		}
		erased := r.Unpublished()[2].Change
		for range 2 {
			if err := other.Follow(t.Context(), *erased); err != nil {
				t.Fatal(err)
			}
			row, ok := other.board.Get(r.Replacement)
			if !ok || row.Student != "" || row.Stage != event.Shortlisted || other.board.Len() != 1 || len(other.board.OfStudent("s")) > 0 {
				t.Errorf("buried %t: %+v, %d rows", buried, row, other.board.Len())
			}
		}
		if err := other.Follow(t.Context(), *r.Unpublished()[0].Change); err != nil || other.board.Len() != 1 {
			t.Errorf("a step that is told again: %d rows, %v", other.board.Len(), err)
		}
	}
}
