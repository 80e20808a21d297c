// Package greenhouse reads recorded job board postings: JSON lines, one posting
// each, flat, with the board's name and when it was fetched.
//
// A posting that is read again counts only if something in the contract
// changed; updated_at alone does not. It leaves out requisition numbers and
// the language of a posting, and cannot tell that a posting was taken down,
// because the lines of different boards are not complete listings.
package greenhouse

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

const name = "greenhouse"

// Format reads job board postings.
type Format struct{ memory sources.Memory }

// New makes a Format that has read nothing yet.
func New() *Format { return &Format{sources.NewMemory()} }

// Name gives "greenhouse".
func (f *Format) Name() string { return name }

// posting is what we use of a line.
type posting struct {
	ID        json.Number `json:"id"`
	FetchedAt string      `json:"fetched_at"`
	Title     string      `json:"title"`
	Company   string      `json:"company_name"`
	Location  string      `json:"location"`
	URL       string      `json:"absolute_url"`
	Updated   *time.Time  `json:"updated_at"`
	Published *time.Time  `json:"first_published"`
	Deadline  *time.Time  `json:"application_deadline"`
}

// Read reads one recording; see sources.Format.
func (f *Format) Read(ctx context.Context, r io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	sink := sources.NewSink(f.memory, emit)
	err := sources.ReadLines(ctx, r, file, sink, func(where string, line []byte) error {
		var p posting
		if err := sources.Unmarshal(line, &p); err != nil {
			sink.Reject(where, err)
			return nil
		}
		record, err := p.record()
		if err != nil {
			sink.Reject(where, err)
			return nil
		}
		return sink.Put(where, record)
	})
	return sink.Report, err
}

func (p posting) record() (sources.Record, error) {
	if p.ID == "" {
		return sources.Record{}, sources.Invalid("id", event.Missing, "must be the posting's number")
	}
	at, err := fetched(p.FetchedAt)
	if err != nil {
		return sources.Record{}, err
	}
	posted := p.Published
	if posted == nil {
		posted = p.Updated
	}
	if posted == nil {
		return sources.Record{}, sources.Invalid("first_published", event.Missing, "or updated_at must be a time")
	}
	title := sources.Line(p.Title)
	kind, level := kindOf(title)
	locations, remote := sources.Places(p.Location)
	o := &event.Opportunity{
		ID: name + ":" + p.ID.String(), Bucket: event.Jobs, Kind: kind, Source: name,
		Title: title, Organisation: sources.Line(p.Company), URL: strings.TrimSpace(p.URL),
		Skills:    sources.Required(level, title),
		Locations: locations, Remote: remote,
		Status: event.Open, PostedAt: posted.UTC().Truncate(time.Second),
	}
	if kind == "internship" {
		o.GraduationYears = sources.GraduationYears(title)
	}
	if p.Deadline != nil {
		deadline := p.Deadline.UTC().Truncate(time.Second)
		o.Deadline = &deadline
	}
	return sources.Record{At: at, ID: o.ID, Opportunity: o}, nil
}

// fetched reads a time that may lack its zone, which is then UTC.
func fetched(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05"} { // both accept fractions
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, sources.Invalid("fetched_at", event.BadDate, "is %.40q; must be a time such as 2026-08-20T04:01:58", text)
}

// internWords tell an internship; everything else is a job for graduates.
var internWords = [...]string{"intern", "internship", "internships", "co-op", "apprentice", "apprenticeship", "trainee", "werkstudent", "praktikum"}

// kindOf gives the kind and the level asked of skills.
func kindOf(title string) (kind string, level int) {
	words := strings.FieldsFunc(strings.ToLower(title), func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	for _, word := range words {
		for _, intern := range internWords {
			if strings.Trim(word, "-") == intern {
				return "internship", 2
			}
		}
	}
	return "job", 3
}
