package event

import (
	"fmt"
	"maps"
	"net/mail"
	"slices"
	"time"
)

// Preferences are what a recipient, student or recruiter, wants to be told and
// how: a record of the preferences topic, keyed by recipient; null erases them.
// Without a record the zero value applies: in-app and webhooks yes, email no.
type Preferences struct {
	Recipient string `json:"recipient"`
	Language  string `json:"language,omitempty"`  // BCP 47 such as "en"; empty: en
	TimeZone  string `json:"time_zone,omitempty"` // IANA such as "Asia/Kolkata"; empty: UTC
	Email     string `json:"email,omitempty"`     // address; empty: no email
	// Consent is what law asks for before email is sent; in-app needs none.
	Consent Consent `json:"consent,omitzero"`
	// Quiet is when nothing but high priority is sent; equal ends: never quiet.
	Quiet QuietHours `json:"quiet_hours,omitzero"`
	// Categories says, per category and channel, no or yes; what is not named is yes.
	Categories map[string]map[Channel]bool `json:"categories,omitempty"`
}

// Consent is per channel that needs it.
type Consent struct {
	Email bool `json:"email,omitempty"`
}

// QuietHours are in the recipient's time zone; From after To spans midnight.
type QuietHours struct {
	From string `json:"from"` // HH:MM
	To   string `json:"to"`   // HH:MM
}

// Wants says whether a category may use a channel.
func (p Preferences) Wants(category string, c Channel) bool {
	wanted, said := p.Categories[category][c]
	return wanted || !said
}

// QuietUntil gives the end of the quiet hours that now lies in; false when it
// does not lie in any.
func (p Preferences) QuietUntil(now time.Time) (time.Time, bool) {
	if p.Quiet.From == p.Quiet.To {
		return time.Time{}, false
	}
	zone, err := time.LoadLocation(p.TimeZone)
	if err != nil {
		zone = time.UTC // refused by DecodePreferences; a zone that this machine no longer knows
	}
	local := now.In(zone)
	from, err1 := time.Parse("15:04", p.Quiet.From)
	to, err2 := time.Parse("15:04", p.Quiet.To)
	if err1 != nil || err2 != nil {
		return time.Time{}, false
	}
	for _, days := range []int{-1, 0} { // the quiet hours that began yesterday, or today
		begin := time.Date(local.Year(), local.Month(), local.Day()+days, from.Hour(), from.Minute(), 0, 0, zone)
		end := time.Date(local.Year(), local.Month(), local.Day()+days, to.Hour(), to.Minute(), 0, 0, zone)
		if !from.Before(to) {
			end = time.Date(local.Year(), local.Month(), local.Day()+days+1, to.Hour(), to.Minute(), 0, 0, zone)
		}
		if !local.Before(begin) && local.Before(end) {
			return end.UTC(), true
		}
	}
	return time.Time{}, false
}

const (
	maxCategories = 64
	maxLanguage   = 35 // BCP 47 with all the trimmings
)

// DecodePreferences reads and checks one record. The error is an *Invalid.
func DecodePreferences(data []byte) (Preferences, error) {
	var p Preferences
	if err := unmarshal("preferences", data, &p); err != nil {
		return Preferences{}, err
	}
	c := checker{what: "preferences"}
	c.id("recipient", p.Recipient)
	c.text("language", p.Language, maxLanguage)
	if _, err := time.LoadLocation(p.TimeZone); err != nil || p.TimeZone == "Local" {
		c.add("time_zone", UnknownValue, "is %q; must be an IANA time zone such as Asia/Kolkata", clip(p.TimeZone))
	}
	if p.Email != "" {
		if address, err := mail.ParseAddress(p.Email); err != nil || address.Address != p.Email || len(p.Email) > 254 {
			c.add("email", UnknownValue, "must be a plain address such as name@example.org")
		}
	}
	if p.Quiet != (QuietHours{}) {
		c.clock("quiet_hours.from", p.Quiet.From)
		c.clock("quiet_hours.to", p.Quiet.To)
	}
	if c.count("categories", len(p.Categories), maxCategories) {
		for _, category := range slices.Sorted(maps.Keys(p.Categories)) {
			c.text("categories", category, maxName)
			for _, channel := range slices.Sorted(maps.Keys(p.Categories[category])) {
				if !channel.known() {
					c.add(fmt.Sprintf("categories.%s", clip(category)), UnknownValue, "names channel %q; must be one of %v", clip(string(channel)), Channels)
				}
			}
		}
	}
	return p, c.err()
}

func (c *checker) clock(path, text string) {
	if _, err := time.Parse("15:04", text); err != nil {
		c.add(path, UnknownValue, "is %q; must be HH:MM", clip(text))
	}
}

func (c Channel) known() bool {
	for _, known := range Channels {
		if c == known {
			return true
		}
	}
	return false
}

// Encode gives the record value.
func (p Preferences) Encode() []byte { return encode(p) }
