// Package same tells which postings of several sources are one opening, and which of
// them is shown for all.
//
// Three layers say that two are one: the number that an applicant tracking system
// (ATS) gave it, the canonical address, and company, title and place together. A
// likeness of texts only suggests. Two are held apart, whatever a weaker layer says,
// when an ATS numbers them differently, when one host has them at different addresses,
// when their addresses name different requisitions, when they were posted in
// different seasons, when one source lists both as its own, or when somebody has split them.
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
	m := Member{
		ID: o.ID, Entry: entry, Source: kind, Rank: rank(kind), URL: o.URL, Posted: o.PostedAt,
		ATS: atsOf(o.ID, o.URL), Address: Address(o.URL), Company: Company(o.Organisation), Sketch: sketch(o.Title + " " + o.Description),
	}
	if title, place := Title(o.Title), Place(o.Locations, o.Remote); m.Company != "" && title != "" && place != "" {
		m.Opening = m.Company + "|" + title + "|" + place
	}
	return m
}

// rank prefers who has the opening itself.
func rank(kind string) int {
	switch kind {
	case "greenhouse", "lever", "ashby":
		return 0 // the ATS
	case "jsonld":
		return 1 // a page that describes itself
	}
	return 2
}

// equal says whether two tell the same of a posting.
func (m Member) equal(o Member) bool {
	return m.ID == o.ID && m.Entry == o.Entry && m.Source == o.Source && m.Rank == o.Rank && m.URL == o.URL && m.Posted.Equal(o.Posted) && m.ATS == o.ATS &&
		m.Address == o.Address && m.Opening == o.Opening && m.Company == o.Company && m.Shown == o.Shown && m.Told == o.Told &&
		slices.Equal(m.Sketch, o.Sketch)
}

func (m Member) key(by Layer) string {
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
		if k := a.key(by); k != "" && k == b.key(by) {
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
