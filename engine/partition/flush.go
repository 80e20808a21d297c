package partition

import (
	"cmp"
	"maps"
	"slices"

	"tideline/engine/event"
)

// Flush turns what the events of a batch left to do into effects: feeds to be
// rebuilt, views to be written, the partition's own record. It is called once,
// after the batch's last event. Token and sequence are those the batch will
// carry in the store.
func (p *Partition) Flush(out *Effects) {
	for _, id := range sortedFeeds(p.dirty) {
		p.rebuild(id, out)
	}
	clear(p.dirty)
	for _, student := range slices.Sorted(maps.Keys(p.views)) {
		out.Views = append(out.Views, event.ViewOp{Student: student, View: p.View(student)})
	}
	clear(p.views)
	p.publishRankings(out)
	for _, job := range p.lists {
		p.blob(job, out)
	}
	p.lists = nil
}

// Pending says whether Flush has anything to do.
func (p *Partition) Pending() bool { return len(p.dirty)+len(p.views)+len(p.stale)+len(p.lists) > 0 }

// Commit gives the partition's own record for engine-state.
func (p *Partition) Commit(token, sequence int64) Fact {
	p.meta.Token, p.meta.Sequence = token, sequence
	return Fact{Key: metaKey, Value: encode(p.meta)}
}

func (p *Partition) rebuild(id feedID, out *Effects) {
	student, ok := p.students.Lookup(id.student)
	if !ok {
		return
	}
	entries, truncated := p.catalog.Top(student, id.bucket, event.FeedStore, p.now, &p.scratch)
	out.replace(id.student, id.bucket, entries, truncated)
	if truncated {
		p.students.SetFloor(id.student, id.bucket, entries[len(entries)-1].Key)
	} else {
		p.students.ClearFloor(id.student, id.bucket)
	}
}

// Learn takes what the store answered: floors to prune by, and feeds that
// need a rebuild at the next flush.
func (p *Partition) Learn(states []event.FeedState) {
	for _, s := range states {
		if _, ok := p.students.Lookup(s.Student); !ok {
			continue
		}
		switch {
		case s.Low():
			p.dirty[feedID{s.Student, s.Bucket}] = struct{}{}
		case s.Truncated:
			p.students.SetFloor(s.Student, s.Bucket, s.Floor)
		default:
			p.students.ClearFloor(s.Student, s.Bucket)
		}
	}
}

// Sweep marks the views and feeds of up to n students, from position from on, to
// be written anew. It returns the next position, or -1 after the last student.
func (p *Partition) Sweep(from, n int) int {
	next := -1
	if from == 0 {
		p.lists = slices.Sorted(maps.Keys(p.offers)) // what is shown of jobs is lost with the rest
	}
	p.students.From(from, func(ord int, id string) bool {
		if n == 0 {
			next = ord
			return false
		}
		n--
		p.rebuildAll(id)
		p.views[id] = struct{}{}
		return true
	})
	return next
}

// Strays marks for removal those of the students in the store who do not exist,
// and counts them.
func (p *Partition) Strays(stored []string) (found int) {
	for _, student := range stored {
		if _, exists := p.students.Lookup(student); !exists {
			p.views[student] = struct{}{}
			found++
		}
	}
	return found
}

// View gives a student as the partition sees them; nil when there is no profile.
func (p *Partition) View(student string) *event.View {
	profile, ok := p.students.Profile(student)
	if !ok {
		return nil
	}
	profile.Gaps = p.gaps[student]
	v := &event.View{Profile: profile, Now: p.now}
	if f := p.facts[student]; f != nil {
		v.Saved, v.Ignored = maps.Clone(f.saved), maps.Clone(f.ignored)
		if f.model != nil {
			v.Weights, v.Signals = f.model.Weights(), f.model.Count
		}
	}
	if apps := p.apps[student]; len(apps) > 0 {
		v.Applications = make(map[string]event.Application, len(apps))
		for id, t := range apps {
			if t.App != nil {
				v.Applications[id] = *t.App
			}
		}
	}
	return v
}

// sortedFeeds orders feeds, so that the same batch always gives the same effects.
func sortedFeeds(set map[feedID]struct{}) []feedID {
	return slices.SortedFunc(maps.Keys(set), func(a, b feedID) int {
		return cmp.Or(cmp.Compare(a.student, b.student), cmp.Compare(a.bucket.Index(), b.bucket.Index()))
	})
}
