package templates

import (
	"cmp"
	"net/url"
	"strings"
	"time"
	"unicode"

	"tideline/engine/event"
)

// Data is what the texts of a template see. The fields of Item are those of the
// notification itself; of a digest, those of its best item.
type Data struct {
	Item
	Audience  string // student, recruiter
	Category  string
	Recipient string
	Count     int    // firings that the message speaks of; 1 unless it is a digest
	Items     []Item // those of a digest that are named, best first
	More      int    // those that are not named
}

// Item is what is known about one firing. What is not known is empty, 0 or nil:
// `{{with .Deadline}}...{{end}}` leaves a sentence out.
type Item struct {
	Title        string // of the opportunity; never empty: without one "a job", "a hackathon"
	Organisation string
	Name         string // title and organisation: "Backend Intern at Nordia"
	URL          string // http or https only
	Bucket       string // jobs, hackathons, content
	Opportunity  string // id
	Application  string // id
	Student      string // id; empty in what the student reads, never empty in what a recruiter reads
	Deadline     *time.Time
	Overlap      float64 // 0..1; percent writes it
	Relevance    float64
	Matched      []string // required skills that the student has
	Missing      []string // those that the student lacks
	Skill        string   // of the gap
	Severity     float64  // of the gap, 0..1
	Stage        string   // of the application; stage writes it in words
	StageSince   *time.Time
	At           *time.Time // of the interview, or when the offer ends
	Rank         int        // among the candidates, from 1
}

// maxText is how much of a text from outside a message shows, in characters.
const maxText = 120

// data prepares a notification for the texts of a language.
func (l *language) data(n event.Notification) Data {
	zone, err := time.LoadLocation(n.TimeZone)
	if err != nil || n.TimeZone == "Local" {
		zone = time.UTC
	}
	d := Data{
		Audience: string(n.Audience), Category: n.Notice.Category, Recipient: n.Recipient,
		Item: l.item(n, n.Subject, n.Facts, zone), Count: 1,
	}
	if len(n.Items) == 0 {
		return d
	}
	d.Count, d.More = len(n.Items)+n.More, n.More
	for _, i := range n.Items {
		d.Items = append(d.Items, l.item(n, i.Subject, i.Facts, zone))
	}
	d.Item = d.Items[0]
	return d
}

func (l *language) item(n event.Notification, s event.Subject, f event.Facts, zone *time.Location) Item {
	i := Item{
		Title:        cmp.Or(clean(f.Title), l.words.Untitled[string(f.Bucket)], l.words.Untitled["other"]),
		Organisation: clean(s.Organisation), URL: safe(f.URL), Bucket: string(f.Bucket),
		Opportunity: clean(s.Opportunity), Application: clean(s.Application),
		Deadline: in(zone, f.Deadline), Overlap: f.Overlap, Relevance: f.Relevance,
		Matched: names(f.Matched), Missing: names(f.Missing), Skill: clean(s.Gap), Severity: f.Severity,
		Stage: f.Stage, StageSince: in(zone, f.StageSince), At: in(zone, f.At), Rank: f.Rank,
	}
	i.Name = i.Title
	if i.Organisation != "" {
		i.Name = strings.NewReplacer("{title}", i.Title, "{organisation}", i.Organisation).Replace(l.words.Name)
	}
	if n.Audience == event.ToRecruiter {
		i.Student = cmp.Or(clean(s.Student), l.words.Untitled["student"])
	}
	return i
}

// clean makes a text from outside one short line without control characters
// and without what changes the direction of the text around it.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.In(r, unicode.Cc, unicode.Bidi_Control), r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, s)
	s = line(s)
	if runes := []rune(s); len(runes) > maxText {
		s = strings.TrimSpace(string(runes[:maxText-1])) + "…"
	}
	return s
}

func names(list []string) []string {
	var out []string
	for _, s := range list {
		if s = clean(s); s != "" {
			out = append(out, spelling(s))
		}
	}
	return out
}

func in(zone *time.Location, t *time.Time) *time.Time {
	if t == nil || t.IsZero() {
		return nil
	}
	return new(t.In(zone))
}

// link is where a message leads: of a digest nowhere in particular, unless it
// has one item.
func link(n event.Notification) string {
	switch {
	case len(n.Items) == 0:
		return safe(n.Facts.URL)
	case len(n.Items) == 1 && n.More == 0:
		return safe(n.Items[0].Facts.URL)
	}
	return ""
}

// safe lets web addresses through and nothing that a reader's click could run.
func safe(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return ""
	}
	return u.String()
}
