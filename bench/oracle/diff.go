package oracle

import (
	"fmt"
	"maps"
	"math"
	"slices"
)

// Place is one entry of a feed as it is.
type Place struct {
	Member uint64
	Key    int64
}

// Difference is one place of a feed that is not as it should be.
type Difference struct {
	Student, Bucket string
	Position        int // from 1; 0: not of a place
	Want, Got       string
}

func (d Difference) String() string {
	if d.Position == 0 {
		return fmt.Sprintf("%s %s: want %s, got %s", d.Student, d.Bucket, d.Want, d.Got)
	}
	return fmt.Sprintf("%s %s #%d: want %s, got %s", d.Student, d.Bucket, d.Position, d.Want, d.Got)
}

// Diff compares a student's feed with what it should be, place by place.
func Diff(student, bucket string, want []Entry, got []Place) []Difference {
	var list []Difference
	for i := range max(len(want), len(got)) {
		d := Difference{Student: student, Bucket: bucket, Position: i + 1, Want: "nothing", Got: "nothing"}
		same := i < len(want) && i < len(got) && want[i].Member == got[i].Member && want[i].Key == got[i].Key
		if i < len(want) {
			d.Want = fmt.Sprintf("%s (member %d, key %d)", want[i].ID, want[i].Member, want[i].Key)
		}
		if i < len(got) {
			d.Got = fmt.Sprintf("member %d, key %d", got[i].Member, got[i].Key)
		}
		if !same {
			list = append(list, d)
		}
	}
	return list
}

// Known is what signals left behind about a student, as it is shown.
type Known struct {
	Saved, Ignored []string
	Weights        map[string]float64
}

// DiffKnown compares what is known of a student with what it should be.
func (r Result) DiffKnown(student string, got Known) []Difference {
	var list []Difference
	for what, ids := range map[string][2][]string{"saved": {r.Saved[student], got.Saved}, "ignored": {r.Ignored[student], got.Ignored}} {
		want, got := ids[0], slices.Sorted(slices.Values(ids[1]))
		if !slices.Equal(want, got) {
			list = append(list, Difference{Student: student, Bucket: what, Want: fmt.Sprint(want), Got: fmt.Sprint(got)})
		}
	}
	features := map[string]bool{}
	for _, weights := range []map[string]float64{r.Weights[student], got.Weights} {
		for feature := range weights {
			features[feature] = true
		}
	}
	for _, feature := range sortedKeys(features) {
		// Processors that fuse a multiplication with an addition round the two differently.
		if want, got := r.Weights[student][feature], got.Weights[feature]; math.Abs(want-got) > 1e-9 {
			list = append(list, Difference{Student: student, Bucket: "weight of " + feature, Want: fmt.Sprint(want), Got: fmt.Sprint(got)})
		}
	}
	return list
}

// Students lists everybody who should have feeds.
func (r Result) Students() []string { return slices.Sorted(maps.Keys(r.Feeds)) }
