package partition

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"tideline/engine/event"
)

// ranking is everybody of this partition for whom a rank rule is true of one job.
type ranking struct {
	candidates map[string]ranked // by student
	published  string            // the list as last written; "?": not known
}

// ranked is one student of a ranking: a record of engine-state.
type ranked struct {
	event.Candidate
	// Listed says that the student was on a published list. They stay on it as long
	// as the rule is true of them, also below the best: who only fell behind is
	// still what a recruiter was told, who is gone is not.
	Listed bool `json:"listed,omitempty"`
}

// place is a rank rule and a job.
type place struct{ rule, opportunity string }

func rankKey(student string, at place) string {
	return student + sep + "rank" + sep + at.rule + sep + at.opportunity
}

func (p *Partition) ranking(at place) *ranking {
	if p.ranks[at.rule] == nil {
		p.ranks[at.rule] = map[string]*ranking{}
	}
	r := p.ranks[at.rule][at.opportunity]
	if r == nil {
		r = &ranking{candidates: map[string]ranked{}, published: "?"}
		p.ranks[at.rule][at.opportunity] = r
	}
	return r
}

// rank keeps the ranking of one rule and job up to date with one student.
func (p *Partition) rank(f *force, s step, t touch, out *Effects) {
	at := place{f.id, s.natural.opportunity}
	var old ranked
	had := false
	if r := p.ranks[at.rule][at.opportunity]; r != nil {
		old, had = r.candidates[s.student]
	}
	score, known := 0.0, false
	if s.after.holds() {
		score, known = f.rule.By(&s.after.subject)
	}
	if !known {
		if had {
			p.unrank(s.student, at, out)
		}
		return
	}
	c := old
	c.Student, c.Score, c.Overlap = s.student, score, s.after.subject.Match.Overlap
	c.Matched, c.Missing = s.after.subject.Match.Skills()
	if !had && f.rule.On&t.kind != 0 {
		if was := s.before(); !was.holds() {
			c.Since = t.at.UTC().Truncate(time.Second)
		}
	}
	if had && equalCandidates(old.Candidate, c.Candidate) {
		return
	}
	p.ranking(at).candidates[s.student] = c
	p.candidate(s.student, at)
	p.stale[at] = struct{}{}
	out.fact(rankKey(s.student, at), encode(c))
}

func equalCandidates(a, b event.Candidate) bool {
	return a.Score == b.Score && a.Overlap == b.Overlap && a.Since.Equal(b.Since) &&
		slices.Equal(a.Matched, b.Matched) && slices.Equal(a.Missing, b.Missing)
}

// candidate notes that a student stands somewhere.
func (p *Partition) candidate(student string, at place) {
	if p.candidacies[student] == nil {
		p.candidacies[student] = map[place]struct{}{}
	}
	p.candidacies[student][at] = struct{}{}
	p.concern(student, at.opportunity)
}

func (p *Partition) unrank(student string, at place, out *Effects) {
	delete(p.ranking(at).candidates, student)
	delete(p.candidacies[student], at)
	p.stale[at] = struct{}{}
	out.fact(rankKey(student, at), nil)
}

// rankedFor lists the jobs in whose rankings a student stands.
func (p *Partition) rankedFor(student string) []string {
	var jobs []string
	for at := range p.candidacies[student] {
		jobs = append(jobs, at.opportunity)
	}
	return jobs
}

// retireRank ends the rankings of a rule.
func (p *Partition) retireRank(rule string, out *Effects) {
	for _, job := range slices.Sorted(maps.Keys(p.ranks[rule])) {
		at := place{rule, job}
		for _, student := range slices.Sorted(maps.Keys(p.ranking(at).candidates)) {
			p.unrank(student, at, out)
		}
		delete(p.stale, at)
		out.Offers = append(out.Offers, event.CandidateList{Rule: rule, Opportunity: job, Partition: p.number})
	}
	delete(p.ranks, rule)
}

// publishRankings writes the lists that have changed.
func (p *Partition) publishRankings(out *Effects) {
	places := slices.SortedFunc(maps.Keys(p.stale), func(a, b place) int {
		return strings.Compare(a.rule+sep+a.opportunity, b.rule+sep+b.opportunity)
	})
	for _, at := range places {
		f := p.book.byID[at.rule]
		if f == nil || f.rule.Rank == nil {
			continue
		}
		r := p.ranking(at)
		list := event.CandidateList{Rule: at.rule, Opportunity: at.opportunity, Partition: p.number}
		for i, c := range slices.SortedFunc(maps.Values(r.candidates), func(a, b ranked) int { return compareCandidates(a.Candidate, b.Candidate) }) {
			if i >= f.rule.Rank.Top && !c.Listed {
				continue
			}
			if !c.Listed {
				c.Listed = true
				r.candidates[c.Student] = c
				out.fact(rankKey(c.Student, at), encode(c))
			}
			list.Candidates = append(list.Candidates, c.Candidate)
		}
		if text := string(list.Encode()); text != r.published {
			r.published = text
			out.Offers = append(out.Offers, list)
		}
		if len(r.candidates) == 0 {
			delete(p.ranks[at.rule], at.opportunity)
		}
	}
	clear(p.stale)
}

func compareCandidates(a, b event.Candidate) int {
	switch {
	case a.Before(b):
		return -1
	case b.Before(a):
		return 1
	}
	return 0
}

func (p *Partition) restoreRank(student, about string, value []byte) error {
	rule, job, _ := strings.Cut(about, sep)
	at := place{rule, job}
	if value == nil {
		delete(p.ranking(at).candidates, student)
		delete(p.candidacies[student], at)
		return nil
	}
	var c ranked
	if err := json.Unmarshal(value, &c); err != nil {
		return err
	}
	p.ranking(at).candidates[student] = c
	p.candidate(student, at)
	return nil
}
