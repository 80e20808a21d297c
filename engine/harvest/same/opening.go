package same

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plain gives text in small letters without accents and width, so that ways of
// writing the same do not differ.
func plain(text string) string {
	var b strings.Builder
	for _, r := range norm.NFKD.String(text) {
		if !unicode.Is(unicode.Mn, r) || r >= 0x0900 && r < 0x0E00 { // in Indic scripts marks are vowels
			b.WriteRune(unicode.ToLower(r))
		}
	}
	return b.String()
}

// words are runs of letters, marks and digits, with the signs of c++ and c#.
func words(text string) []string {
	return strings.FieldsFunc(plain(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsMark(r) && !unicode.IsDigit(r) && r != '+' && r != '#'
	})
}

// forms are what the law makes companies add to their names.
var forms = map[string]bool{
	"inc": true, "llc": true, "ltd": true, "limited": true, "corp": true, "corporation": true, "co": true, "company": true, "gmbh": true,
	"ag": true, "plc": true, "lp": true, "llp": true, "bv": true, "sa": true, "sas": true, "pvt": true, "private": true, "incorporated": true,
}

// aliases are other names of the same company, as Company writes them.
var aliases = map[string]string{
	"facebook": "meta", "meta platforms": "meta", "amazon com": "amazon", "amazon web services": "amazon", "aws": "amazon",
	"jp morgan": "jpmorgan chase", "j p morgan": "jpmorgan chase", "jpmorgan": "jpmorgan chase", "jpmorganchase": "jpmorgan chase",
	"international business machines": "ibm", "hewlett packard": "hp", "tata consultancy services": "tcs", "pricewaterhousecoopers": "pwc",
	"ernst young": "ey", "square": "block", "twitter": "x",
}

// Company gives the name by which a company is known, whatever it adds to it.
func Company(name string) string {
	list := words(strings.NewReplacer("'", "", "’", "", ".com", "").Replace(name))
	if len(list) > 1 && list[0] == "the" {
		list = list[1:]
	}
	for len(list) > 1 && forms[list[len(list)-1]] {
		list = list[:len(list)-1]
	}
	known := strings.Join(list, " ")
	if other, ok := aliases[known]; ok {
		return other
	}
	return known
}

// requisition are numbers that a company gives an opening: R-12345, JR12345, REQ 2024-881.
var requisition = regexp.MustCompile(`(?i)\b(?:req(?:uisition)?|job\s*id|jr|r|id)\s*[-_#:.]?\s*[0-9][0-9-]{3,}\b|#\s*[0-9]{3,}\b|\b[0-9]{5,}\b`)

// spellings are words that say the same in a title.
var spellings = map[string]string{
	"sr": "senior", "jr": "junior", "internship": "intern", "interns": "intern", "internships": "intern", "coop": "co-op",
	"swe": "software engineer", "graduates": "graduate", "grads": "grad", "engineers": "engineer", "developers": "developer",
}

// fillers say nothing.
var fillers = map[string]bool{"a": true, "an": true, "the": true, "of": true, "for": true, "and": true, "in": true, "at": true}

// Title gives the words of a title that count, each once, in the order of the
// alphabet. Requisition numbers are no part of it; years, grades and levels are.
func Title(title string) string {
	title = requisition.ReplaceAllString(title, " ")
	var list []string
	for _, word := range words(strings.NewReplacer("Co-op", "coop", "co-op", "coop", "CO-OP", "coop").Replace(title)) {
		if other, ok := spellings[word]; ok {
			list = append(list, strings.Fields(other)...)
		} else if !fillers[word] {
			list = append(list, word)
		}
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), " ")
}

// Place gives where work is done, whatever the order in which it is told: the first
// part of each location, and remote. It is empty when nothing is told: then
// nobody knows whether two are at the same place.
func Place(locations []string, remote bool) string {
	var list []string
	for _, l := range locations {
		city, _, _ := strings.Cut(l, ",")
		city, _, _ = strings.Cut(city, " (")
		if known := strings.Join(words(city), " "); known != "" {
			list = append(list, known)
		}
	}
	if remote {
		list = append(list, "remote")
	}
	slices.Sort(list)
	return strings.Join(slices.Compact(list), ";")
}
