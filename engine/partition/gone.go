package partition

import (
	"encoding/json"
	"maps"
	"slices"
	"time"

	"tideline/engine/event"
)

// goneFor is how long an application that was erased is remembered, by the
// hash that is its id. What was recorded before the erasure and is told again,
// or is read late from another topic, comes within this time.
const goneFor = 7 * 24 * time.Hour

func goneKey(application string) string { return sep + "gone" + sep + application }

// bury remembers that an application was erased, and when that was recorded.
func (p *Partition) bury(s event.StageChange, out *Effects) {
	at := recorded(s)
	if at.IsZero() || !at.After(p.gone[s.Application]) {
		return
	}
	p.gone[s.Application] = at
	out.fact(goneKey(s.Application), timeValue(at))
}

// buried says whether something was recorded before its application was erased.
// The same student may apply for the same job again; that is recorded later.
func (p *Partition) buried(application string, at time.Time) bool {
	return at.Before(p.gone[application])
}

// unbury forgets the erasures of long ago.
func (p *Partition) unbury(now time.Time, out *Effects) {
	for _, id := range slices.Sorted(maps.Keys(p.gone)) {
		if now.Sub(p.gone[id]) > goneFor {
			delete(p.gone, id)
			out.fact(goneKey(id), nil)
		}
	}
}

func (p *Partition) restoreGone(application string, value []byte) error {
	if value == nil {
		delete(p.gone, application)
		return nil
	}
	var at time.Time
	if err := json.Unmarshal(value, &at); err != nil {
		return err
	}
	p.gone[application] = at
	return nil
}
