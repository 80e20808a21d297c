package sources

import (
	"errors"
	"html"
	"io"
	"strings"
	"unicode/utf8"

	nethtml "golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// maxDescription is the contract's limit of a description.
const maxDescription = 8192 // bytes

// PlainText gives the words of a piece of HTML, one line a block, list items with
// a dash. Nothing that a browser would run or load is left: the result has no
// mark-up at all, and what looks like a tag in it is text.
func PlainText(fragment string) string {
	var b strings.Builder
	hidden := 0 // depth of elements whose text is not for reading
	z := nethtml.NewTokenizer(strings.NewReader(fragment))
	for {
		switch kind := z.Next(); kind {
		case nethtml.ErrorToken:
			if !errors.Is(z.Err(), io.EOF) { // not from a string
				return ""
			}
			return tidy(b.String())
		case nethtml.TextToken:
			if hidden == 0 { // a word may be marked up in part: <b>Java</b>Script
				b.WriteString(inline.Replace(string(z.Text())))
			}
		case nethtml.StartTagToken, nethtml.EndTagToken, nethtml.SelfClosingTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			if unread[tag] {
				hidden = max(0, hidden+step[kind])
			}
			if blocks[tag] {
				b.WriteByte('\n')
			}
			if apart[tag] {
				b.WriteByte(' ')
			}
			if tag == atom.Li && kind == nethtml.StartTagToken {
				b.WriteString("- ")
			}
		}
	}
}

var (
	inline = strings.NewReplacer("\n", " ", "\r", " ")
	step   = map[nethtml.TokenType]int{nethtml.StartTagToken: 1, nethtml.EndTagToken: -1}
	unread = map[atom.Atom]bool{
		atom.Script: true, atom.Style: true, atom.Template: true, atom.Noscript: true, atom.Iframe: true, atom.Svg: true,
		atom.Head: true, atom.Textarea: true, atom.Object: true,
	}
	apart  = map[atom.Atom]bool{atom.Td: true, atom.Th: true, atom.Img: true, atom.Option: true, atom.Button: true, atom.Title: true, atom.Label: true}
	blocks = map[atom.Atom]bool{
		atom.P: true, atom.Div: true, atom.Br: true, atom.Li: true, atom.Ul: true, atom.Ol: true, atom.H1: true, atom.H2: true,
		atom.H3: true, atom.H4: true, atom.H5: true, atom.H6: true, atom.Tr: true, atom.Table: true, atom.Section: true,
		atom.Article: true, atom.Header: true, atom.Footer: true, atom.Blockquote: true, atom.Pre: true, atom.Hr: true, atom.Dt: true, atom.Dd: true,
	}
)

// tidy folds blanks and drops empty lines.
func tidy(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		if line = Line(line); line != "" && line != "-" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// Escaped gives the words of HTML that was escaped once more to travel in JSON.
func Escaped(fragment string) string { return PlainText(html.UnescapeString(fragment)) }

// Clip cuts a text to what a description may hold, at a word where it can.
func Clip(text string) string {
	if len(text) <= maxDescription {
		return text
	}
	const dots = "…"
	cut := text[:maxDescription-len(dots)]
	for !utf8.ValidString(cut[max(0, len(cut)-utf8.UTFMax):]) && len(cut) > 0 && !utf8.RuneStart(text[len(cut)]) {
		cut = cut[:len(cut)-1]
	}
	if at := strings.LastIndexAny(cut, " \n"); at > len(cut)-100 {
		cut = cut[:at]
	}
	return cut + dots
}
