package demo

import (
	"bytes"
	"iter"
	"math"
	"slices"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/skills"
)

var now = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func campus(seed uint64) *Campus {
	return New(seed, Sizes{Students: 2000, Opportunities: 1000}, now, Skills)
}

func encoded[T interface{ Encode() []byte }](values iter.Seq[T]) []byte {
	var all bytes.Buffer
	for v := range values {
		all.Write(v.Encode())
	}
	return all.Bytes()
}

func TestTheSameSeedGivesTheSameCampusInAnyOrder(t *testing.T) {
	a, b := campus(1), campus(1)
	list := slices.Collect(a.Opportunities())
	parts := [][2][]byte{
		{encoded(a.Signals(list)), encoded(b.Signals(list))}, // b has given nothing else yet
		{encoded(a.Students()), encoded(b.Students())},
		{encoded(a.Students()), encoded(b.Students())}, // and again
		{encoded(a.Opportunities()), encoded(b.Opportunities())},
	}
	for i, p := range parts {
		if len(p[0]) == 0 || !bytes.Equal(p[0], p[1]) {
			t.Errorf("part %d differs", i)
		}
	}
	if bytes.Equal(encoded(a.Students()), encoded(campus(2).Students())) {
		t.Error("two seeds give the same students")
	}
}

func TestStudentsAreValidAndSkilledByZipf(t *testing.T) {
	counts, ids := map[string]int{}, map[string]bool{}
	for p := range campus(7).Students() {
		if _, err := event.DecodeProfile(p.Encode()); err != nil {
			t.Fatal(err)
		}
		names := map[string]bool{}
		for _, s := range p.Skills {
			names[s.Name] = true
			counts[s.Name]++
		}
		if len(names) != len(p.Skills) || len(names) < 4 || len(names) > 14 || ids[p.ID] || p.Name != "" {
			t.Fatalf("student %s", p.Encode())
		}
		ids[p.ID] = true
	}
	// A student names a skill once, which flattens the head; from there on the
	// count falls as one over the rank.
	rank := func(i int) float64 { return float64(counts[Skills[i]]) }
	if slope := math.Log(rank(9)/rank(79)) / math.Log(80.0/10); rank(0) <= rank(9) || slope < 0.7 || slope > 1.3 {
		t.Errorf("skills fall with exponent %.2f: %v, %v, %v", slope, rank(0), rank(9), rank(79))
	}
}

func TestOpportunitiesAreValidAndRecent(t *testing.T) {
	buckets, ids := map[event.Bucket]float64{}, map[string]bool{}
	for o := range campus(7).Opportunities() {
		if _, err := event.DecodeOpportunity(o.Encode(), now); err != nil {
			t.Fatal(err)
		}
		if o.PostedAt.After(now) || o.PostedAt.Before(now.AddDate(0, 0, -30)) || o.Deadline != nil && !o.Deadline.After(now) ||
			(o.Recruiter != "") != (o.Bucket == event.Jobs) || ids[o.ID] {
			t.Fatalf("opportunity %s", o.Encode())
		}
		ids[o.ID] = true
		buckets[o.Bucket]++
	}
	for b, share := range map[event.Bucket]float64{event.Jobs: 0.60, event.Hackathons: 0.15, event.Content: 0.25} {
		if got := buckets[b] / 1000; math.Abs(got-share) > 0.05 {
			t.Errorf("%.0f%% are %s", 100*got, b)
		}
	}
}

func TestSignalsAreValidAndFollowThePosting(t *testing.T) {
	c := campus(7)
	posted := map[string]time.Time{}
	list := slices.Collect(c.Opportunities())
	for _, o := range list {
		posted[o.ID] = o.PostedAt
	}
	kinds, ids := map[event.SignalKind]int{}, map[string]bool{}
	for s := range c.Signals(list) {
		if _, err := event.DecodeSignal(s.Encode()); err != nil {
			t.Fatal(err)
		}
		if at, ok := posted[s.Opportunity]; !ok || s.At.Before(at) || s.At.After(now) || ids[s.ID] {
			t.Fatalf("signal %s", s.Encode())
		}
		ids[s.ID] = true
		kinds[s.Kind]++
	}
	if len(kinds) != 3 || len(ids) < 400 {
		t.Errorf("%d signals, %v", len(ids), kinds)
	}
	if none := slices.Collect(c.Signals(nil)); len(none) > 0 {
		t.Errorf("signals about nothing: %v", none)
	}
}

func TestEverySkillIsInTheVocabularyOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, name := range Skills {
		if !skills.Known(name) || skills.Normalize(name) != name || seen[name] {
			t.Errorf("%q is unknown, named twice or properly %q", name, skills.Normalize(name))
		}
		seen[name] = true
	}
}

func TestOrganisationsDiffer(t *testing.T) {
	seen := map[string]bool{}
	for i := range 40 {
		seen[Organisation(i)] = true
	}
	if len(seen) != 40 {
		t.Errorf("%d of 40", len(seen))
	}
}
