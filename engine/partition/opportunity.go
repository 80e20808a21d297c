package partition

import (
	"slices"
	"time"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/notify"
	"tideline/rulesets"
)

// maxGap is how much time may pass unseen before the fanout topic may have
// dropped ranges that this partition never read.
const maxGap = 6 * 24 * time.Hour

// Range brings every opportunity written in r to its latest version in the
// feeds, and shows the rules each version. The catalog must have reached r.To.
// What does not fit the batch's budget is put off to a continuation.
func (p *Partition) Range(r event.Range, out *Effects) {
	before, fresh := p.progress(r.Partition), r.From
	if slices.Contains(p.meta.Open, r) {
		p.meta.Open = without(p.meta.Open, r)
	} else { // what a router says twice is shown twice, and judged once
		fresh = max(r.From, before.next)
	}
	p.meta.Positions[r.Partition] = max(before.next, r.To+1)
	for _, w := range p.catalog.Changed(r) {
		if w.Offset >= fresh && out.Entries >= p.config.MaxEntries {
			r.From = fresh
			p.putOff(r, w.Offset, out)
			p.hand(out)
			return
		}
		if w.Latest() {
			p.update(w.Item, out)
		}
		if w.Offset < fresh {
			continue
		}
		if w.Item.Before(func(at catalog.Position) bool {
			return at.Partition == r.Partition && at.Offset > w.Offset && before.has(at)
		}) != nil {
			continue // this is the rest of a range, and a later one was read meanwhile
		}
		was := w.Item.Before(func(at catalog.Position) bool {
			if at.Partition != r.Partition {
				return p.progress(at.Partition).has(at)
			}
			return at.Offset < w.Offset && (at.Offset >= fresh || before.has(at))
		})
		p.touchOpportunity(w, was, touch{kind: rulesets.OnOpportunities, at: time.UnixMilli(r.At).UTC()}, out)
	}
	p.hand(out)
}

// putOff leaves r, from an offset on, to a continuation. It joins one of this
// batch that r follows: what is put off is written again at every batch, and a
// slow one may meet any number of small ranges. Nothing of such an r was done.
func (p *Partition) putOff(r event.Range, from int64, out *Effects) {
	for i := range out.Rest {
		before := &out.Rest[i]
		if before.Partition == r.Partition && before.From <= r.From && r.From <= before.To+1 {
			p.meta.Open = without(p.meta.Open, *before)
			before.To = max(before.To, r.To)
			p.meta.Open = append(p.meta.Open, *before)
			return
		}
	}
	rest := event.Range{Partition: r.Partition, From: from, To: r.To, At: r.At}
	out.Rest = append(out.Rest, rest)
	p.meta.Open = append(p.meta.Open, rest)
}

func without(list []event.Range, r event.Range) []event.Range {
	var kept []event.Range
	for _, open := range list {
		if open != r {
			kept = append(kept, open)
		}
	}
	return kept
}

// update shows an opportunity's latest version to everybody it concerns.
func (p *Partition) update(item *catalog.Item, out *Effects) {
	latest := item.Latest().Compiled
	for i := range item.Versions {
		old := item.Versions[i].Compiled
		if old == nil || i == len(item.Versions)-1 {
			continue
		}
		p.students.Holders(old, func(ord int, _ int64) { p.withdraw(ord, old.Bucket(), item.Member, out) })
	}
	if latest == nil {
		return
	}
	stats := p.students.Match(latest, p.now, func(ord int, key int64) {
		student := p.students.ID(ord)
		if _, dirty := p.dirty[feedID{student, latest.Bucket()}]; !dirty {
			out.add(student, latest.Bucket(), event.Entry{Member: item.Member, Key: key})
		}
	})
	out.Candidates += stats.Candidates
	out.Pruned += stats.Pruned
}

func (p *Partition) withdraw(ord int, b event.Bucket, m event.Member, out *Effects) {
	student := p.students.ID(ord)
	if _, dirty := p.dirty[feedID{student, b}]; !dirty {
		out.remove(student, b, m)
	}
}

// Tick moves the partition's clock forward. Opportunities whose deadline has
// come leave the feeds. A clock that jumps by days means that ranges may have
// been missed; every feed is rebuilt then, and Tick reports true.
func (p *Partition) Tick(now time.Time, out *Effects) (missed bool) {
	before := p.now
	if !now.After(before) {
		return false
	}
	p.now, p.meta.Now = now, now
	expiring := p.catalog.Expiring(before, now)
	for _, item := range expiring {
		for _, version := range item.Versions {
			if version.Compiled != nil {
				p.students.Holders(version.Compiled, func(ord int, _ int64) {
					p.withdraw(ord, version.Compiled.Bucket(), item.Member, out)
				})
			}
		}
	}
	for _, item := range expiring {
		p.touchOpportunity(catalog.Written{Version: item.Latest(), Item: item}, nil, touch{at: now}, out)
	}
	p.age(before, out)
	p.unbury(now, out)
	p.ring(before, out)
	p.hand(out)
	p.atDesk(out, func(o *notify.Out) { p.desk.Tick(now, o) })
	p.forget(dayOf(now)-unreadSignals-signalMemory, out)
	return !before.IsZero() && now.Sub(before) > maxGap
}
