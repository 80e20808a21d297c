package greenhouse

import (
	"context"
	"encoding/json"
	"fmt"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

// Config is one job board.
type Config struct {
	Board        string `yaml:"board"`        // the token in the board's address
	Organisation string `yaml:"organisation"` // when postings do not name the company
	BaseURL      string `yaml:"base_url"`
}

// Source asks the Job Board API for all postings of a board, with their texts.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	var err error
	if c.BaseURL, err = sources.Base(c.BaseURL, "https://boards-api.greenhouse.io"); err != nil {
		return nil, err
	}
	return &Source{c}, sources.Named("board", c.Board)
}

// Poll implements sources.Source: the board is one document.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	var board struct {
		Jobs *[]json.RawMessage `json:"jobs"`
		Meta struct {
			Total *int `json:"total"`
		} `json:"meta"`
	}
	address := s.config.BaseURL + "/v1/boards/" + s.config.Board + "/jobs?content=true&pay_transparency=true"
	answer, err := sources.AskJSON(ctx, web, fetch.Request{URL: address, Conditional: true}, &board)
	if err != nil {
		return sources.Coverage{}, err
	}
	if answer.NotModified {
		return sources.Coverage{Complete: true, Unmodified: true}, nil
	}
	if board.Jobs == nil {
		return sources.Coverage{}, sources.Invalid("jobs", event.Missing, "must be the list of postings of board %s", s.config.Board)
	}
	for i, entry := range *board.Jobs {
		err := sink.Take(sources.Index(s.config.Board, i), func() (sources.Record, error) {
			var p posting
			err := sources.Unmarshal(entry, &p)
			if err == nil && p.Company == "" {
				p.Company = s.config.Organisation
			}
			return p.recordOr(err)
		})
		if err != nil {
			return sources.Coverage{}, err
		}
	}
	if total := board.Meta.Total; total != nil && *total != len(*board.Jobs) {
		return sources.Partial(fmt.Sprintf("the board counts %d postings and lists %d", *total, len(*board.Jobs))), nil
	}
	return sources.Complete(), nil
}
