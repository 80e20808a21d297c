package skills

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestExplainGivesTheReasons(t *testing.T) {
	text := "Intern, T-Mobile: ReactJS and Rust; excel at it. No Java needed."
	var got []string
	for _, f := range Explain(text) {
		if text[f.Start:f.End] != f.Spelling {
			t.Errorf("%q is not at %d to %d", f.Spelling, f.Start, f.End)
		}
		got = append(got, fmt.Sprintf("%s %s %q %s", f.Verdict, f.Skill, f.Spelling, f.Flag))
	}
	want := []string{
		`trap  "T-Mobile" `,
		`accepted react "ReactJS" `,
		`accepted rust "Rust" context`,
		`doubtful excel "excel" context`,
		`doubtful information technology "it" upper`,
		`negated java "Java" `,
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEveryFlagHasWords(t *testing.T) {
	for flag := range flags {
		if why := (Finding{Verdict: Doubtful, Flag: flag}).Why(); len(why) <= len("counts only ") {
			t.Errorf("flag %s has no words: %q", flag, why)
		}
	}
}

func FuzzExplainAgreesWithExtract(f *testing.F) {
	for _, seed := range []string{"C++ & C# (R), .net", "no\xffJava", "T-Mobile, go to Go", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		var accepted []string
		for _, finding := range Explain(text) {
			if finding.Verdict == Accepted {
				accepted = append(accepted, finding.Skill)
			}
		}
		slices.Sort(accepted)
		if accepted = slices.Compact(accepted); !slices.Equal(accepted, Extract(text)) {
			t.Errorf("Explain(%q) accepts %q, Extract gives %q", text, accepted, Extract(text))
		}
	})
}
