package feeds

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"

	"tideline/engine/event"
)

func TestAWalkMeetsEverybodyOfAPartition(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		other, err := s.Claim(t.Context(), part+1, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		want := map[string]bool{"with a view only": true, "jobs:{p004}:*?[a]": true, "feeds only": true}
		b := o.batch(event.FeedOp{Student: "feeds only", Bucket: event.Content, Replace: true})
		b.Views = []event.ViewOp{
			{Student: "with a view only", View: &event.View{}},
			{Student: "jobs:{p004}:*?[a]", View: &event.View{}},
		}
		for i := range 2 * scanCount {
			student := fmt.Sprint("s", i)
			want[student] = true
			b.Feeds = append(b.Feeds, event.FeedOp{Student: student, Bucket: event.Jobs, Replace: true})
		}
		elsewhere := Batch{Partition: part + 1, Token: other.Token, Seq: 1, Feeds: []event.FeedOp{{Student: "elsewhere", Bucket: event.Jobs, Replace: true}}}
		for _, b := range []Batch{b, elsewhere} {
			if r, err := s.Apply(t.Context(), b); err != nil || r.Outcome != Applied {
				t.Fatal(r, err)
			}
		}
		got := map[string]bool{}
		for walk := (Scan{}); !walk.Done(); {
			students, err := s.Students(t.Context(), part, &walk)
			if err != nil {
				t.Fatal(err)
			}
			for _, student := range students {
				got[student] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("met %d students, want %d; among them %v", len(got), len(want), slices.Sorted(maps.Keys(got))[:3])
		}
	})
}

func TestAWalkBeginsAgainOnAnotherServer(t *testing.T) {
	onEachServer(t, func(t *testing.T, s *Store) {
		o := claimed(t, s)
		want := map[string]bool{}
		var ops []event.FeedOp
		for i := range 3 * scanCount {
			ops = append(ops, event.FeedOp{Student: fmt.Sprint("s", i), Bucket: event.Jobs, Replace: true})
			want[ops[i].Student] = true
		}
		o.apply(ops...)
		var walk Scan
		if _, err := s.Students(t.Context(), part, &walk); err != nil {
			t.Fatal(err)
		}
		if walk.Done() {
			t.Skip("this server gives everything in one step")
		}
		walk.node = "where the slot was"
		got := map[string]bool{}
		for !walk.Done() {
			students, err := s.Students(t.Context(), part, &walk)
			if err != nil {
				t.Fatal(err)
			}
			for _, student := range students {
				got[student] = true
			}
		}
		if !maps.Equal(got, want) {
			t.Errorf("met %d students of %d", len(got), len(want))
		}
	})
}

func TestAWalkThatCannotGoOnSaysSo(t *testing.T) {
	s := open(t, Config{Addrs: []string{"127.0.0.1:1"}})
	var walk Scan
	if _, err := s.Students(t.Context(), part, &walk); !errors.Is(err, ErrUnavailable) || walk.Done() {
		t.Errorf("error %v, done %v", err, walk.Done())
	}
}
