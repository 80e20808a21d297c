package rulesets_test

import (
	"testing"

	"tideline/rulesets"
	"tideline/rulesets/campus"
)

func campusSource(t testing.TB) []byte {
	t.Helper()
	source, err := campus.FS.ReadFile("campus.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestTheCampusSetIsFlawless(t *testing.T) {
	set, problems := rulesets.Compile("campus.yaml", campusSource(t))
	if len(problems) > 0 {
		t.Fatal(problems)
	}
	for _, r := range set.Rules {
		t.Logf("%d %s scope %s on %v narrow %+v", r.Line, r.ID, r.Scope, r.On.Names(), r.Narrow)
	}
}
