package rulesets_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tideline/rulesets"
)

// Whatever it is given, Compile answers with a set or with errors that have a place.
func FuzzCompile(f *testing.F) {
	for _, pattern := range []string{"testdata/good/*.yaml", "testdata/bad/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			source, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(source)
		}
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		set, problems := rulesets.Compile("fuzz.yaml", source)
		if (set == nil) != (problems.Err() != nil) {
			t.Fatalf("set %v with %v", set, problems)
		}
		for _, p := range problems {
			if p.Line < 1 || p.Column < 1 || p.Message == "" {
				t.Errorf("%+v", p)
			}
		}
		if set == nil {
			return
		}
		for _, r := range set.Rules {
			s := pair()
			r.When(s)
			r.Explain(s)
			r.Flip(s)
			r.Values(s)
		}
	})
}

func TestDeepAndBroadSourcesAreRefusedQuickly(t *testing.T) {
	double := "apiVersion: tideline/v1\nruleset: t\nlets:\n  a0: opp.remote\n"
	for i := range 40 {
		double += "  a" + string(rune('a'+i%26)) + string(rune('a'+i/26)) + ": x && x\n"
		double = strings.ReplaceAll(double, "x", map[bool]string{true: "a0", false: "a" + string(rune('a'+(i-1)%26)) + string(rune('a'+(i-1)/26))}[i == 0])
	}
	for name, source := range map[string]string{
		"brackets":         strings.Repeat("[", 100_000),
		"dashes":           strings.Repeat("- ", 4000),
		"a long line":      strings.Repeat("a", 100_000),
		"parentheses":      source(strings.Repeat("(", 1500) + "opp.remote" + strings.Repeat(")", 1500)),
		"a long chain":     source(strings.Repeat("opp.remote && ", 280) + "opp.remote"),
		"lets that double": double + "rules: []\n",
	} {
		if set, problems := rulesets.Compile("t.yaml", []byte(source)); set != nil && name != "a long chain" || name == "a long chain" && set == nil {
			t.Errorf("%s: %v", name, problems)
		}
	}
}
