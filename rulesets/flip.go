package rulesets

import (
	"fmt"
	"math"
	"regexp"
	"strconv"

	"tideline/engine/event"
)

// Flip is a single change that would turn a rule's outcome round.
type Flip struct {
	Field string `json:"field"` // such as "match.overlap"
	Have  string `json:"have"`  // "unknown" without a value
	Op    string `json:"op"`    // at least, more than, at most, less than, exactly, other than
	Want  string `json:"want"`
	Text  string `json:"text"` // such as "match.overlap is 0.62; needs at least 0.75"

	distance float64
}

// Flip gives the smallest single change of a number, a word or a yes or no that
// makes `when` true where it is not, or not true where it is; false when no such
// change does. Changes are compared as shares of the range of their field; of
// words and truths any change is a whole one. Every change is tried on a copy
// of the subject before it is given.
func (r *Rule) Flip(s *Subject) (Flip, bool) {
	now := r.When(s) == True
	best, found := Flip{distance: math.Inf(1)}, false
	for _, a := range r.programs.atoms {
		for _, f := range a.flips(s) {
			if f.distance >= best.distance {
				continue
			}
			changed := *s
			f.apply(&changed)
			if (r.When(&changed) == True) != now {
				best, found = f.Flip, true
			}
		}
	}
	if !found {
		return Flip{}, false
	}
	verb := "needs"
	if now {
		verb = "would end with"
	}
	best.Text = fmt.Sprintf("%s is %s; %s %s %s", best.Field, best.Have, verb, best.Op, best.Want)
	return best, true
}

// trial is a change that may turn the outcome round.
type trial struct {
	Flip
	apply func(*Subject)
}

// flips gives the changes of an atom's term to either side of what it says.
func (a atom) flips(s *Subject) []trial {
	if m := skillTerm.FindStringSubmatch(a.term); m != nil && s.Student != nil {
		return a.skillFlips(s, m)
	}
	f := fieldAt(a.term)
	if f == nil {
		return nil
	}
	have := readable(s, a.term)
	switch a.op {
	case "is":
		if edit := flagEdits[a.term]; edit != nil && have != "unknown" {
			want := have != "true"
			return []trial{{Flip{Field: a.term, Have: have, Op: "exactly", Want: strconv.FormatBool(want), distance: 1}, func(s *Subject) { edit(s, want) }}}
		}
	case "in", "not":
		return a.wordFlips(have)
	default:
		return a.numberFlips(s, f, have)
	}
	return nil
}

func (a atom) wordFlips(have string) (all []trial) {
	edit := wordEdits[a.term]
	if edit == nil || have == "unknown" {
		return nil
	}
	for _, w := range a.words {
		if w != have {
			all = append(all, trial{Flip{Field: a.term, Have: have, Op: "exactly", Want: w, distance: 1}, func(s *Subject) { edit(s, w) }})
		} else { // a word that nothing is compared with
			all = append(all, trial{Flip{Field: a.term, Have: have, Op: "other than", Want: w, distance: 1}, func(s *Subject) { edit(s, "\x00") }})
		}
	}
	return all
}

func (a atom) numberFlips(s *Subject, f *field, have string) (all []trial) {
	edit, read := numberEdits[a.term], numberFields[a.term]
	if edit == nil || read == nil {
		return nil
	}
	v, known := read(s)
	whole := a.whole
	up, down := math.Nextafter(a.bound, math.Inf(1)), math.Nextafter(a.bound, math.Inf(-1))
	if whole {
		up, down = a.bound+1, a.bound-1
	}
	for _, to := range []float64{a.bound, up, down} {
		if to < f.low || to > f.high || known && to == v {
			continue
		}
		flip := Flip{Field: a.term, Have: have, Want: formatNumber(a.bound), distance: 1}
		if known {
			flip.distance = math.Abs(to-v) / span(f)
		}
		switch {
		case to == up:
			flip.Op = "more than"
		case to == down:
			flip.Op = "less than"
		case a.op == "==" || a.op == "!=":
			flip.Op = "exactly"
		case known && v > to || !known && (a.op == "<" || a.op == "<="):
			flip.Op = "at most"
		default:
			flip.Op = "at least"
		}
		all = append(all, trial{flip, func(s *Subject) { edit(s, to) }})
	}
	return all
}

func span(f *field) float64 {
	if w := f.high - f.low; w > 0 && !math.IsInf(w, 0) {
		return w
	}
	return 1
}

// skillTerm matches, in canonical form, what a condition may ask of a student's
// skills: 1 a level, 2 and 3 whether there is one.
var skillTerm = regexp.MustCompile(`^(?:level\(student,"(.+)"\)|has_skill\(student,"(.+)"\)|@in\("(.+)",student\.skills\))$`)

func (a atom) skillFlips(s *Subject, m []string) []trial {
	skill := m[1] + m[2] + m[3]
	level := s.Student.level(skill)
	if m[1] != "" {
		if a.op == "is" || a.op == "in" || a.op == "not" {
			return nil
		}
		var all []trial
		for _, to := range []int{int(a.bound), int(a.bound) + 1, int(a.bound) - 1} {
			if to < 0 || to > event.MaxLevel || to == level {
				continue
			}
			op := "at least"
			if to < level {
				op = "at most"
			}
			all = append(all, trial{
				Flip{Field: "level of " + skill, Have: strconv.Itoa(level), Op: op, Want: strconv.Itoa(to), distance: math.Abs(float64(to-level)) / event.MaxLevel},
				func(s *Subject) { setLevel(s, skill, to) },
			})
		}
		return all
	}
	have, want, to := "lacking", "there", 3
	if level > 0 {
		have, want, to = want, have, 0
	}
	return []trial{{Flip{Field: "skill " + skill, Have: have, Op: "exactly", Want: want, distance: 1}, func(s *Subject) { setLevel(s, skill, to) }}}
}

// setLevel gives the subject a student who has a skill at a level; 0 takes it away.
func setLevel(s *Subject, skill string, level int) {
	editStudent(s, func(p *event.Profile) {
		skills := make([]event.Skill, 0, len(p.Skills)+1)
		for _, k := range p.Skills {
			if k.Name != skill {
				skills = append(skills, k)
			}
		}
		if level > 0 {
			skills = append(skills, event.Skill{Name: skill, Level: level})
		}
		p.Skills = skills
	})
}
