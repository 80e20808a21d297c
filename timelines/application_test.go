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

	"tideline/engine/application"
	"tideline/engine/event"
)

var may = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func applied(t *testing.T) *application.Record {
	t.Helper()
	ann := application.Actor{ID: "ann", Role: application.Student}
	r, err := application.Begin("ann", application.Job{ID: "j", Title: "Baker", Organisation: "O.ven", Recruiter: "rob"},
		application.Origin{Via: "feed", Position: 2, Match: 750}, application.Move{EventID: "e1"}, ann, application.Pipeline{}, may)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// said appends a message.
func said(t *testing.T, r *application.Record, id string) {
	t.Helper()
	by := application.Actor{ID: "rob", Role: application.Recruiter}
	i, err := r.Say(application.Said{Body: "$set: {a.b}"}, event.ForStudent, id, "", by, may, may)
	if err != nil {
		t.Fatal(err)
	}
	r.Append(i)
}

func TestAnApplicationComesBackAsItWas(t *testing.T) {
	s := open(t)
	want := applied(t)
	said(t, want, "m1")
	want.Receipts = map[string]int{"a.$b": 2}
	if err := s.InsertApplication(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got, revision, err := s.Application(t.Context(), want.ID)
	if diff := cmp.Diff(want, got); err != nil || revision != 1 || diff != "" {
		t.Errorf("revision %d, %v, %s", revision, err, diff)
	}
	if err := s.InsertApplication(t.Context(), want); !errors.Is(err, ErrConflict) {
		t.Errorf("a second one: %v", err)
	}
	if _, _, err := s.Application(t.Context(), "none"); !errors.Is(err, ErrNotFound) {
		t.Errorf("none: %v", err)
	}
}

// Of those who change a revision at once one gets through, and no change is lost.
func TestNoChangeOfAnApplicationIsLost(t *testing.T) {
	for _, serial := range []bool{false, true} {
		t.Run(fmt.Sprintf("serial %t", serial), func(t *testing.T) {
			s := openAs(t, serial)
			r := applied(t)
			if err := s.InsertApplication(t.Context(), r); err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			for n := range 8 {
				all.Go(func() {
					for m := 0; m < 5; {
						r, revision, err := s.Application(t.Context(), r.ID)
						if err != nil {
							t.Error(err)
							return
						}
						said(t, r, fmt.Sprint(n, "-", m))
						switch err := s.ReplaceApplication(t.Context(), r, revision); {
						case err == nil:
							m++
						case !errors.Is(err, ErrConflict):
							t.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			got, revision, err := s.Application(t.Context(), r.ID)
			if err != nil || revision != 41 || got.Version != 41 {
				t.Errorf("revision %d, version %d, %v", revision, got.Version, err)
			}
		})
	}
}

func TestALongLogMovesToBucketsAndIsReadWhole(t *testing.T) {
	s := open(t)
	r := applied(t)
	if err := s.InsertApplication(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	for n := range 6 { // each publishes what was there before it
		var revision int64
		var err error
		if r, revision, err = s.Application(t.Context(), r.ID); err != nil {
			t.Fatal(err)
		}
		r.Published = r.Version
		for m := range 50 {
			said(t, r, fmt.Sprint("m", 50*n+m))
		}
		if err := s.ReplaceApplication(t.Context(), r, revision); err != nil {
			t.Fatal(err)
		}
	}
	r, _, err := s.Application(t.Context(), r.ID)
	if err != nil || len(r.Log) > 128+100 {
		t.Errorf("the document has %d items, %v", len(r.Log), err)
	}
	log, err := s.ApplicationLog(t.Context(), r.ID)
	if err != nil || len(log) != 301 {
		t.Fatalf("%d items, %v", len(log), err)
	}
	for i, item := range log {
		if item.N != i+1 || i > 0 && item.EventID != fmt.Sprint("m", i-1) {
			t.Fatalf("item %d is %d, %s", i+1, item.N, item.EventID)
		}
	}
}

func TestWhatTheTopicsWereToldIsNeverTakenBack(t *testing.T) {
	s := open(t)
	r := applied(t)
	said(t, r, "m1")
	if err := s.InsertApplication(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	pending := func() (ids []string) {
		list, err := s.PendingApplications(t.Context(), 10)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range list {
			ids = append(ids, r.ID)
		}
		return ids
	}
	for _, step := range []struct{ mark, published, pending int }{{1, 1, 1}, {2, 2, 0}, {1, 2, 0}, {9, 2, 0}} {
		if err := s.MarkPublished(t.Context(), map[string]int{r.ID: step.mark}); err != nil {
			t.Fatal(err)
		}
		got, _, err := s.Application(t.Context(), r.ID)
		if err != nil || got.Published != step.published || len(pending()) != step.pending {
			t.Errorf("after %d: %d published, %v pending, %v", step.mark, got.Published, pending(), err)
		}
	}
}

func TestEveryApplicationIsReadWithoutItsLogAndCannotBeStoredSo(t *testing.T) {
	s := open(t)
	r := applied(t)
	if err := s.InsertApplication(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	var bare *application.Record
	err := s.EachApplication(t.Context(), func(r *application.Record) error { bare = r; return nil })
	if err != nil || bare == nil || bare.Stage != event.Applied || len(bare.Log) > 0 || len(bare.Path) != 1 {
		t.Fatalf("%+v, %v", bare, err)
	}
	if err := s.ReplaceApplication(t.Context(), bare, 1); err == nil {
		t.Error("a record without its log was stored")
	}
}

func TestPipelinesReasonsAndTheAuditAreKept(t *testing.T) {
	s := open(t)
	want := application.Pipeline{Job: "j", Steps: []application.Step{{ID: "call", Name: "Call", Stage: event.Shortlisted, Days: 3}}}
	reasons := application.Reasons{{Code: "late", Side: event.OtherSide, Text: "Too late"}}
	err := errors.Join(s.PutPipeline(t.Context(), want), s.PutReasons(t.Context(), "O.ven", reasons))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Pipeline(t.Context(), "j")
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Error(err, diff)
	}
	list, err := s.Reasons(t.Context(), "O.ven")
	if err != nil || !slices.Equal(list, reasons) {
		t.Error(err, list)
	}
	if none, err := s.Pipeline(t.Context(), "other"); err != nil || len(none.Steps) > 0 {
		t.Error(err, none)
	}
	for n, action := range []string{"first", "second"} {
		entry := AuditEntry{Actor: "rob", Role: "recruiter", Action: action, Application: "a", Job: "j", At: may.Add(time.Duration(n) * time.Second)}
		if err := s.Audit(t.Context(), entry); err != nil {
			t.Fatal(err)
		}
	}
	trail, err := s.AuditTrail(t.Context(), "a", 1)
	if err != nil || len(trail) != 1 || trail[0].Action != "second" || !trail[0].At.Equal(may.Add(time.Second)) {
		t.Errorf("%+v, %v", trail, err)
	}
}
