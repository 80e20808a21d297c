package event

import (
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// Bucket is one kind of feed.
type Bucket string

// The three buckets.
const (
	Jobs       Bucket = "jobs"
	Hackathons Bucket = "hackathons"
	Content    Bucket = "content"
)

// Buckets lists all buckets in their fixed order; Bucket.Index is the position here.
var Buckets = [3]Bucket{Jobs, Hackathons, Content}

// Index gives 0, 1 or 2, and -1 for no bucket.
func (b Bucket) Index() int {
	for i, known := range Buckets {
		if b == known {
			return i
		}
	}
	return -1
}

// RequiredSkill is one skill an opportunity asks for.
type RequiredSkill struct {
	Name   string `json:"name"`             // any spelling; normalised through the alias table before use
	Level  int    `json:"level,omitempty"`  // 1..5, default 3
	Weight int    `json:"weight,omitempty"` // 1..10, default 1
}

// Status says whether an opportunity can still be taken up.
type Status string

// The two states of an opportunity. Expiry is not a status: it follows from Deadline and time.
const (
	Open   Status = "open"
	Closed Status = "closed"
)

// Opportunity is a job or internship, a hackathon, or a piece of content.
type Opportunity struct {
	ID              string          `json:"id"`
	Bucket          Bucket          `json:"bucket"`
	Kind            string          `json:"kind,omitempty"` // job, internship, hackathon, article, course ...
	Title           string          `json:"title"`
	Organisation    string          `json:"organisation,omitempty"`
	URL             string          `json:"url,omitempty"`
	Description     string          `json:"description,omitempty"`
	Source          string          `json:"source,omitempty"`
	Recruiter       string          `json:"recruiter,omitempty"` // user id of the recruiter who owns it
	Skills          []RequiredSkill `json:"skills,omitempty"`
	GraduationYears []int           `json:"graduation_years,omitempty"` // empty: any
	Locations       []string        `json:"locations,omitempty"`        // empty: anywhere
	Remote          bool            `json:"remote,omitempty"`
	Difficulty      *float64        `json:"difficulty,omitempty"` // 0..100; nil: unknown
	Workplace       string          `json:"workplace,omitempty"`  // onsite, hybrid or remote; empty: not told
	Language        string          `json:"language,omitempty"`   // of the text, such as en
	Compensation    *Compensation   `json:"compensation,omitempty"`
	Status          Status          `json:"status"`                // default open
	PostedAt        time.Time       `json:"posted_at"`             // UTC, whole seconds
	Deadline        *time.Time      `json:"deadline,omitempty"`    // expired once now >= deadline; nil: none
	Also            []Listing       `json:"also,omitempty"`        // where other sources list the same opening
	MergedInto      string          `json:"merged_into,omitempty"` // id of the opportunity that is shown instead
}

// Listing is where another source lists the same opening.
type Listing struct {
	ID     string `json:"id"` // of the opportunity, as that source has it
	Source string `json:"source"`
	URL    string `json:"url,omitempty"`
	By     string `json:"by"` // what they have in common: ats, url or opening
}

type opportunityWire struct {
	opportunityPlain
	PostedAt string `json:"posted_at"`
	Deadline string `json:"deadline"`
}

type opportunityPlain Opportunity

// DecodeOpportunity reads and checks one opportunity. recordedAt is when the
// record was written (Kafka timestamp or arrival time): posted_at may lie at
// most one day after it; the zero time turns that check off.
// The error is an *Invalid.
func DecodeOpportunity(data []byte, recordedAt time.Time) (Opportunity, error) {
	var w opportunityWire
	if err := unmarshal("opportunity", data, &w); err != nil {
		return Opportunity{}, err
	}
	c := checker{what: "opportunity"}
	o := Opportunity(w.opportunityPlain)
	if o.Status == "" {
		o.Status = Open
	}
	posted := c.date("posted_at", w.PostedAt, true)
	if posted != nil {
		o.PostedAt = *posted
	}
	o.Deadline = c.date("deadline", w.Deadline, false)
	if posted != nil && !recordedAt.IsZero() && posted.After(recordedAt.Add(24*time.Hour)) {
		c.add("posted_at", BadDate, "lies more than a day in the future of the record (%s)", recordedAt.UTC().Format(time.RFC3339))
	}
	o.check(&c)
	if slices.ContainsFunc(o.Skills, func(s RequiredSkill) bool { return s.Level == 0 || s.Weight == 0 }) {
		c.zeros(data, true)
	}
	if err := c.err(); err != nil {
		return Opportunity{}, err
	}
	for i := range o.Skills {
		o.Skills[i].defaults()
	}
	return o, nil
}

func (s *RequiredSkill) defaults() {
	if s.Level == 0 {
		s.Level = defaultLevel
	}
	if s.Weight == 0 {
		s.Weight = 1
	}
}

// zeros complains of levels of skills, and weights where there are any, that
// were given as 0: decoding cannot tell these from those left out. It reads the
// text again, so it is for values that have one or the other; what was encoded
// here has neither.
func (c *checker) zeros(data []byte, weights bool) {
	var given struct {
		Skills []struct{ Level, Weight *int }
	}
	if json.Unmarshal(data, &given) != nil { // it decoded a moment ago
		return
	}
	for i, s := range given.Skills[:min(len(given.Skills), MaxSkills)] {
		if s.Level != nil && *s.Level == 0 {
			c.within(fmt.Sprintf("skills[%d].level", i), 0, 1, MaxLevel)
		}
		if weights && s.Weight != nil && *s.Weight == 0 {
			c.within(fmt.Sprintf("skills[%d].weight", i), 0, 1, MaxWeight)
		}
	}
}

func (o *Opportunity) check(c *checker) {
	c.id("id", o.ID)
	if o.Bucket == "" {
		c.add("bucket", Missing, "must be jobs, hackathons or content")
	} else if o.Bucket.Index() < 0 {
		c.add("bucket", UnknownValue, "is %q; must be jobs, hackathons or content", clip(string(o.Bucket)))
	}
	if o.Status != Open && o.Status != Closed {
		c.add("status", UnknownValue, "is %q; must be open or closed", clip(string(o.Status)))
	}
	c.present("title", o.Title, "must not be empty")
	c.text("title", o.Title, maxTitle)
	c.text("kind", o.Kind, maxName)
	c.text("organisation", o.Organisation, maxName)
	c.text("url", o.URL, maxURL)
	c.text("description", o.Description, maxText)
	c.text("source", o.Source, maxName)
	c.text("recruiter", o.Recruiter, maxID)
	c.score("difficulty", o.Difficulty)
	most := MaxSkills
	if o.Bucket == Content {
		most = MaxTopics
	}
	if c.count("skills", len(o.Skills), most) {
		for i, s := range o.Skills {
			path := fmt.Sprintf("skills[%d]", i)
			c.skill(path, s.Name, s.Level)
			if s.Weight != 0 {
				c.within(path+".weight", s.Weight, 1, MaxWeight)
			}
		}
	}
	if c.count("graduation_years", len(o.GraduationYears), maxYears) {
		for i, y := range o.GraduationYears {
			c.within(fmt.Sprintf("graduation_years[%d]", i), y, minYear, maxYear)
		}
	}
	c.locations(o.Locations)
	if o.Workplace != "" && !slices.Contains(Workplaces, o.Workplace) {
		c.add("workplace", UnknownValue, "is %q; must be onsite, hybrid or remote", clip(o.Workplace))
	}
	c.text("language", o.Language, maxLanguage)
	c.compensation(o.Compensation)
	c.text("merged_into", o.MergedInto, maxID)
	if c.count("also", len(o.Also), MaxAlso) {
		for i, l := range o.Also {
			path := fmt.Sprintf("also[%d]", i)
			c.id(path+".id", l.ID)
			c.text(path+".source", l.Source, maxName)
			c.text(path+".url", l.URL, maxURL)
			c.text(path+".by", l.By, maxName)
		}
	}
}

func (c *checker) skill(path, name string, level int) {
	c.present(path+".name", name, "must name a skill")
	c.text(path+".name", name, maxName)
	if level != 0 {
		c.within(path+".level", level, 1, MaxLevel)
	}
}

func (c *checker) locations(list []string) {
	if !c.count("locations", len(list), maxLocations) {
		return
	}
	for i, l := range list {
		path := fmt.Sprintf("locations[%d]", i)
		c.present(path, l, "must not be empty")
		c.text(path, l, maxName)
	}
}

// Encode gives the opportunity's record value.
func (o Opportunity) Encode() []byte { return encode(o) }

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil { // only values made of strings, numbers and times come here
		panic(fmt.Sprintf("event: encode %T: %v", v, err))
	}
	return b
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}
