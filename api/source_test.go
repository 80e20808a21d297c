package api

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"tideline/engine/harvest"
)

// sourceWorld has one source, board, one that is off, and one that is gone.
type sourceWorld struct {
	removed []string // with who did it
	partial bool
	asked   []string
	limit   int
	err     error
}

func (w *sourceWorld) List(context.Context) ([]harvest.Status, error) {
	return []harvest.Status{{Name: "board", Kind: "greenhouse", Enabled: true}}, w.err
}

func (w *sourceWorld) Runs(_ context.Context, name string, limit int) ([]harvest.Run, error) {
	if name != "board" {
		return nil, fmt.Errorf("%w: %q", harvest.ErrNoSource, name)
	}
	w.limit = limit
	return []harvest.Run{{ID: "2", Source: name, Outcome: harvest.Part, Rejected: map[string]int{"missing": 2}}}, w.err
}

func (w *sourceWorld) RunNow(_ context.Context, name string) error {
	switch name {
	case "board":
		w.asked = append(w.asked, name)
		return w.err
	case "off":
		return harvest.ErrDisabled
	}
	return harvest.ErrNoSource
}

func (w *sourceWorld) Remove(_ context.Context, name, actor string) (harvest.Run, error) {
	switch name {
	case "board":
		return harvest.Run{}, fmt.Errorf("%w: %q", harvest.ErrEnabled, name)
	case "elsewhere":
		return harvest.Run{}, fmt.Errorf("%w: %q", harvest.ErrRunsOn, name)
	case "busy":
		return harvest.Run{}, fmt.Errorf("source %q: %w", name, harvest.ErrTaken)
	case "gone":
		w.removed = append(w.removed, name+" "+actor)
		run := harvest.Run{Source: name, By: harvest.ByRemoval, Actor: actor, Outcome: harvest.Whole, Closed: 3}
		if w.partial {
			run.Outcome = harvest.Part
		}
		return run, w.err
	}
	return harvest.Run{}, harvest.ErrNoSource
}

func TestOpsRemoveSourcesThatNobodyReads(t *testing.T) {
	w := newWorld(t)
	ops := w.token(Ops, "olga")
	a := w.do("DELETE", "/sources/gone", ops, "")
	if a.status != 200 || !strings.Contains(a.body, `"closed":3`) || !slices.Equal(w.sources.removed, []string{"gone olga"}) {
		t.Errorf("%+v, %v", a, w.sources.removed)
	}
	w.sources.partial = true
	if a := w.do("DELETE", "/sources/gone", ops, ""); a.status != 202 || !strings.Contains(a.body, `"partial"`) {
		t.Errorf("%+v", a)
	}
	for name, says := range map[string]string{"board": "set enabled: false", "elsewhere": "another process", "busy": "somebody else runs"} {
		if p := w.do("DELETE", "/sources/"+name, ops, "").problem(t, 409); !strings.Contains(p.Detail, says) {
			t.Errorf("%s: %s", name, p.Detail)
		}
	}
	w.do("DELETE", "/sources/other", ops, "").problem(t, 404)
	w.sources.err = fmt.Errorf("%w: away", ErrUnavailable)
	w.do("DELETE", "/sources/gone", ops, "").problem(t, 503)
}

func TestOpsSeeAndStartSources(t *testing.T) {
	w := newWorld(t)
	ops := w.token(Ops, "o")
	if got := get[sourceList](w, "/sources", ops); len(got.Items) != 1 || got.Items[0].Name != "board" {
		t.Errorf("%+v", got)
	}
	if got := get[sourceRuns](w, "/sources/board/runs?limit=3", ops); len(got.Items) != 1 || got.Items[0].Rejected["missing"] != 2 || w.sources.limit != 3 {
		t.Errorf("%+v with limit %d", got, w.sources.limit)
	}
	if a := w.do("POST", "/sources/board/run", ops, ""); a.status != 202 || a.header.Get("Location") != "/sources/board/runs" || len(w.sources.asked) != 1 {
		t.Errorf("%+v, asked %v", a, w.sources.asked)
	}
	w.do("POST", "/sources/off/run", ops, "").problem(t, 409)
	w.do("POST", "/sources/other/run", ops, "").problem(t, 404)
	w.do("GET", "/sources/other/runs", ops, "").problem(t, 404)
	w.do("GET", "/sources/board/runs?limit=101", ops, "").problem(t, 422)
	w.sources.err = fmt.Errorf("%w: away", ErrUnavailable)
	w.do("GET", "/sources", ops, "").problem(t, 503)
}
