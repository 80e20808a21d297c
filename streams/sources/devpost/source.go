package devpost

import (
	"context"
	"encoding/json"
	"fmt"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

// maxPages of one poll.
const maxPages = 50

// Config is the listing, or a search in it.
type Config struct {
	Search  string `yaml:"search"` // words; empty: everything that is open or to come
	BaseURL string `yaml:"base_url"`
}

// Source asks for all pages of the listing. Nobody promised its form.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	var err error
	c.BaseURL, err = sources.Base(c.BaseURL, "https://devpost.com")
	return &Source{c}, err
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	for page := 1; page <= maxPages; page++ {
		var list struct {
			Hackathons *[]json.RawMessage `json:"hackathons"`
			Meta       struct {
				Total *int `json:"total_count"`
			} `json:"meta"`
		}
		query := "status[]=open&status[]=upcoming&page=" + fmt.Sprint(page)
		address := s.config.BaseURL + "/api/hackathons?" + sources.Query(query, "search", s.config.Search)
		if _, err := sources.AskJSON(ctx, web, fetch.Request{URL: address}, &list); err != nil {
			return sources.Coverage{}, err
		}
		if list.Hackathons == nil || list.Meta.Total == nil {
			return sources.Coverage{}, sources.Invalid("hackathons", event.Missing, "and meta.total_count must be there")
		}
		for i, entry := range *list.Hackathons {
			if err := sink.Take(fmt.Sprintf("page %d#%d", page, i), func() (sources.Record, error) { return read(entry, sink.At) }); err != nil {
				return sources.Coverage{}, err
			}
		}
		seen := sink.Distinct() // while it is read the listing moves: some are seen twice, and others never
		switch {
		case seen >= *list.Meta.Total:
			return sources.Complete(), nil
		case len(*list.Hackathons) == 0:
			return sources.Partial(fmt.Sprintf("the listing counts %d and shows %d", *list.Meta.Total, seen)), nil
		}
	}
	return sources.Partial(fmt.Sprintf("there are more than %d pages", maxPages)), nil
}
