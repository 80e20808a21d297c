package main

import (
	"context"
	"fmt"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/streams"
)

// The mix of a thousand events: what a campus sends on a busy day, shortened to
// a second. Impressions and clicks are recorded and change nothing; the other
// signals teach, which rebuilds the student's feeds.
const (
	mixLooks    = 700 // impressions and clicks
	mixTeaching = 100 // saves, apply clicks, ignores
	mixProfiles = 50
	mixJobs     = 100
	mixProbes   = 50 // jobs that exactly one student waits for
)

// slot is how often the load is sent.
const slot = time.Millisecond

// pace calls send for every slot, with how many events are due and when, on an
// open loop: a slow answer never lowers the rate, and latency starts when an
// event was due, however late it was sent. The rate is a multiple of 1000 a second.
func pace(ctx context.Context, rate int, span time.Duration, send func(due time.Time, n int)) error {
	ticker := time.NewTicker(slot)
	defer ticker.Stop()
	start := time.Now()
	for due := time.Duration(0); due < span; {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case now := <-ticker.C:
			for ; due < span && due <= now.Sub(start); due += slot {
				send(start.Add(due), rate/int(time.Second/slot))
			}
		}
	}
	return nil
}

// load makes up events of the mix. It is for one goroutine.
type load struct {
	campus   *campus
	students int
	jobs     []event.Opportunity // signals are about these
	serial   int
	probe    func(serial int, now time.Time) (streams.Record, *probe)
}

// newLoad makes up a campus: its students, its jobs, and those who wait for probes.
func newLoad(seed uint64, probe func(int, time.Time) (streams.Record, *probe)) (*load, []streams.Record) {
	c := newCampus(seed, streamLoad)
	l := &load{campus: c, students: visibleStudents, probe: probe}
	var records []streams.Record
	for i := range visibleJobs {
		o := c.job(fmt.Sprint("job", i), c.posted())
		l.jobs = append(l.jobs, o)
		records = append(records, streams.Opportunity(o))
	}
	for i := range visibleStudents {
		records = append(records, streams.Profile(c.student(i)))
	}
	for i := range probers {
		records = append(records, streams.Profile(prober(proberID(i), i)))
	}
	return l, records
}

// next gives one event, and for a probe what to wait for.
func (l *load) next(now time.Time) (streams.Record, *probe) {
	l.serial++
	n := l.campus.random.IntN(1000)
	switch {
	case n < mixLooks:
		return l.signal(now, event.Impression, event.Click), nil
	case n < mixLooks+mixTeaching:
		return l.signal(now, event.Save, event.ApplyClick, event.Ignore), nil
	case n < mixLooks+mixTeaching+mixProfiles:
		return streams.Profile(l.campus.student(l.campus.random.IntN(l.students))), nil
	case n < mixLooks+mixTeaching+mixProfiles+mixJobs:
		return streams.Opportunity(l.campus.job(fmt.Sprint("load", l.serial), now)), nil
	}
	return l.probe(l.serial, now)
}

func (l *load) signal(now time.Time, kinds ...event.SignalKind) streams.Record {
	o := l.jobs[l.campus.random.IntN(len(l.jobs))]
	return streams.Signal(event.Signal{
		ID: fmt.Sprint("load", l.serial), Student: studentID(l.campus.random.IntN(l.students)), At: now.UTC().Truncate(time.Second),
		Kind: kinds[l.campus.random.IntN(len(kinds))], Opportunity: o.ID, Features: match.Features(o, fold),
	})
}

// probers wait for probes; so many that a feed never fills while one is on its way.
const probers = 20

func proberID(i int) string { return fmt.Sprint("prober", i) }

// prober is a student with one skill that only the i-th kind of probe asks for.
func prober(id string, i int) event.Profile {
	return event.Profile{ID: id, Skills: []event.Skill{{Name: fmt.Sprint("probing ", i), Level: 5}}}
}

// probeJob is a job for the i-th prober and nobody else.
func probeJob(id string, i int, now time.Time) event.Opportunity {
	return event.Opportunity{
		ID: id, Bucket: event.Jobs, Kind: "probe", Title: "Probe", Status: event.Open, PostedAt: now.UTC().Truncate(time.Second),
		Skills: []event.RequiredSkill{{Name: fmt.Sprint("probing ", i), Level: 3, Weight: 1}},
	}
}

// feedProbe is a job that is waited for in the feed of one student.
func feedProbe(serial int, now time.Time) (streams.Record, *probe) {
	id, student := fmt.Sprint("probe", serial), proberID(serial%probers)
	return streams.Opportunity(probeJob(id, serial%probers, now)), &probe{
		what: "the feed of " + student + " and " + id,
		key:  fmt.Sprintf("feed:{p%03d}:jobs:%s", event.Partition(student, studentPartitions), student), member: fmt.Sprint(uint64(event.MemberOf(id))),
	}
}
