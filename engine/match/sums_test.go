package match

import (
	"math/rand/v2"
	"testing"
)

// Sums are right whatever the levels and weights, in one part or in many, and
// what is too large for them stays at the largest.
func TestSumsAddUpLevelsByWeight(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 1))
	const largest = 1<<sumBits - 1
	parts, full := 0, 0
	for round := range 500 {
		var a arrival
		var given [][64]uint8
		for range 1 + r.IntN(12) {
			most := uint8(1 + r.IntN(5))
			column, levels := [64]uint8{}, make([]levels, 1)
			for slot := range column {
				column[slot] = uint8(r.IntN(6))
				levels[0].set(slot, column[slot])
			}
			given = append(given, column)
			a.lists = append(a.lists, found{required{level: most}, levels})
			a.factors = append(a.factors, 1+r.IntN(max(1, largest/int(most)>>r.IntN(8))))
		}
		a.parts = plan(nil, a.lists, a.factors)
		parts = max(parts, len(a.parts))
		var s sums
		a.sum(0, &s)
		by := s.bySlot()
		for slot := range 64 {
			want := 0
			for i, column := range given {
				want += a.factors[i] * int(min(column[slot], a.lists[i].level))
			}
			if want >= largest {
				want = largest
				full++
			}
			if got := by.at(slot); got != want {
				t.Fatalf("round %d, slot %d: sum %d, want %d", round, slot, got, want)
			}
		}
	}
	if parts < 2 || full == 0 {
		t.Errorf("at most %d parts and %d sums too large: nothing was tried", parts, full)
	}
}
