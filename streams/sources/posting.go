package sources

import (
	"html"
	"strings"
	"time"

	"tideline/engine/event"
)

// Posting is a job as boards list it, in plain text, before it is brought to the
// contract.
type Posting struct {
	ID           string // within the source; empty: it cannot be told
	Title        string
	Organisation string
	URL          string
	Text         string
	Places       []string // as written
	Workplace    string   // onsite, hybrid, remote, in any spelling
	Remote       bool     // said apart from the places
	Internship   bool     // said apart from the title
	Language     string
	Posted       time.Time // zero: when it is first seen
	Deadline     *time.Time
	Pay          *event.Compensation
	Skills       []string // said to be skills
	Closed       bool
}

// Record brings a posting to the contract, as source.
func (p Posting) Record(source string, at time.Time) Record {
	title := Line(html.UnescapeString(p.Title)) // some are escaped, as in the page they were found in
	grade := SeniorityOf(title)
	if p.Internship {
		grade = SeniorityOf("intern")
	}
	locations, remote := Places(p.Places...)
	o := &event.Opportunity{
		ID: source + ":" + p.ID, Bucket: event.Jobs, Kind: grade.Kind, Source: source,
		Title: title, Organisation: Line(html.UnescapeString(p.Organisation)), URL: strings.TrimSpace(p.URL), Description: Clip(p.Text),
		Skills:    Asked(grade.Level, title, p.Text, p.Skills...),
		Locations: locations, Remote: remote || p.Remote, Workplace: workplace(p.Workplace), Difficulty: grade.Difficulty,
		Language: Language(p.Language, p.Text), Compensation: p.Pay, Status: event.Open, PostedAt: p.Posted.UTC().Truncate(time.Second),
	}
	if o.Workplace == "remote" {
		o.Remote = true
	}
	if o.Remote && o.Workplace == "" {
		o.Workplace = "remote"
	}
	if o.Workplace == "" && strings.Contains(strings.ToLower(strings.Join(p.Places, " ")), "hybrid") {
		o.Workplace = "hybrid"
	}
	o.GraduationYears = Batches(title+"\n"+p.Text, p.Posted.Year()-1) // of one that is not dated, any year
	if len(o.GraduationYears) == 0 && grade.Kind == "internship" {
		o.GraduationYears = GraduationYears(title)
	}
	if p.Deadline != nil {
		o.Deadline = new(p.Deadline.UTC().Truncate(time.Second))
	}
	if p.Closed {
		o.Status = event.Closed
	}
	return Record{At: at, ID: o.ID, Opportunity: o, Undated: p.Posted.IsZero()}
}

// workplace gives our word for where work is done; empty for what is not one.
func workplace(word string) string {
	switch strings.ToLower(strings.NewReplacer("-", "", "_", "", " ", "").Replace(word)) {
	case "remote", "telecommute", "workfromhome", "wfh":
		return "remote"
	case "hybrid":
		return "hybrid"
	case "onsite", "inoffice", "office", "inperson":
		return "onsite"
	}
	return ""
}
