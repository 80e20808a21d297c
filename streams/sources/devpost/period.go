package devpost

import (
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
	"tideline/streams/sources"
)

// period reads the first and last day of a submission period, both midnight UTC:
//
//	Jun 30, 2026
//	Nov 07 - 08, 2026
//	Aug 17 - Sep 03, 2026
//	Dec 20 - Jan 11, 2027          (the year is the end's; the start may lie in the one before)
//	Dec 20, 2026 - Jan 11, 2027
func period(text string) (first, last time.Time, err error) {
	from, to, ranged := strings.Cut(sources.Line(text), " - ")
	if !ranged {
		from, to = to, from
	}
	wrong := func() (time.Time, time.Time, error) {
		return time.Time{}, time.Time{}, sources.Invalid("submission_period_dates", event.BadDate,
			`is %.60q; must be like "Aug 17 - Sep 03, 2026"`, text)
	}
	if !ranged {
		last, err = date(to, "", "")
		if err != nil {
			return wrong()
		}
		return last, last, nil
	}
	month, _, _ := strings.Cut(from, " ")
	if last, err = date(to, month, ""); err != nil {
		return wrong()
	}
	year := last.Year()
	if first, err = date(from, "", strconv.Itoa(year)); err != nil {
		return wrong()
	}
	if first.After(last) && !strings.Contains(from, ",") && !digit(to) {
		if first, err = date(from, "", strconv.Itoa(year-1)); err != nil { // Feb 29 of the wrong year
			return wrong()
		}
	}
	if first.After(last) {
		return wrong()
	}
	return first, last, nil
}

// date reads "Sep 03, 2026", taking a missing month or year from the arguments.
func date(text, month, year string) (time.Time, error) {
	if digit(text) {
		text = month + " " + text
	}
	if !strings.Contains(text, ",") {
		text += ", " + year
	}
	return time.Parse("Jan 2, 2006", text)
}

// digit says whether a date starts with its day, the month being the start's.
func digit(text string) bool { return text != "" && '0' <= text[0] && text[0] <= '9' }
