package node

import (
	"fmt"
	"slices"
	"sync"

	"tideline/engine/event"
	"tideline/engine/partition"
)

// status is what the loop tells the rest of the process about itself.
type status struct {
	mu         sync.Mutex
	generation int // of the assignment last acted on; 0: none yet
	owned      []int32
	rebuilding int
	caughtUp   bool
	students   int
	active     map[string]event.RulesetRecord // as of the partition and revision below
	activeOf   int32
	revision   int
	first      chan struct{} // closed at the first assignment
}

func (s *status) assigned(generation int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == 0 && generation > 0 && s.first != nil {
		close(s.first)
		s.first = nil
	}
	s.generation = generation
}

// firstAssignment is closed once the group has given this process its
// partitions; nil, which blocks forever, from then on.
func (s *status) firstAssignment() <-chan struct{} {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation == 0 && s.first == nil {
		s.first = make(chan struct{})
	}
	return s.first
}

func (s *status) update(actors map[int32]*actor, m *metrics) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.owned, s.rebuilding, s.students = s.owned[:0], 0, 0
	waiting := map[partition.Waiting]int{}
	for number, a := range actors {
		s.owned = append(s.owned, number)
		s.students += a.partition.Students()
		if a.sweep >= 0 {
			s.rebuilding++
		}
		for w, n := range a.partition.Waiting() {
			waiting[w] += n
		}
	}
	s.follow(actors, m)
	m.pending(waiting)
	m.students.Set(float64(s.students))
	m.partitions.WithLabelValues("owned").Set(float64(len(s.owned)))
	m.partitions.WithLabelValues("rebuilding").Set(float64(s.rebuilding))
}

// follow takes what is in force from the lowest partition: all switch at the
// same place in the streams.
func (s *status) follow(actors map[int32]*actor, m *metrics) {
	if len(s.owned) == 0 {
		return
	}
	lowest := slices.Min(s.owned)
	p := actors[lowest].partition
	if s.active == nil || s.activeOf != lowest || s.revision != p.Revision() {
		s.active, s.revision = p.Active()
		s.activeOf = lowest
		m.rulesets(s.active)
	}
}

// inForce is not changed afterwards; false while no partition is owned.
func (s *status) inForce() (map[string]event.RulesetRecord, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active, s.active != nil
}

func (s *status) tableReady() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.caughtUp = true
}

// ready says whether feeds can be served: the opportunities are loaded and
// every partition this process owns is restored. Why names what is missing.
func (s *status) ready(assigned int) (ok bool, why string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case !s.caughtUp:
		return false, "loading the opportunities"
	case s.generation == 0 || len(s.owned) < assigned:
		return false, "restoring student partitions"
	}
	return true, fmt.Sprintf("%d partitions, %d of them rebuilding feeds, %d students", len(s.owned), s.rebuilding, s.students)
}

// settled says whether no rebuild is under way.
func (s *status) settled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.caughtUp && s.generation > 0 && s.rebuilding == 0
}

func (s *status) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.students
}
