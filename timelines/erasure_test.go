//go:build !noembed

package timelines

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/engine/event"
)

func TestAnErasureIsKnownByTheStudentsHashWhenItIsDone(t *testing.T) {
	s := open(t)
	e, err := s.BeginErasure(t.Context(), Erasure{Student: "ann", By: "ann", Role: "student", At: noon, Void: noon.Add(time.Second)})
	if err != nil || e.By != e.Hash || !e.Running() {
		t.Fatal(e, err)
	}
	again, err := s.BeginErasure(t.Context(), Erasure{Student: "ann", By: "ops", Role: "ops", At: noon.Add(time.Hour), Void: noon.Add(time.Hour)})
	if err != nil || !again.At.Equal(noon) {
		t.Fatalf("one under way begins anew: %+v, %v", again, err)
	}
	if list, err := s.RunningErasures(t.Context()); err != nil || len(list) != 1 || list[0].Student != "ann" {
		t.Fatal(list, err)
	}
	e.Student, e.Done, e.Counts = "", noon.Add(time.Minute), map[string]int{"applications": 3}
	if err := s.PutErasure(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	known, err := s.Erasure(t.Context(), "ann")
	if err != nil || known.Running() || known.Counts["applications"] != 3 || !known.Void.Equal(noon.Add(time.Second)) {
		t.Fatalf("%+v, %v", known, err)
	}
	if list, err := s.RunningErasures(t.Context()); err != nil || len(list) != 0 {
		t.Error(list, err)
	}
	if found := s.documents(t, `"ann"`); len(found) > 0 {
		t.Errorf("ann is named by %q", found)
	}
	if _, err := s.Erasure(t.Context(), "bob"); !errors.Is(err, ErrNotFound) {
		t.Error(err)
	}
	next, err := s.BeginErasure(t.Context(), Erasure{Student: "ann", By: "ops", Role: "ops", At: noon, Void: noon})
	if err != nil || !next.Void.Equal(noon.Add(time.Second)) {
		t.Errorf("what was void counts again: %+v, %v", next, err)
	}
}

// documents lists the documents of the database that have a text in them.
func (s *Store) documents(t *testing.T, text string) (found []string) {
	t.Helper()
	names, err := s.database.ListCollectionNames(t.Context(), bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		cursor, err := s.database.Collection(name).Find(t.Context(), bson.D{})
		if err != nil {
			t.Fatal(err)
		}
		var list []bson.Raw
		if err := cursor.All(t.Context(), &list); err != nil {
			t.Fatal(err)
		}
		for _, d := range list {
			if strings.Contains(d.String(), text) {
				found = append(found, name+" "+d.String())
			}
		}
	}
	return found
}

func TestABuriedApplicationLeavesWhatIsCounted(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		r := applied(t, "anna", 200)
		r.Published = r.Version
		s.insertApplication(t, r)
		s.replaceApplication(t, r, 1)
		if s.buckets(t) == 0 {
			t.Fatal("the log has no buckets")
		}
		r, revision, err := s.Application(t.Context(), r.ID)
		if err != nil {
			t.Fatal(err)
		}
		r.Receipts = map[string]int{"anna": 3}
		r.Append(r.Erase("remains", noon, noon))
		s.replaceApplication(t, r, revision)
		if ids, err := s.ApplicationsOf(t.Context(), "anna"); err != nil || len(ids) != 1 {
			t.Fatal(ids, err)
		}
		for range 2 { // as after a crash
			if err := s.Bury(t.Context(), r.ID, r.Remains()); err != nil {
				t.Fatal(err)
			}
		}
		if found := append(s.documents(t, "anna"), s.documents(t, r.ID)...); len(found) > 0 {
			t.Errorf("left: %.300q", found)
		}
		kept, _, err := s.Application(t.Context(), "remains")
		if err != nil || kept.Stage != r.Stage || !kept.AppliedAt.Equal(r.AppliedAt) || len(kept.Path) != len(r.Path) || kept.Opportunity != r.Opportunity {
			t.Errorf("what stays: %+v, %v", kept, err)
		}
		if n := s.buckets(t); n != 0 {
			t.Errorf("%d buckets", n)
		}
	})
}

func TestAStudentLeavesTheRecordOfNotifications(t *testing.T) {
	inBoth(t, leaves)
}

func leaves(t *testing.T, s *Store) {
	toRecruiter := func(id string, offset int64, student string, items ...string) NotificationChange {
		n := told(id, offset, event.Sent)
		n.Recipient, n.Audience, n.Subject.Student, n.Items = "rita", event.ToRecruiter, student, nil
		for _, item := range items {
			n.Items = append(n.Items, event.Item{ID: "of " + fmt.Sprint(len(item)), Subject: event.Subject{Student: item}, Facts: event.Facts{Overlap: .5}})
		}
		return n
	}
	s.tell(t, told("hers", 1, event.Sent), toRecruiter("about", 2, "ann"), toRecruiter("digest", 3, "", "bob", "ann"), toRecruiter("other", 4, "bob"))
	failed := errors.New("no Redis")
	if _, err := s.ForgetNotifications(t.Context(), "ann", func(string) error { return failed }); !errors.Is(err, failed) {
		t.Error(err)
	}
	var others []string
	forget := func(recipient string) error { others = append(others, recipient); return nil }
	if n, err := s.ForgetNotifications(t.Context(), "ann", forget); err != nil || n != 3 || len(others) != 1 || others[0] != "rita" {
		t.Fatal(n, others, err)
	}
	if again, err := s.ForgetNotifications(t.Context(), "ann", forget); again != 0 || err != nil {
		t.Error("a second time:", again, err)
	}
	if found := s.documents(t, `"ann"`); len(found) > 0 {
		t.Errorf("left: %q", found)
	}
	if found := s.documents(t, `"bob"`); len(found) != 2 {
		t.Errorf("of others: %q", found)
	}
	s.tell(t, told("hers", 1, event.Sent)) // the topic is read again
	if found := s.documents(t, `"ann"`); len(found) > 0 {
		t.Errorf("brought back: %q", found)
	}
	outcomes, err := s.Outcomes(t.Context())
	if err != nil || len(outcomes) != 4 || outcomes["hers"] != event.Sent {
		t.Error(outcomes, err)
	}
}
