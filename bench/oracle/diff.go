package oracle

import (
	"fmt"
	"maps"
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
	Position        int // from 1
	Want, Got       string
}

func (d Difference) String() string {
	return fmt.Sprintf("%s %s #%d: want %s, got %s", d.Student, d.Bucket, d.Position, d.Want, d.Got)
}

// Diff compares a student's feed with what it should be, place by place.
func Diff(student, bucket string, want []Entry, got []Place) []Difference {
	var list []Difference
	for i := range max(len(want), len(got)) {
		d := Difference{student, bucket, i + 1, "nothing", "nothing"}
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

// Students lists everybody who should have feeds.
func (r Result) Students() []string { return slices.Sorted(maps.Keys(r.Feeds)) }
