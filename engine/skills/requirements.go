package skills

import (
	"cmp"
	"maps"
	"slices"
)

// Need says how much a text wants a skill.
type Need int

// The needs, from the one that gives way to the one that stays when a text
// names a skill more than once.
const (
	Named     Need = iota // the text names the skill and says no more
	Preferred             // "nice to have", "a plus", "preferred"
	Required              // "must have", "required", "Requirements:"
)

// String gives the need in one word.
func (n Need) String() string { return [...]string{"named", "preferred", "required"}[n] }

// Requirement is what a text asks for of one skill.
type Requirement struct {
	Skill string
	Need  Need
	Level int // 1 (basic) to 5 (expert), as the text hints; 0 if it does not
	Years int // at least so many years of it; 0 if the text does not say
}

// Requirements gives the skills that Extract finds, with whether they are
// required or preferred, at what level and for how many years, sorted by skill.
// A heading such as "Nice to have" holds for the lines below it until the next
// heading; a word in a sentence holds for that sentence. A skill that is named
// twice has the greater need, level and number of years. The text is plain,
// lines parted by line feeds.
func Requirements(text string) []Requirement {
	t := reading{tokens: tokenize(nil, text)}
	phrases := &words().phrases
	t.find(phrases)
	found := map[string]Requirement{}
	below := Named
	for s := range t.sentences(text) {
		if need, heading := t.heading(s, text); heading {
			below = need
		}
		for _, m := range t.askedIn(s, below) {
			name := phrases.skills[t.matches[m.match].skill]
			r := found[name]
			found[name] = Requirement{name, max(r.Need, m.need), max(r.Level, m.level), max(r.Years, m.years)}
		}
	}
	return slices.SortedFunc(maps.Values(found), func(a, b Requirement) int { return cmp.Compare(a.Skill, b.Skill) })
}

// asked is one place where a sentence names a skill.
type asked struct {
	match        int
	need         Need
	told         bool // a cue has decided about need
	level, years int
}

// askedIn gives the skills of a sentence, in its order.
func (t *reading) askedIn(s sentence, below Need) []asked {
	var all []asked
	var p prefix
	comma := 0 // from where on the present part of an enumeration reaches
	for i := s.from; i < s.to; {
		if m, ok := t.matchAt(i); ok {
			if t.accepted(m) && !t.negated(t.matches[m]) {
				all = append(all, p.skill(t, m, below))
			}
			i = t.matches[m].to
			continue
		}
		if t.tokens[i].mark == ',' {
			comma = len(all)
		}
		if c, length, ok := t.cueAt(i, s.to); ok && !t.denied(i) {
			p.cue(t, c, i, length, all, comma)
			i += length
			continue
		}
		p.hint(t, i, s.to, all)
		i++
	}
	return all
}

// matchAt gives the match that starts at tokens[i].
func (t *reading) matchAt(i int) (position int, ok bool) {
	return slices.BinarySearchFunc(t.matches, i, func(one match, i int) int { return cmp.Compare(one.from, i) })
}
