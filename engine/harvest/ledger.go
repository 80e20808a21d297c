package harvest

import (
	"maps"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"

	"tideline/engine/event"
)

// Ledger compares one poll with what earlier ones found. Not safe for concurrent use.
type Ledger struct {
	at    time.Time
	items map[string]Item
	seen  map[string]bool
}

// NewLedger starts the comparison of a poll at a time. The items are what is
// remembered of the source; they need no values. Of what is pending nobody knows
// what was published last: a run was cut off between publishing and remembering.
// It is compared as something that was otherwise.
func NewLedger(items []Item, pending []string, at time.Time) *Ledger {
	l := &Ledger{at: at, items: make(map[string]Item, len(items)), seen: map[string]bool{}}
	for _, i := range items {
		l.items[i.ID] = i
	}
	for _, id := range pending {
		i, known := l.items[id]
		if !known {
			i = Item{ID: id, FirstSeen: at}
		}
		i.Hash = 0  // which no opportunity has
		if i.Gone { // it was back, as far as anybody knows
			i.Gone, i.Absent = false, 0
		}
		l.items[id] = i
	}
	return l
}

// Verdict says what a sighting is.
type Verdict int

// The verdicts.
const (
	New      Verdict = iota // never seen before: publish, remember
	Changed                 // publish, remember
	Reopened                // was taken for gone: publish, remember
	Counted                 // says nothing new, but something is to be remembered
	Same                    // says nothing new
	Repeated                // listed before in this poll: the first one counts
)

// Publish says whether the opportunity is to be published.
func (v Verdict) Publish() bool { return v <= Reopened }

// Remember says whether the item is to be stored.
func (v Verdict) Remember() bool { return v <= Counted }

// See compares one sighting and gives what is to be remembered of it, with the
// value where that is to be published.
func (l *Ledger) See(s Sighting) (Item, Verdict) {
	o := s.Opportunity
	if l.seen[o.ID] {
		return l.items[o.ID], Repeated
	}
	l.seen[o.ID] = true
	before, known := l.items[o.ID]
	if known && s.Undated && !before.PostedAt.IsZero() {
		o.PostedAt = before.PostedAt
	}
	value := o.Encode()
	next := before
	next.ID, next.Hash, next.PostedAt, next.Absent, next.Gone = o.ID, xxhash.Sum64(value), o.PostedAt, 0, false
	if len(s.Counters) > 0 {
		next.Counters = s.Counters
	}
	verdict := Same
	switch {
	case !known:
		next.FirstSeen, verdict = l.at, New
	case before.Gone:
		verdict = Reopened
	case before.Hash != next.Hash:
		verdict = Changed
	case before.Absent > 0 || !maps.Equal(before.Counters, next.Counters):
		verdict = Counted
	}
	if verdict.Publish() {
		next.ChangedAt, next.Value = l.at, value
	}
	l.items[o.ID] = Item{
		ID: next.ID, Hash: next.Hash, PostedAt: next.PostedAt, FirstSeen: next.FirstSeen, ChangedAt: next.ChangedAt, Counters: next.Counters,
	}
	return next, verdict
}

// Listed notes that something was listed that could not be used: it is not gone.
func (l *Ledger) Listed(id string) { l.seen[id] = true }

// Unmodified notes that the source lists what it listed before.
func (l *Ledger) Unmodified() {
	for id, i := range l.items {
		if i.Absent == 0 {
			l.seen[id] = true
		}
	}
}

// Shrunk says whether the poll lists so much less than is remembered that it is
// more likely wrong than true: fewer than half of at least ten.
func (l *Ledger) Shrunk() bool {
	standing, listed := 0, 0
	for id, i := range l.items {
		if i.Gone {
			continue
		}
		standing++
		if l.seen[id] {
			listed++
		}
	}
	return standing >= 10 && 2*listed < standing
}

// Missing gives, by id, what a complete poll did not list, as it is to be
// remembered. What was absent often enough in a row is Gone now.
func (l *Ledger) Missing(absences int) []Item {
	var missing []Item
	for _, id := range slices.Sorted(maps.Keys(l.items)) {
		i := l.items[id]
		if l.seen[id] || i.Gone {
			continue
		}
		i.Absent++
		i.Gone = i.Absent >= absences
		missing = append(missing, i)
	}
	return missing
}

// Close gives an item that is gone with the value that says so, made of the value
// that was remembered last. There is an error when that cannot be read, or when
// there is none: then it is to be deleted.
func Close(i Item, published []byte, at time.Time) (event.Opportunity, Item, error) {
	o, err := event.DecodeOpportunity(published, time.Time{})
	if err != nil {
		return o, i, err
	}
	o.Status = event.Closed
	i.Value, i.ChangedAt = o.Encode(), at
	i.Hash = xxhash.Sum64(i.Value)
	return o, i, nil
}
