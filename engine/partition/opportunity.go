package partition

import (
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
// feeds. The catalog must have reached r.To. What does not fit the batch's
// budget is put off to a continuation.
func (p *Partition) Range(r event.Range, out *Effects) {
	p.meta.Open = without(p.meta.Open, r)
	p.meta.Positions[r.Partition] = max(p.meta.Positions[r.Partition], r.To+1)
	for _, item := range p.catalog.Changed(r) {
		if out.Entries >= p.config.MaxEntries {
			p.putOff(r, item.Latest().Offset, out)
			p.hand(out)
			return
		}
		p.update(item, out)
		p.touchOpportunity(item, touch{kind: rulesets.OnOpportunities, at: time.UnixMilli(r.At).UTC()}, r.Start(), out)
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
	rest := event.Range{Partition: r.Partition, From: from, To: r.To, At: r.At, Behind: from - r.Start()}
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
		p.touchOpportunity(item, touch{at: now}, item.Latest().Offset, out)
	}
	p.age(before, out)
	p.unbury(now, out)
	p.ring(before, out)
	p.hand(out)
	p.atDesk(out, func(o *notify.Out) { p.desk.Tick(now, o) })
	p.forget(dayOf(now)-unreadSignals-signalMemory, out)
	return !before.IsZero() && now.Sub(before) > maxGap
}
