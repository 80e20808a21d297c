// Package same tells which postings of several sources are one opening, and which of
// them is shown for all. Hackathons and content are postings too.
//
// Three layers say that two are one: the number that an applicant tracking system
// (ATS) gave it, the canonical address, and company, title and place together. A
// likeness of texts only suggests. Two are held apart, whatever a weaker layer says,
// when an ATS numbers them differently, when one host has them at different addresses,
// when their addresses name different requisitions, when they were posted in
// different seasons, when one source lists both as its own, or when somebody has split them.
// What more postings have in common than could be one opening identifies none.
//
// What is one depends on the postings that are open and on the splits, never on the
// order in which they came. The package is pure; an Index is not safe for concurrent use.
package same

import (
	"slices"
	"time"

	"tideline/engine/event"
)

// Layer says what two postings have in common.
type Layer string

// The layers, the surest first.
const (
	ByATS     Layer = "ats"     // the number in the applicant tracking system
	ByAddress Layer = "url"     // the canonical address
	ByOpening Layer = "opening" // company, title and place
)

// layers in the order in which they merge.
var layers = [...]Layer{ByATS, ByAddress, ByOpening}

// Member is one open posting of a source.
type Member struct {
	ID      string // of the opportunity
	Bucket  event.Bucket
	Entry   string // name of the source that lists it
	Source  string // kind of the source
	Rank    int    // lower is preferred: first parties
	URL     string
	Posted  time.Time
	ATS     string // keys of the layers; empty: it has none
	Address string
	Opening string
	Company string   // within which texts are compared
	Sketch  []uint32 // of the text
	Shown   bool     // it stands open under its own id, as far as is known
	Told    uint64   // hash of what was published with it, the also list; 0: not known
}

// NewMember reads what identifies an opportunity that the source entry, of a kind, lists.
func NewMember(o event.Opportunity, entry, kind string) Member {
	m := Member{ID: o.ID, Bucket: o.Bucket, Entry: entry, Source: kind, Rank: rank(kind), URL: o.URL, Posted: o.PostedAt}
	title := Title(o.Title)
	switch o.Bucket {
	case event.Content: // what is the same is the page, whatever it is called
		m.Address, m.Opening = Page(o.URL), title
		return m
	case event.Hackathons:
		m.Address = Page(o.URL) // each has a host or a path of its own
	default:
		m.ATS, m.Address = atsOf(o.ID, o.URL), Address(o.URL)
	}
	m.Company = Company(o.Organisation)
	if place := Place(o.Locations, o.Remote); m.Company != "" && title != "" && place != "" {
		m.Opening = m.Company + "|" + title + "|" + place
	}
	if m.Company != "" {
		m.Sketch = sketch(o.Title + " " + o.Description)
	}
	return m
}

// rank prefers who has the opening itself.
func rank(kind string) int {
	switch kind {
	case "greenhouse", "lever", "ashby", "devpost", "unstop", "courses":
		return 0 // who has the applications, or chose the course
	case "jsonld", "feed":
		return 1 // a page that describes itself, or its author's feed
	}
	return 2
}

// equal says whether two tell the same of a posting.
func (m Member) equal(o Member) bool {
	return m.ID == o.ID && m.Bucket == o.Bucket && m.Entry == o.Entry && m.Source == o.Source && m.Rank == o.Rank && m.URL == o.URL && m.Posted.Equal(o.Posted) && m.ATS == o.ATS &&
		m.Address == o.Address && m.Opening == o.Opening && m.Company == o.Company && m.Shown == o.Shown && m.Told == o.Told &&
		slices.Equal(m.Sketch, o.Sketch)
}

// key is what postings have in common that a layer says are one; empty: it has none.
func (m Member) key(by Layer) string {
	if !m.has(by) {
		return ""
	}
	return string(m.Bucket) + "|" + string(by) + "|" + m.value(by)
}

// Links are the keys that a posting may share with others that are one with it.
func (m Member) Links() (list []string) {
	for _, by := range layers {
		if k := m.key(by); k != "" {
			list = append(list, k)
		}
	}
	return list
}

// Keys are all by which a posting is found: its links, and its company.
func (m Member) Keys() []string {
	list := m.Links()
	if k := m.CompanyKey(); k != "" {
		list = append(list, k)
	}
	return list
}

// CompanyKey finds what is compared for suggestions; empty: nothing is.
func (m Member) CompanyKey() string {
	if m.Company == "" {
		return ""
	}
	return string(m.Bucket) + "|company|" + m.Company
}

// has says whether a layer can tell what the posting is. The title of content only
// parts what one source lists at one address.
func (m Member) has(by Layer) bool {
	return m.value(by) != "" && (by != ByOpening || m.Bucket != event.Content)
}

func (m Member) value(by Layer) string {
	switch by {
	case ByATS:
		return m.ATS
	case ByAddress:
		return m.Address
	default:
		return m.Opening
	}
}

// common gives the surest layer by which two are one; empty: none.
func common(a, b Member) Layer {
	for _, by := range layers {
		if a.has(by) && a.value(by) == b.value(by) {
			return by
		}
	}
	return ""
}

// season is how far apart two postings of the same company, title and place may have
// been posted: internships come back every year under the same name.
const season = 180 * 24 * time.Hour

// apart says whether two are certainly not one.
func apart(a, b Member) bool {
	switch by := common(a, b); {
	case by == ByATS:
		return false
	case a.ATS != "" && b.ATS != "":
		return true
	case by == ByAddress:
		return a.Entry == b.Entry && a.Opening != b.Opening // one page for several openings
	case a.Entry == b.Entry:
		return true
	case by == ByOpening && a.Posted.Sub(b.Posted).Abs() > season:
		return true
	case by == ByOpening && differ(requisitions(a.URL), requisitions(b.URL)):
		return true
	}
	return a.Address != "" && b.Address != "" && host(a.Address) == host(b.Address)
}

// Split says that a posting is none of some others, whatever they have in common.
type Split struct {
	ID   string
	From []string
}
