package api

import (
	"context"
	"fmt"
	"testing"

	"tideline/engine/harvest"
)

// sourceWorld has one source, board, and one that is off.
type sourceWorld struct {
	asked []string
	limit int
	err   error
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
