//go:build !noembed

package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/api"
	"tideline/engine/event"
)

const smallRules = `apiVersion: tideline/v1
ruleset: mine
rules:
  - id: fits
    audience: student
    when: opp.bucket == "jobs" && match.overlap >= 0.75
    notify: {category: jobs, template: job-match, channels: [inapp]}
`

// Whoever types activate and then rollback goes back to what was there before,
// and a file that is wrong changes nothing.
func TestWhatACommandActivatesIsInForceWhenItEnds(t *testing.T) {
	ctx, a := running(t)
	file := filepath.Join(t.TempDir(), "mine.yaml")
	write := func(source string) {
		t.Helper()
		if err := os.WriteFile(file, []byte(source), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	version := func() int { return inForce(a, "mine").Version }
	a.as(ctx, t, api.Service, "platform").until("the shipped rules", func() bool { return inForce(a, "campus").Version == 1 })
	for _, step := range []struct {
		source, command, argument, want string
		version                         int
	}{
		{smallRules, "activate", file, "mine version 1, digest ", 1},
		{strings.Replace(smallRules, "0.75", "0.6", 1), "activate", file, "mine version 2, digest ", 2},
		{strings.Replace(smallRules, "0.75", "0.5", 1), "activate", file, "mine version 3, digest ", 3},
		{"", "rollback", "mine", "mine version 2, digest ", 2},
		{strings.Replace(smallRules, "overlap", "overlapp", 1), "activate", file, `mine.yaml:6:`, 2},
		{strings.Replace(smallRules, "job-match", "job-mach", 1), "activate", file, `there is no template "job-mach"`, 2},
	} {
		if step.source != "" {
			write(step.source)
		}
		out, err := a.ops(ctx, t, step.command, step.argument)
		if err != nil {
			out += err.Error()
		}
		if !strings.Contains(out, step.want) || err == nil && !strings.HasSuffix(out, ", is in force\n") {
			t.Errorf("%s says %s", step.command, out)
		}
		if got := version(); got != step.version {
			t.Fatalf("after %s %s version %d is in force, not %d", step.command, step.source, got, step.version)
		}
	}
}

func inForce(a *app, name string) event.Activation {
	active, _ := a.engine.Rules()
	if r := active[name].Ruleset; r != nil {
		return *r
	}
	return event.Activation{}
}

// What is wrong in a directory, by its text or by its tests, is counted, and the
// good version goes on until a better one comes.
func TestADirectoryOfRulesetsIsKeptInForce(t *testing.T) {
	c := testConfig(t)
	c.Rulesets.Dir, c.Rulesets.Reload = t.TempDir(), 10*time.Millisecond
	write := func(name, text string) {
		t.Helper()
		path := filepath.Join(c.Rulesets.Dir, name)
		if err := os.WriteFile(path+"~", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(path+"~", path); err != nil {
			t.Fatal(err)
		}
	}
	write("mine.yaml", smallRules)
	ctx, a := runningWith(t, c)
	ops := a.as(ctx, t, api.Ops, "olga")
	digest := func(source string) func() bool {
		return func() bool { return inForce(a, "mine").Digest == digestOf(source) }
	}
	counted := func(outcome string) func() bool {
		before := testutil.ToFloat64(a.reloads.reloads.WithLabelValues(outcome))
		return func() bool { return testutil.ToFloat64(a.reloads.reloads.WithLabelValues(outcome)) > before }
	}
	ops.until("the file in force", digest(smallRules))

	refused := counted(reloadRefused)
	write("mine.yaml", strings.Replace(smallRules, "overlap", "overlapp", 1))
	ops.until("the wrong file refused", refused)

	failed := counted(reloadFailed)
	write("mine_test.yaml", `tests:
  - name: nobody is told of nothing
    given: {profiles: [{id: ana, skills: [{name: go, level: 3}]}]}
    steps: [{after: 1h, expect: [{rule: fits, recipient: ana}]}]
`)
	write("mine.yaml", strings.Replace(smallRules, "0.75", "0.7", 1))
	ops.until("the failing tests counted", failed)
	if !digest(smallRules)() {
		t.Fatal("what is wrong or fails came into force")
	}
	better := strings.Replace(smallRules, "0.75", "0.65", 1)
	write("mine.yaml", better)
	write("mine_test.yaml", "tests: []\n")
	ops.until("the better file in force", digest(better))
	if active := inForce(a, "mine"); active.By != "file" || active.Before != 1 {
		t.Errorf("in force is %+v", active)
	}
}
