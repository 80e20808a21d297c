package board

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"

	"tideline/engine/event"
)

// Board is safe for concurrent use.
type Board struct {
	mu         sync.RWMutex
	rows       map[string]*Row
	byStudent  map[string]set
	byJob      map[string]set
	byEmployer map[string]set // organisation
	watchers   map[string]map[*Watch]struct{}
	gone       map[string]time.Time        // erased applications: what was recorded before is shown no more
	sorted     map[string]map[Order][]*Row // by job; see InOrder
	version    map[string]int64            // by job: how often a row of it has changed
}

type set map[string]struct{}

// New gives an empty board.
func New() *Board {
	return &Board{
		rows: map[string]*Row{}, byStudent: map[string]set{}, byJob: map[string]set{}, byEmployer: map[string]set{},
		watchers: map[string]map[*Watch]struct{}{}, sorted: map[string]map[Order][]*Row{}, version: map[string]int64{},
		gone: map[string]time.Time{},
	}
}

// Put shows a row, unless a newer one is there. It reports whether it did.
func (b *Board) Put(r *Row) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.rows[r.ID]
	switch {
	case r.replaces != "":
		return b.replace(r)
	case !r.newer(old), b.buried(r.ID, r.began()):
		return false
	}
	b.put(old, r)
	return true
}

// replace shows what stays of an application in its place, in one step, so that
// nobody counts it twice or not at all.
func (b *Board) replace(r *Row) bool {
	b.gone[r.replaces] = r.erased
	old, known := b.rows[r.replaces]
	_, shown := b.rows[r.ID]
	if known && old.began().Before(r.erased) {
		b.remove(old)
	} else {
		old = nil
	}
	if shown {
		return false
	}
	b.put(old, r)
	return true
}

// Replace shows what the store has of an application that was erased at a time.
func (b *Board) Replace(id string, at time.Time, by *Row) {
	b.mu.Lock()
	defer b.mu.Unlock()
	next := *by
	next.replaces, next.erased = id, at
	b.replace(&next)
}

// erase takes an erasure of the topic. It is false when what stays must be read
// from the store.
func (b *Board) erase(old *Row, s event.StageChange) bool {
	at := recorded(s)
	stale := old != nil && old.began().Before(at)
	if _, shown := b.rows[s.Replacement]; shown {
		b.gone[s.Application] = at
		if stale {
			b.remove(old)
		}
		return true
	}
	return stale && s.Seq == old.Seq()+1 && b.replace(old.erase(s))
}

func (b *Board) remove(r *Row) {
	delete(b.rows, r.ID)
	b.moved(r.Opportunity)
	for index, key := range map[*map[string]set]string{&b.byStudent: r.Student, &b.byJob: r.Opportunity, &b.byEmployer: r.Organisation} {
		if delete((*index)[key], r.ID); len((*index)[key]) == 0 {
			delete(*index, key)
		}
	}
}

// buried says whether something was recorded before its application was erased.
func (b *Board) buried(id string, at time.Time) bool { return at.Before(b.gone[id]) }

func (b *Board) put(old, r *Row) {
	b.rows[r.ID] = r
	if old == nil || old.ID != r.ID {
		add(b.byStudent, r.Student, r.ID)
		add(b.byJob, r.Opportunity, r.ID)
		add(b.byEmployer, r.Organisation, r.ID)
	}
	b.moved(r.Opportunity)
	if old == nil || old.ID != r.ID || !r.looks(old) {
		b.tell(Move{Before: old, After: r})
	}
}

// moved drops the orders of a job's rows, one of which has changed.
func (b *Board) moved(job string) {
	delete(b.sorted, job)
	b.version[job]++
}

func add(index map[string]set, key, id string) {
	if key == "" {
		return
	}
	if index[key] == nil {
		index[key] = set{}
	}
	index[key][id] = struct{}{}
}

// Apply takes an accepted step of the topic. It is false when steps before it
// are missing: then the application must be read from the store.
func (b *Board) Apply(s event.StageChange) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.rows[s.Application]
	switch {
	case s.Seq < 1, old != nil && s.Seq <= old.Seq() && s.Kind != event.Erased, b.buried(s.Application, recorded(s)):
		return true
	case s.Kind == event.Erased:
		return b.erase(old, s)
	case old == nil && s.Seq == 1:
		b.put(nil, first(s))
	case old != nil && s.Seq == old.Seq()+1:
		b.put(old, old.after(s))
	default:
		return false
	}
	return true
}

// Get gives one row.
func (b *Board) Get(id string) (*Row, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	r, ok := b.rows[id]
	return r, ok
}

// Len counts the applications.
func (b *Board) Len() int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.rows)
}

// OfStudent gives a student's applications, the one that moved last first.
func (b *Board) OfStudent(student string) []*Row {
	rows := b.pick(b.byStudent, student)
	slices.SortFunc(rows, func(x, y *Row) int {
		return cmp.Or(y.StepSince.Compare(x.StepSince), cmp.Compare(x.ID, y.ID))
	})
	return rows
}

// OfJob gives a job's applications, in no order.
func (b *Board) OfJob(job string) []*Row { return b.pick(b.byJob, job) }

// OfOrganisation gives an organisation's applications, in no order.
func (b *Board) OfOrganisation(organisation string) []*Row {
	return b.pick(b.byEmployer, organisation)
}

// Jobs lists the jobs that have applications, in no order.
func (b *Board) Jobs() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return slices.Collect(maps.Keys(b.byJob))
}

// CountAll gives how many applications stand in each stage, of all jobs.
func (b *Board) CountAll() map[event.Stage]int {
	b.mu.RLock()
	defer b.mu.RUnlock()
	counts := map[event.Stage]int{}
	for _, r := range b.rows {
		counts[r.Stage]++
	}
	return counts
}

func (b *Board) pick(index map[string]set, key string) []*Row {
	b.mu.RLock()
	defer b.mu.RUnlock()
	rows := make([]*Row, 0, len(index[key]))
	for id := range index[key] {
		rows = append(rows, b.rows[id])
	}
	return rows
}

// Count gives how many of these stand in each stage.
func Count(rows []*Row) map[event.Stage]int {
	counts := map[event.Stage]int{}
	for _, r := range rows {
		counts[r.Stage]++
	}
	return counts
}
