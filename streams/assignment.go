package streams

import (
	"maps"
	"slices"
	"sync"
)

// assignment takes notes of what the group gives and takes, for the loop to
// read: callbacks must not wait for a batch. It is safe for concurrent use.
//
// The client's transactional session passes a revocation on only if it is the
// first since a transaction ended, so revocations cannot be counted. What is
// owned is therefore taken, when a generation begins, from the whole assignment
// that the group sent.
type assignment struct {
	mu         sync.Mutex
	sent       map[string][]int32 // the newest whole assignment
	owned      map[string][]int32 // what is in force
	came, went map[int32]bool     // student partitions, since the last take
	revoked    bool               // something was taken since the last take
	generation int
}

func newAssignment() *assignment {
	return &assignment{came: map[int32]bool{}, went: map[int32]bool{}}
}

// synced hears what this member is to own; it is in force once what it takes
// away has been revoked.
func (a *assignment) synced(all map[string][]int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.sent = make(map[string][]int32, len(all))
	for topic, partitions := range all {
		a.sent[topic] = slices.Clone(partitions)
	}
}

// begin hears that a generation is in force, and what it added. It reports
// whether anything changed.
func (a *assignment) begin(added map[string][]int32) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.generation++
	gone := subtract(a.owned, a.sent)
	a.leave(gone)
	a.owned = a.sent
	for _, topic := range copartitioned {
		for _, n := range added[topic] {
			a.came[n] = true
		}
	}
	return len(added)+len(gone) > 0
}

// end hears that partitions were revoked or lost. It may not be told of all.
func (a *assignment) end(gone map[string][]int32) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leave(gone)
	a.owned = subtract(a.owned, gone)
}

func (a *assignment) leave(gone map[string][]int32) {
	for topic, partitions := range gone {
		a.revoked = a.revoked || len(partitions) > 0
		if slices.Contains(copartitioned, topic) {
			for _, n := range partitions {
				a.went[n] = true
			}
		}
	}
}

// subtract gives what is in from and not in what, without empty topics.
func subtract(from, what map[string][]int32) map[string][]int32 {
	left := map[string][]int32{}
	for topic, partitions := range from {
		rest := slices.DeleteFunc(slices.Clone(partitions), func(n int32) bool { return slices.Contains(what[topic], n) })
		if len(rest) > 0 {
			left[topic] = rest
		}
	}
	return left
}

// disturbed says whether anything was taken since the last take.
func (a *assignment) disturbed() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.revoked
}

// take gives the changes since the last call.
func (a *assignment) take() (came, went []int32, generation int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	came, went = slices.Sorted(maps.Keys(a.came)), slices.Sorted(maps.Keys(a.went))
	clear(a.came)
	clear(a.went)
	a.revoked = false
	return came, went, a.generation
}

// units lists the student partitions that are owned in every topic.
func (a *assignment) units() []int32 {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []int32
	for _, n := range a.owned[copartitioned[0]] {
		whole := true
		for _, topic := range copartitioned[1:] {
			whole = whole && slices.Contains(a.owned[topic], n)
		}
		if whole {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}
