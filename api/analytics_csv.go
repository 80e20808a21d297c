package api

import (
	"bytes"
	"encoding/csv"
	"fmt"
	"strconv"
	"strings"

	"tideline/engine/funnel"
)

const csvType = "text/csv"

// tables are the parts of analytics that can be had as CSV. Columns are added at
// the end only. Numbers that are not known are empty.
var tables = []string{"snapshot", "cohort", "ended", "durations", "sources", "reasons"}

var tableNames = strings.Join(tables, ", ")

// allJobs stands for the sum in the tables by job; no id is empty.
const allJobs = ""

// csvOf writes one table, with a line of column names.
func csvOf(table string, r funnel.Report, jobs []jobAnalytics) ([]byte, error) {
	var lines [][]string
	line := func(cells ...any) {
		var texts []string
		for _, cell := range cells {
			texts = append(texts, cellOf(cell))
		}
		lines = append(lines, texts)
	}
	switch table {
	case "snapshot":
		line("job", "stage", "count")
		for _, j := range jobs {
			for _, s := range j.Snapshot.Stages {
				line(j.Job, s.Stage, s.Count)
			}
		}
	case "cohort":
		line("job", "stage", "reached", "stood", "from_prior", "from_start", "pending")
		for _, j := range jobs {
			for _, s := range j.Cohort.Stages {
				line(j.Job, s.Stage, s.Reached, s.Stood, s.FromPrior, s.FromStart, s.Pending)
			}
		}
	case "ended":
		line("job", "end", "count")
		for _, j := range jobs {
			e := j.Cohort.Ended
			line(j.Job, "rejected", e.Rejected)
			line(j.Job, "declined", e.Declined)
			line(j.Job, "withdrawn", e.Withdrawn)
			line(j.Job, "accepted", e.Accepted)
			line(j.Job, "open", e.Open)
		}
	case "durations":
		line("stage", "cases", "open", "median_seconds", "p90_seconds")
		for _, d := range r.Durations {
			line(d.Stage, d.Cases, d.Open, d.Median, d.P90)
		}
	case "sources":
		line("by", "value", "applications", "interviews", "offers", "accepted")
		for _, s := range r.Sources {
			line(s.By, s.Value, s.Applications, s.Interviews, s.Offers, s.Accepted)
		}
	case "reasons":
		line("side", "stage", "code", "count")
		for _, n := range r.Reasons {
			line(n.Side, n.Stage, n.Code, n.Count)
		}
	}
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true // RFC 4180
	if err := w.WriteAll(lines); err != nil {
		return nil, fmt.Errorf("write the table %s: %w", table, err)
	}
	return b.Bytes(), nil
}

// cellOf writes a value. A text that a spreadsheet would take for a formula gets
// an apostrophe before it, which spreadsheets take for "this is text".
func cellOf(value any) string {
	switch v := value.(type) {
	case *int64:
		if v == nil {
			return ""
		}
		return strconv.FormatInt(*v, 10)
	case *float64:
		if v == nil {
			return ""
		}
		return strconv.FormatFloat(*v, 'f', 4, 64)
	}
	text := fmt.Sprint(value)
	if start := strings.TrimLeft(text, " "); start != "" && strings.ContainsRune("'=+-@|\t\r\n", rune(start[0])) {
		return "'" + text
	}
	return text
}
