// Package sources is what the readers of outside recordings share: the record
// they give, the account they keep of what was refused, gzip, lines, places and
// terms.
//
// It guarantees that every opportunity and profile given on is valid (its own
// encoding decodes), that nothing is given twice unchanged by one Format, and
// that read = kept + unchanged + rejected. Formats read recordings; Sources ask the
// network, through package fetch, and share their parsing with the Formats. It
// writes to no topic: that is the caller's work.
package sources

import (
	"context"
	"fmt"
	"io"
	"time"

	"tideline/engine/event"
)

// Record is one thing a source says: an opportunity or a profile as it now is,
// or that it is gone.
type Record struct {
	At          time.Time          // when the source said so, UTC; zero when the recording does not tell
	ID          string             // "<source>:<id within the source>"
	Opportunity *event.Opportunity // nil for profiles and when Deleted
	Profile     *event.Profile     // nil for opportunities and when Deleted
	Deleted     bool

	// Undated says that the source does not tell since when: PostedAt is when it
	// was first seen, and stays so however often it is seen again.
	Undated bool
	// Counters are what moves all the time and makes no change: scores, views.
	Counters map[string]int64
}

// Emit receives records in the order of the recording. An error stops the reading.
type Emit func(Record) error

// Format reads recordings of one shape.
//
// A Format remembers what it gave on, so that reading one recording after
// another gives the changes only. It is not safe for concurrent use; make one
// for each sequence of recordings.
type Format interface {
	// Name is the source's name, the first part of every id.
	Name() string
	// Read reads one recording, gzip or plain, to its end. The name is the
	// file's, for messages and for dates that only file names carry. Records
	// that cannot be used are counted in the Report and do not stop the
	// reading; the error is that of r, of emit, or of ctx. The Report is
	// meaningful also with an error.
	Read(ctx context.Context, r io.Reader, name string, emit Emit) (Report, error)
}

// Codes of rejects beyond those of package event.
const (
	UnknownID   event.Code = "unknown_id"    // a change to something never added
	LineTooLong event.Code = "line_too_long" // longer than maxLine
)

// Reject is one refused record.
type Reject struct {
	Where  string // "file:line", or "file#index" inside a list
	Reason event.Code
	Detail string
}

// maxSamples bounds the rejects a Report shows of each reason.
const maxSamples = 3

// Report is the account of one reading: Read = Kept + Unchanged + the sum of Rejected.
type Report struct {
	Read      int // records in the recording
	Kept      int // given on, deletions among them
	Deleted   int // how many of Kept are deletions
	Skilled   int // how many of Kept name at least one skill
	Unchanged int // said nothing new
	Rejected  map[event.Code]int
	Samples   []Reject // the first few of each reason
}

// Refused is the sum of Rejected.
func (r Report) Refused() int {
	sum := 0
	for _, n := range r.Rejected {
		sum += n
	}
	return sum
}

// Add adds the account of another reading.
func (r *Report) Add(other Report) {
	r.Read += other.Read
	r.Kept += other.Kept
	r.Deleted += other.Deleted
	r.Skilled += other.Skilled
	r.Unchanged += other.Unchanged
	samples := map[event.Code]int{}
	for _, s := range r.Samples {
		samples[s.Reason]++
	}
	for _, s := range other.Samples {
		if samples[s.Reason] < maxSamples {
			samples[s.Reason]++
			r.Samples = append(r.Samples, s)
		}
	}
	for code, n := range other.Rejected {
		r.count(code, n)
	}
}

func (r *Report) count(code event.Code, n int) {
	if r.Rejected == nil {
		r.Rejected = map[event.Code]int{}
	}
	r.Rejected[code] += n
}

// reject counts one refused record and keeps the first few as samples.
func (r *Report) reject(where string, code event.Code, detail string) {
	r.count(code, 1)
	if r.Rejected[code] <= maxSamples {
		r.Samples = append(r.Samples, Reject{where, code, detail})
	}
}

// Index names a place inside a recording that is one list.
func Index(name string, i int) string { return fmt.Sprintf("%s#%d", name, i) }
