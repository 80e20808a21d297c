package demo

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"tideline/engine/event"
)

func TestApplicationsHaveAHistoryThatTheRulesAllow(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	c := New(2026, Default(), now, Skills)
	opportunities := slices.Collect(c.Opportunities())
	stages, jobs, mine := map[event.Stage]int{}, map[string]int{}, 0
	for a := range c.Applications(opportunities) {
		r, err := a.Record()
		if err != nil {
			t.Fatal(err)
		}
		for _, i := range r.Log {
			if i.At.After(now) || i.RecordedAt.After(now) || i.At.Before(a.Job.PostedAt) {
				t.Errorf("%s: item %d is of %s", r.ID, i.N, i.At)
			}
		}
		stages[r.Stage]++
		jobs[r.Opportunity]++
		if r.Student == StudentID(0) {
			mine++
		}
	}
	total := 0
	for _, n := range jobs {
		total += n
	}
	if len(stages) < 7 || len(jobs) != popularJobs || total < 150 || total > popularJobs*applicants || mine < busyOne {
		t.Errorf("%d applications in %v of %v, %d of the first student", total, stages, jobs, mine)
	}
	first := func() (ids []string) {
		for a := range c.Applications(opportunities) {
			ids = append(ids, a.EventID(len(a.Deeds)))
		}
		return ids
	}
	if !slices.Equal(first(), first()) {
		t.Error("the second time they are others")
	}
}

func TestNothingIsMadeUpOfTheFuture(t *testing.T) {
	now := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	for seed := range uint64(300) {
		random := rand.New(rand.NewPCG(seed, 1))
		applied := now.Add(-time.Duration(random.IntN(30*24)) * time.Hour)
		for _, d := range Course(random, "s", "r", applied, now) {
			if d.At.After(now) || d.At.Before(applied) {
				t.Fatalf("seed %d: a deed of %s", seed, d.At)
			}
		}
	}
}
