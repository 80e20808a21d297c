package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
)

// sample is one measurement: what we reach and what it is held against, both
// taken in the same run and in the same unit.
type sample struct{ value, limit float64 }

func (s sample) ratio() float64 { return s.value / s.limit }

// row is one line of the table. Its bar is on the ratio of value to limit.
type row struct {
	name    string
	against string // what the limit is
	unit    string
	bar     float64
	atLeast bool // the ratio must reach the bar; otherwise it must not exceed it
	shown   bool // for comparison only: no verdict
	runs    int  // at most this many, when the number does not vary; 0: as asked

	// open prepares and returns the measurement; what it returns is called once
	// more than it counts, to warm up. It may report an error wrapping errNotMeasured.
	open func(ctx context.Context) (measure func() (sample, error), done func(), err error)
	note func() string // said beside the result; may be nil
}

// result is what became of a row.
type result struct {
	Name    string  `json:"name"`
	Unit    string  `json:"unit"`
	Value   float64 `json:"value"` // medians, each over the runs
	Limit   float64 `json:"limit"`
	Against string  `json:"against"`
	Ratio   float64 `json:"ratio"`
	Least   float64 `json:"ratio_min"`
	Most    float64 `json:"ratio_max"`
	Bar     string  `json:"bar"`
	Runs    int     `json:"runs"`
	Verdict verdict `json:"verdict"`
	Note    string  `json:"note,omitempty"`
}

type verdict string

const (
	met         verdict = "met"
	missed      verdict = "MISSED"
	shown       verdict = "shown"
	notMeasured verdict = "not measured"
)

// measure takes the samples of a row, after one that does not count.
func (r row) measure(ctx context.Context, runs int) (result, error) {
	res := result{Name: r.name, Unit: r.unit, Against: r.against, Bar: r.barText()}
	take, done, err := r.open(ctx)
	if done != nil {
		defer done()
	}
	if errors.Is(err, errNotMeasured) {
		res.Verdict, res.Note = notMeasured, err.Error()
		return res, nil
	}
	if err != nil {
		return res, fmt.Errorf("prepare: %w", err)
	}
	if r.runs > 0 {
		runs = min(runs, r.runs)
	}
	var samples []sample
	for i := range runs + 1 {
		runtime.GC()
		s, err := take()
		if err != nil {
			return res, fmt.Errorf("run %d: %w", i, err)
		}
		if err := ctx.Err(); err != nil {
			return res, err
		}
		if i > 0 {
			samples = append(samples, s)
		}
	}
	r.settle(&res, samples)
	if r.note != nil {
		res.Note = r.note()
	}
	return res, nil
}

// settle fills in the numbers and the verdict.
func (r row) settle(res *result, samples []sample) {
	var values, limits, ratios []float64
	for _, s := range samples {
		values, limits, ratios = append(values, s.value), append(limits, s.limit), append(ratios, s.ratio())
	}
	res.Runs = len(samples)
	res.Value, res.Limit, res.Ratio = median(values), median(limits), median(ratios)
	res.Least, res.Most = slices.Min(ratios), slices.Max(ratios)
	ok := res.Ratio <= r.bar
	if r.atLeast {
		ok = res.Ratio >= r.bar
	}
	switch {
	case r.shown:
		res.Verdict = shown
	case ok:
		res.Verdict = met
	default:
		res.Verdict = missed
	}
}

func (r row) barText() string {
	switch {
	case r.shown:
		return ""
	case r.atLeast:
		return fmt.Sprintf(">= %g", r.bar)
	}
	return fmt.Sprintf("<= %g", r.bar)
}

// median of an even number of values is the mean of the middle two.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
