package command

import (
	"context"
	"sync"
	"time"

	"tideline/api"
	"tideline/timelines"
)

const (
	auditMost   = 500 // entries that are written at once
	auditWithin = 5 * time.Second
)

// audit writes entries before whoever makes them goes on, and those of one
// moment together: a hundred reads at once cost about what one does. None is
// dropped; there are no more at once than there are requests.
type audit struct {
	write func(ctx context.Context, entries ...timelines.AuditEntry) error

	mu      sync.Mutex
	waiting []noted
	busy    bool
}

type noted struct {
	entry timelines.AuditEntry
	done  chan error
}

// note returns when the entry is stored, or cannot be.
func (a *audit) note(e timelines.AuditEntry) error {
	n := noted{e, make(chan error, 1)}
	a.mu.Lock()
	a.waiting = append(a.waiting, n)
	if !a.busy {
		a.busy = true
		go a.flush()
	}
	a.mu.Unlock()
	return <-n.done
}

// flush writes what waits, until nothing does.
func (a *audit) flush() {
	for {
		a.mu.Lock()
		batch := a.waiting[:min(auditMost, len(a.waiting))]
		a.waiting = a.waiting[len(batch):]
		if len(batch) == 0 {
			a.waiting, a.busy = nil, false
			a.mu.Unlock()
			return
		}
		a.mu.Unlock()
		entries := make([]timelines.AuditEntry, len(batch))
		for i, n := range batch {
			entries[i] = n.entry
		}
		ctx, cancel := context.WithTimeout(context.Background(), auditWithin)
		err := a.write(ctx, entries...)
		cancel()
		for _, n := range batch {
			n.done <- err
		}
	}
}

func (p timelinesPort) Audit(_ context.Context, r api.Read) error {
	return hiringError(p.app.applications.audit.note(timelines.AuditEntry{
		Actor: r.Actor, Role: r.Role, Action: r.Action, Students: r.Students, Applications: r.Applications, Job: r.Job, At: r.At,
	}))
}

func (p timelinesPort) Trail(ctx context.Context, f api.TrailFilter, limit int) ([]api.TrailEntry, error) {
	filter := timelines.AuditFilter{Student: f.Student, Application: f.Application, Actor: f.Actor}
	if f.BeforeID != "" {
		filter.Before = &timelines.AuditEntry{ID: f.BeforeID, At: f.BeforeAt}
	}
	found, err := p.app.timelines.AuditTrail(ctx, filter, limit)
	list := make([]api.TrailEntry, len(found))
	for i, e := range found {
		list[i] = api.TrailEntry{ID: e.ID, Read: api.Read{
			Actor: e.Actor, Role: e.Role, Action: e.Action, Students: e.Students, Applications: e.Applications, Job: e.Job, At: e.At,
		}}
	}
	return list, hiringError(err)
}
