package mapping

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

// Config is a document, at an address or in a file, and what is made of it.
type Config struct {
	URL     string  `yaml:"url"`
	File    string  `yaml:"file"`
	Comma   string  `yaml:"comma"`  // of CSV; default ,
	Window  bool    `yaml:"window"` // the document never lists everything
	Mapping Mapping `yaml:"mapping"`
}

// maxFile bounds a document that is read from a file.
const maxFile = 64 << 20 // bytes

// Source reads one document, JSON or CSV.
type Source struct {
	config Config
	csv    bool
}

// NewJSON checks the configuration of a source of JSON.
func NewJSON(c Config) (*Source, error) { return newSource(c, false) }

// NewCSV checks the configuration of a source of CSV with a head.
func NewCSV(c Config) (*Source, error) { return newSource(c, true) }

func newSource(c Config, csv bool) (*Source, error) {
	var wrong []error
	if (c.URL == "") == (c.File == "") {
		wrong = append(wrong, errors.New("say one of url and file"))
	} else if c.URL != "" {
		wrong = append(wrong, sources.Page("url", c.URL))
	}
	if len(c.Comma) > 1 || strings.ContainsAny(c.Comma, "\"\r\n\x00") {
		wrong = append(wrong, fmt.Errorf("comma is %q; must be one character, and not of those that mean something else", c.Comma))
	}
	return &Source{c, csv}, errors.Join(append(wrong, c.Mapping.Check())...)
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	coverage := sources.Complete()
	if s.config.Window {
		coverage = sources.Window()
	}
	document, unmodified, err := s.document(ctx, web)
	if err != nil {
		return sources.Coverage{}, err
	}
	if unmodified {
		coverage.Unmodified = true
		return coverage, nil
	}
	take := func(number int, entry any) error {
		return sink.Take(sources.Index("entry", number), func() (sources.Record, error) { return s.config.Mapping.Record(entry) })
	}
	if s.csv {
		err = s.rows(document, take)
	} else {
		err = s.config.Mapping.Each(document, take)
	}
	if err != nil {
		return sources.Coverage{}, err
	}
	return coverage, nil
}

func (s *Source) document(ctx context.Context, web *fetch.Client) (document []byte, unmodified bool, err error) {
	if s.config.File != "" {
		file, err := os.Open(s.config.File)
		if err != nil {
			return nil, false, err
		}
		defer file.Close()
		document, err = io.ReadAll(io.LimitReader(file, maxFile+1))
		if err == nil && len(document) > maxFile {
			err = fmt.Errorf("%s: %w", s.config.File, fetch.ErrTooLarge)
		}
		return document, false, err
	}
	accept := slices.Concat(fetch.JSON, []string{"text/plain"}) // as hosts of files serve them
	if s.csv {
		accept = []string{"text/csv", "text/plain", "application/csv", "application/vnd.ms-excel", "application/octet-stream"}
	}
	answer, err := web.Do(ctx, fetch.Request{URL: s.config.URL, Accept: accept, Conditional: true})
	if err != nil {
		return nil, false, err
	}
	return answer.Body, answer.NotModified, nil
}

// rows takes one row after another: as a list of maps a table is a hundred times as large.
func (s *Source) rows(document []byte, take func(number int, entry any) error) error {
	reader := csv.NewReader(bytes.NewReader(bytes.TrimPrefix(document, []byte("\ufeff"))))
	if s.config.Comma != "" {
		reader.Comma = rune(s.config.Comma[0])
	}
	head, err := reader.Read()
	if err != nil {
		return sources.Invalid("", event.Missing, "must begin with the names of the columns: %v", err)
	}
	if !utf8.Valid(document) {
		return sources.Invalid("", event.UnknownValue, "must be UTF-8; save the table as such")
	}
	for i, name := range head {
		head[i] = strings.TrimSpace(name)
	}
	if missing := s.config.Mapping.missing(head); missing != "" {
		return sources.Invalid("", event.Missing, "has the columns %.200q, none for %s; look at comma and fields", head, missing)
	}
	reader.ReuseRecord = true
	for number := 0; ; number++ {
		row, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil { // also a row of another length: where one begins is not certain any more
			return sources.Invalid("", event.MalformedJSON, "not CSV: %v", err)
		}
		fields := make(map[string]string, len(head))
		for i, name := range head {
			fields[name] = row[i]
		}
		if err := take(number, fields); err != nil {
			return err
		}
	}
}
