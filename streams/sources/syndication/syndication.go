// Package syndication reads feeds: RSS, Atom and JSON Feed.
//
// An entry's id is the hash of its guid, else of its address, within the feed. A
// feed is a window of the newest entries: what is not in it may well stand. Texts
// are left out beyond what a description holds; enclosures and authors are too.
package syndication

import (
	"bytes"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/mmcdole/gofeed"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const (
	name    = "feed"
	maxFeed = 16 << 20 // bytes
)

// types are what feeds are served as, rightly or wrongly; not pages to sign in.
var types = []string{
	"application/rss+xml", "application/atom+xml", "application/xml", "text/xml", "application/feed+json", "application/json", "text/plain", "application/rdf+xml",
}

// Config is one feed.
type Config struct {
	URL          string `yaml:"url"`
	Bucket       string `yaml:"bucket"`       // content (default), jobs or hackathons
	Kind         string `yaml:"kind"`         // default article, job, hackathon
	Organisation string `yaml:"organisation"` // default: the feed's title
	Level        int    `yaml:"level"`        // of skills; default 2
}

// Source asks for a feed.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	if err := sources.Page("url", c.URL); err != nil {
		return nil, err
	}
	if c.Bucket == "" {
		c.Bucket = string(event.Content)
	}
	if event.Bucket(c.Bucket).Index() < 0 {
		return nil, fmt.Errorf("bucket is %q; must be jobs, hackathons or content", c.Bucket)
	}
	if c.Kind == "" {
		c.Kind = [3]string{"job", "hackathon", "article"}[event.Bucket(c.Bucket).Index()]
	}
	if c.Level == 0 {
		c.Level = 2
	}
	if c.Level < 1 || c.Level > event.MaxLevel {
		return nil, fmt.Errorf("level is %d; must be from 1 to 5", c.Level)
	}
	return &Source{c}, nil
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	answer, err := web.Do(ctx, fetch.Request{URL: s.config.URL, Accept: types, MaxBody: maxFeed, Conditional: true})
	if err != nil {
		return sources.Coverage{}, err
	}
	if answer.NotModified {
		return sources.Coverage{Window: true, Unmodified: true, Why: sources.Window().Why}, nil
	}
	document := printable(answer.Body)
	if err := shallow(document); err != nil {
		return sources.Coverage{}, err
	}
	feed, err := gofeed.NewParser().Parse(bytes.NewReader(document))
	if err != nil {
		return sources.Coverage{}, sources.Invalid("", event.MalformedJSON, "is no feed: %v", err)
	}
	for i, entry := range feed.Items {
		err := sink.Take(sources.Index("entry", i), func() (sources.Record, error) { return s.record(feed, entry) })
		if err != nil {
			return sources.Coverage{}, err
		}
	}
	return sources.Window(), nil
}

func (s *Source) record(feed *gofeed.Feed, entry *gofeed.Item) (sources.Record, error) {
	key := entry.GUID
	if key == "" {
		key = entry.Link
	}
	if key == "" {
		return sources.Record{}, sources.Invalid("guid", event.Missing, "and link are; one must tell the entry from others")
	}
	text := entry.Description
	if text == "" {
		text = entry.Content
	}
	text = sources.PlainText(text)
	organisation := s.config.Organisation
	if organisation == "" {
		organisation = feed.Title
	}
	title := sources.Line(sources.PlainText(entry.Title))
	o := &event.Opportunity{
		ID: name + ":" + sources.Hash(s.config.URL, key), Bucket: event.Bucket(s.config.Bucket), Kind: s.config.Kind, Source: name,
		Title: title, Organisation: sources.Line(organisation), URL: strings.TrimSpace(entry.Link), Description: sources.Clip(text),
		Language: sources.Language(feed.Language, text), Skills: sources.Tagged(s.config.Level, title, entry.Categories...), Status: event.Open,
	}
	if o.Bucket == event.Jobs {
		o.Skills = sources.Asked(sources.SeniorityOf(title).Level, title, o.Description)
	}
	r := sources.Record{ID: o.ID, Opportunity: o, Undated: true}
	for _, at := range []*time.Time{entry.PublishedParsed, entry.UpdatedParsed} {
		if at != nil && r.Undated {
			o.PostedAt, r.Undated = at.UTC().Truncate(time.Second), false
		}
	}
	return r, nil
}
