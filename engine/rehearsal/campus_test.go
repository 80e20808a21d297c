package rehearsal

import (
	"testing"

	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/rulesets/campus"
)

func TestTheCampusRulesetPassesItsTests(t *testing.T) {
	source, tests := campusFiles(t)
	suite, err := ParseSuite(tests)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range suite.Run(match.Default(), skills.Normalize, Ruleset{"campus", string(source)}) {
		for _, failure := range r.Failures {
			t.Errorf("%s: %s", r.Name, failure)
		}
	}
}

func campusFiles(t *testing.T) (source, tests []byte) {
	t.Helper()
	source, err := campus.FS.ReadFile("campus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if tests, err = campus.FS.ReadFile("campus_test.yaml"); err != nil {
		t.Fatal(err)
	}
	return source, tests
}
