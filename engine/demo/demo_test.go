package demo

import (
	"bytes"
	"testing"
	"time"

	"tideline/engine/event"
)

var names = []string{"python", "sql", "java", "go", "react", "aws", "docker", "git", "linux", "excel", "c++", "figma", "css", "html", "rust"}

func campus(seed uint64) []byte {
	c := New(seed, Sizes{Students: 300, Opportunities: 200}, time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), names)
	var all bytes.Buffer
	for p := range c.Students() {
		all.Write(p.Encode())
	}
	var list []event.Opportunity
	for o := range c.Opportunities() {
		list = append(list, o)
		all.Write(o.Encode())
	}
	for s := range c.Signals(list) {
		all.Write(s.Encode())
	}
	return all.Bytes()
}

func TestTheSameSeedGivesTheSameCampus(t *testing.T) {
	if !bytes.Equal(campus(1), campus(1)) {
		t.Error("two runs differ")
	}
	if bytes.Equal(campus(1), campus(2)) {
		t.Error("two seeds give the same campus")
	}
}

func TestEverythingOnCampusIsValid(t *testing.T) {
	now := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	c := New(7, Sizes{Students: 500, Opportunities: 500}, now, names)
	counts := map[string]int{}
	for p := range c.Students() {
		if _, err := event.DecodeProfile(p.Encode()); err != nil {
			t.Fatal(err)
		}
		for _, s := range p.Skills {
			counts[s.Name]++
		}
	}
	if counts[names[0]] <= 2*counts[names[len(names)-1]] {
		t.Errorf("skills are not skewed: %v", counts)
	}
	var list []event.Opportunity
	buckets := map[event.Bucket]int{}
	for o := range c.Opportunities() {
		if _, err := event.DecodeOpportunity(o.Encode(), now); err != nil {
			t.Fatal(err)
		}
		list = append(list, o)
		buckets[o.Bucket]++
	}
	if buckets[event.Jobs] < 200 || buckets[event.Hackathons] < 40 || buckets[event.Content] < 60 {
		t.Errorf("buckets %v", buckets)
	}
	for s := range c.Signals(list) {
		if _, err := event.DecodeSignal(s.Encode()); err != nil {
			t.Fatal(err)
		}
	}
}
