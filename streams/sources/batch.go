package sources

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// batchWords are the parts of a text that tell who graduates when.
var batchWords = regexp.MustCompile(`[a-z]+|\d+|[-–—/&,+]|[^\sa-z\d]`)

// reach is how many tokens a list of years may have: a text that is nothing else
// would be read anew for each.
const reach = 32

// Years may stand right after the first, or right before the second.
var (
	before = words("batch batches graduating graduates graduation passout passouts yop")
	after  = words("batch batches passout passouts graduates grads graduating")
	// filler may stand between such a word and its years, or between two years.
	filler = words("of in the year years is are be must by between from to and or till until through expected class batch batches either , / & - – — + : ( ) " +
		"jan january feb february mar march apr april may jun june jul july aug august sep sept september oct october nov november dec december spring summer fall autumn winter")
	spans   = words("to till until through - – —")
	later   = words("later onwards onward after beyond above +")
	earlier = words("earlier before prior below previous")
)

func words(list string) map[string]bool {
	set := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		set[word] = true
	}
	return set
}

// Batches gives the years of graduation that a text asks for in so many words:
// "batch of 2026", "2025-2027 passouts", "class of 2027 or 2028", "graduating
// between December 2026 and June 2027". Years before first are history. "2026 or
// later" is the year and the five after it; an open beginning says nothing.
func Batches(text string, first int) []int {
	text = strings.NewReplacer("pass out", "passout", "pass-out", "passout", "passing out", "passout", "passed out", "passout").Replace(strings.ToLower(text))
	tokens := batchWords.FindAllString(text, -1)
	found := map[int]bool{}
	for i, token := range tokens {
		if before[token] || token == "class" && i+1 < len(tokens) && tokens[i+1] == "of" {
			end := i + 1
			for end < len(tokens) && end-i <= reach && listing(tokens[end]) {
				end++
			}
			span(found, tokens[i+1:end], tokens[end:])
		}
		if after[token] {
			start := i
			for start > 0 && i-start < reach && listing(tokens[start-1]) {
				start--
			}
			span(found, tokens[start:i], tokens[i+1:])
		}
	}
	var years []int
	for year := range found {
		if year >= first {
			years = append(years, year)
		}
	}
	slices.Sort(years)
	return years[:min(len(years), maxYears)]
}

// listing says whether a token may be part of a list of years.
func listing(token string) bool {
	return filler[token] || graduation(token) > 0 || len(token) == 2 && token[0] <= '9' // the 27 of 2026-27
}

// span takes the years of a run of tokens; what follows it may leave its end open.
func span(found map[int]bool, tokens, rest []string) {
	if len(rest) > 0 && earlier[rest[0]] {
		return
	}
	last, ranged, between := 0, false, false
	for _, token := range tokens {
		year := graduation(token)
		if year == 0 && last > 0 && ranged && len(token) == 2 { // "2025-27"
			year = graduation(strconv.Itoa(last/100) + token)
		}
		switch {
		case year > 0:
			for y := last + 1; last > 0 && ranged && y < year && year-last <= maxYears; y++ {
				found[y] = true
			}
			found[year], last, ranged = true, year, false
		case spans[token], token == "and" && between, token == "/":
			ranged = true
		case token == "between":
			between = true
		case token == "," || token == "or" || token == "and" || token == "&":
			ranged = false
		}
	}
	if last > 0 && (len(rest) > 0 && later[rest[0]] || tokens[len(tokens)-1] == "+") {
		for y := last + 1; y <= last+enrolled; y++ {
			found[y] = true
		}
	}
}

// graduation is a year in which somebody may graduate; 0: it is none.
func graduation(token string) int {
	year, err := strconv.Atoi(token)
	if err != nil || year < 2000 || year > 2050 {
		return 0
	}
	return year
}
