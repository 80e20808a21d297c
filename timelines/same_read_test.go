//go:build !noembed

package timelines

import (
	"slices"
	"strings"
	"testing"

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
