package oracle

import (
	"encoding/json"
	"fmt"
	"time"
)

// rawCounts is analytics as the API answers them.
type rawCounts struct {
	Job      string
	At       time.Time
	Snapshot struct {
		Total  int
		Stages []struct {
			Stage string
			Count int
		}
	}
	Cohort struct {
		Size   int
		Stages []struct {
			Stage                   string
			Reached, Stood, Pending int
			FromPrior               *float64 `json:"from_prior"`
			FromStart               *float64 `json:"from_start"`
		}
		Ended    map[string]int
		Pending  int
		Immature bool
	}
	Durations []struct {
		Stage       string
		Cases, Open int
		Median      *int64 `json:"median_seconds"`
		P90         *int64 `json:"p90_seconds"`
	}
	Sources []struct {
		By, Value                                  string
		Applications, Interviews, Offers, Accepted int
	}
	Reasons []struct {
		Side, Stage, Code string
		Count             int
	}
	Jobs []rawCounts
}

// ReadCounts reads analytics as the API answers them: of all, when they were
// counted, and of each job by its id, without how long its stages take, sources and reasons.
func ReadCounts(data []byte) (all Counts, at time.Time, jobs map[string]Counts, err error) {
	var raw rawCounts
	if err := json.Unmarshal(data, &raw); err != nil {
		return Counts{}, at, nil, fmt.Errorf("read analytics: %w", err)
	}
	jobs = map[string]Counts{}
	for _, j := range raw.Jobs {
		jobs[j.Job] = j.counts()
	}
	return raw.counts(), raw.At, jobs, nil
}

func (r rawCounts) counts() Counts {
	c := Counts{
		Snapshot: map[string]int{}, Size: r.Cohort.Size, Rungs: map[string]Rung{}, Ended: map[string]int{},
		Pending: r.Cohort.Pending, Immature: r.Cohort.Immature, Usual: map[string]Usual{}, Sources: map[string]Came{}, Reasons: map[string]int{},
	}
	for _, s := range r.Snapshot.Stages {
		if s.Count > 0 {
			c.Snapshot[s.Stage] += s.Count
		}
	}
	for _, s := range r.Cohort.Stages {
		c.Rungs[s.Stage] = Rung{s.Reached, s.Stood, s.Pending, share(s.FromPrior), share(s.FromStart)}
	}
	for end, n := range r.Cohort.Ended {
		if n > 0 {
			c.Ended[end] = n
		}
	}
	seconds := func(n *int64) string {
		if n == nil {
			return ""
		}
		return fmt.Sprint(*n)
	}
	for _, d := range r.Durations {
		c.Usual[d.Stage] = Usual{d.Cases, d.Open, seconds(d.Median), seconds(d.P90)}
	}
	for _, s := range r.Sources {
		c.Sources[s.By+" "+s.Value] = Came{s.Applications, s.Interviews, s.Offers, s.Accepted}
	}
	for _, n := range r.Reasons {
		c.Reasons[n.Side+" "+n.Stage+" "+n.Code] += n.Count
	}
	return c
}

func share(f *float64) string {
	if f == nil {
		return "unknown"
	}
	return fmt.Sprintf("%.9f", *f)
}

// ByJob leaves out what analytics do not say of each job of many.
func (c Counts) ByJob() Counts {
	c.Usual, c.Sources, c.Reasons = map[string]Usual{}, map[string]Came{}, map[string]int{}
	return c
}

// DiffCounts compares what was answered with what should have been.
func DiffCounts(what string, want, got Counts) []string {
	var wrong []string
	for part, pair := range map[string][2]any{
		"snapshot": {want.Snapshot, got.Snapshot}, "size of the cohort": {want.Size, got.Size}, "rungs": {want.Rungs, got.Rungs},
		"ended": {want.Ended, got.Ended}, "pending": {want.Pending, got.Pending}, "immature": {want.Immature, got.Immature},
		"durations": {want.Usual, got.Usual}, "sources": {want.Sources, got.Sources}, "reasons": {want.Reasons, got.Reasons},
	} {
		if w, g := fmt.Sprint(pair[0]), fmt.Sprint(pair[1]); w != g {
			wrong = append(wrong, fmt.Sprintf("%s: %s: want %s, got %s", what, part, w, g))
		}
	}
	return wrong
}
