package skills

import (
	"strconv"
	"strings"
)

// cue is a phrase that says how much skills are wanted.
type cue struct {
	words []string
	need  Need
	ahead bool // speaks only of what follows: "ideally"
}

// cues are the cues by their first word.
var cues = func() map[string][]cue {
	all := map[string][]cue{}
	for text, c := range map[string]cue{
		`nice to have|good to have|great to have|preferred|a plus|big plus|huge plus|strong plus|definite plus|plus point|
		an advantage|advantageous|desirable|desired|optional|beneficial|welcome`: {need: Preferred},
		`bonus|bonus points|ideally|preferably|extra credit|what would set you apart|pluses`:                                 {need: Preferred, ahead: true},
		`required|must have|must haves|mandatory|essential|necessary|a must|needed|non negotiable`:                           {need: Required},
		`requirements|requires|require|must know|must be|you need|you will need|minimum qualifications|basic qualifications`: {need: Required, ahead: true},
	} {
		for phrase := range strings.SplitSeq(text, "|") {
			c.words = strings.Fields(phrase)
			all[c.words[0]] = append(all[c.words[0]], c)
		}
	}
	return all
}()

// cueAt gives the longest cue that starts at tokens[i] and ends before end.
func (t *reading) cueAt(i, end int) (best cue, length int, ok bool) {
	for _, c := range cues[t.tokens[i].text] {
		if len(c.words) > length && i+len(c.words) <= end && t.reads(i, c.words) {
			best, length, ok = c, len(c.words), true
		}
	}
	return best, length, ok
}

func (t *reading) reads(i int, words []string) bool {
	for k, word := range words {
		if t.tokens[i+k].matched || t.tokens[i+k].text != word {
			return false
		}
	}
	return true
}

// denied says whether a negation stands right before a cue: "not required".
func (t *reading) denied(i int) bool { return i > 0 && t.tokens[i-1].in(negators) }

// levels are the words that hint at a level.
var levels = map[string]int{
	"basic": 1, "basics": 1, "beginner": 1, "exposure": 1, "awareness": 1, "introductory": 1,
	"familiar": 2, "familiarity": 2, "understanding": 2, "knowledge": 2,
	"working": 3, "hands": 3, "intermediate": 3, "comfortable": 3, "competent": 3, "practical": 3,
	"proficient": 4, "proficiency": 4, "strong": 4, "solid": 4, "advanced": 4, "fluent": 4, "extensive": 4, "skilled": 4,
	"expert": 5, "expertise": 5, "mastery": 5, "deep": 5,
}

// near bounds how many tokens may stand between a hint and its skill.
const near = 7

// prefix is what stands before a skill and holds for it.
type prefix struct {
	need         Need
	told         bool
	level, years int
	at           int  // the token after the hint, or after the last skill it was given to
	given        bool // a skill has had the hint; only an enumeration carries it on
}

// cue takes in a cue at tokens[i]. After skills that no other cue spoke of it
// speaks of those, or of the last part of the enumeration; else of what follows.
func (p *prefix) cue(t *reading, c cue, i, length int, all []asked, comma int) {
	colon := i+length < len(t.tokens) && t.tokens[i+length].mark == ':'
	if !c.ahead && !colon {
		from := len(all)
		for from > 0 && !all[from-1].told {
			from--
		}
		if from == len(all) && p.told {
			from = comma // "Required: Java, Go preferred"
		}
		if from < len(all) {
			for k := range all[from:] {
				all[from+k].need, all[from+k].told = c.need, true
			}
			*p = prefix{}
			return
		}
	}
	p.need, p.told = c.need, true
}

// skill gives match m what stands before it and right after it.
func (p *prefix) skill(t *reading, m int, below Need) asked {
	a := asked{match: m, need: below}
	if p.told {
		a.need, a.told = p.need, true
	}
	here := t.matches[m]
	carried := here.from-p.at <= near
	if p.given {
		_, carried = t.enumerated(p.at, here.from)
	}
	if carried {
		a.level, a.years = p.level, p.years
	} else {
		p.level, p.years = 0, 0
	}
	p.at, p.given = here.to, true
	return a
}

// hint takes in a level or a number of years at tokens[i]: of the skill before
// it after a bracket, a colon or a dash ("Go (advanced)"), else of what follows.
func (p *prefix) hint(t *reading, i, end int, all []asked) {
	word := t.tokens[i]
	level := levels[word.text]
	years := t.yearsAt(i)
	if level == 0 && years == 0 {
		return
	}
	if n := len(all); n > 0 && t.behind(t.matches[all[n-1].match].to, i, end) {
		all[n-1].level, all[n-1].years = max(all[n-1].level, level), max(all[n-1].years, years)
		return
	}
	if p.given {
		p.level, p.years, p.given = 0, 0, false
	}
	if p.level == 0 { // "basic understanding" is basic
		p.level = level
	}
	p.years, p.at = max(p.years, years), i+1
}

// behind says whether tokens[i] closes what a mark opened right after a skill
// that ends at to.
func (t *reading) behind(to, i, end int) bool {
	if opening := t.tokens[to].mark; opening != '(' && opening != ':' && opening != '-' {
		return false
	}
	for _, token := range t.tokens[to+1 : i] {
		if token.isWord() && token.text != "at" && token.text != "least" && !isNumber(token.text) {
			return false
		}
	}
	return i+1 == end || t.tokens[i+1].mark != 0
}

// yearsAt reads the number before "years" at tokens[i]: "3+ years", "two years",
// and the smaller one of "3-5 years" and "3 to 5 years".
func (t *reading) yearsAt(i int) int {
	if word := t.tokens[i].text; word != "years" && word != "year" && word != "yrs" {
		return 0
	}
	years := 0
	for k := i - 1; k >= max(0, i-4); k-- {
		token := t.tokens[k]
		if number := number(token.text); number > 0 {
			years = number
		} else if token.mark != '+' && token.mark != '-' && token.text != "to" {
			break
		}
	}
	return years
}

func isNumber(text string) bool { return number(text) > 0 }

// number reads a number of years, in digits or words.
func number(text string) int {
	if n, err := strconv.Atoi(text); err == nil && n <= 40 {
		return max(n, 0)
	}
	for i, word := range [...]string{"one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"} {
		if word == text {
			return i + 1
		}
	}
	return 0
}
