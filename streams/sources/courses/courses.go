// Package courses reads curated lists of courses in Markdown: headings are topics,
// items that begin with a link are courses.
//
//	### Databases
//	* [SQL from the start](https://example.org/sql) - Ada Example (email address requested)
//
// A list is one document, so a course that is not in it any more has been taken
// out. A course's id is the hash of its address. Nobody says since when a course
// is there: it is posted when it is first seen. Indexes (links within the page)
// and everything else are passed over.
package courses

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const name = "course"

// Config is one list.
type Config struct {
	URL     string `yaml:"url"`
	Level   int    `yaml:"level"`   // of skills; default 1: a course is for who lacks them
	Licence string `yaml:"licence"` // of the list; goes into the descriptions, as many ask for
}

// Source asks for a list.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	if err := sources.Page("url", c.URL); err != nil {
		return nil, err
	}
	if c.Level == 0 {
		c.Level = 1
	}
	if c.Level < 1 || c.Level > event.MaxLevel {
		return nil, fmt.Errorf("level is %d; must be from 1 to 5", c.Level)
	}
	return &Source{c}, nil
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	answer, err := web.Do(ctx, fetch.Request{URL: s.config.URL, Accept: []string{"text/plain", "text/markdown", "text/x-markdown"}, Conditional: true})
	if err != nil {
		return sources.Coverage{}, err
	}
	if answer.NotModified {
		return sources.Coverage{Complete: true, Unmodified: true}, nil
	}
	topic := ""
	number := 0
	for line := range strings.Lines(string(answer.Body)) {
		number++
		if words, isHeading := heading(line); isHeading {
			topic = words
			continue
		}
		m := item.FindStringSubmatch(strings.TrimRight(line, "\r\n"))
		if m == nil || strings.HasPrefix(m[2], "#") {
			continue
		}
		err := sink.Take(fmt.Sprintf("line %d", number), func() (sources.Record, error) { return s.record(topic, plain.Replace(m[1]), m[2], m[3]) })
		if err != nil {
			return sources.Coverage{}, err
		}
	}
	return sources.Complete(), nil
}

var (
	item  = regexp.MustCompile(`^\s*(?:[*+-]|\d+[.)])\s+(?:\[[ xX]\]\s+)?[*_]{0,3}\[(.+?)\]\(\s*<?((?:[^()\s>]|\([^()\s>]*\))+)>?(?:\s[^)]*)?\)\s*(.*)$`)
	notes = regexp.MustCompile(`\([^()]*\)`)
	plain = strings.NewReplacer(`\[`, "[", `\]`, "]", `\|`, "|", `\_`, "_", `\*`, "*", "`", "")
)

func heading(line string) (topic string, ok bool) {
	trimmed := strings.TrimLeft(line, "#")
	if trimmed == line || !strings.HasPrefix(trimmed, " ") {
		return "", false
	}
	return sources.Line(trimmed), true
}

func (s *Source) record(topic, title, address, rest string) (sources.Record, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return sources.Record{ID: name + ":" + sources.Hash(address)}, sources.Invalid("url", event.UnknownValue, "is %.80q; must be an address", address)
	}
	u.Fragment = ""
	key := strings.TrimSuffix(strings.ToLower(u.Host)+u.RequestURI(), "/")
	author := strings.Trim(sources.Line(notes.ReplaceAllString(rest, "")), " -–*_")
	var about []string
	for _, part := range []string{prefixed("Topic: ", topic), prefixed("By ", author), prefixed("Listed under ", s.config.Licence)} {
		if part != "" {
			about = append(about, part+".")
		}
	}
	o := &event.Opportunity{
		ID: name + ":" + sources.Hash(key), Bucket: event.Content, Kind: "course", Source: name, Title: sources.Line(title), URL: address,
		Description: strings.Join(about, " "), Skills: s.skills(topic, title), Status: event.Open,
	}
	return sources.Record{ID: o.ID, Opportunity: o, Undated: true}, nil
}

// skills are those of the heading, which weigh most, and of the title.
func (s *Source) skills(topic, title string) []event.RequiredSkill {
	asked := sources.Asked(s.config.Level, topic, title)
	if len(asked) == 0 {
		return sources.Required(s.config.Level, strings.ReplaceAll(topic, " / ", " ; "))
	}
	return asked
}

func prefixed(before, text string) string {
	if text == "" {
		return ""
	}
	return before + strings.TrimSuffix(text, ".")
}
