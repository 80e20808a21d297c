// Package skills is the project's vocabulary of skills: which spellings mean
// the same skill, and which skills a piece of running text asks for.
//
// It guarantees that Normalize is idempotent and that Extract gives only
// canonical spellings, sorted and unique. The vocabulary is embedded, fixed at
// build time and only read, so everything here is safe for concurrent use.
// It leaves out weights and relations between skills, and it reads plain text
// only: removing mark-up is the caller's work.
package skills

import (
	_ "embed"
	"sync"
	"unicode"
	"unicode/utf8"
)

// Version is raised whenever a canonical spelling is renamed, split or merged,
// so that what was indexed under an older table can be told apart.
const Version = 1

//go:embed skills.tsv
var table string

//go:embed traps.txt
var traps string

// words is the parsed vocabulary. The embedded files are checked by the tests,
// so a failure here is a broken build, not a condition to handle.
var words = sync.OnceValue(func() *vocabulary {
	v, err := parse(table, traps)
	if err != nil {
		panic(err)
	}
	return v
})

// Table gives the alias table as text, for readers that want to parse it
// themselves: one skill a line, up to three columns parted by tabs,
//
//	canonical <tab> alias,alias,... <tab> flag,flag,...
//
// Lines that are empty or start with "# " or are "#" hold no skill. Every
// spelling is lower case with single blanks and occurs once. The flags concern
// Extract only; the file's own head explains them.
func Table() string { return table }

// Names gives the canonical spellings, sorted.
func Names() []string { return append([]string(nil), words().names...) }

// Known says whether a spelling, once normalised, is in the vocabulary.
func Known(name string) bool {
	_, ok := words().canonical[Normalize(name)]
	return ok
}

// Normalize gives the canonical spelling of a skill's name: trimmed, lower
// case, inner white space folded to one blank, then looked up in the alias
// table. A name the table does not hold is returned folded. It allocates only
// for unknown names that had to be folded.
func Normalize(name string) string {
	known := words().canonical
	if canonical, ok := known[name]; ok { // the table holds folded spellings only
		return canonical
	}
	var space [128]byte
	folded, changed := fold(space[:0], name)
	if !changed {
		return name
	}
	if canonical, ok := known[string(folded)]; ok {
		return canonical
	}
	return string(folded)
}

// fold appends name to buf in lower case, without outer white space and with
// inner white space as one blank, and says whether that differs from name.
func fold(buf []byte, name string) (folded []byte, changed bool) {
	blank := false
	for i := 0; i < len(name); {
		r, size := rune(name[i]), 1
		if r >= utf8.RuneSelf {
			r, size = utf8.DecodeRuneInString(name[i:])
		}
		i += size
		if unicode.IsSpace(r) {
			blank = true
			continue
		}
		if blank && len(buf) > 0 {
			buf = append(buf, ' ')
		}
		blank = false
		buf = utf8.AppendRune(buf, unicode.ToLower(r))
	}
	return buf, string(buf) != name
}
