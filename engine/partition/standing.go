package partition

import (
	"maps"
	"slices"
	"time"

	"tideline/engine/event"
	"tideline/engine/evidence"
	"tideline/rulesets"
)

// standing is what a student's applications say about them, in place of what
// their profile says.
type standing struct {
	scores       evidence.Scores
	asOf         time.Time
	ownActivity  int // of the profile; -1: unknown
	ownInterview int
}

// activity and interview are what counts.
func (s *standing) activity() int { return s.scores.Activity }

func (s *standing) interview() int {
	if s.scores.Interview < 0 {
		return s.ownInterview
	}
	return s.scores.Interview
}

// rescore works a student's scores out anew. What changed is told, ranks their
// feeds anew, and is seen by the rules as a change of the profile.
func (p *Partition) rescore(student string, at time.Time, out *Effects) {
	before := p.standings[student]
	if !p.assess(student) {
		return
	}
	if s := p.standings[student]; s != nil {
		out.Scores = append(out.Scores, s.record(student))
		p.score(student, s.activity(), s.interview(), at, out)
		return
	}
	out.Scores = append(out.Scores, event.ProfileScores{Student: student, Erased: true})
	p.score(student, before.ownActivity, before.ownInterview, at, out) // those of the profile count again
}

// score lets other scores of a student count from now on.
func (p *Partition) score(student string, activity, interview int, at time.Time, out *Effects) {
	oldActivity, oldInterview := p.students.Scores(student)
	if _, known := p.students.Lookup(student); !known || activity == oldActivity && interview == oldInterview {
		return
	}
	was := p.past(student)
	if p.students.SetScores(student, activity, interview) {
		p.rebuildAll(student)
	}
	p.views[student] = struct{}{}
	p.touchProfile(student, was, touch{kind: rulesets.OnProfiles, at: at}, out)
}

// assess brings a student's standing up to now. It reports whether the scores changed.
func (p *Partition) assess(student string) bool {
	var list []*evidence.Application
	for _, t := range p.apps[student] {
		if t.App != nil { // what is said of an application begins to count with its first step
			list = append(list, &t.Application)
		}
	}
	old := p.standings[student]
	if len(p.apps[student]) > 0 {
		p.ages(student)
	} else {
		delete(p.aging[evidence.Slot(student)], student)
	}
	if len(list) == 0 {
		delete(p.standings, student)
		return old != nil
	}
	asOf := evidence.AsOf(student, p.time())
	scores := evidence.Of(list, asOf)
	if old == nil {
		s := &standing{scores: scores, asOf: asOf, ownActivity: -1, ownInterview: -1}
		s.ownActivity, s.ownInterview = p.students.Scores(student)
		p.standings[student] = s
		return true
	}
	changed := old.scores != scores
	old.scores, old.asOf = scores, asOf
	return changed
}

// ages notes at which second of the day a student's scores age.
func (p *Partition) ages(student string) {
	slot := evidence.Slot(student)
	if p.aging[slot] == nil {
		p.aging[slot] = map[string]struct{}{}
	}
	p.aging[slot][student] = struct{}{}
}

// age lets the scores of those whose second of the day has come lose weight.
func (p *Partition) age(before time.Time, out *Effects) {
	due := map[string]struct{}{}
	if before.IsZero() || p.now.Sub(before) >= 24*time.Hour {
		for student := range p.apps {
			due[student] = struct{}{}
		}
	} else if len(p.apps) > 0 {
		for at := before.Unix() + 1; at <= p.now.Unix(); at++ {
			maps.Copy(due, p.aging[at%(24*60*60)])
		}
	}
	for _, student := range slices.Sorted(maps.Keys(due)) {
		p.disown(student, out)
		p.rescore(student, p.now, out)
	}
}

// disown forgets what was said a day ago about an application of which no step
// has come: the student was erased before it was read.
func (p *Partition) disown(student string, out *Effects) {
	for _, id := range slices.Sorted(maps.Keys(p.apps[student])) {
		if t := p.apps[student][id]; t.App == nil && t.heard().Before(p.now.Add(-24*time.Hour)) {
			p.forgetApp(student, id, out)
		}
	}
}

// forgetApp forgets one application.
func (p *Partition) forgetApp(student, id string, out *Effects) {
	if _, known := p.apps[student][id]; !known {
		return
	}
	out.fact(appKey(student, id), nil)
	if delete(p.apps[student], id); len(p.apps[student]) == 0 {
		delete(p.apps, student)
	}
	p.rescore(student, p.time(), out)
}

// own takes the scores of a profile that came, and puts what applications say
// in their place.
func (p *Partition) own(student string) {
	if s := p.standings[student]; s != nil {
		s.ownActivity, s.ownInterview = p.students.Scores(student)
		p.students.SetScores(student, s.activity(), s.interview())
	}
}

func (s *standing) record(student string) event.ProfileScores {
	r := event.ProfileScores{Student: student, Activity: float64(s.scores.Activity), AsOf: s.asOf}
	if s.scores.Interview >= 0 {
		r.Interview = new(float64(s.scores.Interview))
	}
	return r
}
