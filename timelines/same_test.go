//go:build !noembed

package timelines

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
)

func TestWhatIsTheSameIsRemembered(t *testing.T) {
	s := open(t)
	var want []same.Member
	for i := range 130 { // more than two bulks
		o := event.Opportunity{ID: fmt.Sprintf("greenhouse:%05d", i+10000), Bucket: event.Buckets[i%3], PostedAt: noon, Title: "Engineer", Organisation: "Harbor", Locations: []string{"Pune"}, URL: fmt.Sprint("https://h.example/", i+10000)}
		want = append(want, same.NewMember(o, "board", "greenhouse"))
	}
	if err := s.PutSameMembers(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	for i := range want[:120] {
		want[i].Shown, want[i].Told = true, 1<<63+uint64(i)
	}
	if err := s.PutSameMembers(t.Context(), want[:120]); err != nil {
		t.Fatal(err)
	}
	if err := s.DropSameMembers(t.Context(), []string{want[0].ID, "unknown"}); err != nil {
		t.Fatal(err)
	}
	for i := 1; i < 100; i++ { // stored when only jobs were merged
		if want[i].Bucket == event.Jobs {
			if _, err := s.sameMembers().UpdateOne(t.Context(), byID(want[i].ID), bson.D{{Key: "$unset", Value: bson.D{{Key: "bucket", Value: ""}}}}); err != nil {
				t.Fatal(err)
			}
		}
	}
	got, err := s.SameMembers(t.Context())
	slices.SortFunc(got, func(a, b same.Member) int { return cmp.Compare(a.ID, b.ID) })
	if diff := gocmp.Diff(want[1:], got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestSplitsAreRemembered(t *testing.T) {
	s := open(t)
	for _, split := range []same.Split{{ID: "a", From: []string{"b"}}, {ID: "c", From: []string{"d"}}, {ID: "a", From: []string{"b", "e"}}} {
		if err := s.PutSplit(t.Context(), split); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(s.DropSplit(t.Context(), "c"), s.DropSplit(t.Context(), "unknown")); err != nil {
		t.Fatal(err)
	}
	got, err := s.SameSplits(t.Context())
	if diff := gocmp.Diff([]same.Split{{ID: "a", From: []string{"b", "e"}}}, got); err != nil || diff != "" {
		t.Errorf("%v: %s", err, diff)
	}
}

func TestOneMergesAtATime(t *testing.T) {
	s := open(t)
	take := func(holder string, at time.Time) int64 {
		t.Helper()
		number, err := s.TakeMerging(t.Context(), holder, at, at.Add(time.Minute))
		if err != nil && !errors.Is(err, harvest.ErrTaken) {
			t.Fatal(err)
		}
		return number
	}
	leave := func(holder string, number int64) {
		t.Helper()
		if err := s.LeaveMerging(t.Context(), holder, number); err != nil {
			t.Fatal(err)
		}
	}
	if take("p1", noon) != 1 || take("p2", noon) != 0 {
		t.Error("two merge")
	}
	leave("p2", 1) // who has not got it
	if take("p2", noon) != 0 {
		t.Error("it was given back by another")
	}
	leave("p1", 1)
	if take("p2", noon) != 2 {
		t.Error("it was not given back")
	}
	if take("p1", noon.Add(time.Minute)) != 3 {
		t.Error("it does not end")
	}
	leave("p2", 2) // which lost it
	if take("p2", noon.Add(time.Minute)) != 0 {
		t.Error("it was given back by who lost it")
	}
	if take("p1", noon.Add(time.Minute)) != 4 {
		t.Error("who was started again waits for itself")
	}
}
