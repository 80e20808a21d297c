//go:build !noembed

package timelines

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// trail lists the actions that a filter finds, newest first.
func trail(t *testing.T, s *Store, f AuditFilter, limit int) []AuditEntry {
	t.Helper()
	list, err := s.AuditTrail(t.Context(), f, limit)
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestTheAuditKeepsWhoDidWhat(t *testing.T) {
	s := open(t)
	entries := []AuditEntry{
		{Actor: "r1", Role: "recruiter", Action: "read", Students: []string{"ann"}, Applications: []string{"a"}, Job: "j", At: noon},
		{ID: "2", Actor: "r2", Role: "recruiter", Action: "move", Students: []string{"ann"}, Applications: []string{"a"}, Job: "j", At: noon.Add(time.Second)},
		{Actor: "r1", Role: "recruiter", Action: "read", Students: []string{"bob"}, Applications: []string{"b"}, Job: "j", At: noon.Add(2 * time.Second)},
		{Actor: "r1", Role: "recruiter", Action: "read", Students: []string{"ann"}, Applications: []string{"a"}, Job: "j", At: noon}, // as the first, and an entry of its own
		{Actor: "ops", Role: "ops", Action: "pipeline", Students: []string{"bob", "ann"}, Applications: []string{"b", "a"}, Job: "j", At: noon.Add(3 * time.Second)},
	}
	for range 2 { // the second time only what comes without an id is new
		if err := s.Audit(t.Context(), entries[1]); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Audit(t.Context(), slices.Delete(slices.Clone(entries), 1, 2)...); err != nil {
		t.Fatal(err)
	}
	for f, want := range map[AuditFilter][]AuditEntry{
		{}:                             {entries[4], entries[2], entries[1], entries[3], entries[0]},
		{Student: "ann"}:               {entries[4], entries[1], entries[3], entries[0]},
		{Student: "bob", Actor: "ops"}: {entries[4]},
		{Application: "b"}:             {entries[4], entries[2]},
		{Actor: "nobody"}:              nil,
	} {
		got := trail(t, s, f, 10)
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(AuditEntry{}, "ID")); diff != "" {
			t.Errorf("%+v: %s", f, diff)
		}
	}
	var walked []string
	for f := (AuditFilter{}); ; {
		page := trail(t, s, f, 2)
		for _, e := range page {
			walked = append(walked, e.ID)
		}
		if len(page) < 2 {
			break
		}
		f.Before = &page[1]
	}
	if slices.Sort(walked); len(walked) != 5 || len(slices.Compact(walked)) != 5 {
		t.Errorf("page by page: %q", walked)
	}
}

func TestAnErasedStudentIsAHashInTheAudit(t *testing.T) {
	inBoth(t, hashed)
}

func hashed(t *testing.T, s *Store) {
	err := s.Audit(t.Context(),
		AuditEntry{Actor: "ann", Role: "recruiter", Action: "read", Students: []string{"bob"}, Applications: []string{"c"}, At: noon}, // of the same id
		AuditEntry{Actor: "ann", Role: "student", Action: "applied", Students: []string{"ann"}, Applications: []string{"a"}, At: noon},
		AuditEntry{Actor: "ops", Role: "ops", Action: "pipeline", Students: []string{"bob", "ann"}, Applications: []string{"b", "a"}, At: noon},
		AuditEntry{Actor: "ops", Role: "ops", Action: "moved", Students: []string{"bob"}, Applications: []string{"b"}, At: noon})
	if err != nil {
		t.Fatal(err)
	}
	for want := range 2 {
		if n, err := s.ForgetAudit(t.Context(), "ann"); err != nil || n != 2-2*want {
			t.Fatal(n, err)
		}
	}
	hash, err := s.HashOf(t.Context(), "ann")
	if err != nil {
		t.Fatal(err)
	}
	about := trail(t, s, AuditFilter{Student: hash}, 10)
	if len(about) != 2 || len(trail(t, s, AuditFilter{Student: "bob"}, 10)) != 3 || len(trail(t, s, AuditFilter{Application: "b"}, 10)) != 2 {
		t.Errorf("by the hash: %+v", about)
	}
	for _, e := range trail(t, s, AuditFilter{}, 10) {
		if e.Role == "recruiter" {
			continue
		}
		if text := fmt.Sprint(e); strings.Contains(text, "ann") || slices.Contains(e.Applications, "a") {
			t.Errorf("left: %s", text)
		}
	}
}
