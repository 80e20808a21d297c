package partition

import (
	"tideline/engine/catalog"
	"tideline/engine/event"
)

// The catalog may be ahead of a partition. Rules compare what a partition has
// read with what it reads next, so that whoever is first, a profile or a version,
// each step is judged once and none is passed over.

// progress says which offsets of one partition of the opportunities topic have been read.
type progress struct {
	next int64 // the first offset that has not been reached
	open []event.Range
}

func (p *Partition) progress(k int32) progress {
	return progress{p.meta.Positions[k], p.meta.Open}
}

// has says whether a version was read; of what is put off none was.
func (g progress) has(at catalog.Position) bool {
	if at.Offset >= g.next {
		return false
	}
	for _, r := range g.open {
		if r.Partition == at.Partition && r.From <= at.Offset && at.Offset <= r.To {
			return false
		}
	}
	return true
}

// read is the newest version of an opportunity that this partition has read; nil
// when there is none.
func (p *Partition) read(item *catalog.Item) *catalog.Version {
	return item.Before(func(at catalog.Position) bool { return p.progress(at.Partition).has(at) })
}
