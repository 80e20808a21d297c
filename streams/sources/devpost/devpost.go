// Package devpost reads the listing of hackathons that Devpost shows: from the
// network page by page, and recorded, one JSON document a day, each a page.
//
// Days read one after another with the same Format give what is new or changed
// since. Counters that move every day (registrations, time left) make no change.
// A hackathon that is missing from a recorded page is not taken as gone, because a
// page does not hold the whole listing; it leaves feeds at its deadline.
package devpost

import (
	"context"
	"encoding/json"
	"io"
	"path"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

const name = "devpost"

// Format reads hackathon listings.
type Format struct {
	memory sources.Memory
	seen   map[string]time.Time // id -> posted_at, which must not move from day to day
}

// New makes a Format that has read nothing yet.
func New() *Format { return &Format{sources.NewMemory(), map[string]time.Time{}} }

// Name gives "devpost".
func (f *Format) Name() string { return name }

// hackathon is what we use of an entry.
type hackathon struct {
	ID       json.Number `json:"id"`
	Title    string      `json:"title"`
	Location struct {
		Icon string `json:"icon"`
		Name string `json:"location"`
	} `json:"displayed_location"`
	State  string `json:"open_state"`
	URL    string `json:"url"`
	Dates  string `json:"submission_period_dates"`
	Themes []struct {
		Name string `json:"name"`
	} `json:"themes"`
	Prize        string `json:"prize_amount"` // HTML
	Organisation string `json:"organization_name"`
	Winners      bool   `json:"winners_announced"`

	Registrations int64  `json:"registrations_count"`
	InviteOnly    bool   `json:"invite_only"`
	Invited       string `json:"eligibility_requirement_invite_only_description"`
}

// Read reads one day; see sources.Format. The day is taken from a file name
// that starts with YYYY-MM-DD.
func (f *Format) Read(ctx context.Context, r io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	sink := sources.NewSink(f.memory, emit)
	data, err := sources.ReadDocument(ctx, r, file)
	if err != nil {
		return sink.Report, err
	}
	var page struct {
		Hackathons *[]json.RawMessage `json:"hackathons"`
	}
	if err := sources.Unmarshal(data, &page); err != nil {
		sink.Reject(file, err)
		return sink.Report, nil
	}
	if page.Hackathons == nil {
		sink.Reject(file, sources.Invalid("hackathons", event.Missing, "must be the list of hackathons"))
		return sink.Report, nil
	}
	at := day(file)
	for i, entry := range *page.Hackathons {
		if err := ctx.Err(); err != nil {
			return sink.Report, err
		}
		where := sources.Index(file, i)
		record, err := f.record(entry, at)
		if err != nil {
			sink.Reject(where, err)
			continue
		}
		if err := sink.Put(where, record); err != nil {
			return sink.Report, err
		}
	}
	return sink.Report, nil
}

// day gives midnight UTC of the date a file is named after; zero if it is not.
func day(file string) time.Time {
	base := path.Base(strings.ReplaceAll(file, `\`, "/"))
	t, err := time.Parse(time.DateOnly, base[:min(len(base), len(time.DateOnly))])
	if err != nil {
		return time.Time{}
	}
	return t
}

// record is read, with posted_at as it was when a hackathon was first listed.
func (f *Format) record(entry json.RawMessage, at time.Time) (sources.Record, error) {
	r, err := read(entry, at)
	if err != nil {
		return r, err
	}
	if posted, ok := f.seen[r.ID]; ok {
		r.Opportunity.PostedAt = posted
	}
	f.seen[r.ID] = r.Opportunity.PostedAt
	return r, nil
}

// read makes a record of an entry that was listed at a time. The error comes with
// the id where it is known.
func read(entry json.RawMessage, at time.Time) (sources.Record, error) {
	var h hackathon
	err := sources.Unmarshal(entry, &h)
	id := sources.Join(name, h.ID.String())
	if err != nil {
		return sources.Record{ID: id}, err
	}
	if id == "" {
		return sources.Record{}, sources.Invalid("id", event.Missing, "must be the hackathon's number")
	}
	first, last, err := period(h.Dates)
	if err != nil {
		return sources.Record{ID: id}, err
	}
	// The last day ends where it ends last on Earth: noon UTC of the day after.
	deadline := last.Add(36 * time.Hour)
	o := h.opportunity(id)
	o.PostedAt, o.Deadline = first, &deadline
	if !at.IsZero() && at.Before(first) { // one that starts later counts from when it was first listed
		o.PostedAt = at
	}
	return sources.Record{
		At: at, ID: id, Opportunity: o, Undated: true,
		Counters: map[string]int64{"registrations": h.Registrations},
	}, nil
}

func (h hackathon) opportunity(id string) *event.Opportunity {
	title := sources.Line(h.Title)
	level := 2
	texts := []string{title}
	for _, theme := range h.Themes {
		if theme.Name == "Beginner Friendly" {
			level = 1
		}
		texts = append(texts, themeText(theme.Name))
	}
	locations, remote := sources.Places(h.Location.Name)
	o := &event.Opportunity{
		ID: id, Bucket: event.Hackathons, Kind: "hackathon", Source: name,
		Title: title, Organisation: sources.Line(h.Organisation), URL: strings.TrimSpace(h.URL),
		Description: h.description(),
		Skills:      sources.Required(level, texts...),
		Locations:   locations, Remote: remote || h.Location.Icon == "globe",
		Status: event.Open,
	}
	if strings.Contains(o.Organisation, "@") { // an address is not a name, and may be a person's
		o.Organisation = ""
	}
	if h.Winners || h.State != "open" && h.State != "upcoming" {
		o.Status = event.Closed
	}
	return o
}

func (h hackathon) description() string {
	parts := []string{"Submissions " + sources.Line(h.Dates) + "."}
	if prize := sources.Line(sources.PlainText(h.Prize)); strings.ContainsAny(prize, "123456789") {
		parts = append(parts, "Prizes "+prize+".")
	}
	if h.InviteOnly {
		parts = append(parts, strings.TrimSuffix("Invite only: "+sources.Line(h.Invited), ": ")+".")
	}
	return strings.Join(parts, " ")
}
