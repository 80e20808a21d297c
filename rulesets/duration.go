package rulesets

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"tideline/engine/event"
)

const (
	day  = 24 * time.Hour
	week = 7 * day
	year = 366 * day
)

var (
	durationForm = regexp.MustCompile(`^(\d+(\.\d+)?(w|d|h|m|s))+$`)
	durationPart = regexp.MustCompile(`(\d+(?:\.\d+)?)(w|d|h|m|s)`)
	budgetForm   = regexp.MustCompile(`^(\d+)/(.+)$`)

	units = map[string]time.Duration{"w": week, "d": day, "h": time.Hour, "m": time.Minute, "s": time.Second}

	errDuration = errors.New("it must be a duration such as 30m, 6h30m, 14d or 2w")
)

// parseDuration reads a duration as rules write them: Go's, and days (of 24 hours) and weeks.
func parseDuration(written string) (time.Duration, error) {
	if !durationForm.MatchString(written) {
		return 0, errDuration
	}
	var sum time.Duration
	for _, part := range durationPart.FindAllStringSubmatch(written, -1) {
		n, err := strconv.ParseFloat(part[1], 64)
		if d := n * float64(units[part[2]]); err == nil && d < float64(200*year) {
			sum += time.Duration(d)
		} else {
			return 0, errors.New("it is longer than 200 years")
		}
	}
	return sum, nil
}

// formatDuration writes whole days and weeks as such.
func formatDuration(d time.Duration) string {
	switch {
	case d >= week && d%week == 0:
		return fmt.Sprintf("%dw", d/week)
	case d >= day && d%day == 0:
		return fmt.Sprintf("%dd", d/day)
	}
	s := d.String()
	for _, empty := range []string{"m0s", "h0m"} {
		if strings.HasSuffix(s, empty) {
			s = s[:len(s)-2]
		}
	}
	return s
}

// parseBudget reads "3/d", "10/w" or "2/6h".
func parseBudget(written string) (event.Budget, error) {
	m := budgetForm.FindStringSubmatch(written)
	if m == nil {
		return event.Budget{}, errors.New("it must be a budget such as 3/d, 10/w or 2/6h")
	}
	per := m[2]
	if _, unit := units[per]; unit {
		per = "1" + per
	}
	d, err := parseDuration(per)
	if err != nil {
		return event.Budget{}, errors.New("it must be a budget such as 3/d, 10/w or 2/6h")
	}
	count, err := strconv.Atoi(m[1])
	if err != nil || count < 1 || count > 1000 {
		return event.Budget{}, errors.New("the count must be from 1 to 1000")
	}
	if d < time.Minute || d > 31*day {
		return event.Budget{}, errors.New("the time must be from 1m to 31d")
	}
	return event.Budget{Count: count, Per: event.Duration(d)}, nil
}

func checkBudget(written string) string {
	if _, err := parseBudget(written); err != nil {
		return fmt.Sprintf("is %q; %v", written, err)
	}
	return ""
}
