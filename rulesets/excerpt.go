package rulesets

import (
	"strings"
	"unicode"
)

// lines is the source by lines, to quote from and to find characters of a
// scalar's value in.
type lines [][]rune

func linesOf(source []byte) lines {
	var all lines
	for line := range strings.Lines(string(source)) {
		all = append(all, []rune(strings.TrimRight(line, "\r\n")))
	}
	return all
}

// excerpt gives line n, from 1, cut to a readable length.
func (l lines) excerpt(n int) string {
	if n < 1 || n > len(l) {
		return ""
	}
	return string(l[n-1][:min(len(l[n-1]), 160)])
}

// find gives the place of a value's character by its offset. YAML folds line
// ends and indentation of a scalar, so only the characters that are no white
// space are counted; a backslash that escapes a quote is skipped.
func (l lines) find(n *node, offset int) place {
	value := []rune(n.value)
	want, after := 0, 0
	for _, r := range value[:min(offset, len(value))] {
		if !unicode.IsSpace(r) {
			want++
		}
	}
	if want > 0 && strings.TrimSpace(string(value[min(offset, len(value)):])) == "" {
		want, after = want-1, 1 // the end: just after the last character
	}
	line, column := n.place.line-1, n.place.column-1
	switch n.style {
	case '|', '>':
		line, column = line+1, 0
	case '"', '\'':
		column++
	}
	for ; line < len(l); line, column = line+1, 0 {
		row := l[line]
		for ; column < len(row); column++ {
			escape := n.style == '"' && row[column] == '\\' || n.style == '\'' && row[column] == '\'' && column+1 < len(row) && row[column+1] == '\''
			if escape && column+1 < len(row) {
				column++
			}
			if unicode.IsSpace(row[column]) {
				continue
			}
			if want == 0 {
				return place{line + 1, column + 1 + after}
			}
			want--
		}
	}
	return n.place
}
