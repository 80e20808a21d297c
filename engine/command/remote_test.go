package command

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tideline/api"
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
	version := func() int {
		active, _ := a.engine.Rules()
		if r := active["mine"].Ruleset; r != nil {
			return r.Version
		}
		return 0
	}
	a.as(ctx, t, api.Service, "platform").until("the shipped rules", func() bool { active, _ := a.engine.Rules(); return active["campus"].Ruleset != nil })
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
