//go:build !noembed

package timelines

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/engine/application"
	"tideline/engine/event"
)

var recruiter = application.Actor{ID: "r1", Role: application.Recruiter}

// applied gives an application with n messages after its first item.
func applied(t *testing.T, student string, n int) *application.Record {
	t.Helper()
	job := application.Job{ID: "job", Title: "Go \"dev\" <A&B>", Organisation: "acme", Recruiter: "r1", Source: "board"}
	r, err := application.Begin(student, job, application.Origin{Via: "feed", Position: 3, Match: 800},
		application.Move{EventID: "begin"}, application.Actor{ID: student, Role: application.Student}, application.Pipeline{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	say(t, r, n)
	return r
}

func say(t *testing.T, r *application.Record, n int) {
	t.Helper()
	for range n {
		said := application.Said{Body: fmt.Sprintf("%d: søren \u2028 \U0001F600 \\ $set.x", r.Version+1)}
		i, err := r.Say(said, event.ForStudent, fmt.Sprint("say-", r.Version+1), "", recruiter, noon, noon)
		if err != nil {
			t.Fatal(err)
		}
		r.Append(i)
	}
}

func (s *Store) insertApplication(t *testing.T, r *application.Record) {
	t.Helper()
	if err := s.InsertApplication(t.Context(), r); err != nil {
		t.Fatal(err)
	}
}

func (s *Store) replaceApplication(t *testing.T, r *application.Record, revision int64) {
	t.Helper()
	if err := s.ReplaceApplication(t.Context(), r, revision); err != nil {
		t.Fatal(err)
	}
}

// has checks what is stored of an application.
func (s *Store) has(t *testing.T, want *application.Record, revision int64) {
	t.Helper()
	got, at, err := s.Application(t.Context(), want.ID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" || at != revision {
		t.Errorf("revision %d, not %d: %s", at, revision, diff)
	}
}

// inBoth runs a test on a store that counts on being the only writer, and on one that does not.
func inBoth(t *testing.T, test func(t *testing.T, s *Store)) {
	for _, serial := range []bool{true, false} {
		t.Run(fmt.Sprintf("serial=%t", serial), func(t *testing.T) { test(t, openAs(t, serial)) })
	}
}

func TestAnApplicationComesBackAsItWas(t *testing.T) {
	s := open(t)
	r := applied(t, "anna", 2)
	meet, err := r.Meet(event.Interview{
		ID: "i1", State: event.InterviewPlanned, Starts: noon.Add(time.Hour), Ends: new(noon.Add(2 * time.Hour)), Interviewers: []string{"x", "y"},
	}, "meet", "digest", recruiter, noon)
	if err != nil {
		t.Fatal(err)
	}
	r.Append(meet)
	move, err := r.Move(application.Move{EventID: "offer", To: string(event.OfferExtended), OfferEnds: new(noon.Add(48 * time.Hour))}, recruiter, application.Pipeline{}, noon)
	if err != nil {
		t.Fatal(err)
	}
	r.Append(move)
	note, err := r.Submit(event.Feedback{
		Kind: event.OfferNote, Offer: &event.Offer{Amount: 1234567.5, Currency: "EUR"}, Attributes: []event.Rating{{Name: "go", Rating: 5}},
	}, "note", "", recruiter, nil, noon)
	if err != nil {
		t.Fatal(err)
	}
	r.Append(note)
	r.Published = 3
	// Names that would be read as commands, or as paths, were they names of fields.
	r.Receipts = map[string]int{"a.b@example.org": 2, "$date": 1, "": 3}
	s.insertApplication(t, r)
	s.has(t, r, 1)

	var stored bson.M
	if err := s.applications().FindOne(t.Context(), bson.D{{Key: "_id", Value: r.ID}}).Decode(&stored); err != nil {
		t.Fatal(err)
	}
	delete(stored, "record")
	delete(stored, "receipts")
	want := bson.M{
		"_id": event.ApplicationID("anna", "job"), "student": "anna", "opportunity": "job", "organisation": "acme", "recruiter": "r1",
		"stage": "offer_extended", "since": bson.NewDateTimeFromTime(noon), "revision": int64(1), "pending": true,
	}
	if diff := cmp.Diff(want, stored); diff != "" {
		t.Error(diff)
	}
	if _, _, err := s.Application(t.Context(), "nobody"); !errors.Is(err, ErrNotFound) {
		t.Errorf("an application that is not there: %v", err)
	}
}

func TestAnApplicationIsReplacedAtItsRevisionOnly(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		r := applied(t, "anna", 0)
		if err := s.ReplaceApplication(t.Context(), r, 1); !errors.Is(err, ErrConflict) {
			t.Errorf("replaced before it was there: %v", err)
		}
		s.insertApplication(t, r)
		if err := s.InsertApplication(t.Context(), applied(t, "anna", 5)); !errors.Is(err, ErrConflict) {
			t.Errorf("inserted twice: %v", err)
		}
		s.has(t, r, 1)
		say(t, r, 1)
		s.replaceApplication(t, r, 1)
		s.has(t, r, 2)
		for _, other := range []int64{0, 1, 3} {
			if err := s.ReplaceApplication(t.Context(), applied(t, "anna", 7), other); !errors.Is(err, ErrConflict) {
				t.Errorf("at revision %d: %v", other, err)
			}
		}
		s.has(t, r, 2)
	})
}

func TestARecordWithoutItsLogIsNotStored(t *testing.T) {
	s := open(t)
	r := applied(t, "anna", 130)
	s.insertApplication(t, r)
	for name, log := range map[string][]application.Item{
		"none":           nil,
		"without a part": slices.Concat(r.Log[:50], r.Log[51:52], r.Log[51:]),
		"cut anywhere":   r.Log[10:],
		"too long":       slices.Concat(r.Log, r.Log),
		"not to the end": r.Log[:67],
	} {
		bare := *r
		bare.Log = log
		if err := s.ReplaceApplication(t.Context(), &bare, 1); err == nil || errors.Is(err, ErrConflict) {
			t.Errorf("%s: replaced, %v", name, err)
		}
		bare.ID = "other"
		if err := s.InsertApplication(t.Context(), &bare); err == nil {
			t.Errorf("%s: inserted", name)
		}
	}
	s.has(t, r, 1)
	// What a version of a whole number of buckets would otherwise let pass.
	bare := applied(t, "berta", bucketSize-1)
	bare.Log = nil
	if err := s.InsertApplication(t.Context(), bare); err == nil {
		t.Error("inserted without a log")
	}
}

// Many change the same applications, and the publisher marks them meanwhile.
func TestNoUpdateIsLost(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		const writers, times = 16, 5
		ids := []string{}
		for _, student := range []string{"anna", "berta"} {
			r := applied(t, student, 0)
			s.insertApplication(t, r)
			ids = append(ids, r.ID)
		}
		add := func(id, eventID string) error {
			for {
				r, revision, err := s.Application(t.Context(), id)
				if err != nil {
					return err
				}
				i, err := r.Say(application.Said{Body: "x"}, event.ForStudent, eventID, "", recruiter, noon, noon)
				if err != nil {
					return err
				}
				r.Append(i)
				if err := s.ReplaceApplication(t.Context(), r, revision); !errors.Is(err, ErrConflict) {
					return err
				}
			}
		}
		var group sync.WaitGroup
		for w := range writers {
			group.Go(func() {
				for n := range times {
					id := ids[w%len(ids)]
					if err := add(id, fmt.Sprint(w, "-", n)); err != nil {
						t.Error(err)
					}
					if err := s.MarkPublished(t.Context(), map[string]int{id: n + 1}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		group.Wait()
		for _, id := range ids {
			r, _, err := s.Application(t.Context(), id)
			if err != nil {
				t.Fatal(err)
			}
			events := map[string]bool{}
			for _, i := range r.Log {
				events[i.EventID] = true
			}
			if want := 1 + writers*times/len(ids); len(events) != want || r.Version != want || r.Published != times {
				t.Errorf("%d events, version %d of %d; published up to %d of %d", len(events), r.Version, want, r.Published, times)
			}
		}
	})
}

// Of those who saw the same revision, one may write.
func TestOneOfManyReplacesARevision(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		r := applied(t, "anna", 0)
		s.insertApplication(t, r)
		say(t, r, 1)
		errs := make([]error, 16)
		var group sync.WaitGroup
		for i := range errs {
			group.Go(func() { errs[i] = s.ReplaceApplication(t.Context(), r, 1) })
		}
		group.Wait()
		won := 0
		for _, err := range errs {
			if err == nil {
				won++
			} else if !errors.Is(err, ErrConflict) {
				t.Error(err)
			}
		}
		if won != 1 {
			t.Errorf("%d writers replaced revision 1", won)
		}
		s.has(t, r, 2)
	})
}

func TestWhatIsPublishedIsNeverTakenBack(t *testing.T) {
	inBoth(t, func(t *testing.T, s *Store) {
		anna, berta := applied(t, "anna", 3), applied(t, "berta", 0)
		s.insertApplication(t, anna)
		s.insertApplication(t, berta)
		pending := func(want ...string) {
			t.Helper()
			list, err := s.PendingApplications(t.Context(), 10)
			var got []string
			for _, r := range list {
				got = append(got, r.Student)
				if len(r.Unpublished()) == 0 {
					t.Errorf("%s has nothing to publish", r.Student)
				}
			}
			slices.Sort(got)
			if err != nil || !slices.Equal(got, want) {
				t.Errorf("to publish: %v, not %v; %v", got, want, err)
			}
		}
		mark := func(told map[string]int) {
			t.Helper()
			if err := s.MarkPublished(t.Context(), told); err != nil {
				t.Fatal(err)
			}
		}
		pending("anna", "berta")
		if list, err := s.PendingApplications(t.Context(), 1); err != nil || len(list) != 1 {
			t.Errorf("%d of at most one, %v", len(list), err)
		}
		mark(map[string]int{anna.ID: 2, berta.ID: 1})
		anna.Published, berta.Published = 2, 1
		s.has(t, anna, 2)
		s.has(t, berta, 2)
		pending("anna")
		mark(map[string]int{anna.ID: 1, berta.ID: 1}) // as when a crash makes the publisher repeat itself
		s.has(t, anna, 2)
		s.has(t, berta, 2)
		mark(map[string]int{anna.ID: 99}) // no further than the log goes
		anna.Published = 4
		s.has(t, anna, 3)
		pending()
		say(t, anna, 1)
		s.replaceApplication(t, anna, 3)
		pending("anna")

		if err := s.MarkPublished(t.Context(), map[string]int{"erased since": 1, anna.ID: 5}); err != nil {
			t.Errorf("with one that is not there: %v", err)
		}
		pending()
	})
}

func TestEveryApplicationIsRead(t *testing.T) {
	s := open(t)
	want := map[string]*application.Record{}
	for n := range 250 { // more than one batch of a cursor
		r := applied(t, fmt.Sprint("s", n), n%3)
		s.insertApplication(t, r)
		r.Log = nil
		want[r.ID] = r
	}
	got := map[string]*application.Record{}
	if err := s.EachApplication(t.Context(), func(r *application.Record) error {
		got[r.ID] = r
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	enough, seen := errors.New("enough"), 0
	err := s.EachApplication(t.Context(), func(*application.Record) error {
		seen++
		return enough
	})
	if !errors.Is(err, enough) || seen != 1 {
		t.Errorf("%d read, %v", seen, err)
	}
}

func TestApplicationsAreInsertedTogetherAndThoseThatAreThereStay(t *testing.T) {
	s, old := openAs(t, true), applied(t, "s1", 1)
	if err := s.InsertApplication(t.Context(), old); err != nil {
		t.Fatal(err)
	}
	again := *old
	again.Title = "another"
	var list []*application.Record
	for i := range 250 {
		list = append(list, applied(t, fmt.Sprint("t", i), 1))
	}
	list[120] = &again
	added, err := s.InsertApplications(t.Context(), list)
	if err != nil {
		t.Fatal(err)
	}
	for i, r := range list {
		found, revision, err := s.Application(t.Context(), r.ID)
		if err != nil || revision != 1 || added[i] != (i != 120) || found.Title == "another" {
			t.Errorf("application %d: added %t, %+v, %v", i, added[i], found, err)
		}
	}
	if none, err := s.InsertApplications(t.Context(), nil); err != nil || len(none) > 0 {
		t.Errorf("of none: %v, %v", none, err)
	}
}
