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
	p := newProbe(l.serial)
	return streams.Opportunity(p.job(now)), p
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

// probe is a job for one waiting student and nobody else.
type probe struct {
	prober int
	id     string
	due    time.Time
}

func newProbe(serial int) *probe {
	return &probe{prober: serial % probers, id: fmt.Sprint("probe", serial)}
}

func proberID(i int) string { return fmt.Sprint("prober", i) }

// prober is a student with one skill that only probes ask for.
func prober(i int) event.Profile {
	return event.Profile{ID: proberID(i), Skills: []event.Skill{{Name: fmt.Sprint("probing ", i), Level: 5}}}
}

func (p *probe) job(now time.Time) event.Opportunity {
	return event.Opportunity{
		ID: p.id, Bucket: event.Jobs, Title: "Probe", Status: event.Open, PostedAt: now.UTC().Truncate(time.Second),
		Skills: []event.RequiredSkill{{Name: fmt.Sprint("probing ", p.prober), Level: 3, Weight: 1}},
	}
}

// place is where the probe will be seen.
func (p *probe) place(partitions int) (key, member string) {
	student := proberID(p.prober)
	return fmt.Sprintf("feed:{p%03d}:jobs:%s", event.Partition(student, partitions), student), fmt.Sprint(uint64(event.MemberOf(p.id)))
}
