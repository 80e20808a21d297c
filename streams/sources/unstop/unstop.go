// Package unstop reads the public search of Unstop: hackathons, competitions,
// jobs and internships, page by page.
//
// The interface is not documented, so the source is off unless it is turned on.
// Views and registrations make no change. Eligibility is part of the text, in the
// site's words.
package unstop

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
)

const (
	name     = "unstop"
	perPage  = 50
	maxPages = 40
)

// zone is that of times that name none: the site is of India, which has no summer time.
var zone = time.FixedZone("IST", 5*3600+1800)

// Config is one kind of opportunity.
type Config struct {
	Opportunity string `yaml:"opportunity"` // hackathons (default), competitions, jobs, internships
	Search      string `yaml:"search"`
	BaseURL     string `yaml:"base_url"`
}

// buckets say where what kind goes.
var buckets = map[string]struct {
	bucket event.Bucket
	kind   string
}{
	"hackathons": {event.Hackathons, "hackathon"}, "competitions": {event.Hackathons, "competition"},
	"jobs": {event.Jobs, "job"}, "internships": {event.Jobs, "internship"},
}

// Source asks for all pages of a search.
type Source struct{ config Config }

// NewSource checks the configuration.
func NewSource(c Config) (*Source, error) {
	if c.Opportunity == "" {
		c.Opportunity = "hackathons"
	}
	if _, ok := buckets[c.Opportunity]; !ok {
		return nil, fmt.Errorf("opportunity is %q; must be hackathons, competitions, jobs or internships", c.Opportunity)
	}
	var err error
	c.BaseURL, err = sources.Base(c.BaseURL, "https://unstop.com")
	return &Source{c}, err
}

// opportunity is what we use of an entry.
type opportunity struct {
	ID           json.Number `json:"id"`
	Title        string      `json:"title"`
	Path         string      `json:"public_url"`
	Status       string      `json:"status"`
	Region       string      `json:"region"` // online, offline
	Approved     string      `json:"approved_date"`
	End          string      `json:"end_date"`
	Details      string      `json:"details"` // HTML
	Organisation struct {
		Name string `json:"name"`
	} `json:"organisation"`
	Registration struct {
		End string `json:"end_regn_dt"`
	} `json:"regnRequirements"`
	Filters []struct {
		Name string `json:"name"`
		Type string `json:"type"`
	} `json:"filters"`
	Skills []struct {
		Name string `json:"skill_name"`
		Also string `json:"skill"`
	} `json:"required_skills"`
	Address struct {
		City    string `json:"city"`
		State   string `json:"state"`
		Country struct {
			Name string `json:"name"`
		} `json:"country"`
	} `json:"address_with_country_logo"`
	Job struct {
		Locations []string `json:"locations"`
		Min       float64  `json:"min_salary"`
		Max       float64  `json:"max_salary"`
		Currency  string   `json:"currency"`
		Period    string   `json:"pay_in"`
	} `json:"jobDetail"`
	Views      int64 `json:"viewsCount"`
	Registered int64 `json:"registerCount"`
}

// Poll implements sources.Source.
func (s *Source) Poll(ctx context.Context, web *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	for page := 1; page <= maxPages; page++ {
		var list struct {
			Data struct {
				Entries *[]json.RawMessage `json:"data"`
				Last    *int               `json:"last_page"`
				Total   int                `json:"total"`
			} `json:"data"`
		}
		query := fmt.Sprintf("opportunity=%s&oppstatus=open&page=%d&per_page=%d", s.config.Opportunity, page, perPage)
		address := s.config.BaseURL + "/api/public/opportunity/search-result?" + sources.Query(query, "searchTerm", s.config.Search)
		if _, err := sources.AskJSON(ctx, web, fetch.Request{URL: address}, &list); err != nil {
			return sources.Coverage{}, err
		}
		if list.Data.Entries == nil || list.Data.Last == nil {
			return sources.Coverage{}, sources.Invalid("data.data", event.Missing, "and data.last_page must be there")
		}
		for i, entry := range *list.Data.Entries {
			if err := sink.Take(fmt.Sprintf("page %d#%d", page, i), func() (sources.Record, error) { return s.record(entry) }); err != nil {
				return sources.Coverage{}, err
			}
		}
		seen := sink.Distinct() // while it is read the search moves: some are seen twice, and others never
		switch {
		case page < *list.Data.Last:
		case seen < list.Data.Total:
			return sources.Partial(fmt.Sprintf("the search counts %d and shows %d", list.Data.Total, seen)), nil
		default:
			return sources.Complete(), nil
		}
	}
	return sources.Partial(fmt.Sprintf("there are more than %d pages", maxPages)), nil
}

func (s *Source) record(entry json.RawMessage) (sources.Record, error) {
	var o opportunity
	err := sources.Unmarshal(entry, &o)
	r := sources.Record{ID: sources.Join(name, o.ID.String())}
	if err != nil {
		return r, err
	}
	if r.ID == "" {
		return r, sources.Invalid("id", event.Missing, "must be the opportunity's number")
	}
	p := sources.Posting{
		ID: o.ID.String(), Title: o.Title, Organisation: o.Organisation.Name, URL: s.address(o.Path), Text: o.text(), Places: o.places(),
		Remote: strings.EqualFold(o.Region, "online"), Internship: s.config.Opportunity == "internships",
		Closed: o.Status != "" && !strings.EqualFold(o.Status, "live"), Pay: o.pay(),
	}
	for _, skill := range o.Skills {
		p.Skills = append(p.Skills, cmp.Or(skill.Name, skill.Also))
	}
	if o.Approved != "" {
		if p.Posted, err = sources.Time("approved_date", o.Approved, zone); err != nil {
			return r, err
		}
	}
	until := o.Registration.End
	if until == "" {
		until = o.End
	}
	if p.Deadline, err = sources.Deadline("end_regn_dt", until, zone); err != nil {
		return r, err
	}
	r = p.Record(name, r.At)
	r.Opportunity.Bucket, r.Opportunity.Kind = buckets[s.config.Opportunity].bucket, buckets[s.config.Opportunity].kind
	if r.Opportunity.Bucket != event.Jobs {
		r.Opportunity.Workplace = ""
	}
	r.Counters = map[string]int64{"views": o.Views, "registrations": o.Registered}
	return r, nil
}

func (s *Source) address(path string) string {
	if path == "" || strings.Contains(path, "://") {
		return path
	}
	return "https://unstop.com/" + strings.TrimPrefix(path, "/")
}

func (o opportunity) text() string {
	parts := []string{sources.PlainText(o.Details)}
	var eligible []string
	for _, f := range o.Filters {
		if f.Type == "eligible" {
			eligible = append(eligible, f.Name)
		}
	}
	if len(eligible) > 0 {
		parts = append(parts, "Eligible: "+strings.Join(eligible, ", ")+".")
	}
	return strings.TrimSpace(strings.Join(parts, "\n"))
}

func (o opportunity) places() []string {
	if len(o.Job.Locations) > 0 {
		return o.Job.Locations
	}
	return []string{sources.Address(o.Address.City, o.Address.State, o.Address.Country.Name)}
}

func (o opportunity) pay() *event.Compensation {
	return sources.Range(o.Job.Min, o.Job.Max, o.Job.Currency, o.Job.Period)
}
