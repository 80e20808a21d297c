package internships

import (
	"encoding/json"
	"strconv"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

// posting is what we use of a posting's fields.
type posting struct {
	ID        string   `json:"id"`
	Company   string   `json:"company_name"`
	Title     string   `json:"title"`
	URL       string   `json:"url"`
	Locations []string `json:"locations"`
	Terms     []string `json:"terms"`
	Active    bool     `json:"active"`
	Visible   bool     `json:"is_visible"`
	Posted    stamp    `json:"date_posted"`
}

// delta is the fields a change sets.
type delta map[string]json.RawMessage

// field gives where a changed field goes. Lists start anew, so that the
// posting before the change keeps its own.
func (p *posting) field(name string) (any, bool) {
	switch name {
	case "company_name":
		return &p.Company, true
	case "title":
		return &p.Title, true
	case "url":
		return &p.URL, true
	case "locations":
		p.Locations = nil
		return &p.Locations, true
	case "terms":
		p.Terms = nil
		return &p.Terms, true
	case "active":
		return &p.Active, true
	case "is_visible":
		return &p.Visible, true
	case "date_posted":
		return &p.Posted, true
	}
	return nil, false
}

// clear takes a field away.
func (p *posting) clear(name string) {
	switch name {
	case "company_name":
		p.Company = ""
	case "title":
		p.Title = ""
	case "url":
		p.URL = ""
	case "locations":
		p.Locations = nil
	case "terms":
		p.Terms = nil
	case "active":
		p.Active = false
	case "is_visible":
		p.Visible = false
	case "date_posted":
		p.Posted = stamp{}
	}
}

// stamp is a date that lists write as seconds since 1970 or as MM/DD/YYYY
// (taken as midnight UTC).
type stamp struct{ time.Time }

// UnmarshalJSON reads either form; the error is an *event.Invalid.
func (s *stamp) UnmarshalJSON(data []byte) error {
	var text string
	if json.Unmarshal(data, &text) == nil {
		t, err := time.Parse("01/02/2006", text)
		if err != nil {
			return sources.Invalid("date_posted", event.BadDate, "is %q; must be seconds since 1970 or MM/DD/YYYY", text)
		}
		s.Time = t
		return nil
	}
	seconds, err := strconv.ParseInt(string(data), 10, 64)
	if err != nil || seconds < 0 || seconds > 1<<32 { // up to the year 2106, which JSON times can hold
		return sources.Invalid("date_posted", event.BadDate, "is %.40s; must be seconds since 1970 or MM/DD/YYYY", data)
	}
	s.Time = time.Unix(seconds, 0).UTC()
	return nil
}
