package sources

import (
	"regexp"
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
)

// layouts of times that say their zone, or that have none and get one. Days of
// numbers are only read where they can mean one day.
var layouts = [...]string{
	time.RFC3339, "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02T15:04:05", "2006-01-02T15:04",
	"2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05 -0700", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly, "2006/01/02", "20060102",
	"Mon, 2 Jan 2006 15:04:05 -0700", "Mon, 2 Jan 2006 15:04:05", "2 Jan 2006 15:04", "2 Jan 2006 3:04PM", "2 January 2006 15:04", "2 January 2006 3:04PM",
	"Jan 2 2006 15:04", "Jan 2 2006 3:04PM", "January 2 2006 15:04", "January 2 2006 3:04PM", "2 Jan 2006", "2 January 2006", "Jan 2 2006", "January 2 2006", "2 Jan 06",
	"02/01/2006", "02-01-2006",
}

var (
	ordinal = regexp.MustCompile(`\b(\d{1,2})(?:st|nd|rd|th)\b`)
	glued   = regexp.MustCompile(`(?i)(\d)\s*([ap])\.?m\b\.?`)
	zoned   = regexp.MustCompile(`\s*\(?\b([A-Z]{2,4})\)?$`)
	spoken  = strings.NewReplacer("'", " ", "’", " ", ", ", " ", ",", " ", " at ", " ", " @ ", " ")
)

// zones are names of zones that mean one; all that names no hour of the day does not.
var zones = map[string]float64{
	"UTC": 0, "GMT": 0, "EST": -5, "EDT": -4, "CDT": -5, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7, "IST": 5.5, "CET": 1, "CEST": 2, "JST": 9, "AEST": 10, "AOE": -12,
}

// Time reads a time as sources write it: RFC 3339 and its relatives, days in
// words, seconds or milliseconds since 1970. Without a zone it is in zone, nil: UTC.
func Time(field, text string, zone *time.Location) (time.Time, error) {
	if zone == nil {
		zone = time.UTC
	}
	text = Line(text)
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 1e8 {
		if n > 1e11 {
			n /= 1000
		}
		return time.Unix(n, 0).UTC(), nil
	}
	plain, zone := ordinary(text, zone)
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, plain, zone); err == nil {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	return time.Time{}, Invalid(field, event.BadDate, "is %.40q; must be a time such as 2026-08-20T04:01:58Z or a day", text)
}

// ordinary writes a time as the layouts have it: "20th August, 2026 at 11:59 pm EST"
// becomes "20 August 2026 11:59PM", in the zone that it names.
func ordinary(text string, zone *time.Location) (string, *time.Location) {
	if at := zoned.FindStringSubmatchIndex(text); at != nil {
		if hours, ok := zones[text[at[2]:at[3]]]; ok {
			zone = time.FixedZone(text[at[2]:at[3]], int(hours*3600))
			text = text[:at[0]]
		}
	}
	if len(text) > 3 && text[3] == ',' && text[0] >= 'A' { // its comma is of its layout
		return text, zone
	}
	text = ordinal.ReplaceAllString(text, "$1")
	text = glued.ReplaceAllStringFunc(text, func(part string) string { return part[:1] + strings.ToUpper(strings.Trim(part[1:], " .")[:1]) + "M" })
	return Line(spoken.Replace(text)), zone
}

// Deadline reads a time after which it is too late. A mere day lasts to its end,
// in zone; nil: to where it ends last on Earth, noon UTC of the day after.
func Deadline(field, text string, zone *time.Location) (*time.Time, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil //nolint:nilnil // none is an answer
	}
	t, err := Time(field, text, zone)
	if err != nil {
		return nil, err
	}
	if hasTime(text) {
		return &t, nil
	}
	if zone == nil {
		t = t.Add(36 * time.Hour)
	} else {
		local := t.In(zone)
		t = time.Date(local.Year(), local.Month(), local.Day()+1, 0, 0, 0, 0, zone).UTC()
	}
	return &t, nil
}

// hasTime says whether a text tells the time of the day.
func hasTime(text string) bool {
	_, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	return strings.Contains(text, ":") || err == nil
}
