package hackernews

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

// Config is one of the lists.
type Config struct {
	List     string  `yaml:"list"`         // top (default), new, best, show, ask or job
	Limit    int     `yaml:"limit"`        // items of the list that are looked at; default 100
	MinScore int64   `yaml:"min_score"`    // items below are left out, until they are not
	Velocity float64 `yaml:"min_velocity"` // points an hour since it was posted; items below are left out
	BaseURL  string  `yaml:"base_url"`
}

// Source asks for the items of a list, one by one.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	switch c.List {
	case "":
		c.List = "top"
	case "top", "new", "best", "show", "ask", "job":
	default:
		return nil, fmt.Errorf("list is %q; must be top, new, best, show, ask or job", c.List)
	}
	if c.Limit == 0 {
		c.Limit = 100
	}
	if c.Limit < 1 || c.Limit > 500 {
		return nil, fmt.Errorf("limit is %d; must be from 1 to 500", c.Limit)
	}
	var err error
	c.BaseURL, err = sources.Base(c.BaseURL, "https://hacker-news.firebaseio.com")
	return &Source{c}, err
}

// entry is an item of the API.
type entry struct {
	ID       int64  `json:"id"`
	Type     string `json:"type"`
	Title    string `json:"title"`
	URL      string `json:"url"`
	Time     int64  `json:"time"` // seconds
	Score    int64  `json:"score"`
	Comments int64  `json:"descendants"`
	Dead     bool   `json:"dead"`
	Deleted  bool   `json:"deleted"`
}

// Poll implements sources.Source. A list is a window of the newest or best.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	var ids []int64
	if _, err := sources.AskJSON(ctx, web, fetch.Request{URL: s.config.BaseURL + "/v0/" + s.config.List + "stories.json"}, &ids); err != nil {
		return sources.Coverage{}, err
	}
	for _, id := range ids[:min(len(ids), s.config.Limit)] {
		var raw json.RawMessage
		address := s.config.BaseURL + "/v0/item/" + strconv.FormatInt(id, 10) + ".json"
		if _, err := sources.AskJSON(ctx, web, fetch.Request{URL: address}, &raw); err != nil {
			return sources.Coverage{}, err
		}
		var e entry
		err := sources.Unmarshal(raw, &e)
		if err == nil && (e.Dead || e.Deleted || string(raw) == "null" || !s.wanted(e, sink.At)) {
			continue
		}
		if err := sink.Take("item "+strconv.FormatInt(id, 10), func() (sources.Record, error) { return e.record(id, err) }); err != nil {
			return sources.Coverage{}, err
		}
	}
	return sources.Window(), nil
}

func (s *Source) wanted(e entry, now time.Time) bool {
	return e.Type != "comment" && e.Type != "pollopt" && e.Score >= s.config.MinScore && e.velocity(now) >= s.config.Velocity
}

// velocity is points an hour since it was posted, of at least an hour.
func (e entry) velocity(now time.Time) float64 {
	return float64(e.Score) / max(1, now.Sub(time.Unix(e.Time, 0)).Hours())
}

func (e entry) record(id int64, err error) (sources.Record, error) {
	if err == nil && (e.ID != id || e.Time <= 0) {
		err = sources.Invalid("time", event.Missing, "and id must be there")
	}
	if err != nil {
		return sources.Record{ID: sources.Join(name, strconv.FormatInt(id, 10))}, err
	}
	posted := time.Unix(e.Time, 0).UTC()
	o := item{ID: json.Number(strconv.FormatInt(id, 10)), Title: e.Title, URL: e.URL, FirstSeen: &posted}.opportunity()
	return sources.Record{ID: o.ID, Opportunity: o, Counters: map[string]int64{"score": e.Score, "comments": e.Comments}}, nil
}
