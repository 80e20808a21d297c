package skills

import "strings"

// tellingNext are words that make the language or tool before them plain: "Go
// compiler". tellingBefore do so for the one after: "in Go".
var (
	tellingNext = set(`alternative api apis app application applications backend basics beginner bindings bootcamp
		cli code codebase compiler course courses crash crate crates developer developers engineer engineering engineers experience framework frameworks
		fundamentals generics guide gui implementation interpreter language libraries library macros manual migration module modules package
		packages programmer programmers programming project projects runtime script scripting scripts sdk
		server skills software syntax toolchain tui tutorial`)
	tellingBefore = set(`in using with via learn learning master mastering use uses used write writes writing know knows knowing`)
	learners      = set(`beginner beginners developers dummies everyone newcomers professionals students`)
	afterVersion  = set(`and course for from in or to tutorial with`)
	plurals       = set(`administrator analyst architect consultant designer developer engineer manager
		researcher scientist specialist tester`)
	prepositions = set(`to at on with for`)
	roles        = set(`administrator analyst analysts apprentice apprenticeship architect assistant associate
		co-op consultant coordinator designer dev developer developers development director engineer engineering
		engineers executive fellow fellowship hackathon intern interns internship internships lead manager programmer programming
		researcher scientist specialist student supervisor team technician technologist tester trainee co coop`)
	seasons = set(`intern interns internship internships co coop semester term break season summer fall
		winter session cohort start`)
)

func set(text string) map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		words[word] = true
	}
	return words
}

// told says whether a telling word stands directly before or after the match, or the
// text says how much it is wanted: "knowledge of C", "Go is a plus".
func (t *reading) told(m match) bool {
	if t.next(m).in(tellingNext) {
		return true
	}
	if m.to+1 < len(t.tokens) && t.tokens[m.to].text == "for" && t.tokens[m.to+1].in(learners) {
		return true
	}
	if m.to+1 < len(t.tokens) && t.tokens[m.to].text == "is" {
		if _, _, wanted := t.cueAt(m.to+1, len(t.tokens)); wanted {
			return true
		}
	}
	if m.from > 1 && t.tokens[m.from-1].text == "of" && levels[t.tokens[m.from-2].text] > 0 {
		return true
	}
	return m.from > 0 && t.tokens[m.from-1].in(tellingBefore)
}

// beforeRole says whether a role follows, at once or in the same row of words
// with capitals: "security intern", "Security Software Engineer".
func (t *reading) beforeRole(m match) bool {
	if t.next(m).in(roles) {
		return true
	}
	for i := m.to; i < min(len(t.tokens), m.to+2) && t.tokens[m.from].capital; i++ {
		if word := t.tokens[i]; !word.isWord() || !word.capital {
			return false
		}
		if i+1 < len(t.tokens) && t.tokens[i+1].capital && t.tokens[i+1].in(roles) {
			return true
		}
	}
	return false
}

// tagged says whether the match fills the room between two semicolons, which is
// how sources join the themes and tags of a listing.
func (t *reading) tagged(m match) bool {
	opened := m.from == 0 || t.tokens[m.from-1].mark == ';'
	closed := m.to == len(t.tokens) || t.tokens[m.to].mark == ';'
	return opened && closed
}

// numbered says whether a short whole number follows that reads as a version:
// "Swift 5 and UIKit", but not "Go 10 miles".
func (t *reading) numbered(m match) bool {
	number := t.next(m)
	if !number.isWord() || len(number.text) > 2 || strings.Trim(number.text, "0123456789") != "" || number.text == "" || number.glued {
		return false
	}
	if m.to+1 == len(t.tokens) {
		return true
	}
	after := t.tokens[m.to+1]
	return !after.isWord() || after.in(afterVersion)
}

// versioned says whether a version such as 1.22 follows.
func (t *reading) versioned(m match) bool {
	after := t.next(m)
	if !after.isWord() || !strings.Contains(after.text, ".") {
		return false
	}
	return strings.Trim(after.text, "0123456789.") == ""
}

// seasonal says whether a year or a word such as "internship" follows, which
// makes "spring" a season.
func (t *reading) seasonal(m match) bool {
	after := t.next(m)
	return after.in(seasons) || len(after.text) > 0 && '0' <= after.text[0] && after.text[0] <= '9'
}

// alone says whether the match fills the room between two marks, as in
// "Intern - Mobile" or "Engineer (Rust)". A year after a bracketed letter is a
// copyright notice.
func (t *reading) alone(m match) bool {
	opened := m.from == 0 || t.tokens[m.from-1].mark != 0 && !joins(t.tokens[m.from-1].mark)
	closed := m.to == len(t.tokens) || t.tokens[m.to].mark != 0 && !joins(t.tokens[m.to].mark)
	return opened && closed
}

// joins says whether a mark parts two items of one enumeration.
func joins(mark byte) bool { return mark == '/' || mark == '&' || mark == '+' || mark == '|' }

// listed says whether a neighbour in an enumeration vouches for match i: a
// plain skill, or for two flagged ones each other when both have a capital.
func (t *reading) listed(i int) bool {
	return i > 0 && t.vouches(i-1, i, i-1) || i+1 < len(t.matches) && t.vouches(i, i+1, i+1)
}

// vouches looks at the neighbours left and right, of which witness is one.
func (t *reading) vouches(left, right, witness int) bool {
	w := t.matches[witness]
	m := t.matches[left+right-witness]
	comma, ok := t.enumerated(t.matches[left].to, t.matches[right].from)
	if !ok {
		return w.how == context && m.how == context && t.translated(t.matches[left], t.matches[right])
	}
	if t.tokens[t.matches[left].to].mark == ';' && !t.tagged(m) {
		return false // a new clause, unless it is a list of tags
	}
	switch {
	case m.how == strict:
		// "Data Science, Spring" is a season; "Java, Spring, SQL" is not.
		return w.how == always && (!comma || t.between(left+right-witness))
	case w.how == always:
		return true
	case w.how == capital && m.how == context:
		return t.tokens[w.from].capital && t.tokens[m.from].capital
	case w.how == context && m.how == context:
		return t.tokens[w.from].capital && t.tokens[m.from].capital && !t.fragment(w)
	default:
		return false
	}
}

// translated says whether the text goes from one to the other, both with a
// capital: "C to Rust".
func (t *reading) translated(from, to match) bool {
	return to.from == from.to+1 && t.tokens[from.to].text == "to" && t.tokens[from.from].capital && t.tokens[to.from].capital
}

// between says whether match i has an enumerated neighbour on either side.
func (t *reading) between(i int) bool {
	if i == 0 || i+1 == len(t.matches) {
		return false
	}
	_, before := t.enumerated(t.matches[i-1].to, t.matches[i].from)
	_, after := t.enumerated(t.matches[i].to, t.matches[i+1].from)
	return before && after
}

// enumerated says whether tokens[from:to] only part two items of a list, and
// whether they do so by a comma.
func (t *reading) enumerated(from, to int) (comma, ok bool) {
	if from == to || to-from > 2 {
		return false, false
	}
	for _, token := range t.tokens[from:to] {
		switch {
		case token.mark == ',' || token.mark == ';':
			comma = true
		case joins(token.mark), token.text == "and", token.text == "or":
		default:
			return false, false
		}
	}
	return comma, true
}
