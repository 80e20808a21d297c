// Package lever reads the postings of companies that hire with Lever, through its
// Postings API (https://github.com/lever/postings-api).
//
// Postings come in pages; a poll that has read the last one is complete. What the
// lists of a posting say ("Requirements") is part of its text. Departments, teams
// and application forms are left out.
package lever

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const (
	name     = "lever"
	perPage  = 100
	maxPages = 100
)

// Config is one company.
type Config struct {
	Site         string `yaml:"site"`         // the name in the company's address
	Organisation string `yaml:"organisation"` // postings do not name the company
	EU           bool   `yaml:"eu"`           // the company is on Lever's European instance
	BaseURL      string `yaml:"base_url"`
}

// Source asks for all postings of a company.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	usual := "https://api.lever.co"
	if c.EU {
		usual = "https://api.eu.lever.co"
	}
	var err error
	if c.BaseURL, err = sources.Base(c.BaseURL, usual); err != nil {
		return nil, err
	}
	if c.Organisation == "" {
		c.Organisation = c.Site
	}
	return &Source{c}, sources.Named("site", c.Site)
}

// posting is what we use of an entry.
type posting struct {
	ID         string `json:"id"`
	Title      string `json:"text"`
	Categories struct {
		Commitment string   `json:"commitment"`
		Location   string   `json:"location"`
		All        []string `json:"allLocations"`
	} `json:"categories"`
	Country   string `json:"country"` // its code
	Workplace string `json:"workplaceType"`
	Opening   string `json:"description"` // HTML
	Lists     []struct {
		Heading string `json:"text"`
		Items   string `json:"content"` // <li> elements
	} `json:"lists"`
	Closing string `json:"additional"` // HTML
	URL     string `json:"hostedUrl"`
	Created int64  `json:"createdAt"` // milliseconds
	Salary  *struct {
		Min      float64 `json:"min"`
		Max      float64 `json:"max"`
		Currency string  `json:"currency"`
		Interval string  `json:"interval"`
	} `json:"salaryRange"`
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	for page := range maxPages {
		var entries []json.RawMessage
		query := url.Values{"mode": {"json"}, "skip": {fmt.Sprint(page * perPage)}, "limit": {fmt.Sprint(perPage)}}
		address := s.config.BaseURL + "/v0/postings/" + s.config.Site + "?" + query.Encode()
		if _, err := sources.AskJSON(ctx, web, fetch.Request{URL: address}, &entries); err != nil {
			return sources.Coverage{}, err
		}
		for i, entry := range entries {
			where := sources.Index(s.config.Site, page*perPage+i)
			if err := sink.Take(where, func() (sources.Record, error) { return s.record(entry) }); err != nil {
				return sources.Coverage{}, err
			}
		}
		if len(entries) < perPage {
			return sources.Complete(), nil
		}
	}
	return sources.Partial(fmt.Sprintf("there are more than %d pages", maxPages)), nil
}

func (s *Source) record(entry json.RawMessage) (sources.Record, error) {
	var p posting
	err := sources.Unmarshal(entry, &p)
	if err == nil && p.ID == "" {
		return sources.Record{}, sources.Invalid("id", event.Missing, "must be the posting's id")
	}
	if err == nil && p.Created <= 0 {
		err = sources.Invalid("createdAt", event.Missing, "must be milliseconds since 1970")
	}
	if err != nil {
		return sources.Record{ID: sources.Join(name, p.ID)}, err
	}
	places := p.Categories.All
	if len(places) == 0 {
		places = []string{p.Categories.Location}
	}
	if p.Country != "" {
		places = append(places, sources.Nation(p.Country))
	}
	return sources.Posting{
		ID: p.ID, Title: p.Title, Organisation: s.config.Organisation, URL: p.URL, Text: p.text(), Places: places, Workplace: p.Workplace,
		Internship: strings.Contains(strings.ToLower(p.Categories.Commitment), "intern"), Posted: time.UnixMilli(p.Created), Pay: p.pay(),
	}.Record(name, time.Time{}), nil
}

func (p posting) text() string {
	var parts []string
	for _, part := range []string{p.Opening, p.lists(), p.Closing} {
		if text := sources.PlainText(part); text != "" {
			parts = append(parts, text)
		}
	}
	return strings.Join(parts, "\n")
}

func (p posting) lists() string {
	var b strings.Builder
	for _, l := range p.Lists {
		b.WriteString("<h3>" + l.Heading + "</h3><ul>" + l.Items + "</ul>")
	}
	return b.String()
}

// pay reads the range; its interval is a word such as per-year-salary.
func (p posting) pay() *event.Compensation {
	if p.Salary == nil {
		return nil
	}
	return sources.Range(p.Salary.Min, p.Salary.Max, p.Salary.Currency, p.Salary.Interval)
}
