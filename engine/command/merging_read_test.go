//go:build !noembed

package command

import (
	"errors"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
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
