package oracle

import (
	"encoding/json"
	"math"
	"sort"
	"strings"
	"time"
)

// The rules of the campus set that the oracle knows, written down by hand: it
// evaluates no expressions and shares nothing with the engine that does.
const (
	jobMatch         = "campus/job-match"
	hackathonClosing = "campus/hackathon-closing"
	gapReminder      = "campus/gap-reminder"
	topCandidate     = "campus/top-candidate"
	topCandidates    = 10
)

// Firing is a rule and what it speaks of.
type Firing struct{ Rule, Student, Opportunity, Gap string }

// Ranked is one candidate of a job.
type Ranked struct {
	Student string
	Score   float64
}

// RuleResult is what the rules must have made of the logs by now, provided that
// they came into force before the first record.
type RuleResult struct {
	// Must are the firings that stand; May those that hysteresis, or a moment at
	// the edge of a window, leaves open. Nothing else may stand.
	Must, May map[Firing]bool
	// Candidates are the best of every job that has any, best first.
	Candidates map[string][]Ranked
}

// Rules recomputes, pair by pair, what the student rules and the ranking of the
// campus set must have come to.
func Rules(logs Logs, config Config) RuleResult {
	w := world{config: config, aliases: parseAliases(config.AliasTable)}
	w.readOpportunities(logs.Opportunities)
	w.readProfiles(logs.Profiles)
	w.readSignals(logs.Signals)
	written := map[string]time.Time{} // when the valid version in force was written
	for _, r := range logs.Opportunities {
		if r.Value != nil && w.parseOpportunity(r) != nil {
			written["o"+r.Key] = r.Time
		}
	}
	for _, r := range logs.Profiles {
		written["s"+r.Key] = r.Time
	}
	result := RuleResult{Must: map[Firing]bool{}, May: map[Firing]bool{}, Candidates: map[string][]Ranked{}}
	for _, s := range w.students {
		now := config.Now(s.partition)
		for _, o := range w.opportunities {
			if !w.eligible(s, o, now) {
				continue
			}
			overlap, relevance := w.fits(s, o)
			if overlap > 0 {
				since := later(written["s"+s.id], written["o"+o.id])
				result.pair(s, o, overlap, relevance, since, now)
			}
		}
	}
	for _, list := range result.Candidates {
		sort.Slice(list, func(i, j int) bool {
			return list[i].Score > list[j].Score || list[i].Score == list[j].Score && list[i].Student < list[j].Student
		})
	}
	for job, list := range result.Candidates {
		result.Candidates[job] = list[:min(len(list), topCandidates)]
	}
	result.gaps(w, logs.Profiles)
	return result
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func (r *RuleResult) pair(s *student, o *opportunity, overlap, relevance float64, since, now time.Time) {
	switch o.bucket {
	case "jobs":
		f := Firing{Rule: jobMatch, Student: s.id, Opportunity: o.id}
		if overlap >= 0.75 {
			r.Must[f] = true
		} else if overlap >= 0.70 {
			r.May[f] = true
		}
		if overlap >= 0.85 && s.seeking {
			r.Candidates[o.id] = append(r.Candidates[o.id], Ranked{s.id, relevance})
		}
	case "hackathons":
		if overlap < 0.5 || o.deadline == nil {
			return
		}
		f := Firing{Rule: hackathonClosing, Student: s.id, Opportunity: o.id}
		at := o.deadline.Add(-48 * time.Hour)
		const edge = time.Minute // the clock moves in ticks
		switch begin, end := later(at, since), at.Add(12*time.Hour); {
		case now.Before(at), since.After(end.Add(edge)):
		case begin.Add(edge).After(now), begin.Add(edge).After(end):
			r.May[f] = true
		default:
			r.Must[f] = true
		}
	}
}

// fits gives overlap and relevance, straight from their definitions.
func (w *world) fits(s *student, o *opportunity) (overlap, relevance float64) {
	n, d := 0, 0
	for name, need := range o.skills {
		d += need.weight * 60
		if level, has := s.skills[name]; has {
			n += need.weight * min(level, need.level) * 60 / need.level
		}
	}
	key, ok := w.key(s, o)
	if !ok {
		return 0, 0
	}
	fresh := math.Round(65536 * float64(o.posted.Unix()-1577836800) / w.config.Weights[o.bucket].HalfLife.Seconds())
	return float64(n) / float64(d), math.Exp2((float64(key) - fresh) / 65536)
}

// gaps adds the reminders that are due.
func (r *RuleResult) gaps(w world, profiles []Record) {
	first := map[Firing]time.Time{} // since when the gap has been wide without a break
	for _, record := range profiles {
		var raw struct {
			Gaps []struct {
				Skill    string
				Severity float64
				Since    *time.Time
			}
		}
		if record.Value != nil && json.Unmarshal(record.Value, &raw) != nil {
			continue
		}
		wide := map[Firing]time.Time{}
		for _, g := range raw.Gaps {
			f := Firing{Rule: gapReminder, Student: record.Key, Gap: w.skill(g.Skill)}
			if g.Severity < 0.7 {
				continue
			}
			since := record.Time
			if known, held := first[f]; held {
				since = known
			} else if g.Since != nil && g.Since.Before(since) {
				since = *g.Since
			}
			wide[f] = since
		}
		for f := range first {
			if f.Student == record.Key {
				delete(first, f)
			}
		}
		for f, since := range wide {
			first[f] = since
		}
	}
	for f, since := range first {
		s := w.students[f.Student]
		if s == nil {
			continue
		}
		due, now := since.Add(14*24*time.Hour), w.config.Now(s.partition)
		switch {
		case due.Before(now.Add(-time.Minute)):
			r.Must[f] = true
		case due.Before(now.Add(time.Minute)):
			r.May[f] = true
		}
	}
}

// ParseFact reads a record of engine-state that remembers a firing; false when it
// is another record, or one of something that does not stand.
func ParseFact(key string, value []byte) (Firing, bool) {
	student, rest, _ := strings.Cut(key, "\x1f")
	what, _, _ := strings.Cut(rest, "\x1f")
	var raw struct {
		Rule, Opportunity, Gap, State string

		Withdrawn bool
	}
	if what != "rule" || value == nil || json.Unmarshal(value, &raw) != nil || raw.State != "fired" || raw.Withdrawn {
		return Firing{}, false
	}
	return Firing{raw.Rule, student, raw.Opportunity, raw.Gap}, true
}
