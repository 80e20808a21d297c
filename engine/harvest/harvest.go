// Package harvest decides what follows from polls of outside sources: what is new,
// changed, unchanged, gone or back; which source is due; what is kept of a run.
//
// It is pure: it asks nobody, keeps nothing and has no clock. Package
// streams/sources/runner carries out what it decides, timelines keeps it.
package harvest

import (
	"errors"
	"strings"
	"time"

	"tideline/engine/event"
)

// Errors of those who run sources.
var (
	ErrTaken    = errors.New("somebody else runs the source; GET /sources shows how far it is")
	ErrNoSource = errors.New("there is no such source")
	ErrDisabled = errors.New("the source is off; set enabled: true in its file")
	ErrEnabled  = errors.New("the source is in the files and on: its next run would bring everything back; set enabled: false or take it out, and start every process again")
	ErrRunsOn   = errors.New("another process has run the source since this one began: take it out of the files of every process, then start this one again")
)

// Item is what is remembered of one opportunity of a source.
type Item struct {
	ID        string           // of the opportunity
	Hash      uint64           // of what it said that matters
	PostedAt  time.Time        // as published; the source may not tell it twice
	FirstSeen time.Time        // by us
	ChangedAt time.Time        // when Hash became what it is
	Absent    int              // complete polls in a row that did not list it
	Gone      bool             // closed by us because of that
	Counters  map[string]int64 // what moves all the time: scores, views
	Value     []byte           // the opportunity as published; only where it is asked for or changes
}

// State is what is known of a source between its runs.
type State struct {
	Name        string
	Holder      string    // who runs it now, INSTANCE/RUN; empty: nobody
	Until       time.Time // how long the holder has it
	Requested   time.Time // somebody asked for a run then; zero: nobody waits
	Started     time.Time // the last run
	Finished    time.Time // before Started: that run was cut off, or is under way
	Progress    *Run      // of the run under way
	Last        *Run      // the last run that ended
	NotBefore   time.Time // the source asked to be left alone until then
	SpentDay    string    // the UTC day that Spent counts, YYYY-MM-DD
	Spent       int       // requests
	Failures    int       // runs in a row that failed
	Shrunk      int       // complete polls in a row that were too small to be believed
	Pending     []string  // ids that a run was about to publish, and may have, when it was cut off
	Fingerprint string    // of the configuration that the validators belong to
	Validators  []Validator
}

// Validator is what an answer can be asked for again by.
type Validator struct {
	URL, ETag, Modified string
}

// InstanceOf gives the process of a holder, which keeps its name when it starts again.
func InstanceOf(holder string) string {
	if i := strings.LastIndexByte(holder, '/'); i >= 0 {
		return holder[:i]
	}
	return holder
}

// Running says whether somebody runs the source.
func (s State) Running(now time.Time) bool { return s.Holder != "" && now.Before(s.Until) }

// Left gives how many requests of a day's budget remain.
func (s State) Left(budget int, now time.Time) int {
	if s.SpentDay != day(now) {
		return budget
	}
	return max(0, budget-s.Spent)
}

// Spend counts requests.
func (s *State) Spend(requests int, now time.Time) {
	if s.SpentDay != day(now) {
		s.SpentDay, s.Spent = day(now), 0
	}
	s.Spent += requests
}

func day(t time.Time) string { return t.UTC().Format(time.DateOnly) }

// Outcome says how a run ended.
type Outcome string

// The outcomes.
const (
	Whole     Outcome = "complete"  // everything that is listed was seen
	Part      Outcome = "partial"   // what was seen counts, nothing follows from what was not
	Unchanged Outcome = "unchanged" // the source said that nothing changed
	Failed    Outcome = "failed"    // as partial; Error says why
)

// Run is the record of one run.
type Run struct {
	ID       string         `json:"id"`
	Source   string         `json:"source"`
	By       string         `json:"by" doc:"schedule, request, retry of a run that failed or was cut off, or removal of the source"`
	Actor    string         `json:"actor,omitempty" doc:"who removed the source"`
	Started  time.Time      `json:"started"`
	Seconds  float64        `json:"seconds"`
	Outcome  Outcome        `json:"outcome" enum:"complete,partial,unchanged,failed"`
	Why      string         `json:"why,omitempty" doc:"why it is partial, or why nothing was taken for gone"`
	Error    string         `json:"error,omitempty"`
	Read     int            `json:"read"`
	New      int            `json:"new"`
	Changed  int            `json:"changed"`
	Same     int            `json:"unchanged"`
	Closed   int            `json:"closed"`
	Reopened int            `json:"reopened" doc:"of those changed"`
	Dropped  int            `json:"dropped,omitempty" doc:"by a removal: postings that are not remembered any more"`
	Missing  int            `json:"missing" doc:"open and not listed, not closed yet"`
	Repeated int            `json:"repeated" doc:"listed more than once"`
	Rejected map[string]int `json:"rejected,omitempty" doc:"by reason"`
	Samples  []Sample       `json:"samples,omitempty" doc:"some that were rejected"`
	Requests int            `json:"requests"`
	Bytes    int64          `json:"bytes"`
}

// Sample is one record that was rejected.
type Sample struct {
	Where  string `json:"where"`
	Reason string `json:"reason"`
	Detail string `json:"detail"`
}

// Sighting is one record of a poll.
type Sighting struct {
	Opportunity event.Opportunity
	Undated     bool // PostedAt is when it was seen, not when it was posted
	Counters    map[string]int64
}

// KindRemoved stands for the kind of a source that is in no file any more.
const KindRemoved = "removed"

// Status is what people are told of a source.
type Status struct {
	Name     string     `json:"name"`
	Kind     string     `json:"kind" doc:"removed: it is in no file, and nobody reads it any more"`
	Enabled  bool       `json:"enabled"`
	Schedule string     `json:"schedule" doc:"cron, in the time zone"`
	TimeZone string     `json:"time_zone"`
	Next     *time.Time `json:"next,omitempty" doc:"when it runs next, if nobody asks"`
	Waiting  bool       `json:"waiting" doc:"somebody asked for a run that has not begun"`
	Running  *Run       `json:"running,omitempty" doc:"how far the run under way is"`
	Last     *Run       `json:"last,omitempty" doc:"the last run that ended"`
	LeftOff  *time.Time `json:"not_before,omitempty" doc:"the source asked to be left alone until then"`
	Budget   int        `json:"requests_left" doc:"of today's budget, UTC"`
	Open     *int       `json:"open,omitempty" doc:"of a source that nobody reads: its postings that are not closed; DELETE closes them"`
}
