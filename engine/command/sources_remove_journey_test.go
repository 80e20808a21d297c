//go:build !noembed

package command

import (
	"slices"
	"strings"
	"testing"

	"tideline/api"
	"tideline/engine/event"
	"tideline/engine/harvest"
)

func TestOpsRemoveASourceThatIsInNoFileAnyMore(t *testing.T) {
	p := partners{t, t.TempDir()}
	const address = "https://harbor.example/jobs/12345"
	p.list("first", [2]string{"1", address}, [2]string{"2", "https://other.example/jobs/20002"})
	p.list("second", [2]string{"1", address + "?utm_source=second"})
	c := testConfig(t)
	t.Run("in the files", func(t *testing.T) {
		c.Sources.Files = []string{p.file("first", "second")}
		ctx, a := runningWith(t, c)
		ops := a.as(ctx, t, api.Ops, "olga")
		for _, name := range []string{"first", "second"} {
			if out, err := sourcesAs(ctx, ops, "run", name, "--wait"); err != nil || !strings.Contains(out, `"complete"`) {
				t.Fatalf("%v: %s", err, out)
			}
		}
		if out, err := sourcesAs(ctx, ops, "remove", "first"); err == nil || !strings.Contains(err.Error(), "first: the source is in the files and on") {
			t.Errorf("%v: %s", err, out)
		}
	})
	t.Run("in no file", func(t *testing.T) {
		c.Sources.Files = []string{p.file("second")}
		ctx, a := runningWith(t, c)
		ops := a.as(ctx, t, api.Ops, "olga")
		out, err := sourcesAs(ctx, ops, "list")
		if line := lineOf(out, "first "); err != nil || len(line) < 3 || line[1] != "removed" || line[len(line)-1] != "2" {
			t.Errorf("%v: %s", err, out)
		}
		if out, err := sourcesAs(ctx, ops, "remove", "first"); err != nil || out != "first: 2 closed, 2 forgotten\n" {
			t.Errorf("%v: %s", err, out)
		}
		status := func(id string) event.Status {
			var o event.Opportunity
			_ = ops.do("GET", "/opportunities/"+id, "", &o)
			return o.Status
		}
		if err := await(ctx, func() bool {
			return status("first:1") == event.Closed && status("first:2") == event.Closed && status("second:1") == event.Open
		}); err != nil {
			t.Errorf("first:1 is %s, first:2 %s, second:1 %s", status("first:1"), status("first:2"), status("second:1"))
		}
		if out, err := sourcesAs(ctx, ops, "list"); err != nil || strings.Contains(out, "first") {
			t.Errorf("%v: %s", err, out)
		}
		var runs struct{ Items []harvest.Run }
		ops.must(200, "GET", "/sources/first/runs", "", &runs)
		if len(runs.Items) != 2 || runs.Items[0].By != harvest.ByRemoval || runs.Items[0].Actor != "olga" || runs.Items[0].Closed != 2 {
			t.Errorf("%+v", runs)
		}
		if _, err := sourcesAs(ctx, ops, "remove", "first"); err == nil || err.Error() != "first: there is no such source" {
			t.Errorf("again: %v", err)
		}
	})
}

// lineOf gives the words of the line that begins with a text.
func lineOf(out, begin string) []string {
	lines := strings.Split(out, "\n")
	i := slices.IndexFunc(lines, func(line string) bool { return strings.HasPrefix(line, begin) })
	if i < 0 {
		return nil
	}
	return strings.Fields(lines[i])
}
