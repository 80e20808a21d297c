// Package jsonld reads job postings that pages describe for search engines: objects
// of the type JobPosting (https://schema.org/JobPosting) in JSON-LD.
//
// The pages are configured one by one; links are not followed. An id is the hash of
// the page's host and the posting's identifier, else its address. A page that is
// gone (404, 410) has no postings any more.
package jsonld

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/PuerkitoBio/goquery"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const (
	name    = "jobposting"
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
		if u, err := url.Parse(address); err != nil || u.Host == "" || u.User != nil {
			return nil, fmt.Errorf("urls has %q; must be addresses of pages", address)
		}
	}
	return &Source{c}, nil
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	coverage := sources.Complete()
	for _, address := range s.config.URLs {
		// Of several pages one that did not change would hide its postings.
		request := fetch.Request{URL: address, Accept: []string{"text/html", "application/xhtml+xml", "application/ld+json"}, MaxBody: maxPage, Conditional: len(s.config.URLs) == 1}
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
	page, err := goquery.NewDocumentFromReader(bytes.NewReader(answer.Body))
	if err != nil {
		return false, fmt.Errorf("read the page %s: %w", answer.URL, err)
	}
	base, err := url.Parse(answer.URL)
	if err != nil {
		return false, err
	}
	scripts := page.Find(`script[type="application/ld+json"]`)
	whole = scripts.Length() > 0
	for i := range scripts.Nodes {
		var v any
		if json.Unmarshal([]byte(scripts.Eq(i).Text()), &v) != nil {
			whole = false
			continue
		}
		for _, p := range postings(nil, v) {
			err := sink.Take(answer.URL, func() (sources.Record, error) { return s.record(p, base) })
			if err != nil {
				return false, err
			}
		}
	}
	return whole, nil
}

// postings collects the objects of the type from a document of any nesting.
func postings(found []object, v any) []object {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			found = postings(found, element)
		}
	case map[string]any:
		if slices.Contains(texts(v["@type"]), "JobPosting") {
			return append(found, v)
		}
		for _, below := range []string{"@graph", "itemListElement", "item", "mainEntity"} {
			found = postings(found, v[below])
		}
	}
	return found
}

// object is one node of the graph.
type object map[string]any

// texts are the texts of a value that may be one or a list.
func texts(v any) (list []string) {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		for _, element := range v {
			list = append(list, texts(element)...)
		}
	}
	return list
}

// text is the first text at a path; lists are entered.
func (o object) text(path ...string) string {
	var v any = map[string]any(o)
	for _, name := range path {
		if list, ok := v.([]any); ok && len(list) > 0 {
			v = list[0]
		}
		fields, ok := v.(map[string]any)
		if !ok {
			return ""
		}
		v = fields[name]
	}
	if n, ok := v.(float64); ok {
		return strconv.FormatFloat(n, 'f', -1, 64)
	}
	if list := texts(v); len(list) > 0 {
		return strings.TrimSpace(list[0])
	}
	return ""
}

func (s *Source) record(o object, base *url.URL) (sources.Record, error) {
	key := first(o.text("identifier", "value"), o.text("identifier"), o.text("url"), o.text("@id"), base.String())
	p := sources.Posting{
		ID: sources.Hash(base.Host, key), Title: sources.PlainText(o.text("title")), Organisation: first(o.text("hiringOrganization", "name"), o.text("hiringOrganization"), s.config.Organisation),
		URL: absolute(base, o.text("url")), Text: sources.Escaped(o.text("description")), Places: places(o["jobLocation"]),
		Workplace: o.text("jobLocationType"), Internship: slices.ContainsFunc(texts(o["employmentType"]), func(t string) bool { return strings.EqualFold(t, "INTERN") }),
		Skills: texts(o["skills"]), Pay: o.pay(),
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

func (o object) pay() *event.Compensation {
	if text := o.text("baseSalary"); text != "" {
		return sources.Pay(strings.TrimSpace(text + " " + o.text("salaryCurrency")))
	}
	currency := first(o.text("baseSalary", "currency"), o.text("baseSalary", "value", "currency"), o.text("salaryCurrency"))
	single := first(o.text("baseSalary", "value", "value"), o.text("baseSalary", "value"))
	low := first(o.text("baseSalary", "value", "minValue"), o.text("baseSalary", "minValue"), single)
	high := first(o.text("baseSalary", "value", "maxValue"), o.text("baseSalary", "maxValue"), single)
	return sources.Range(sources.Amount(low), sources.Amount(high), currency, first(o.text("baseSalary", "value", "unitText"), o.text("baseSalary", "unitText")))
}

// places reads one or several jobLocation.
func places(v any) (list []string) {
	switch v := v.(type) {
	case []any:
		for _, element := range v {
			list = append(list, places(element)...)
		}
	case string:
		return []string{v}
	case map[string]any:
		var parts []string
		for _, part := range []string{"addressLocality", "addressRegion", "addressCountry"} {
			if text := first(object(v).text("address", part), object(v).text("address", part, "name")); text != "" {
				parts = append(parts, text)
			}
		}
		if len(parts) == 0 {
			return texts(v["name"])
		}
		return []string{strings.Join(parts, ", ")}
	}
	return list
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
