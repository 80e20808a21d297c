package oracle

import (
	"math"
	"sort"
	"time"
)

// The rules of the campus set that the oracle knows, written down by hand: it
// evaluates no expressions and shares nothing with the engine that does.
const (
	JobMatch         = "campus/job-match"
	HackathonClosing = "campus/hackathon-closing"
	GapReminder      = "campus/gap-reminder"
	TopCandidate     = "campus/top-candidate"
)

const topCandidates = 10

// edge is how far the clock of a partition, which moves in ticks, may be from
// the time at which something was written.
const edge = time.Minute

// Firing is a rule and what it speaks of.
type Firing struct{ Rule, Student, Opportunity, Gap string }

// Ranked is one candidate of a job.
type Ranked struct {
	Student string
	Score   float64
	// Unlisted says that they may not be there: what was true before the rules came
	// is ranked when it is touched.
	Unlisted bool
	// Open says that the score is not known exactly: what signals teach about
	// interest is seen at the next touch of a pair, not before.
	Open bool
}

// RuleResult is what the rules must have made of the logs by now. What was true
// when they came into force is adopted silently: see force.
//
// What stands depends on the versions in between, of which the engine may have
// seen all or only some. So a firing must stand when the last versions match and
// no pair of versions could have withdrawn it for good; it may stand when the
// last versions do not forbid it and some pair of versions matched. Where
// everything has one version, both are the same.
type RuleResult struct {
	Must, May map[Firing]bool
	// Open are firings that are neither required nor refused, because it depends on
	// which was read first, a record or the rules.
	Open map[Firing]bool
	// Candidates are all candidates of every job that has any, best first.
	Candidates map[string][]Ranked
}

// history is every version of everything.
type history struct {
	opportunities map[string][]*opportunity // nil: deleted; equal versions once
	students      map[string][]*student     // since they were last erased
	since         map[string]time.Time      // "o" or "s" and the id -> when the first of these versions was written
	ignored       map[[2]string]bool        // student and opportunity: at any time
}

func (w *world) history(logs Logs) history {
	h := history{map[string][]*opportunity{}, map[string][]*student{}, map[string]time.Time{}, map[[2]string]bool{}}
	seen := map[string]bool{}
	begin := func(id string, at time.Time) {
		if _, known := h.since[id]; !known {
			h.since[id] = at
		}
	}
	for _, r := range logs.Opportunities {
		o := (*opportunity)(nil)
		if r.Value != nil {
			if o = w.parseOpportunity(r); o == nil {
				continue
			}
			begin("o"+r.Key, r.Time)
		}
		if version := r.Key + "\x00" + string(r.Value); !seen[version] {
			seen[version] = true
			h.opportunities[r.Key] = append(h.opportunities[r.Key], o)
		}
	}
	last := map[string]string{}
	for _, r := range logs.Profiles {
		if r.Value == nil {
			delete(h.students, r.Key)
			delete(h.since, "s"+r.Key)
			delete(last, r.Key)
			continue
		}
		if s := w.parseProfile(r); s != nil && last[r.Key] != string(r.Value) {
			begin("s"+r.Key, r.Time)
			last[r.Key] = string(r.Value)
			h.students[r.Key] = append(h.students[r.Key], s)
		}
	}
	for _, r := range logs.Signals {
		if s, ok := parseSignal(r); ok && s.Kind == "ignore" {
			h.ignored[[2]string{s.Student, s.Opportunity}] = true
		}
	}
	return h
}

// Rules recomputes, pair by pair, what the student rules and the ranking of the
// campus set must have come to.
func Rules(logs Logs, config Config) RuleResult {
	w := world{config: config, aliases: parseAliases(config.AliasTable)}
	w.readOpportunities(logs.Opportunities)
	w.readProfiles(logs.Profiles)
	w.readSignals(logs.Signals)
	w.readScores(logs)
	h := w.history(logs)
	w.force = w.forces(logs.Rulesets)
	w.timelines(logs)
	result := RuleResult{Must: map[Firing]bool{}, May: map[Firing]bool{}, Open: map[Firing]bool{}, Candidates: map[string][]Ranked{}}
	for _, s := range w.students {
		now := config.Now(s.partition)
		for _, o := range w.opportunities {
			if o.bucket == "content" || !w.eligible(s, o, now) {
				continue
			}
			switch overlap := overlap(s, o); {
			case o.bucket == "jobs" && overlap >= 0.70:
				result.job(&w, h, s, o, overlap, now)
			case o.bucket == "hackathons" && overlap >= 0.5 && o.deadline != nil:
				result.hackathon(&w, h, s, o, now)
			}
		}
	}
	for _, list := range result.Candidates {
		sort.Slice(list, func(i, j int) bool { return better(list[i], list[j]) })
	}
	result.gaps(&w, logs.Profiles)
	return result
}

func better(a, b Ranked) bool {
	return a.Score > b.Score || a.Score == b.Score && a.Student < b.Student
}

// always says whether something is so of every pair of versions, and ever of any.
// A pair that does not exist, because of a deletion say, is asked about as nil.
func (h history) pairs(s *student, o *opportunity, holds func(*student, *opportunity) bool) (always, ever bool) {
	always = true
	for _, a := range h.students[s.id] {
		for _, b := range h.opportunities[o.id] {
			if b != nil && holds(a, b) {
				ever = true
			} else {
				always = false
			}
		}
	}
	return always, ever
}

// job has an eligible pair with an overlap of 0.70 or more: what fired stands.
func (r *RuleResult) job(w *world, h history, s *student, o *opportunity, much float64, now time.Time) {
	f := Firing{Rule: JobMatch, Student: s.id, Opportunity: o.id}
	stayed, _ := h.pairs(s, o, func(a *student, b *opportunity) bool { return b.bucket == "jobs" && w.eligible(a, b, now) })
	_, fired := h.pairs(s, o, func(a *student, b *opportunity) bool { return b.bucket == "jobs" && overlap(a, b) >= 0.75 })
	never, forGood := w.adoption(s, o, func(a *student, b *opportunity) bool { return b.bucket == "jobs" && overlap(a, b) >= 0.75 })
	forGood = forGood && stayed && !h.ignored[[2]string{s.id, o.id}]
	r.stand(f, much >= 0.75 && stayed && !h.ignored[[2]string{s.id, o.id}], fired, never, forGood)
	if much >= 0.85 && s.seeking {
		in := w.force(s.partition)
		r.Candidates[o.id] = append(r.Candidates[o.id], Ranked{
			Student: s.id, Score: w.relevance(s, o), Open: len(w.facts[s.id].model) > 0,
			Unlisted: !w.studentTimes[s.id].touched(in) && !w.opportunityTimes[o.id].touched(in),
		})
	}
}

// stand notes what is true of a firing: whether it is to stand, had the rules
// always been in force, whether it may, and what came of it when they came.
func (r *RuleResult) stand(f Firing, must, may, never, forGood bool) {
	switch {
	case forGood: // it rose before there was a rule, and not since
	case must && never:
		r.Must[f] = true // it fired when it rose last, and nothing has withdrawn it
	case must:
		r.May[f], r.Open[f] = true, true
	case may:
		r.May[f] = true // hysteresis; or withdrawn when it was gone, and back
	}
}

// hackathon has an eligible pair that matches.
func (r *RuleResult) hackathon(w *world, h history, s *student, o *opportunity, now time.Time) {
	f := Firing{Rule: HackathonClosing, Student: s.id, Opportunity: o.id}
	stayed, _ := h.pairs(s, o, func(a *student, b *opportunity) bool {
		return b.bucket == "hackathons" && b.deadline != nil && b.deadline.Equal(*o.deadline) && w.eligible(a, b, now) && overlap(a, b) >= 0.5
	})
	stayed = stayed && !h.ignored[[2]string{s.id, o.id}]
	never, forGood := w.adoption(s, o, func(_ *student, b *opportunity) bool { return b.bucket == "hackathons" && b.deadline != nil })
	at := o.deadline.Add(-48 * time.Hour)
	begin, end := later(at, later(h.since["s"+s.id], h.since["o"+o.id])), at.Add(12*time.Hour)
	if came := w.force(s.partition); at.After(came.after.Add(edge)) {
		never, forGood = true, false // its time has come since, and then all are looked at
	} else if !never && !at.Before(came.before) {
		forGood = false // it came while the rules did
	}
	switch {
	case now.Add(edge).Before(at), begin.After(end.Add(edge)):
	default:
		r.stand(f, stayed && begin.Add(edge).Before(now) && begin.Add(edge).Before(end), true, never, forGood && stayed)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func overlap(s *student, o *opportunity) float64 {
	n, d := points(s, o)
	if d == 0 {
		return 0
	}
	return float64(n) / float64(d)
}

// relevance is the key without its term for freshness.
func (w *world) relevance(s *student, o *opportunity) float64 {
	key, _ := w.key(s, o)
	fresh := math.Round(65536 * float64(o.posted.Unix()-1577836800) / w.config.Weights[o.bucket].HalfLife.Seconds())
	return math.Exp2((float64(key) - fresh) / 65536)
}

// gaps adds the reminders that are due: a gap that has been wide without a break
// for two weeks.
func (r *RuleResult) gaps(w *world, profiles []Record) {
	type span struct{ rose, since time.Time }
	wide := map[string]map[string]span{} // student -> skill -> since when
	for _, record := range profiles {
		if record.Value == nil {
			delete(wide, record.Key)
			continue
		}
		s := w.parseProfile(record)
		if s == nil {
			continue
		}
		still := map[string]span{}
		for skill, g := range s.gaps {
			if g.severity < 0.7 {
				continue
			}
			since, held := wide[s.id][skill]
			if !held {
				since = span{record.Time, record.Time}
				if g.since != nil && g.since.Before(record.Time) {
					since.since = *g.since
				}
			}
			still[skill] = since
		}
		wide[s.id] = still
	}
	for _, s := range w.students {
		now, came := w.config.Now(s.partition), w.force(s.partition)
		for skill, gap := range wide[s.id] {
			f := Firing{Rule: GapReminder, Student: s.id, Gap: skill}
			never := came.always || gap.rose.After(came.after) && !w.studentTimes[s.id].torn
			forGood := !came.always && !came.open && gap.rose.Before(came.before)
			due := gap.since.Add(14 * 24 * time.Hour)
			r.stand(f, due.Before(now.Add(-edge)), due.Before(now.Add(edge)), never, forGood)
		}
	}
}
