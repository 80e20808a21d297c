package harvest

import (
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/robfig/cron/v3"
)

// Schedule says when a source is to run.
type Schedule struct {
	Text   string // cron: minute hour day month weekday, or @daily and the like
	Zone   *time.Location
	Jitter time.Duration // each time is up to so much later, by the name of the source
	times  cron.Schedule
}

// NewSchedule reads a cron expression.
func NewSchedule(text string, zone *time.Location, jitter time.Duration) (Schedule, error) {
	times, err := cron.ParseStandard(text)
	if err != nil {
		return Schedule{}, fmt.Errorf("schedule %q: %w", text, err)
	}
	return Schedule{text, zone, jitter, times}, nil
}

// Next is the first time after another at which a source is to run. The zero time
// when there is none.
func (s Schedule) Next(name string, after time.Time) time.Time {
	// The jitter of a time lies after it, so the time before may still be to come.
	from := after.Add(-s.Jitter)
	for range 1000 {
		from = s.times.Next(from.In(s.Zone))
		if from.IsZero() {
			return time.Time{}
		}
		at := from.Add(s.jitter(name, from)).UTC()
		if at.After(after) {
			return at
		}
	}
	return time.Time{}
}

// jitter is the same for a name and a time in every process.
func (s Schedule) jitter(name string, at time.Time) time.Duration {
	if s.Jitter <= 0 {
		return 0
	}
	return time.Duration(xxhash.Sum64String(name+at.UTC().Format(time.RFC3339)) % uint64(s.Jitter))
}

// Why a run is started.
const (
	BySchedule = "schedule"
	ByRequest  = "request"
	ByRetry    = "retry" // the run before failed or was cut off
	ByRemoval  = "removal"
)

// retries are the pauses after the first, second and third run in a row that
// failed; then the schedule is waited for.
var retries = [...]time.Duration{15 * time.Minute, time.Hour, 4 * time.Hour}

// Due says why a source is to run now; empty: it is not. Since is when this
// process began to look: what was never run is due from then on, by its schedule.
func Due(schedule Schedule, s State, since, now time.Time) string {
	switch {
	case s.Running(now):
		return ""
	case !s.Requested.IsZero():
		return ByRequest
	case now.Before(s.NotBefore):
		return ""
	case s.Started.After(s.Finished):
		return ByRetry
	case s.Failures > 0 && s.Failures <= len(retries) && !now.Before(s.Finished.Add(retries[s.Failures-1])):
		return ByRetry
	}
	last := s.Started
	if last.IsZero() {
		last = since
	}
	if next := schedule.Next(s.Name, last); !next.IsZero() && !next.After(now) {
		return BySchedule
	}
	return ""
}
