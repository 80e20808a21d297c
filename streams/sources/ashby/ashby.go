// Package ashby reads job boards of Ashby, through its public job posting API
// (https://developers.ashbyhq.com/docs/public-job-posting-api).
//
// A board is one document, so what is not there any more has been taken down, as
// has what is not listed. Departments, teams and equity are left out.
package ashby

import (
	"context"
	"encoding/json"
	"path"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const name = "ashby"

// Config is one board.
type Config struct {
	Board        string `yaml:"board"`        // the name in the board's address
	Organisation string `yaml:"organisation"` // postings do not name the company
	BaseURL      string `yaml:"base_url"`
}

// Source asks for a board.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	var err error
	if c.BaseURL, err = sources.Base(c.BaseURL, "https://api.ashbyhq.com"); err != nil {
		return nil, err
	}
	if c.Organisation == "" {
		c.Organisation = c.Board
	}
	return &Source{c}, sources.Named("board", c.Board)
}

// posting is what we use of an entry.
type posting struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	place
	Secondary  []place   `json:"secondaryLocations"`
	Listed     *bool     `json:"isListed"`
	Remote     bool      `json:"isRemote"`
	Workplace  string    `json:"workplaceType"`
	HTML       string    `json:"descriptionHtml"`
	Published  time.Time `json:"publishedAt"`
	Employment string    `json:"employmentType"`
	URL        string    `json:"jobUrl"`
	Pay        *struct {
		Components []struct {
			Type     string  `json:"compensationType"`
			Interval string  `json:"interval"`
			Currency string  `json:"currencyCode"`
			Min      float64 `json:"minValue"`
			Max      float64 `json:"maxValue"`
		} `json:"summaryComponents"`
	} `json:"compensation"`
}

type place struct {
	Location string `json:"location"`
	Address  struct {
		Postal struct {
			Country string `json:"addressCountry"`
		} `json:"postalAddress"`
	} `json:"address"`
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	var board struct {
		Jobs *[]json.RawMessage `json:"jobs"`
	}
	address := s.config.BaseURL + "/posting-api/job-board/" + s.config.Board + "?includeCompensation=true"
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
		var p posting
		err := sources.Unmarshal(entry, &p)
		if err == nil && p.Listed != nil && !*p.Listed {
			continue
		}
		if err := sink.Take(sources.Index(s.config.Board, i), func() (sources.Record, error) { return s.record(p, err) }); err != nil {
			return sources.Coverage{}, err
		}
	}
	return sources.Complete(), nil
}

func (s *Source) record(p posting, err error) (sources.Record, error) {
	if p.ID == "" && p.URL != "" { // older answers have no id but in the address
		p.ID = path.Base(p.URL)
	}
	switch {
	case err != nil:
	case p.ID == "":
		err = sources.Invalid("id", event.Missing, "and jobUrl are; one must name the posting")
	case p.Published.IsZero():
		err = sources.Invalid("publishedAt", event.Missing, "must be a time")
	}
	if err != nil {
		return sources.Record{ID: sources.Join(name, p.ID)}, err
	}
	var places []string
	for _, l := range append([]place{p.place}, p.Secondary...) {
		places = append(places, l.Location, sources.Nation(l.Address.Postal.Country))
	}
	return sources.Posting{
		ID: p.ID, Title: p.Title, Organisation: s.config.Organisation, URL: p.URL, Text: sources.PlainText(p.HTML),
		Places: places, Remote: p.Remote, Workplace: p.Workplace, Internship: strings.EqualFold(p.Employment, "intern"),
		Posted: p.Published, Pay: p.pay(),
	}.Record(name, time.Time{}), nil
}

func (p posting) pay() *event.Compensation {
	if p.Pay == nil {
		return nil
	}
	for _, c := range p.Pay.Components {
		if c.Type != "Salary" {
			continue
		}
		if pay := sources.Range(c.Min, c.Max, c.Currency, c.Interval); pay != nil {
			return pay
		}
	}
	return nil
}
