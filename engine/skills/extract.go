package skills

import "slices"

// Extract gives the canonical skills that a text asks for, sorted and unique.
// Words are whole words; the longest spelling wins, so "Spring Boot" is never a
// season. Spellings with an everyday meaning count only where the text says
// that the skill is meant (see the table's flags), and a plainly negated skill
// ("no Java needed", "Python not required") does not count where it is negated.
func Extract(text string) []string {
	var space [64]token
	t := reading{tokens: tokenize(space[:0], text)}
	phrases := &words().phrases
	t.find(phrases)
	var found []string
	for i := range t.matches {
		if t.accepted(i) && !t.negated(t.matches[i]) {
			found = append(found, phrases.skills[t.matches[i].skill])
		}
	}
	slices.Sort(found)
	return slices.Compact(found)
}

// match is a spelling found at tokens[from:to].
type match struct {
	meaning
	from, to int
}

// reading is one text being read.
type reading struct {
	tokens  []token
	matches []match // in order, not overlapping, traps left out
	traps   []match
	plain   int // how many of them have no flag
}

// find fills the matches from left to right, the longest first.
func (t *reading) find(phrases *trie) {
	for i := 0; i < len(t.tokens); {
		m, end, ok := phrases.longest(t.tokens, i)
		if !ok {
			i++
			continue
		}
		for m.how == never { // a mere name hides no skill inside it
			inner, innerEnd, ok := phrases.longest(t.tokens[:end-1], i)
			if !ok {
				break
			}
			m, end = inner, innerEnd
		}
		if m.skill == trapped {
			t.traps = append(t.traps, match{m, i, end})
		} else {
			t.matches = append(t.matches, match{m, i, end})
			for j := i; j < end; j++ {
				t.tokens[j].matched = true
			}
			if m.how == always {
				t.plain++
			}
		}
		i = end
	}
}

// accepted decides whether match i means its skill.
func (t *reading) accepted(i int) bool {
	m := t.matches[i]
	if m.how == always {
		return true
	}
	if t.fragment(m) {
		return false
	}
	first := t.tokens[m.from]
	switch m.how {
	case capital:
		return first.capital && !t.next(m).in(prepositions) || t.whole(m) || t.listed(i)
	case upper:
		return t.capitals(m) || t.whole(m) || t.listed(i)
	case context:
		return first.capital && (t.whole(m) || t.told(m) || t.alone(m) && t.plain > 0) ||
			t.versioned(m) || first.capital && t.numbered(m) || t.listed(i)
	case role:
		return t.beforeRole(m) || t.alone(m) || t.listed(i)
	case strict:
		return t.versioned(m) || !t.seasonal(m) && t.listed(i)
	case tag:
		return t.tagged(m)
	default:
		return false
	}
}

// fragment says whether a flagged single letter is part of something longer:
// "USB-C", "C-22", "45°C", "R&D", "J. R. Smith" or "Intel(R)".
func (t *reading) fragment(m match) bool {
	word := t.tokens[m.from]
	if m.to != m.from+1 || len(word.text) != 1 {
		return false
	}
	if word.glued || t.next(m).glued {
		return true
	}
	if m.from > 0 {
		before := t.tokens[m.from-1]
		switch touches := before.end == word.start; before.mark {
		case '.':
			return true
		case '(':
			if m.from > 1 && t.tokens[m.from-2].end == before.start {
				return true
			}
		case '!', '&':
			if touches {
				return true
			}
		}
	}
	after := t.next(m)
	return after.mark == '&' && after.start == word.end ||
		after.mark == '.' && m.to+1 < len(t.tokens) && len(t.tokens[m.to+1].text) == 1
}

// next is the token after a match; an empty word at the end of the text.
func (t *reading) next(m match) token {
	if m.to < len(t.tokens) {
		return t.tokens[m.to]
	}
	return token{}
}

func (t token) in(set map[string]bool) bool { return set[t.text] }

// whole says whether the text is nothing but the match, as a tag is.
func (t *reading) whole(m match) bool { return m.from == 0 && m.to == len(t.tokens) }

// capitals says whether every word of the match is written in capitals.
func (t *reading) capitals(m match) bool {
	for _, word := range t.tokens[m.from:m.to] {
		if word.isWord() && !word.upper {
			return false
		}
	}
	return true
}
