package skills

import (
	"fmt"
	"slices"
	"strings"
)

// how says when a spelling inside running text means its skill. The words are
// those of the table's flags.
type how uint8

const (
	always  how = iota // no flag
	capital            // written with a capital, or in a list
	upper              // written in capitals throughout, or in a list
	context            // with a capital beside a telling word, or in a list
	role               // before a role, alone between punctuation, or in a list
	strict             // in a list, or before a version number
	tag                // alone between semicolons
	never              // "name": not from running text
)

var flags = map[string]how{
	"capital": capital, "upper": upper, "context": context, "role": role, "strict": strict, "tag": tag, "name": never,
}

// trapped marks phrases that mean no skill.
const trapped = -1

// vocabulary is the parsed table.
type vocabulary struct {
	names     []string          // canonical spellings, sorted
	canonical map[string]string // any spelling -> canonical spelling
	phrases   trie
}

// parse reads the table and the list of traps. It refuses spellings that are
// not folded or mean two things, because either would break Normalize.
func parse(table, traps string) (*vocabulary, error) {
	v := &vocabulary{canonical: map[string]string{}, phrases: newTrie()}
	for number, line := range lines(table) {
		if err := v.row(line); err != nil {
			return nil, fmt.Errorf("skill table, line %d: %w", number, err)
		}
	}
	for number, line := range lines(traps) {
		if err := v.phrases.add(line, meaning{skill: trapped}); err != nil {
			return nil, fmt.Errorf("skill traps, line %d: %w", number, err)
		}
	}
	v.phrases.skills = slices.Clone(v.names)
	slices.Sort(v.names)
	return v, nil
}

// lines gives the lines that hold something, with their numbers from 1.
func lines(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		number := 0
		for line := range strings.Lines(text) {
			number++
			line = strings.TrimRight(line, "\r\n")
			if line == "" || line == "#" || strings.HasPrefix(line, "# ") {
				continue
			}
			if !yield(number, line) {
				return
			}
		}
	}
}

// row adds one line of the table.
func (v *vocabulary) row(line string) error {
	columns := strings.Split(line, "\t")
	if len(columns) > 3 {
		return fmt.Errorf("has %d columns; at most 3 are allowed", len(columns))
	}
	columns = append(columns, "", "")
	name := columns[0]
	spellings := []string{name}
	if columns[1] != "" {
		spellings = append(spellings, strings.Split(columns[1], ",")...)
	}
	hows, err := readFlags(columns[2], spellings)
	if err != nil {
		return err
	}
	skill := len(v.names)
	v.names = append(v.names, name)
	for _, spelling := range spellings {
		if folded, changed := fold(nil, spelling); changed || len(folded) == 0 {
			return fmt.Errorf("spelling %q must be lower case with single blanks", spelling)
		}
		if other, ok := v.canonical[spelling]; ok {
			return fmt.Errorf("spelling %q already means %q", spelling, other)
		}
		v.canonical[spelling] = name
		if err := v.phrases.add(spelling, meaning{skill, hows[spelling]}); err != nil {
			return err
		}
	}
	return nil
}

// readFlags reads "how" and "how:spelling".
func readFlags(column string, spellings []string) (map[string]how, error) {
	hows := map[string]how{}
	if column == "" {
		return hows, nil
	}
	for flag := range strings.SplitSeq(column, ",") {
		word, spelling, named := strings.Cut(flag, ":")
		if !named {
			spelling = spellings[0]
		}
		h, ok := flags[word]
		if !ok {
			return nil, fmt.Errorf("flag %q is none of capital, upper, context, role, strict, tag and name", flag)
		}
		if !slices.Contains(spellings, spelling) {
			return nil, fmt.Errorf("flag %q names a spelling that is not on this line", flag)
		}
		hows[spelling] = h
	}
	return hows, nil
}
