package sources

import (
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
)

// layouts of times that say their zone, or that have none and get one.
var layouts = [...]string{
	time.RFC3339, "2006-01-02T15:04:05", "2006-01-02 15:04:05", "2006-01-02T15:04", "2006-01-02 15:04", "2006-01-02T15:04:05Z0700",
	time.RFC1123Z, time.RFC1123, "2 Jan 2006", "2 January 2006", "Jan 2, 2006", "January 2, 2006", "2 Jan' 06", "02/01/2006",
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
	for _, layout := range layouts {
		if t, err := time.ParseInLocation(layout, text, zone); err == nil {
			return t.UTC().Truncate(time.Second), nil
		}
	}
	if t, err := time.ParseInLocation(time.DateOnly, text, zone); err == nil {
		return t.UTC(), nil
	}
	return time.Time{}, Invalid(field, event.BadDate, "is %.40q; must be a time such as 2026-08-20T04:01:58Z or a day", text)
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
