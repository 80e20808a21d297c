package main

import (
	"context"
	"runtime"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/partition"
)

// nobody is a catalog without opportunities.
type nobody struct{ partition.Catalog }

// memory is what a student costs the engine at rest: profile, postings, the
// columns of three buckets with their floors, and the id.
func (l *lab) memory() row {
	return row{
		name: "engine memory per student, 12 skills, 3 buckets", unit: "bytes", against: "limit", bar: 1, runs: 1,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			return func() (sample, error) {
				dict := match.NewDictionary(fold)
				before := heap()
				p := partition.New(0, partition.Config{Match: match.Default()}, dict, nobody{})
				c := newCampus(l.seed, streamStudents)
				var states []event.FeedState
				for i := range l.students {
					profile := c.student(i)
					p.RestoreProfile(profile)
					states = states[:0]
					for _, b := range event.Buckets {
						states = append(states, event.FeedState{Student: profile.ID, Bucket: b, Truncated: true, Count: event.FeedStore, Floor: 1})
					}
					p.Learn(states)
				}
				p.Restored()
				after := heap()
				n := p.Students()
				return sample{float64(after-before) / float64(n), 300}, ctx.Err()
			}, nil, nil
		},
	}
}

// heap is what is in use after a collection.
func heap() uint64 {
	runtime.GC()
	runtime.GC() // finalisers of the first
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
