package match

import (
	"math"
	"slices"
)

// floors is one bucket's column of floors. Beside each stands a class, so that
// 64 slots at a time can be held against what their classes ask for.
type floors struct {
	keys    []int32        // a floor that does not fit is kept lower, noFloor at the lowest
	classes []levels       // by 64 slots
	bounds  [classes]int32 // class c holds the floors from bounds[c] up to bounds[c+1]
	changes int            // since the bounds were worked out
}

// classes is how many fit into three bits.
const classes = 1 << levelBits

// noFloor stands for one below every key.
const noFloor = math.MinInt32

// full widens a kept floor.
func full(key int32) int64 {
	if key == noFloor {
		return -1 << 40
	}
	return int64(key)
}

// newFloors has everything in class 0, which asks for nothing.
func newFloors() floors {
	f := floors{bounds: [classes]int32{noFloor}}
	for c := 1; c < classes; c++ {
		f.bounds[c] = math.MaxInt32
	}
	return f
}

func (f *floors) append() {
	f.keys = append(f.keys, noFloor)
	f.classes = append(f.classes, make([]levels, words(len(f.keys))-len(f.classes))...)
}

func (f *floors) set(slot int, key int64) {
	f.keys[slot] = int32(min(max(key, noFloor), math.MaxInt32))
	f.classes[slot>>6].set(slot, f.class(f.keys[slot]))
	f.changes++
}

func (f *floors) class(key int32) uint8 {
	c := uint8(classes - 1)
	for c > 0 && key < f.bounds[c] {
		c--
	}
	return c
}

// shares of the floors that lie below the bounds. The lowest class is small,
// because nothing is known of its floors; then steps are about even where most
// floors are.
var shares = [classes]float64{1: 0.002, 2: 0.03, 3: 0.11, 4: 0.25, 5: 0.45, 6: 0.65, 7: 0.85}

// samples is how many floors the bounds are worked out from.
const samples = 2048

// refresh works the bounds out again once enough floors have moved.
func (f *floors) refresh() {
	n := len(f.keys)
	if f.changes < 256+n/8 {
		return
	}
	f.changes = 0
	sample := make([]int32, 0, samples+1)
	for slot := 0; slot < n; slot += 1 + n/samples {
		if f.keys[slot] != noFloor {
			sample = append(sample, f.keys[slot])
		}
	}
	if len(sample) == 0 {
		return
	}
	slices.Sort(sample)
	for c := 1; c < classes; c++ {
		f.bounds[c] = sample[int(shares[c]*float64(len(sample)))]
	}
	for slot, key := range f.keys {
		f.classes[slot>>6].set(slot, f.class(key))
	}
}
