package runner

import (
	"context"
	"time"

	"tideline/engine/harvest"
)

// count is what a source had open after the run or removal that began at a time.
type count struct {
	started time.Time
	open    int
}

// countOpen says what a source that nobody reads has open; nil: it never ran, or it is
// being removed. Only who has the source changes that, so it is counted once for each
// time somebody took it: the embedded server reads all that was ever seen for it.
func (r *Runner) countOpen(ctx context.Context, s harvest.State) (*int, error) {
	if s.Started.IsZero() || s.Running(now(r.clock)) {
		return nil, nil
	}
	r.mu.Lock()
	known, ok := r.counts[s.Name]
	r.mu.Unlock()
	if ok && known.started.Equal(s.Started) {
		return &known.open, nil
	}
	open, err := r.store.CountSourceItems(ctx, s.Name)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	r.counts[s.Name] = count{s.Started, open}
	r.mu.Unlock()
	return &open, nil
}
