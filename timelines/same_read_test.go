//go:build !noembed

package timelines

import (
	"slices"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
)

func TestWhatIsLikeAPostingIsFound(t *testing.T) {
	s := open(t)
	members := []same.Member{
		{ID: "a", ATS: "greenhouse:1", Company: "harbor"},
		{ID: "b", ATS: "greenhouse:1", Address: "h.example/b", Company: "other"},
		{ID: "c", Address: "h.example/b", Opening: "harbor|engineer|pune"},
		{ID: "d", Opening: "harbor|engineer|pune"},
		{ID: "e", Company: "harbor", Address: "greenhouse:1"}, // which is no number
	}
	if err := s.PutSameMembers(t.Context(), members); err != nil {
		t.Fatal(err)
	}
	ids := func(list []same.Member, err error) string {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		var text strings.Builder
		slices.SortFunc(list, func(a, b same.Member) int { return int(a.ID[0]) - int(b.ID[0]) })
		for _, m := range list {
			text.WriteString(m.ID)
		}
		return text.String()
	}
	by := func(members ...same.Member) (keys []string) {
		for _, m := range members {
			keys = append(keys, m.Links()...)
		}
		return keys
	}
	for like, want := range map[int]string{0: "ab", 1: "abc", 2: "bcd", 3: "cd", 4: "e"} {
		if got := ids(s.SameBy(t.Context(), by(members[like]))); got != want {
			t.Errorf("like %s: %s, want %s", members[like].ID, got, want)
		}
	}
	if got := ids(s.SameBy(t.Context(), by(members[0], members[3]))); got != "abcd" {
		t.Errorf("like two: %s", got)
	}
	if got := ids(s.SameBy(t.Context(), []string{members[0].CompanyKey()})); got != "ae" {
		t.Errorf("of the company: %s", got)
	}
	if m, ok, err := s.SameMember(t.Context(), "b"); !ok || err != nil || m.Address != "h.example/b" {
		t.Errorf("%+v, %v, %v", m, ok, err)
	}
	if _, ok, err := s.SameMember(t.Context(), "x"); ok || err != nil {
		t.Errorf("%v, %v", ok, err)
	}
}

// One that an earlier version stored has no bucket, being a job, and no keys.
func TestWhatAnEarlierVersionStoredIsFoundToo(t *testing.T) {
	s := open(t)
	old := bson.D{{Key: "_id", Value: "a"}, {Key: "entry", Value: "board"}, {Key: "ats", Value: "greenhouse:1"}, {Key: "company", Value: "harbor"}, {Key: "shown", Value: true}}
	nameless := bson.D{{Key: "_id", Value: "b"}, {Key: "entry", Value: "board"}}
	if _, err := s.sameMembers().InsertMany(t.Context(), []any{old, nameless}); err != nil {
		t.Fatal(err)
	}
	if err := s.Prepare(t.Context()); err != nil {
		t.Fatal(err)
	}
	now := same.Member{ID: "c", Bucket: event.Jobs, ATS: "greenhouse:1", Company: "harbor"}
	for _, key := range now.Keys() {
		found, err := s.SameBy(t.Context(), []string{key})
		if err != nil || len(found) != 1 || found[0].ID != "a" || found[0].Bucket != event.Jobs || found[0].Entry != "board" || !found[0].Shown {
			t.Errorf("by %s: %+v, %v", key, found, err)
		}
	}
}
