//go:build !noembed

package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
)

// A run that merges may hold the lease for minutes, in another process; who only
// wants to know does not wait for it.
func TestReadsOfMergesWaitForNobody(t *testing.T) {
	w := newMergeWorld(t)
	first, double := opening("greenhouse:10001", "Engineer", "Pune", atsURL), opening("apify:1", "Engineer", "Pune", careers)
	double.Description = "as the list has it"
	like := opening("apify:2", "Engineer", "Delhi", "https://list.example/20002") // of the company, not the same
	w.ats.set(first)
	w.list.set(double, like)
	w.run("board")
	w.run("list")
	w.run("list")
	if _, there := w.published[double.ID]; there {
		t.Fatal("what was a double when it came was published")
	}
	at := w.clock.Now()
	if _, err := w.store.TakeMerging(t.Context(), "another", at, at.Add(24*time.Hour)); err != nil {
		t.Fatal(err)
	}
	reader := w.process("p2")
	o, err := reader.Double(t.Context(), double.ID)
	if err != nil || o.ID != double.ID || o.Status != event.Closed || o.MergedInto != first.ID || o.Description != double.Description || o.Also != nil {
		t.Errorf("%+v, %v", o, err)
	}
	for _, id := range []string{first.ID, like.ID, "unknown"} { // shown itself, or not known
		if _, err := reader.Double(t.Context(), id); !errors.Is(err, same.ErrUnknown) {
			t.Errorf("%s: %v", id, err)
		}
	}
	view, err := reader.View(t.Context(), double.ID)
	if err != nil || view.Leader != first.ID || len(view.Members) != 2 || view.Members[1].By != same.ByATS || view.Members[1].Source != "list" {
		t.Errorf("%+v, %v", view, err)
	}
	if _, err := reader.View(t.Context(), "unknown"); !errors.Is(err, same.ErrUnknown) {
		t.Error(err)
	}
	if got := w.clock.Now(); got != at {
		t.Errorf("somebody waited until %s", got)
	}
}

// The embedded store is read once, and then only written: what it says is known, also
// when a write failed.
func TestWhatIsMirroredIsWhatIsStored(t *testing.T) {
	w := newMergeWorld(t)
	store := runner.Mirrored(w.store)
	entries := []manifest.Entry{
		{Name: "board", Kind: "greenhouse", Enabled: true, Absences: 1, Limits: fetch.DefaultLimits(), Source: &w.ats},
		{Name: "list", Kind: "apify", Enabled: true, Absences: 1, Limits: fetch.DefaultLimits(), Source: &w.list},
	}
	w.runner = runner.New(runner.Config{Entries: entries, Instance: "p1", Clock: w.clock}, store, w, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	t.Cleanup(w.runner.Close)
	direct := w.process("p2") // which finds out in the store
	ids := []string{"greenhouse:10001", "greenhouse:10002", "apify:1", "apify:2", "unknown"}
	check := func(step string) {
		t.Helper()
		for _, id := range ids {
			want, missing := direct.View(t.Context(), id)
			got, err := w.runner.View(t.Context(), id)
			if diff := gocmp.Diff(want, got); diff != "" || errors.Is(missing, same.ErrUnknown) != errors.Is(err, same.ErrUnknown) {
				t.Errorf("%s: %s: %v, want %v, %s", step, id, err, missing, diff)
			}
		}
	}
	check("nothing")
	w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL), opening("greenhouse:10002", "Cook", "Pune", "https://boards.greenhouse.io/harbor/jobs/10002"))
	w.list.set(opening("apify:1", "Engineer", "Pune", careers), opening("apify:2", "Cook", "Pune", "https://list.example/20002"))
	w.run("board")
	w.run("list")
	check("listed")
	if _, err := w.runner.Split(t.Context(), "apify:1"); err != nil {
		t.Fatal(err)
	}
	check("split")
	w.list.set(opening("apify:2", "Baker", "Goa", "https://list.example/20002"))
	w.run("list")
	check("one gone, one changed")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	if err := store.DropSameMembers(canceled, ids[:1]); err == nil {
		t.Fatal("it was written")
	}
	check("after a write that failed")
	w.store.Close()
	if list, err := store.SameBy(t.Context(), []string{same.Member{Bucket: event.Jobs, Company: "harbor labs"}.CompanyKey()}); err != nil || len(list) != 3 {
		t.Errorf("it is read again: %d, %v", len(list), err)
	}
}

// What a crowd has in common does not lead further, but counts.
func TestAViewOfACrowd(t *testing.T) {
	w := newMergeWorld(t)
	for i := range same.Crowd + 1 {
		id := fmt.Sprint(10001 + i)
		w.ats.postings = append(w.ats.postings, opening("greenhouse:"+id, "Engineer", "Pune", "https://boards.greenhouse.io/harbor/jobs/"+id))
	}
	w.list.set(opening("apify:1", "Engineer", "Pune", ""), opening("apify:2", "Engineer", "Goa", careers))
	w.run("board")
	w.run("list")
	for id, want := range map[string]int{"apify:1": 1, "apify:2": 2, "greenhouse:10002": 1} {
		if view, err := w.runner.View(t.Context(), id); err != nil || len(view.Members) != want {
			t.Errorf("%s: %+v, %v", id, view, err)
		}
	}
}

// What View reads of the neighbourhood tells what all postings together tell.
func TestAViewIsThatOfWhoMerges(t *testing.T) {
	w := newMergeWorld(t)
	third := opening("apify:3", "Intern - Engineer", "Pune", "https://list.example/30003")
	w.ats.set(opening("greenhouse:10001", "Engineer Intern", "Pune", atsURL), opening("greenhouse:10002", "Cook", "Pune", "https://boards.greenhouse.io/harbor/jobs/10002"))
	w.list.set(opening("apify:1", "Engineer Intern", "Delhi", careers), third, opening("apify:4", "Engineer", "Goa", ""))
	w.run("board")
	w.run("list")
	if _, err := w.runner.Split(t.Context(), "apify:1"); err != nil {
		t.Fatal(err)
	}
	members, err := w.store.SameMembers(t.Context())
	if err != nil || len(members) != 5 {
		t.Fatalf("%d, %v", len(members), err)
	}
	splits, err := w.store.SameSplits(t.Context())
	if err != nil || len(splits) != 1 {
		t.Fatalf("%d, %v", len(splits), err)
	}
	whole := same.NewIndex(members, splits)
	for _, m := range members {
		want, err := whole.Merge(m.ID)
		if err != nil {
			t.Fatal(err)
		}
		got, err := w.runner.View(t.Context(), m.ID)
		if diff := gocmp.Diff(want, got); err != nil || diff != "" {
			t.Errorf("%s: %v, %s", m.ID, err, diff)
		}
	}
}
