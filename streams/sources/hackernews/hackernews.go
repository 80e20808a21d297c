// Package hackernews reads front-page items of Hacker News: through its API
// (https://github.com/HackerNews/API), and recorded, as JSON lines with title,
// address and when an item was first seen.
//
// Items become content; job advertisements ("... is hiring") become jobs. Scores
// and numbers of comments change all the time and make no change.
package hackernews

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

const name = "hackernews"

// discussion is the address of items that have none of their own.
const discussion = "https://news.ycombinator.com/item?id="

// Format reads front-page items.
type Format struct{ memory sources.Memory }

// New makes a Format that has read nothing yet.
func New() *Format { return &Format{sources.NewMemory()} }

// Name gives "hackernews".
func (f *Format) Name() string { return name }

// item is what we use of a line.
type item struct {
	ID        json.Number `json:"id"`
	Title     string      `json:"title"`
	URL       string      `json:"url"`
	FirstSeen *time.Time  `json:"first_seen"`
}

// Read reads one recording; see sources.Format.
func (f *Format) Read(ctx context.Context, r io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	sink := sources.NewSink(f.memory, emit)
	err := sources.ReadLines(ctx, r, file, sink, func(where string, line []byte) error {
		var i item
		if err := sources.Unmarshal(line, &i); err != nil {
			sink.Reject(where, err)
			return nil
		}
		switch {
		case i.ID == "":
			sink.Reject(where, sources.Invalid("id", event.Missing, "must be the item's number"))
		case i.FirstSeen == nil:
			sink.Reject(where, sources.Invalid("first_seen", event.Missing, "must be an RFC 3339 time"))
		default:
			o := i.opportunity()
			return sink.Put(where, sources.Record{At: o.PostedAt, ID: o.ID, Opportunity: o})
		}
		return nil
	})
	return sink.Report, err
}

// opportunity is what follows from an item; it is posted when it was first seen.
func (i item) opportunity() *event.Opportunity {
	title := sources.Line(i.Title)
	o := &event.Opportunity{
		ID: name + ":" + i.ID.String(), Bucket: event.Content, Kind: "article", Source: name,
		Title: title, URL: strings.TrimSpace(i.URL),
		Status: event.Open, PostedAt: i.FirstSeen.UTC().Truncate(time.Second),
	}
	if o.URL == "" {
		o.URL = discussion + i.ID.String()
	}
	level := 1 // reading about a skill takes little of it
	prefix, _, _ := strings.Cut(title, ":")
	switch prefix {
	case "Ask HN", "Tell HN":
		o.Kind = "discussion"
	case "Show HN", "Launch HN":
		o.Kind = "project"
	default:
		if company, hiring := employer(title); hiring {
			o.Bucket, o.Kind, o.Organisation, level = event.Jobs, "job", company, 3
		}
	}
	o.Skills = sources.Required(level, title)
	return o
}

// employer reads advertisements: "Name (YC S23) is hiring ...".
func employer(title string) (company string, hiring bool) {
	lower := strings.ToLower(title)
	if len(lower) != len(title) { // offsets would not agree
		return "", false
	}
	at := strings.Index(lower, " is hiring")
	if at < 0 {
		at = strings.Index(lower, ") hiring ") + 1 // 0: not found
	}
	if at <= 0 {
		return "", false
	}
	company, _, _ = strings.Cut(title[:at], " (")
	return company, true
}
