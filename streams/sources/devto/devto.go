// Package devto reads articles of DEV through its API (https://developers.forem.com/api).
//
// A list is a window of the newest or best articles: what is not in it may well
// stand. Texts of articles are left out; their descriptions are enough for a feed.
package devto

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const (
	name    = "devto"
	perPage = 100
)

// Config is one list.
type Config struct {
	Tag     string `yaml:"tag"`   // only articles with it
	Top     int    `yaml:"top"`   // the best of so many days; 0: the newest
	Pages   int    `yaml:"pages"` // of a hundred; default 1
	Min     int64  `yaml:"min_reactions"`
	BaseURL string `yaml:"base_url"`
}

// Source asks for a list.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	if c.Pages == 0 {
		c.Pages = 1
	}
	if c.Pages < 1 || c.Pages > 10 || c.Top < 0 {
		return nil, fmt.Errorf("pages is %d and top %d; must be from 1 to 10, and days", c.Pages, c.Top)
	}
	var err error
	c.BaseURL, err = sources.Base(c.BaseURL, "https://dev.to")
	return &Source{c}, err
}

// article is what we use of an entry.
type article struct {
	ID           json.Number `json:"id"`
	Title        string      `json:"title"`
	Description  string      `json:"description"`
	URL          string      `json:"url"`
	Tags         []string    `json:"tag_list"`
	Published    time.Time   `json:"published_timestamp"`
	Reactions    int64       `json:"public_reactions_count"`
	Comments     int64       `json:"comments_count"`
	Language     string      `json:"language"`
	Organisation struct {
		Name string `json:"name"`
	} `json:"organization"`
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	for page := 1; page <= s.config.Pages; page++ {
		query := "per_page=" + strconv.Itoa(perPage) + "&page=" + strconv.Itoa(page)
		if s.config.Top > 0 {
			query = sources.Query(query, "top", strconv.Itoa(s.config.Top))
		}
		var entries []json.RawMessage
		request := fetch.Request{URL: s.config.BaseURL + "/api/articles?" + sources.Query(query, "tag", s.config.Tag)}
		if _, err := sources.AskJSON(ctx, web, request, &entries); err != nil {
			return sources.Coverage{}, err
		}
		for i, entry := range entries {
			var a article
			err := sources.Unmarshal(entry, &a)
			if err == nil && a.Reactions < s.config.Min {
				continue
			}
			if err := sink.Take(fmt.Sprintf("page %d#%d", page, i), func() (sources.Record, error) { return a.record(err) }); err != nil {
				return sources.Coverage{}, err
			}
		}
		if len(entries) < perPage {
			break
		}
	}
	return sources.Window(), nil
}

func (a article) record(err error) (sources.Record, error) {
	id := sources.Join(name, a.ID.String())
	if err == nil && id == "" {
		err = sources.Invalid("id", event.Missing, "must be the article's number")
	}
	if err == nil && a.Published.IsZero() {
		err = sources.Invalid("published_timestamp", event.Missing, "must be a time")
	}
	if err != nil {
		return sources.Record{ID: id}, err
	}
	level := 2
	for _, tag := range a.Tags {
		if tag == "beginners" {
			level = 1
		}
	}
	title := sources.Line(a.Title)
	o := &event.Opportunity{
		ID: id, Bucket: event.Content, Kind: "article", Source: name, Title: title, Organisation: sources.Line(a.Organisation.Name),
		URL: strings.TrimSpace(a.URL), Description: sources.Clip(sources.PlainText(a.Description)), Language: sources.Language(a.Language, a.Description),
		Skills: sources.Tagged(level, title, a.Tags...), Status: event.Open, PostedAt: a.Published.UTC().Truncate(time.Second),
	}
	return sources.Record{ID: id, Opportunity: o, Counters: map[string]int64{"reactions": a.Reactions, "comments": a.Comments}}, nil
}
