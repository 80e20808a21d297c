package oracle

import (
	"encoding/json"
	"time"
)

// backlog is how far the engine may have been behind when rules came into force:
// what was written earlier than that had been read by then.
const backlog = 10 * time.Minute

// endless is later than anything in a log.
var endless = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// force says when the rules came into force in one partition. What was true then
// is adopted: nobody is told of it until it has ended and risen anew.
//
// Topics are read independently of each other, so no log says which of two
// records in different topics was read first. What was written before the one
// time was read before the rules, what was written after the other time was read
// after them; of what lies between nothing is claimed.
type force struct {
	always        bool // before the first record
	before, after time.Time
	open          bool // it may have been in force before, in another text, or told of what it found
}

// forces finds out, per partition, since when the rules are in force. Without
// Acted in the configuration they always were.
func (w *world) forces(rulesets []Record) func(partition int32) force {
	if w.config.Acted == nil {
		return func(int32) force { return force{always: true} }
	}
	var came time.Time // when the present text was activated first without another in between
	open, present := false, false
	for i, r := range rulesets {
		open = open || r.Offset != int64(i) // compacted: nobody knows what was there
		if r.Key != "campus" {
			continue
		}
		var record struct {
			Ruleset struct {
				Digest string
				Send   int
			}
		}
		known := r.Value != nil && json.Unmarshal(r.Value, &record) == nil
		switch is := known && record.Ruleset.Digest == w.config.Digest; {
		case is && !present:
			came, present = r.Time, true
		case !is:
			open, present = true, false // rules that mean the same in both texts go on
		}
		open = open || known && record.Ruleset.Send > 0
	}
	return func(n int32) force {
		acted := w.config.Acted(n)
		if acted.IsZero() {
			acted = endless
		}
		return force{before: came.Add(-backlog), after: acted.Add(w.config.Skew), open: open || !present}
	}
}

// dated is a version and when it was written; nil is a deletion.
type dated[T any] struct {
	version *T
	at      time.Time
}

// timeline is every version of one thing, in order.
type timeline[T any] struct {
	versions []dated[T]
	torn     bool // compaction may have taken earlier ones
}

// around gives what may have been there when rules came into force, nil for
// nothing, and what has been there since.
func (t *timeline[T]) around(f force) (then, since []*T) {
	if t == nil {
		return nil, nil
	}
	if !t.torn && t.versions[0].at.After(f.before) {
		then = append(then, nil)
	}
	for i, v := range t.versions {
		last := i+1 == len(t.versions)
		if !v.at.After(f.after) && (last || !t.versions[i+1].at.Before(f.before)) {
			then = append(then, v.version)
		}
		if last || !t.versions[i+1].at.Before(f.before) {
			since = append(since, v.version)
		}
	}
	return then, since
}

// touched says whether something was surely written after rules came into force.
func (t *timeline[T]) touched(f force) bool {
	return f.always || t.versions[len(t.versions)-1].at.After(f.after)
}

// timelines reads both logs whole; history leaves out what does not matter there.
func (w *world) timelines(logs Logs) {
	w.opportunityTimes, w.studentTimes = map[string]*timeline[opportunity]{}, map[string]*timeline[student]{}
	record(logs.Opportunities, w.opportunityTimes, w.parseOpportunity)
	record(logs.Profiles, w.studentTimes, w.parseProfile)
}

func record[T any](log []Record, into map[string]*timeline[T], parse func(Record) *T) {
	next, torn := map[int32]int64{}, map[int32]bool{}
	for _, r := range log {
		torn[r.Partition] = torn[r.Partition] || r.Offset != next[r.Partition]
		next[r.Partition] = r.Offset + 1
	}
	for _, r := range log {
		var version *T
		if r.Value != nil {
			if version = parse(r); version == nil {
				continue
			}
		}
		t := into[r.Key]
		if t == nil {
			t = &timeline[T]{torn: torn[r.Partition]}
			into[r.Key] = t
		}
		t.versions = append(t.versions, dated[T]{version, r.Time})
	}
}

// adoption says whether a pair has surely not been adopted, because it was not
// true when the rules came, and whether it has been adopted for good, because it
// was true then and ever since.
func (w *world) adoption(s *student, o *opportunity, holds func(*student, *opportunity) bool) (never, forGood bool) {
	f := w.force(s.partition)
	if f.always {
		return true, false
	}
	studentThen, studentSince := w.studentTimes[s.id].around(f)
	oppThen, oppSince := w.opportunityTimes[o.id].around(f)
	torn := w.studentTimes[s.id].torn || w.opportunityTimes[o.id].torn
	then, ever := every(studentThen, oppThen, holds)
	always, _ := every(studentSince, oppSince, holds)
	return !ever && !torn, then && always && !torn && !f.open
}

// every says whether something is so of all pairs, and of any.
func every(students []*student, opportunities []*opportunity, holds func(*student, *opportunity) bool) (all, any bool) {
	all = true
	for _, s := range students {
		for _, o := range opportunities {
			if s != nil && o != nil && holds(s, o) {
				any = true
			} else {
				all = false
			}
		}
	}
	return all, any
}
