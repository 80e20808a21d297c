// Package internships reads recorded histories of internship lists: JSON lines
// that add a posting whole, change some of its fields, or remove it.
//
// It keeps the last state of every posting, because a change carries only what
// changed; memory grows with the number of postings. It leaves out who
// contributed a posting, and sponsorship, which the contract has no field for.
package internships

import (
	"context"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

// name is the source's name and the first part of its ids.
const name = "internships"

// level is what an internship asks of its skills.
const level = 2

// Format reads internship histories.
type Format struct {
	memory   sources.Memory
	postings map[string]posting
}

// New makes a Format that has read nothing yet.
func New() *Format {
	return &Format{memory: sources.NewMemory(), postings: map[string]posting{}}
}

// Name gives "internships".
func (f *Format) Name() string { return name }

// change is one line.
type change struct {
	At    time.Time `json:"at"`
	Op    string    `json:"op"`
	ID    string    `json:"id"`
	Doc   *posting  `json:"doc"`
	Set   delta     `json:"set"`
	Unset []string  `json:"unset"`
}

// Read reads one history; see sources.Format.
func (f *Format) Read(ctx context.Context, r io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	sink := sources.NewSink(f.memory, emit)
	err := sources.ReadLines(ctx, r, file, sink, func(where string, line []byte) error {
		var c change
		if err := sources.Unmarshal(line, &c); err != nil {
			sink.Reject(where, err)
			return nil
		}
		c.At = c.At.UTC()
		if c.Op == "remove" {
			return f.remove(sink, where, c)
		}
		p, err := f.next(c)
		if err != nil {
			sink.Reject(where, err)
			return nil
		}
		f.postings[p.ID] = p
		return sink.Put(where, sources.Record{At: c.At, ID: name + ":" + p.ID, Opportunity: p.opportunity()})
	})
	return sink.Report, err
}

func (f *Format) remove(sink *sources.Sink, where string, c change) error {
	if _, ok := f.postings[c.ID]; !ok {
		sink.Reject(where, unknown(c.ID))
		return nil
	}
	delete(f.postings, c.ID)
	return sink.Delete(where, sources.Record{At: c.At, ID: name + ":" + c.ID})
}

// next gives the posting as it is after an addition or a change. The state is
// kept even when what follows from it is refused: a later change may mend it.
func (f *Format) next(c change) (posting, error) {
	switch c.Op {
	case "add":
		if c.Doc == nil {
			return posting{}, sources.Invalid("doc", event.Missing, "must hold the posting")
		}
		if strings.TrimSpace(c.Doc.ID) == "" {
			return posting{}, sources.Invalid("doc.id", event.Missing, "must name the posting")
		}
		return *c.Doc, nil
	case "change":
		p, ok := f.postings[c.ID]
		if !ok {
			return posting{}, unknown(c.ID)
		}
		return p, p.apply(c.Set, c.Unset)
	default:
		return posting{}, sources.Invalid("op", event.UnknownValue, "is %q; must be add, change or remove", c.Op)
	}
}

func unknown(id string) error {
	return sources.Invalid("id", sources.UnknownID, "%q was never added", id)
}

// opportunity is what follows from a posting.
func (p posting) opportunity() *event.Opportunity {
	title := sources.Line(p.Title)
	locations, remote := sources.Places(p.Locations...)
	status := event.Closed
	if p.Active && p.Visible {
		status = event.Open
	}
	return &event.Opportunity{
		ID: name + ":" + p.ID, Bucket: event.Jobs, Kind: "internship", Source: name,
		Title: title, Organisation: sources.Line(p.Company), URL: strings.TrimSpace(p.URL),
		Skills:          sources.Required(level, title),
		GraduationYears: sources.GraduationYears(p.Terms...),
		Locations:       locations, Remote: remote,
		Status: status, PostedAt: p.Posted.Time,
	}
}

// apply merges a delta into the posting, or changes nothing.
func (p *posting) apply(set delta, unset []string) error {
	changed := *p
	for _, field := range slices.Sorted(maps.Keys(set)) {
		into, ok := changed.field(field)
		if !ok {
			continue // a field we do not use
		}
		if err := sources.Unmarshal(set[field], into); err != nil {
			return err
		}
	}
	for _, field := range unset {
		changed.clear(field)
	}
	*p = changed
	return nil
}
