package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"text/tabwriter"
	"time"
)

// report is one run of the bench.
type report struct {
	Date     string   `json:"date"`
	Go       string   `json:"go"`
	Platform string   `json:"platform"`
	CPUs     int      `json:"cpus"`
	Seed     uint64   `json:"seed"`
	Students int      `json:"students"`
	Live     int      `json:"live_opportunities"`
	Runs     int      `json:"runs"`
	Rows     []result `json:"rows"`
}

func newReport(l *lab, runs int) *report {
	return &report{
		Date: time.Now().UTC().Format(time.RFC3339), Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH,
		CPUs: runtime.NumCPU(), Seed: l.seed, Students: l.students, Live: l.live, Runs: runs,
	}
}

func (r *report) missed() bool {
	for _, row := range r.Rows {
		if row.Verdict == missed {
			return true
		}
	}
	return false
}

var columns = []string{"what", "reached", "held against", "ratio", "min", "max", "bar", "verdict"}

func (row result) cells() []string {
	if row.Verdict == notMeasured {
		return []string{row.Name, "", row.Against, "", "", "", row.Bar, row.Note}
	}
	return []string{
		row.Name, number(row.Value) + " " + row.Unit, number(row.Limit) + " (" + row.Against + ")",
		fmt.Sprintf("%.2f", row.Ratio), fmt.Sprintf("%.2f", row.Least), fmt.Sprintf("%.2f", row.Most), row.Bar, string(row.Verdict),
	}
}

// table is for the terminal.
func (r *report) table() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(columns, "\t"))
	for _, row := range r.Rows {
		fmt.Fprintln(w, strings.Join(row.cells(), "\t"))
	}
	_ = w.Flush() // into memory
	b.WriteString(r.notes())
	return b.String()
}

// markdown is for the repository.
func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Results of %s\n\n", r.Date)
	fmt.Fprintf(&b, "%s on %s, %d processors, seed %d, median of %d runs. %d students, %d live opportunities.\n\n",
		r.Go, r.Platform, r.CPUs, r.Seed, r.Runs, r.Students, r.Live)
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat(" --- |", len(columns)))
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "| %s |\n", strings.Join(row.cells(), " | "))
	}
	b.WriteString(r.notes())
	return b.String()
}

// notes is what rows say beside their numbers.
func (r *report) notes() string {
	var b strings.Builder
	for _, row := range r.Rows {
		if row.Note != "" && row.Verdict != notMeasured {
			fmt.Fprintf(&b, "\n- %s: %s", row.Name, row.Note)
		}
	}
	b.WriteString("\n")
	return b.String()
}

// write keeps the report as name.md and name.json.
func (r *report) write(dir, name string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the results directory: %w", err)
	}
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	for path, content := range map[string][]byte{
		filepath.Join(dir, name+".md"): []byte(r.markdown()), filepath.Join(dir, name+".json"): append(data, '\n'),
	} {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			return fmt.Errorf("write the results: %w", err)
		}
	}
	return nil
}

// number prints four significant digits, and thousands as such.
func number(v float64) string {
	if v >= 10_000 {
		return fmt.Sprintf("%.0fk", v/1000)
	}
	return fmt.Sprintf("%.4g", v)
}
