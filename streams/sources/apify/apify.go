// Package apify runs an actor of Apify and reads the dataset that it leaves
// (https://docs.apify.com/api/v2). Actors read sites that have no interface of
// their own, so these sources are off unless they are turned on; whether a site may
// be read so is for whoever turns one on to know.
//
// A run costs money: it is started once, never again because an answer got lost,
// with the most that it may charge. It is aborted when it takes too long. Its
// entries are mapped by a declaration; one for Internshala is shipped.
package apify

import (
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/mapping"
)

//go:embed internshala.yaml
var internshala []byte

// presets are the mappings that are shipped.
var presets = map[string][]byte{"internshala": internshala}

const (
	perPage = 1000
	ask     = 20 * time.Second // how long the server holds a question for the end of a run
	between = 5 * time.Second
)

// Config is one actor and what is made of its entries.
type Config struct {
	Actor     string           `yaml:"actor"` // user~name or id
	Token     sources.Secret   `yaml:"token"`
	Input     map[string]any   `yaml:"input"`      // of the actor
	MaxCharge float64          `yaml:"max_charge"` // US dollars a run; required
	Wait      time.Duration    `yaml:"wait"`       // for the run to end; default 20m
	Complete  bool             `yaml:"complete"`   // a run that succeeds lists everything there is
	Preset    string           `yaml:"preset"`     // a shipped mapping
	Mapping   *mapping.Mapping `yaml:"mapping"`
	BaseURL   string           `yaml:"base_url"`
}

// Source runs the actor.
type Source struct {
	config  Config
	mapping mapping.Mapping
	header  http.Header
}

// NewSource checks the configuration and reads the token.
func NewSource(c Config) (*Source, error) {
	var wrong []error
	s := &Source{}
	if c.Actor == "" || strings.ContainsAny(c.Actor, "/?#% ") {
		wrong = append(wrong, fmt.Errorf("actor is %q; must be user~name or an id", c.Actor))
	}
	if c.MaxCharge <= 0 {
		wrong = append(wrong, errors.New("max_charge must say how many US dollars a run may cost"))
	}
	if c.Wait == 0 {
		c.Wait = 20 * time.Minute
	}
	token, err := c.Token.Read()
	if err != nil {
		wrong = append(wrong, fmt.Errorf("token: %w", err))
	}
	s.header = http.Header{"Authorization": {"Bearer " + token}}
	if c.BaseURL, err = sources.Base(c.BaseURL, "https://api.apify.com"); err != nil {
		wrong = append(wrong, err)
	}
	preset, known := presets[c.Preset]
	switch {
	case c.Mapping != nil && c.Preset == "":
		s.mapping = *c.Mapping
	case c.Mapping == nil && known:
		if err := yaml.UnmarshalWithOptions(preset, &s.mapping, yaml.Strict()); err != nil {
			wrong = append(wrong, err)
		}
	default:
		wrong = append(wrong, fmt.Errorf("say one of mapping and preset (internshala), not %q", c.Preset))
	}
	if len(wrong) == 0 {
		wrong = append(wrong, s.mapping.Check())
	}
	s.config = c
	return s, errors.Join(wrong...)
}

// actorRun is what Apify says of a run.
type actorRun struct {
	Data struct {
		ID      string `json:"id"`
		Status  string `json:"status"`
		Dataset string `json:"defaultDatasetId"`
	} `json:"data"`
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	run, err := s.start(ctx, web)
	if err != nil {
		return sources.Coverage{}, err
	}
	if err := s.await(ctx, web, run); err != nil {
		return sources.Coverage{}, err
	}
	if run.Data.Status != "SUCCEEDED" && run.Data.Status != "TIMED-OUT" {
		return sources.Coverage{}, fmt.Errorf("the run %s of actor %s ended as %s", run.Data.ID, s.config.Actor, run.Data.Status)
	}
	if err := s.read(ctx, web, sink, run.Data.Dataset); err != nil {
		return sources.Coverage{}, err
	}
	switch {
	case run.Data.Status != "SUCCEEDED":
		return sources.Partial("the run ended as " + run.Data.Status), nil
	case s.config.Complete:
		return sources.Complete(), nil
	}
	return sources.Window(), nil
}

// start starts a run. 402 says that there is no money for it.
func (s *Source) start(ctx context.Context, web *fetch.Client) (*actorRun, error) {
	input := s.config.Input
	if input == nil {
		input = map[string]any{}
	}
	body, err := json.Marshal(input)
	if err != nil {
		return nil, err
	}
	query := url.Values{"maxTotalChargeUsd": {strconv.FormatFloat(s.config.MaxCharge, 'f', -1, 64)}, "timeout": {strconv.Itoa(int(s.config.Wait.Seconds()))}}
	header := s.header.Clone()
	header.Set("Content-Type", "application/json")
	var run actorRun
	_, err = sources.AskJSON(ctx, web, fetch.Request{
		Method: http.MethodPost, URL: s.config.BaseURL + "/v2/acts/" + s.config.Actor + "/runs?" + query.Encode(), Header: header, Body: body,
	}, &run)
	if failed, ok := errors.AsType[*fetch.StatusError](err); ok && failed.Status == http.StatusPaymentRequired {
		return nil, fmt.Errorf("apify has no credit left for this, or max_charge is too low: %w", err)
	}
	if err == nil && (run.Data.ID == "" || run.Data.Dataset == "") {
		err = sources.Invalid("data", event.Missing, "must have id and defaultDatasetId")
	}
	return &run, err
}

// await waits for the end of a run, or aborts it.
func (s *Source) await(ctx context.Context, web *fetch.Client, run *actorRun) error {
	address := s.config.BaseURL + "/v2/actor-runs/" + url.PathEscape(run.Data.ID)
	for end := web.Now().Add(s.config.Wait); ; {
		switch run.Data.Status {
		case "READY", "RUNNING", "TIMING-OUT", "ABORTING":
		default:
			return nil
		}
		if !web.Now().Before(end) {
			return s.abort(ctx, web, address, fmt.Errorf("the run %s was not done within %s and is aborted", run.Data.ID, s.config.Wait))
		}
		if err := web.Sleep(ctx, between); err != nil {
			return err
		}
		request := fetch.Request{URL: fmt.Sprintf("%s?waitForFinish=%d", address, int(ask.Seconds())), Header: s.header}
		if _, err := sources.AskJSON(ctx, web, request, run); err != nil {
			return s.abort(ctx, web, address, err)
		}
	}
}

// abort ends a run that nobody will read, so that it costs no more, and gives why.
func (s *Source) abort(ctx context.Context, web *fetch.Client, address string, why error) error {
	_, err := web.Do(ctx, fetch.Request{Method: http.MethodPost, URL: address + "/abort", Header: s.header})
	return errors.Join(why, err)
}

// read reads the dataset page by page.
func (s *Source) read(ctx context.Context, web *fetch.Client, sink *sources.Sink, dataset string) error {
	for offset := 0; ; {
		query := fmt.Sprintf("format=json&clean=true&offset=%d&limit=%d", offset, perPage)
		address := s.config.BaseURL + "/v2/datasets/" + url.PathEscape(dataset) + "/items?" + query
		answer, err := web.Do(ctx, fetch.Request{URL: address, Header: s.header, Accept: fetch.JSON})
		if err != nil {
			return err
		}
		err = s.mapping.Each(answer.Body, func(number int, entry any) error {
			return sink.Take(sources.Index("item", offset+number), func() (sources.Record, error) { return s.mapping.Record(entry) })
		})
		if err != nil {
			return err
		}
		total, err := strconv.Atoi(answer.Header.Get("X-Apify-Pagination-Total"))
		if err != nil {
			return sources.Invalid("X-Apify-Pagination-Total", event.Missing, "must say how many items there are")
		}
		// Of a page the empty items are left out: what it holds is no measure of it.
		page := perPage
		if given, err := strconv.Atoi(answer.Header.Get("X-Apify-Pagination-Limit")); err == nil && given > 0 {
			page = min(page, given)
		}
		if offset += page; offset >= total {
			return nil
		}
	}
}
