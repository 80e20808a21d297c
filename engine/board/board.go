package board

import (
	"cmp"
	"maps"
	"slices"
	"sync"

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
	sorted     map[string]map[Order][]*Row // by job; see InOrder
	version    map[string]int64            // by job: how often a row of it has changed
}

type set map[string]struct{}

// New gives an empty board.
func New() *Board {
	return &Board{
		rows: map[string]*Row{}, byStudent: map[string]set{}, byJob: map[string]set{}, byEmployer: map[string]set{},
		watchers: map[string]map[*Watch]struct{}{}, sorted: map[string]map[Order][]*Row{}, version: map[string]int64{},
	}
}

// Put shows a row, unless a newer one is there. It reports whether it did.
func (b *Board) Put(r *Row) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	old := b.rows[r.ID]
	if !r.newer(old) {
		return false
	}
	b.put(old, r)
	return true
}

func (b *Board) put(old, r *Row) {
	b.rows[r.ID] = r
	if old == nil {
		add(b.byStudent, r.Student, r.ID)
		add(b.byJob, r.Opportunity, r.ID)
		add(b.byEmployer, r.Organisation, r.ID)
	}
	delete(b.sorted, r.Opportunity)
	b.version[r.Opportunity]++
	if !r.looks(old) {
		b.tell(Move{Before: old, After: r})
	}
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
	case s.Seq < 1, old != nil && s.Seq <= old.Seq():
		return true
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
