package partition

import (
	"slices"

	"tideline/engine/event"
	"tideline/rulesets"
)

// Fact is one record of engine-state.
type Fact = event.Fact

// Erasure is the erasure of a student. Its ID is the offset of its record in
// profiles, plus one: those of a student grow.
type Erasure struct {
	Student string
	ID      int64
}

// Effects is what a run of events asks the outside to do.
type Effects struct {
	Facts  []Fact
	Feeds  []event.FeedOp
	Views  []event.ViewOp
	Rest   []event.Range // to be continued through the partition's own fanout
	Erased []Erasure     // to be told to the partition's own signals

	Notifications []event.Notification
	Proposals     []event.Proposal      // to recruiters
	Scores        []event.ProfileScores // that changed
	Offers        []event.CandidateList // to jobs
	Blobs         []event.BlobOp
	Rules         map[string]*RuleStats // by ruleset/rule

	Entries    int // feed entries added or removed
	Candidates int // students compared with an opportunity
	Pruned     int // of these, dropped before the store was asked
	Rebuilt    int // feeds rebuilt

	open map[feedID]int // position in Feeds of the change that further changes of a feed join
}

// Clear forgets the feed and view changes that were carried out; facts,
// continuations and counts stay.
func (e *Effects) Clear() {
	e.Feeds, e.Views, e.Blobs = nil, nil, nil
	clear(e.open)
}

// change returns the pending change of a feed, so that a batch touches each feed once.
func (e *Effects) change(student string, b event.Bucket) *event.FeedOp {
	id := feedID{student, b}
	if at, ok := e.open[id]; ok {
		return &e.Feeds[at]
	}
	if e.open == nil {
		e.open = map[feedID]int{}
	}
	e.open[id] = len(e.Feeds)
	e.Feeds = append(e.Feeds, event.FeedOp{Student: student, Bucket: b})
	return &e.Feeds[len(e.Feeds)-1]
}

// add puts an entry into a feed; a removal of the same member earlier in the batch is undone.
func (e *Effects) add(student string, b event.Bucket, entry event.Entry) {
	op := e.change(student, b)
	op.Remove = slices.DeleteFunc(op.Remove, func(m event.Member) bool { return m == entry.Member })
	op.Add = slices.DeleteFunc(op.Add, func(old event.Entry) bool { return old.Member == entry.Member })
	op.Add = append(op.Add, entry)
	e.Entries++
}

// remove takes a member out of a feed, also when the batch put it in.
func (e *Effects) remove(student string, b event.Bucket, m event.Member) {
	op := e.change(student, b)
	op.Add = slices.DeleteFunc(op.Add, func(old event.Entry) bool { return old.Member == m })
	if !slices.Contains(op.Remove, m) {
		op.Remove = append(op.Remove, m)
	}
	e.Entries++
}

// replace makes a feed exactly these entries and drops pending changes of it.
func (e *Effects) replace(student string, b event.Bucket, entries []event.Entry, truncated bool) {
	op := e.change(student, b)
	*op = event.FeedOp{Student: student, Bucket: b, Replace: true, Truncated: truncated, Add: entries}
	e.Entries += len(entries)
	e.Rebuilt++
}

// drop forgets pending changes of a student's feeds.
func (e *Effects) drop(student string) {
	for _, b := range event.Buckets {
		id := feedID{student, b}
		if at, ok := e.open[id]; ok {
			e.Feeds[at] = event.FeedOp{Student: student, Bucket: b}
		}
	}
}

// RuleStats counts what a rule did.
type RuleStats struct {
	Evaluations, Matches, Unknown int
	Fired, Late, Unaddressed      int // Unaddressed: nobody to tell
}

// Plus adds two counts.
func (s RuleStats) Plus(t RuleStats) RuleStats {
	return RuleStats{
		s.Evaluations + t.Evaluations, s.Matches + t.Matches, s.Unknown + t.Unknown,
		s.Fired + t.Fired, s.Late + t.Late, s.Unaddressed + t.Unaddressed,
	}
}

func (s *RuleStats) count(t rulesets.Truth) {
	s.Evaluations++
	switch t {
	case rulesets.True:
		s.Matches++
	case rulesets.Unknown:
		s.Unknown++
	case rulesets.False:
	}
}

func (e *Effects) rule(f *force) *RuleStats {
	if e.Rules == nil {
		e.Rules = map[string]*RuleStats{}
	}
	if e.Rules[f.id] == nil {
		e.Rules[f.id] = &RuleStats{}
	}
	return e.Rules[f.id]
}

func (e *Effects) fact(key string, value []byte) {
	e.Facts = append(e.Facts, Fact{Key: key, Value: value})
}
