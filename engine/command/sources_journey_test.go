//go:build !noembed

package command

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tideline/api"
	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
	"tideline/streams/sources/fetchtest"
)

func TestASourceReachesTheFeeds(t *testing.T) {
	board := &jobBoard{t: t, clock: fetchtest.NewClock(), jobs: map[int]string{}, total: -1}
	board.start()
	board.list("Python Intern", 1)
	file := filepath.Join(t.TempDir(), "sources.yaml")
	content := "contact: mailto:ops@campus.example\nsources:\n  - {name: harbor, kind: greenhouse, allow_private: true, absences: 1, with: {board: harbor, base_url: '" + board.URL + "'}}\n" +
		"  - {name: days, kind: devpost}\n"
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	c := testConfig(t)
	c.Sources.Files = []string{file}
	ctx, a := runningWith(t, c)
	platform, ops := a.as(ctx, t, api.Service, "platform"), a.as(ctx, t, api.Ops, "o")
	platform.must(202, "PUT", "/profiles/s1", `{"skills":[{"name":"python","level":3}]}`, nil)

	run := func() {
		t.Helper()
		var out bytes.Buffer
		cmd := New()
		cmd.SetOut(&out)
		cmd.SetArgs([]string{"sources", "run", "harbor", "--wait", "--server", ops.base, "--token", ops.token})
		if err := cmd.ExecuteContext(ctx); err != nil || !strings.Contains(out.String(), `"outcome": "complete"`) {
			t.Fatalf("%v: %s", err, out.String())
		}
	}
	shown := func(want int) {
		t.Helper()
		var feed struct {
			Items []struct{ Opportunity event.Opportunity }
		}
		if err := await(ctx, func() bool {
			return a.as(ctx, t, api.Student, "s1").do("GET", "/recommendations/jobs", "", &feed) == 200 && len(feed.Items) == want
		}); err != nil {
			t.Fatalf("%d in the feed, want %d", len(feed.Items), want)
		}
	}
	run()
	shown(1)
	if err := await(ctx, func() bool {
		o, err := a.timelines.Opportunity(ctx, event.Jobs, "greenhouse:1")
		return err == nil && o.Title == "Python Intern"
	}); err != nil {
		t.Error("it is not in opportunities_jobs")
	}
	var merge same.Merge
	ops.must(200, "GET", "/opportunities/greenhouse:1/merge", "", &merge)
	if merge.Leader != "greenhouse:1" || len(merge.Members) != 1 || merge.Members[0].Source != "harbor" {
		t.Errorf("%+v", merge)
	}
	ops.must(409, "POST", "/opportunities/greenhouse:1/split", "", nil)
	board.list("Python Intern")
	run()
	shown(0)
	ops.must(404, "GET", "/opportunities/greenhouse:1/merge", "", nil)

	ops.must(409, "POST", "/sources/days/run", "", nil)
	var list struct{ Items []harvest.Status }
	ops.must(200, "GET", "/sources", "", &list)
	if len(list.Items) != 2 || list.Items[0].Last == nil || list.Items[0].Last.Closed != 1 || list.Items[1].Enabled || list.Items[1].Next != nil {
		t.Errorf("%+v", list)
	}
	var out bytes.Buffer
	cmd := New()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"sources", "list", "--server", ops.base, "--token", ops.token})
	if err := cmd.ExecuteContext(ctx); err != nil || !strings.Contains(out.String(), "complete") || !strings.Contains(out.String(), "off") {
		t.Errorf("%v: %s", err, out.String())
	}
	out.Reset()
	cmd = New()
	cmd.SetOut(&out)
	cmd.SetArgs([]string{"sources", "check", "--fetch", file})
	if err := cmd.ExecuteContext(ctx); err != nil || !strings.Contains(out.String(), "complete: true") {
		t.Errorf("%v: %s", err, out.String())
	}
}
