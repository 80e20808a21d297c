// Package students reads anonymous answers of students to a developer survey:
// JSON lines, one respondent each. They become profiles.
//
// Every value follows from the answers alone, by fixed rules, so that reading
// twice gives the same profiles. Respondents have no names and get none; scores
// that other services keep stay unknown.
package students

import (
	"context"
	"encoding/json"
	"io"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

const name = "students"

// surveyed is the year the respondents answered in; graduation years count from it.
const surveyed = 2024

// Format reads survey answers.
type Format struct{ memory sources.Memory }

// New makes a Format that has read nothing yet.
func New() *Format { return &Format{sources.NewMemory()} }

// Name gives "students".
func (f *Format) Name() string { return name }

// answer is what we use of a line.
type answer struct {
	ID         json.Number `json:"id"`
	Branch     string      `json:"main_branch"`
	Age        string      `json:"age"`
	Employment []string    `json:"employment"`
	Education  string      `json:"education"`
	Country    string      `json:"country"`
	DevType    string      `json:"dev_type"`
	Frameworks []string    `json:"frameworks"`
	Platforms  []string    `json:"platforms"`
}

// Read reads one recording; see sources.Format. Records carry no time: the
// survey does not tell when each answered.
func (f *Format) Read(ctx context.Context, r io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	sink := sources.NewSink(f.memory, emit)
	err := sources.ReadLines(ctx, r, file, sink, func(where string, line []byte) error {
		var a answer
		if err := sources.Unmarshal(line, &a); err != nil {
			sink.Reject(where, err)
			return nil
		}
		if a.ID == "" {
			sink.Reject(where, sources.Invalid("id", event.Missing, "must be the respondent's number"))
			return nil
		}
		p := a.profile()
		return sink.Put(where, sources.Record{At: time.Time{}, ID: p.ID, Profile: p})
	})
	return sink.Report, err
}

func (a answer) profile() *event.Profile {
	p := &event.Profile{
		ID:             name + ":" + a.ID.String(),
		Skills:         a.skills(),
		GraduationYear: a.graduationYear(),
		OpenToWork:     slices.Contains(a.Employment, "Not employed, but looking for work"),
	}
	if country := sources.Country(a.Country); country != "" {
		p.Locations = []string{country}
	}
	return p
}

// remaining is how many years someone who studies has left, by the highest
// education already completed.
var remaining = []struct {
	prefix string
	years  int
}{
	{"Primary", 6},      // the rest of school and a bachelor's degree
	{"Secondary", 4},    // a bachelor's degree
	{"Some college", 2}, // the rest of one
	{"Associate", 2},    // the rest of one
	{"Bachelor", 2},     // a master's degree
	{"Master", 3},       // a doctorate
	{"Professional", 1}, // about done
}

// graduationYear is 0, unknown, where the education is not told. Part-time study takes a year more.
func (a answer) graduationYear() int {
	for _, r := range remaining {
		if !strings.HasPrefix(a.Education, r.prefix) {
			continue
		}
		year := surveyed + r.years
		if slices.Contains(a.Employment, "Student, part-time") {
			year++
		}
		return year
	}
	return 0
}
