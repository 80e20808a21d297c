package same

import (
	"math"
	"strings"

	"github.com/cespare/xxhash/v2"
)

// minima is how many hash functions a sketch has (Broder 1997): the share of equal
// minima estimates the Jaccard similarity, within about 0.1.
const minima = 24

// alike is the similarity from which two texts are suggested as one.
const alike = 0.5

// sketched is how much of a text is looked at, in bytes.
const sketched = 2000

// sketch is the MinHash of the runs of three words of the beginning of a text.
func sketch(text string) []uint32 {
	list := words(text[:min(len(text), sketched)])
	if len(list) == 0 {
		return nil
	}
	least := make([]uint32, minima)
	for i := range least {
		least[i] = math.MaxUint32
	}
	for i := range max(1, len(list)-2) {
		h := xxhash.Sum64String(strings.Join(list[i:min(len(list), i+3)], " "))
		for k := range least { // each k another function of the same hash
			x := (h ^ uint64(k)*0x9e3779b97f4a7c15) * 0xff51afd7ed558ccd
			least[k] = min(least[k], uint32((x^x>>33)*0xc4ceb9fe1a85ec53>>32))
		}
	}
	return least
}

// likeness estimates how much of two texts is the same, 0 to 1.
func likeness(a, b []uint32) float64 {
	if len(a) != minima || len(b) != minima {
		return 0
	}
	equal := 0
	for i := range a {
		if a[i] == b[i] {
			equal++
		}
	}
	return float64(equal) / minima
}
