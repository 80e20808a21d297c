package skills

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// token is one word of a text or one mark between words. White space and the
// hyphen inside a compound leave no token.
type token struct {
	text       string // lower case; a mark is one of , / & + | ; : . ( ) - and ! for all others
	start, end int    // bytes in the text
	mark       byte   // 0 for a word
	glued      bool   // a hyphen without blanks joins it to the word before
	capital    bool   // starts with a capital
	upper      bool   // at least two letters, all of them capitals
	matched    bool   // part of a match; set while reading
}

func (t token) isWord() bool { return t.mark == 0 }

// tokenize appends the tokens of text. What belongs to a word is decided for
// names of skills: "c++", "c#", ".net", "node.js" and "1.22" are one word each.
func tokenize(tokens []token, text string) []token {
	glued := false
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if startsWord(text, i, r) {
			end := wordEnd(text, i+size)
			tokens = append(tokens, newWord(text, i, end, glued))
			glued = false
			i = skipPossessive(text, end)
			continue
		}
		glued = false
		switch {
		case unicode.IsSpace(r) || r == '_':
		case r == '-' && i > 0 && inWord(text, i-1) && i+1 < len(text) && inWord(text, i+1):
			glued = true
		default:
			tokens = append(tokens, newMark(r, i, i+size))
		}
		i += size
	}
	return tokens
}

// startsWord also accepts the full stop of ".net" when nothing precedes it.
func startsWord(text string, i int, r rune) bool {
	if unicode.IsLetter(r) || unicode.IsDigit(r) {
		return true
	}
	return r == '.' && i+1 < len(text) && isLetterByte(text[i+1]) && (i == 0 || !inWord(text, i-1))
}

// wordEnd gives the end of the word that goes on at i.
func wordEnd(text string, i int) int {
	for i < len(text) {
		r, size := utf8.DecodeRuneInString(text[i:])
		switch {
		case unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r):
			i += size
		case r == '.' && i+1 < len(text) && inWord(text, i+1) && inWord(text, i-1):
			i++
		case strings.HasPrefix(text[i:], "++") && isLetterByte(text[i-1]):
			return i + 2
		case r == '#' && isLetterByte(text[i-1]) && (i+1 == len(text) || !inWord(text, i+1)):
			return i + 1
		default:
			return i
		}
	}
	return i
}

// skipPossessive passes over 's, so that "Go's" is Go, and over the rest of
// words such as "don't", which are never skills.
func skipPossessive(text string, i int) int {
	for _, mark := range [...]string{"'", "’"} {
		if rest, ok := strings.CutPrefix(text[i:], mark); ok && rest != "" && isLetterByte(rest[0]) {
			return wordEnd(text, i+len(mark)+1)
		}
	}
	return i
}

func newWord(text string, start, end int, glued bool) token {
	raw := text[start:end]
	letters, capitals := 0, 0
	for _, r := range raw {
		if unicode.IsLetter(r) {
			letters++
			if unicode.IsUpper(r) {
				capitals++
			}
		}
	}
	first, _ := utf8.DecodeRuneInString(strings.TrimPrefix(raw, "."))
	return token{
		text: strings.ToLower(raw), start: start, end: end, glued: glued,
		capital: unicode.IsUpper(first), upper: letters > 1 && letters == capitals,
	}
}

func newMark(r rune, start, end int) token {
	mark := byte('!')
	switch r {
	case ',', '/', '&', '+', '|', ';', ':', '.', '(', ')', '-':
		mark = byte(r)
	case '[', '{':
		mark = '('
	case ']', '}':
		mark = ')'
	case '–', '—', '•', '·':
		mark = '-'
	}
	return token{text: string(rune(mark)), start: start, end: end, mark: mark}
}

// inWord says whether the byte at i belongs to a letter or digit; every byte
// beyond ASCII counts, which errs towards keeping words whole.
func inWord(text string, i int) bool {
	b := text[i]
	return b >= utf8.RuneSelf || isLetterByte(b) || '0' <= b && b <= '9'
}

func isLetterByte(b byte) bool { return 'a' <= b|0x20 && b|0x20 <= 'z' }
