// Package mapping turns entries of any shape into opportunities, by a declaration
// of where the fields are. It is what generic JSON and CSV sources and actors of
// Apify share.
//
// A field is a path into the entry: names parted by dots, * for every element of a
// list, and several paths parted by bars, of which the first that leads to
// something counts: "company.name|company_name". In CSV a path is the name of a
// column. What a field means is fixed: descriptions may be HTML, pay and places
// are read as people write them, times without a zone are in TimeZone.
package mapping

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

// Mapping is the declaration.
type Mapping struct {
	Source       string `yaml:"source"` // first part of the ids: lower-case letters, digits and dashes
	Bucket       string `yaml:"bucket"` // jobs (default), hackathons or content
	Kind         string `yaml:"kind"`   // internship, course ...; default: what the title says
	Organisation string `yaml:"default_organisation"`
	URLPrefix    string `yaml:"url_prefix"`   // of addresses that are not whole
	TimeZone     string `yaml:"time_zone"`    // of times that have none; a mere day as a deadline lasts to its end there
	Country      string `yaml:"country"`      // of all places
	SplitPlaces  string `yaml:"split_places"` // what parts several places in one text, such as a comma
	Items        string `yaml:"items"`        // path to the list in a JSON document; empty: the document is the list

	Fields map[string]string `yaml:"fields"` // by the names below, to paths
	Open   []string          `yaml:"open"`   // words of status that mean open; none: any does

	zone *time.Location
}

// The fields. Without an id the address tells an entry from others.
var fieldNames = []string{
	"id", "title", "organisation", "url", "description", "skills", "locations", "remote", "workplace", "posted", "deadline", "pay",
	"pay_min", "pay_max", "pay_currency", "pay_period", "language", "status",
}

var sourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,31}$`)

// Check reports everything that is wrong with a mapping, and fills in defaults.
func (m *Mapping) Check() error {
	var wrong []error
	if !sourceName.MatchString(m.Source) {
		wrong = append(wrong, fmt.Errorf("source is %q; must be lower-case letters, digits and dashes", m.Source))
	}
	if m.Bucket == "" {
		m.Bucket = string(event.Jobs)
	}
	if event.Bucket(m.Bucket).Index() < 0 {
		wrong = append(wrong, fmt.Errorf("bucket is %q; must be jobs, hackathons or content", m.Bucket))
	}
	for name := range m.Fields {
		if !slices.Contains(fieldNames, name) {
			wrong = append(wrong, fmt.Errorf("field %q is not known; there are %s", name, strings.Join(fieldNames, ", ")))
		}
	}
	if m.Fields["title"] == "" || m.Fields["id"] == "" && m.Fields["url"] == "" {
		wrong = append(wrong, errors.New("fields must have title, and id or url"))
	}
	if m.TimeZone != "" {
		var err error
		if m.zone, err = time.LoadLocation(m.TimeZone); err != nil {
			wrong = append(wrong, fmt.Errorf("time_zone is %q; must be a name such as Asia/Kolkata", m.TimeZone))
		}
	}
	return errors.Join(wrong...)
}

// missing is the field that tells entries apart or names them which no column
// leads to; empty: none is.
func (m *Mapping) missing(columns []string) string {
	leads := func(field string) bool {
		return slices.ContainsFunc(strings.Split(m.Fields[field], "|"), func(path string) bool { return slices.Contains(columns, strings.TrimSpace(path)) })
	}
	switch {
	case !leads("title"):
		return "title"
	case !leads("id") && !leads("url"):
		return "id or url"
	}
	return ""
}

// Each takes the entries of a JSON document one after another: decoded, a list of many
// small ones is twenty times as large. Nothing is taken of a document that is cut off.
func (m *Mapping) Each(document []byte, take func(number int, entry any) error) error {
	if !json.Valid(document) {
		var whole json.RawMessage
		return sources.Invalid("", event.MalformedJSON, "not JSON: %v", json.Unmarshal(document, &whole))
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber() // ids may be longer than a float holds
	for name := range strings.SplitSeq(m.Items, ".") {
		if name != "" && !enter(d, name) {
			return sources.Invalid(m.Items, event.Missing, "must lead to the list of entries")
		}
	}
	if start, _ := d.Token(); start != json.Delim('[') {
		return sources.Invalid(m.Items, event.WrongType, "must be the list of entries")
	}
	for number := 0; d.More(); number++ {
		var entry any
		if err := d.Decode(&entry); err != nil {
			return sources.Invalid(m.Items, event.MalformedJSON, "entry %d: %v", number, err)
		}
		if err := take(number, entry); err != nil {
			return err
		}
	}
	return nil
}

// enter goes to the value of a field, of valid JSON; false: there is none.
func enter(d *json.Decoder, name string) bool {
	if start, _ := d.Token(); start != json.Delim('{') {
		return false
	}
	for d.More() {
		if key, _ := d.Token(); key == name {
			return true
		}
		var other json.RawMessage
		if d.Decode(&other) != nil {
			return false
		}
	}
	return false
}

// Record makes the record of an entry. The error comes with the id where it is known.
func (m *Mapping) Record(entry any) (sources.Record, error) {
	id := m.id(entry)
	if id == "" {
		return sources.Record{}, sources.Invalid("id", event.Missing, "leads to nothing in this entry")
	}
	r := sources.Record{ID: m.Source + ":" + id}
	p := sources.Posting{
		ID: id, Title: m.one(entry, "title"), Organisation: m.one(entry, "organisation"), URL: m.address(entry), Text: sources.PlainText(m.one(entry, "description")),
		Places: m.places(entry), Remote: truthy(m.one(entry, "remote")), Workplace: m.one(entry, "workplace"), Language: m.one(entry, "language"),
		Skills: m.all(entry, "skills"), Pay: m.pay(entry), Closed: !m.open(entry), Internship: m.Kind == "internship",
	}
	if p.Organisation == "" {
		p.Organisation = m.Organisation
	}
	var err error
	if posted := m.one(entry, "posted"); posted != "" {
		if p.Posted, err = sources.Time("posted", posted, m.zone); err != nil {
			return r, err
		}
	}
	if p.Deadline, err = sources.Deadline("deadline", m.one(entry, "deadline"), m.zone); err != nil {
		return r, err
	}
	made := p.Record(m.Source, time.Time{})
	made.Opportunity.Bucket = event.Bucket(m.Bucket)
	if m.Kind != "" {
		made.Opportunity.Kind = m.Kind
	}
	return made, nil
}

func (m *Mapping) id(entry any) string {
	if id := m.one(entry, "id"); id != "" {
		if len(id) > 80 || strings.ContainsFunc(id, func(r rune) bool { return r <= ' ' }) {
			return sources.Hash(id)
		}
		return id
	}
	if address := m.address(entry); address != "" {
		return sources.Hash(address)
	}
	return ""
}

func (m *Mapping) address(entry any) string {
	address := strings.TrimSpace(m.one(entry, "url"))
	if address != "" && m.URLPrefix != "" && !strings.Contains(address, "://") {
		return strings.TrimSuffix(m.URLPrefix, "/") + "/" + strings.TrimPrefix(address, "/")
	}
	return address
}

func (m *Mapping) open(entry any) bool {
	status := m.one(entry, "status")
	return status == "" || len(m.Open) == 0 || slices.ContainsFunc(m.Open, func(word string) bool { return strings.EqualFold(word, status) })
}

func (m *Mapping) pay(entry any) *event.Compensation {
	if text := m.one(entry, "pay"); text != "" {
		return sources.Pay(text)
	}
	return sources.Range(sources.Amount(m.one(entry, "pay_min")), sources.Amount(m.one(entry, "pay_max")), m.one(entry, "pay_currency"), m.one(entry, "pay_period"))
}

func (m *Mapping) places(entry any) []string {
	places := m.all(entry, "locations")
	if m.SplitPlaces != "" {
		places = strings.Split(strings.Join(places, m.SplitPlaces), m.SplitPlaces)
	}
	if where, _ := sources.Places(places...); len(where) > 0 && m.Country != "" {
		places = append(places, m.Country)
	}
	return places
}

// one is the first text that a field leads to.
func (m *Mapping) one(entry any, field string) string {
	if found := m.all(entry, field); len(found) > 0 {
		return found[0]
	}
	return ""
}

// all are the texts that a field leads to; those of the first path that leads to any.
func (m *Mapping) all(entry any, field string) []string {
	for path := range strings.SplitSeq(m.Fields[field], "|") {
		if path = strings.TrimSpace(path); path == "" {
			continue
		}
		if fields, flat := entry.(map[string]string); flat {
			if text := strings.TrimSpace(fields[path]); text != "" {
				return []string{text}
			}
			continue
		}
		if found := follow(nil, entry, strings.Split(path, ".")); len(found) > 0 {
			return found
		}
	}
	return nil
}

// follow appends the texts at the end of a path.
func follow(found []string, v any, path []string) []string {
	if len(path) > 0 {
		switch v := v.(type) {
		case map[string]any:
			if path[0] == "*" {
				return found
			}
			return follow(found, v[path[0]], path[1:])
		case []any:
			if path[0] == "*" {
				path = path[1:]
			}
			for _, element := range v {
				found = follow(found, element, path)
			}
		}
		return found
	}
	switch v := v.(type) {
	case string:
		if text := strings.TrimSpace(v); text != "" {
			found = append(found, text)
		}
	case json.Number:
		found = append(found, v.String())
	case bool:
		found = append(found, strconv.FormatBool(v))
	case []any:
		for _, element := range v {
			found = follow(found, element, nil)
		}
	}
	return found
}

func truthy(text string) bool {
	switch strings.ToLower(text) {
	case "true", "yes", "1", "remote", "work from home", "wfh":
		return true
	}
	return false
}
