// Package greenhouse reads job boards of Greenhouse: the Job Board API
// (https://developers.greenhouse.io/job-board.html), and recorded postings as JSON
// lines, one posting each, flat, with the board's name and when it was fetched.
//
// The API shows a board whole, so what is not there any more has been taken down.
// Of recordings: a posting that is read again counts only if something in the contract
// changed; updated_at alone does not; and nobody can tell that one was taken down,
// because the lines of different boards are not complete listings.
// Requisition numbers, departments and questions are left out.
package greenhouse

import (
	"context"
	"encoding/json"
	"io"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

const name = "greenhouse"

// Format reads job board postings.
type Format struct{ memory sources.Memory }

// New makes a Format that has read nothing yet.
func New() *Format { return &Format{sources.NewMemory()} }

// Name gives "greenhouse".
func (f *Format) Name() string { return name }

// posting is what we use of a posting, in recordings and of the API.
type posting struct {
	ID        json.Number `json:"id"`
	FetchedAt string      `json:"fetched_at"`
	Title     string      `json:"title"`
	Company   string      `json:"company_name"`
	Location  place       `json:"location"`
	URL       string      `json:"absolute_url"`
	Content   string      `json:"content"` // HTML, escaped
	Language  string      `json:"language"`
	Updated   *time.Time  `json:"updated_at"`
	Published *time.Time  `json:"first_published"`
	Deadline  *time.Time  `json:"application_deadline"`
	Offices   []struct {
		Name     string `json:"name"`
		Location string `json:"location"`
	} `json:"offices"`
	Pay []struct {
		Min      float64 `json:"min_cents"`
		Max      float64 `json:"max_cents"`
		Currency string  `json:"currency_type"`
		Title    string  `json:"title"` // says what a period there is
	} `json:"pay_input_ranges"`
}

// place is a text in recordings and an object of the API.
type place string

// UnmarshalJSON reads either form.
func (p *place) UnmarshalJSON(data []byte) error {
	var named struct {
		Name string `json:"name"`
	}
	if len(data) > 0 && data[0] == '{' {
		err := json.Unmarshal(data, &named)
		*p = place(named.Name)
		return err
	}
	return json.Unmarshal(data, (*string)(p))
}

// Read reads one recording; see sources.Format.
func (f *Format) Read(ctx context.Context, r io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	sink := sources.NewSink(f.memory, emit)
	err := sources.ReadLines(ctx, r, file, sink, func(where string, line []byte) error {
		var p posting
		if err := sources.Unmarshal(line, &p); err != nil {
			sink.Reject(where, err)
			return nil
		}
		record, err := p.record()
		if err != nil {
			sink.Reject(where, err)
			return nil
		}
		return sink.Put(where, record)
	})
	return sink.Report, err
}

// recordOr gives the posting's record, or err with the id as far as it is known.
func (p posting) recordOr(err error) (sources.Record, error) {
	if err == nil {
		r, err := p.record()
		if err == nil {
			return r, nil
		}
		r.ID = p.id()
		return r, err
	}
	return sources.Record{ID: p.id()}, err
}

func (p posting) id() string {
	if p.ID == "" {
		return ""
	}
	return name + ":" + p.ID.String()
}

func (p posting) record() (sources.Record, error) {
	if p.ID == "" {
		return sources.Record{}, sources.Invalid("id", event.Missing, "must be the posting's number")
	}
	at, err := fetched(p.FetchedAt)
	if err != nil {
		return sources.Record{}, err
	}
	posted := p.Published
	if posted == nil {
		posted = p.Updated
	}
	if posted == nil {
		return sources.Record{}, sources.Invalid("first_published", event.Missing, "or updated_at must be a time")
	}
	return sources.Posting{
		ID: p.ID.String(), Title: p.Title, Organisation: p.Company, URL: p.URL, Text: sources.Escaped(p.Content),
		Places: p.places(), Language: p.Language, Posted: *posted, Deadline: p.Deadline, Pay: p.pay(),
	}.Record(name, at), nil
}

// places are the offices where the location names none ("Multiple Locations").
func (p posting) places() []string {
	places := []string{string(p.Location)}
	if known, remote := sources.Places(places...); len(known) > 0 || remote {
		return places
	}
	for _, office := range p.Offices {
		place := office.Location
		if place == "" {
			place = office.Name
		}
		places = append(places, place)
	}
	return places
}

// pay is the first range; others are those of other places.
func (p posting) pay() *event.Compensation {
	for _, r := range p.Pay {
		if pay := sources.Range(r.Min/100, r.Max/100, r.Currency, r.Title); pay != nil {
			return pay
		}
	}
	return nil
}

// fetched reads a time that may lack its zone, which is then UTC.
func fetched(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05"} { // both accept fractions
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, sources.Invalid("fetched_at", event.BadDate, "is %.40q; must be a time such as 2026-08-20T04:01:58", text)
}
