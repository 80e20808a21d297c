// Package jsonld reads job postings that pages describe for search engines: objects
// of the type JobPosting (https://schema.org/JobPosting) in JSON-LD.
//
// The pages are configured one by one; links are not followed. An id is the hash of
// the page's host and the posting's identifier, else its address. A page that is
// gone (404, 410) has no postings any more.
package jsonld

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const (
	name    = "jobposting"
	linked  = "application/ld+json"
	maxPage = 8 << 20 // bytes: a page becomes a tree that is many times as large
)

// Config is the pages.
type Config struct {
	URLs         []string `yaml:"urls"`
	Organisation string   `yaml:"organisation"` // when postings do not name it
}

// Source asks for the pages.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	if len(c.URLs) == 0 || len(c.URLs) > 500 {
		return nil, fmt.Errorf("urls has %d pages; must have 1 to 500", len(c.URLs))
	}
	for _, address := range c.URLs {
		if err := sources.Page("one of urls", address); err != nil {
			return nil, err
		}
	}
	return &Source{c}, nil
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	coverage := sources.Complete()
	for _, address := range s.config.URLs {
		// Of several pages one that did not change would hide its postings.
		request := fetch.Request{URL: address, Accept: []string{"text/html", "application/xhtml+xml", linked}, MaxBody: maxPage, Conditional: len(s.config.URLs) == 1}
		answer, err := web.Do(ctx, request)
		if failed, ok := errors.AsType[*fetch.StatusError](err); ok && (failed.Status == http.StatusNotFound || failed.Status == http.StatusGone) {
			continue
		}
		if err != nil {
			return sources.Coverage{}, err
		}
		if answer.NotModified {
			coverage.Unmodified = true
			continue
		}
		whole, err := s.page(sink, answer)
		if err != nil {
			return sources.Coverage{}, err
		}
		if !whole {
			coverage = sources.Partial("a page describes nothing, or something that cannot be read")
		}
	}
	return coverage, nil
}

// page takes the postings of a page, and says whether all that is described could be read.
func (s *Source) page(sink *sources.Sink, answer *fetch.Response) (whole bool, err error) {
	base, err := url.Parse(answer.URL)
	if err != nil {
		return false, err
	}
	described, err := descriptions(answer)
	if err != nil {
		return false, err
	}
	whole = len(described) > 0
	for _, text := range described {
		v, err := decode(text)
		if err != nil {
			whole = false
			continue
		}
		found := postings(nil, v)
		for _, p := range found {
			err := sink.Take(base.Host+base.Path, func() (sources.Record, error) { return s.record(p, base, len(found) == 1) })
			if err != nil {
				return false, err
			}
		}
	}
	return whole, nil
}

// record makes the record of a posting, which is alone on its page or not.
func (s *Source) record(o object, base *url.URL, alone bool) (sources.Record, error) {
	key := first(o.text("identifier", "value"), o.text("identifier"), o.text("url"), o.text("@id"))
	if key == "" {
		key = base.String()
		if !alone {
			key += "#" + o.text("title")
		}
	}
	p := sources.Posting{
		ID: sources.Hash(base.Host, key), Title: sources.PlainText(first(o.text("title"), o.text("name"))), Organisation: first(o.text("hiringOrganization", "name"), o.text("hiringOrganization"), s.config.Organisation),
		URL: absolute(base, o.text("url")), Text: o.words(), Places: append(places(o["jobLocation"]), places(o["applicantLocationRequirements"])...),
		Workplace: o.text("jobLocationType"), Internship: slices.ContainsFunc(texts(o["employmentType"]), func(t string) bool { return strings.HasPrefix(strings.ToUpper(t), "INTERN") }),
		Language: o.text("inLanguage"), Skills: names(o["skills"]), Pay: o.pay(),
	}
	r := sources.Record{ID: name + ":" + p.ID}
	var err error
	if posted := o.text("datePosted"); posted != "" {
		if p.Posted, err = sources.Time("datePosted", posted, nil); err != nil {
			return r, err
		}
	}
	if p.Deadline, err = sources.Deadline("validThrough", o.text("validThrough"), nil); err != nil {
		return r, err
	}
	return p.Record(name, r.At), nil
}

func absolute(base *url.URL, address string) string {
	u, err := base.Parse(address)
	if err != nil {
		return base.String()
	}
	return u.String()
}

func first(candidates ...string) string {
	for _, c := range candidates {
		if c != "" {
			return c
		}
	}
	return ""
}
