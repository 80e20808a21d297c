package skills

import (
	"iter"
	"strings"
)

// sentence is a part of a text that speaks for itself: tokens[from:to].
type sentence struct {
	from, to int
	first    bool // it begins its line
}

// sentences parts the tokens at line feeds, full stops, semicolons, question and
// exclamation marks and bullets.
func (t *reading) sentences(text string) iter.Seq[sentence] {
	return func(yield func(sentence) bool) {
		s := sentence{first: true}
		for i, token := range t.tokens {
			feed := i > 0 && strings.Contains(text[t.tokens[i-1].end:token.start], "\n")
			if feed && s.from < i {
				s.to = i
				if !yield(s) {
					return
				}
				s = sentence{from: i}
			}
			s.first = s.first || feed
			if ends(token, text) {
				s.to = i + 1
				if !yield(s) {
					return
				}
				s = sentence{from: i + 1}
			}
		}
		if s.to = len(t.tokens); s.from < s.to {
			yield(s)
		}
	}
}

func ends(token token, text string) bool {
	switch token.mark {
	case '.', ';':
		return true
	case '!', '-':
		return strings.ContainsAny(text[token.start:token.end], "!?•·")
	}
	return false
}

// longestHeading is how many words a heading has at most.
const longestHeading = 8

// otherHeadings begin lines that end what a heading said before.
var otherHeadings = [...]string{"about", "benefits", "perks", "responsibilities", "what we offer", "what you will do", "the role", "who we are", "how to apply"}

// heading says whether a sentence is a line that stands over others, and what
// it says of the skills below it.
func (t *reading) heading(s sentence, text string) (below Need, ok bool) {
	last := s.to - 1
	colon := t.tokens[last].mark == ':'
	tokens := s.to - s.from
	if colon {
		tokens--
	}
	closed := s.to == len(t.tokens) || strings.Contains(text[t.tokens[last].end:t.tokens[s.to].start], "\n")
	if !s.first || !closed || tokens > longestHeading || !t.tokens[s.from].isWord() || !colon && !t.tokens[last].isWord() {
		return Named, false
	}
	for i := s.from; i < s.to && !colon; i++ {
		if _, skill := t.matchAt(i); skill {
			return Named, false
		}
	}
	for i := s.from; i < s.to; i++ {
		if c, _, cued := t.cueAt(i, s.to); cued && !t.denied(i) {
			return c.need, colon || i <= s.from+1
		}
	}
	line := strings.ToLower(text[t.tokens[s.from].start:])
	for _, other := range otherHeadings {
		if strings.HasPrefix(line, other) {
			return Named, true
		}
	}
	return Named, colon
}
