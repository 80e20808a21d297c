package rulesets_test

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"tideline/rulesets"
)

var update = flag.Bool("update", false, "write the golden files anew")

// Each file of testdata/bad is one way in which a ruleset can be wrong; beside
// it stands what Compile says.
func TestEveryMistakeIsReportedWithItsPlace(t *testing.T) {
	files, err := filepath.Glob("testdata/bad/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	options := rulesets.Options{Template: func(name string) bool { return name != "no-such-template" }}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yaml"), func(t *testing.T) {
			source, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set, problems := rulesets.Compile(filepath.Base(file), source, options)
			if (set == nil) != (problems.Err() != nil) {
				t.Errorf("set %v with %v", set, problems.Err())
			}
			if len(problems) == 0 {
				t.Error("nothing was found")
			}
			golden(t, strings.TrimSuffix(file, ".yaml")+".txt", problems.String()+"\n")
		})
	}
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestGoodRulesetsAreFlawless(t *testing.T) {
	files, err := filepath.Glob("testdata/good/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatal(err)
	}
	for _, file := range files {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if _, problems := rulesets.Compile(filepath.Base(file), source); len(problems) > 0 {
			t.Error(problems)
		}
	}
}
