package rulesets

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Severity says whether a problem keeps a ruleset from being used.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Problem is one thing that is wrong with a ruleset.
type Problem struct {
	Severity Severity `json:"severity"`
	File     string   `json:"file"`           // the name given to Compile
	Line     int      `json:"line"`           // from 1
	Column   int      `json:"column"`         // from 1, in characters
	Rule     string   `json:"rule,omitempty"` // id; empty: of the set as a whole
	Message  string   `json:"message"`
	Excerpt  string   `json:"excerpt,omitempty"` // the line as written
}

// String gives "file:line:column: severity: rule "id": message" and, below it,
// the line with a caret under the column.
func (p Problem) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d:%d: %s: ", p.File, p.Line, p.Column, p.Severity)
	if p.Rule != "" {
		fmt.Fprintf(&b, "rule %q: ", p.Rule)
	}
	b.WriteString(p.Message)
	if p.Excerpt == "" {
		return b.String()
	}
	pad := []rune(p.Excerpt)
	pad = pad[:min(max(p.Column-1, 0), len(pad))]
	for i, r := range pad {
		if r != '\t' { // a tab is as wide above as below
			pad[i] = ' '
		}
	}
	fmt.Fprintf(&b, "\n    %s\n    %s^", p.Excerpt, string(pad))
	return b.String()
}

// Problems are what Compile has to say about a ruleset, in the order of the source.
type Problems []Problem

// Errors gives those that keep the ruleset from being used.
func (ps Problems) Errors() Problems { return ps.of(SeverityError) }

// Warnings gives the others.
func (ps Problems) Warnings() Problems { return ps.of(SeverityWarning) }

func (ps Problems) of(s Severity) (some Problems) {
	for _, p := range ps {
		if p.Severity == s {
			some = append(some, p)
		}
	}
	return some
}

// Err gives the errors as one error, whose text is that of String; nil when
// there are only warnings. It is an [*Invalid].
func (ps Problems) Err() error {
	if bad := ps.Errors(); len(bad) > 0 {
		return &Invalid{Problems: bad}
	}
	return nil
}

// String lists all of them, each with its excerpt.
func (ps Problems) String() string {
	lines := make([]string, len(ps))
	for i, p := range ps {
		lines[i] = p.String()
	}
	return strings.Join(lines, "\n")
}

func (ps Problems) sort() {
	slices.SortStableFunc(ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(a.Message, b.Message))
	})
}

// Invalid is the error of a ruleset that cannot be used.
type Invalid struct{ Problems Problems }

// Error lists every error with its excerpt.
func (e *Invalid) Error() string { return "invalid ruleset:\n" + e.Problems.String() }
