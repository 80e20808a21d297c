package main

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
)

// fold stands for the alias table: the bench's names are canonical already.
func fold(name string) string { return strings.ToLower(name) }

// The draws of one seed, one stream for each purpose.
const (
	streamStudents = iota
	streamLive
	streamArrivals
	streamFeeds
	streamLoad
)

// arrivals is how many new opportunities one sample of a match row averages.
const arrivals = 100

// floorLive is how many live jobs the students' feeds are filled from: thirty
// days of a thousand a day.
const floorLive = 30_000

// matchFull is the state the engine lives in: every student's feed is full, and
// an arrival concerns only those whose floor it reaches.
func (l *lab) matchFull() row {
	var stats match.Stats
	return row{
		name: "match one 6-skill job against all students, feeds full", unit: "ms", against: "limit", bar: 1,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			students, dict := l.index()
			fillFloors(students, dict, l.seed)
			return matcher(students, dict, l.seed, 1.5, &stats), nil, ctx.Err()
		},
		note: func() string { return perArrival(stats) },
	}
}

// matchEmpty shows the same without floors: every eligible student is emitted.
func (l *lab) matchEmpty() row {
	var stats match.Stats
	return row{
		name: "the same, feeds empty", unit: "ms", against: "limit of full feeds", shown: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			students, dict := l.index()
			return matcher(students, dict, l.seed, 1.5, &stats), nil, ctx.Err()
		},
		note: func() string { return perArrival(stats) },
	}
}

func perArrival(s match.Stats) string {
	return fmt.Sprintf("an arrival meets %d students who share a skill and were summed, and is emitted for %d",
		s.Candidates/arrivals, s.Emitted/arrivals)
}

func (l *lab) index() (*match.Students, *match.Dictionary) {
	dict := match.NewDictionary(fold)
	students := match.NewStudents(dict, match.Default())
	c := newCampus(l.seed, streamStudents)
	for i := range l.students {
		students.Put(studentID(i), c.student(i))
	}
	return students, dict
}

// fillFloors gives every student the floor of a feed filled from thirty days of
// jobs, on two processors.
func fillFloors(students *match.Students, dict *match.Dictionary, seed uint64) {
	jobs := liveJobs(dict, seed, floorLive)
	const workers = 2
	floors := make([]int64, students.Len())
	full := make([]bool, students.Len())
	var group sync.WaitGroup
	for w := range workers {
		group.Go(func() {
			var scratch match.Scratch
			for i := w; i < len(floors); i += workers {
				s, _ := students.Lookup(studentID(i))
				entries, truncated := jobs.Top(s, event.Jobs, event.FeedStore, benchNow, &scratch)
				if truncated {
					floors[i], full[i] = entries[len(entries)-1].Key, true
				}
			}
		})
	}
	group.Wait()
	for i, floor := range floors {
		if full[i] {
			students.SetFloor(studentID(i), event.Jobs, floor)
		}
	}
}

func liveJobs(dict *match.Dictionary, seed uint64, n int) *match.Opportunities {
	c := newCampus(seed, streamLive)
	index, config := match.NewOpportunities(), match.Default()
	for i := range n {
		index.Put(match.Compile(dict, c.job(fmt.Sprint("live", i), c.posted()), config))
	}
	return index
}

// matcher times the same arrivals again and again, on one processor.
func matcher(students *match.Students, dict *match.Dictionary, seed uint64, limit float64, stats *match.Stats) func() (sample, error) {
	c, config := newCampus(seed, streamArrivals), match.Default()
	jobs := make([]*match.Opportunity, arrivals)
	for i := range jobs {
		jobs[i] = match.Compile(dict, c.job(fmt.Sprint("arrival", i), benchNow), config)
	}
	return func() (sample, error) {
		*stats = match.Stats{}
		emitted := 0
		start := time.Now()
		for _, o := range jobs {
			s := students.Match(o, benchNow, func(int, int64) { emitted++ })
			stats.Candidates += s.Candidates
		}
		took := time.Since(start)
		stats.Emitted = emitted
		return sample{took.Seconds() * 1000 / arrivals, limit}, nil
	}
}

// rebuilt is how many feeds one sample of the rebuild row averages.
const rebuilt = 1000

// rebuild fills one student's feed of 120 from all live jobs, on one processor.
func (l *lab) rebuild() row {
	return row{
		name: fmt.Sprintf("rebuild one feed from %d live jobs", l.live), unit: "ms", against: "limit", bar: 1,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			dict := match.NewDictionary(fold)
			jobs := liveJobs(dict, l.seed, l.live)
			students := match.NewStudents(dict, match.Default())
			c := newCampus(l.seed, streamStudents)
			for i := range rebuilt {
				students.Put(studentID(i), c.student(i))
			}
			return func() (sample, error) {
				var scratch match.Scratch
				start := time.Now()
				for i := range rebuilt {
					s, _ := students.Lookup(studentID(i))
					jobs.Top(s, event.Jobs, event.FeedStore, benchNow, &scratch)
				}
				return sample{time.Since(start).Seconds() * 1000 / rebuilt, 0.15}, nil
			}, nil, ctx.Err()
		},
	}
}
