//go:build !noembed

package command

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tideline/api"
	"tideline/engine/event"
)

// partners are lists in files that a test writes: sources of kind json by name.
type partners struct {
	t   *testing.T
	dir string
}

// list sets what a partner lists: an id and an address each, and nothing else differs.
func (p partners) list(name string, postings ...[2]string) {
	p.t.Helper()
	var rows []string
	for _, o := range postings {
		rows = append(rows, fmt.Sprintf(`{"ref":%q,"title":"Engineer Intern","org":"Harbor","link":%q,"since":"2026-04-01"}`, o[0], o[1]))
	}
	if err := os.WriteFile(filepath.Join(p.dir, name+".json"), []byte("["+strings.Join(rows, ",")+"]"), 0o600); err != nil {
		p.t.Fatal(err)
	}
}

// file writes the file of the sources; those whose name begins with a minus are off.
func (p partners) file(names ...string) string {
	p.t.Helper()
	var text strings.Builder
	text.WriteString("contact: mailto:ops@campus.example\nsources:\n")
	for _, name := range names {
		name, off := strings.CutPrefix(name, "-")
		fmt.Fprintf(&text, "  - {name: %s, kind: json, enabled: %v, absences: 1, with: {file: %s, mapping: {source: %s, bucket: jobs, fields: "+
			"{id: ref, title: title, organisation: org, url: link, posted: since}}}}\n", name, !off, filepath.Join(p.dir, name+".json"), name)
	}
	path := filepath.Join(p.dir, "sources.yaml")
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return path
}

// sourcesAs runs `tideline sources ...` against a running Tideline.
func sourcesAs(ctx context.Context, ops caller, args ...string) (string, error) {
	var out bytes.Buffer
	cmd := New()
	cmd.SetOut(&out)
	cmd.SetArgs(append(append([]string{"sources"}, args...), "--server", ops.base, "--token", ops.token))
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

func TestOpsSeeSplitAndRejoinAMergeByCommand(t *testing.T) {
	p := partners{t, t.TempDir()}
	const address = "https://harbor.example/jobs/12345"
	p.list("first", [2]string{"1", address}, [2]string{"2", "https://other.example/jobs/20002"})
	p.list("second", [2]string{"1", address + "?utm_source=second"})
	c := testConfig(t)
	c.Sources.Files = []string{p.file("first", "second")}
	ctx, a := runningWith(t, c)
	ops := a.as(ctx, t, api.Ops, "o")
	do := func(args ...string) string {
		t.Helper()
		out, err := sourcesAs(ctx, ops, args...)
		if err != nil {
			t.Fatalf("%v: %v", args, err)
		}
		return out
	}
	do("run", "first", "--wait")
	do("run", "second", "--wait")
	get := func(who caller, id string) (o event.Opportunity) {
		_ = who.do("GET", "/opportunities/"+id, "", &o)
		return o
	}
	for _, role := range api.Roles { // it never stood on the topic
		if o := get(a.as(ctx, t, role, "x"), "second:1"); o.MergedInto != "first:1" || o.Status != event.Closed {
			t.Errorf("as %s: %+v", role, o)
		}
	}
	if err := await(ctx, func() bool {
		o := get(ops, "first:1")
		return len(o.Also) == 1 && o.Also[0].ID == "second:1"
	}); err != nil {
		t.Errorf("the leader: %+v", get(ops, "first:1"))
	}

	merge := `POSTING   SHOWN  SOURCE  KIND  BY   URL
first:1   yes    first   json  url  https://harbor.example/jobs/12345
second:1  no     second  json  url  https://harbor.example/jobs/12345?utm_source=second
like first:2 (100%), and not merged
`
	if got := do("merge", "second:1"); got != merge {
		t.Errorf("merge:\n%s", got)
	}
	if got := do("split", "second:1"); !strings.HasPrefix(got, "second:1 is not merged with first:1 any more") || strings.Contains(got, "first:1  ") ||
		!strings.Contains(got, "second:1  yes") || !strings.HasSuffix(got, "split from first:1\nlike first:2 (100%), and not merged\n") {
		t.Errorf("split:\n%s", got)
	}
	if err := await(ctx, func() bool {
		o := get(ops, "second:1")
		return o.Status == event.Open && o.MergedInto == ""
	}); err != nil {
		t.Errorf("split: %+v", get(ops, "second:1"))
	}
	if got := do("rejoin", "second:1"); !strings.HasPrefix(got, "the split of second:1 is taken back\n") || !strings.HasSuffix(got, merge) {
		t.Errorf("rejoin:\n%s", got)
	}
	for _, wrong := range []struct{ args, says string }{
		{"merge nowhere:1", "nowhere:1: no source lists an open posting of that id; say the id of an open posting"},
		{"split first:2", "merged with no other; see `tideline sources merge first:2`"},
		{"rejoin second:1", "was not split; see `tideline sources merge second:1`"},
		{"split", "accepts 1 arg(s), received 0"},
	} {
		if _, err := sourcesAs(ctx, ops, strings.Fields(wrong.args)...); err == nil || !strings.Contains(err.Error(), wrong.says) {
			t.Errorf("%s: %v", wrong.args, err)
		}
	}
}
