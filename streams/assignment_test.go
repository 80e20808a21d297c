package streams

import (
	"slices"
	"testing"
)

func units(partitions ...int32) map[string][]int32 {
	all := map[string][]int32{}
	for _, topic := range copartitioned {
		all[topic] = partitions
	}
	return all
}

func TestARevocationThatWasNotPassedOnIsNoticed(t *testing.T) {
	a := newAssignment()
	a.synced(units(1, 2, 3))
	a.begin(units(1, 2, 3))
	if came, went, generation := a.take(); !slices.Equal(came, []int32{1, 2, 3}) || len(went) > 0 || generation != 1 {
		t.Fatalf("first: %v came, %v went, generation %d", came, went, generation)
	}
	a.synced(units(1)) // no end() for 2 and 3
	a.begin(nil)
	if !a.disturbed() {
		t.Error("the revocation did not disturb")
	}
	if came, went, _ := a.take(); len(came) > 0 || !slices.Equal(went, []int32{2, 3}) || !slices.Equal(a.units(), []int32{1}) {
		t.Errorf("%v came, %v went, %v owned", came, went, a.units())
	}
}

func TestNothingIsGivenUpBeforeItIsRevoked(t *testing.T) {
	a := newAssignment()
	a.synced(units(1, 2))
	a.begin(units(1, 2))
	a.take()
	a.synced(units(1))
	if _, went, _ := a.take(); len(went) > 0 || len(a.units()) != 2 {
		t.Errorf("%v went early", went)
	}
	a.end(units(2))
	a.begin(nil)
	if _, went, _ := a.take(); !slices.Equal(went, []int32{2}) {
		t.Errorf("%v went", went)
	}
}

func TestWhatWasLostAndCameBackIsBoth(t *testing.T) {
	a := newAssignment()
	a.synced(units(1))
	a.begin(units(1))
	a.take()
	a.end(units(1))
	a.synced(units(1))
	a.begin(units(1))
	if came, went, _ := a.take(); !slices.Equal(came, []int32{1}) || !slices.Equal(went, []int32{1}) {
		t.Errorf("%v came, %v went", came, went)
	}
}

func TestAUnitIsOwnedOnlyWhole(t *testing.T) {
	a := newAssignment()
	half := units(1, 2)
	half[Fanout] = []int32{2}
	a.synced(half)
	a.begin(half)
	if got := a.units(); !slices.Equal(got, []int32{2}) {
		t.Errorf("owned %v", got)
	}
}
