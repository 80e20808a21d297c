package sources

import (
	"net/url"
	"strconv"
	"strings"
	"unicode"

	"tideline/engine/event"
	"tideline/engine/skills"
)

// enrolled is how many years after a term its youngest intern may graduate: a
// first-year student of a five-year course.
const enrolled = 5

// GraduationYears tells from terms such as "Summer 2025" who can take an
// internship: only someone still enrolled, who graduates in the term's year or
// in one of the five after it. Several terms give all their years. Without a
// season and year in any text the result is empty, which means any year.
func GraduationYears(texts ...string) []int {
	first, last := 0, 0
	for _, text := range texts {
		words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !('a' <= r && r <= 'z' || '0' <= r && r <= '9') }) //nolint:staticcheck // reads better than its negation
		for i := 1; i < len(words); i++ {
			year, err := strconv.Atoi(words[i])
			if err != nil || year < 2000 || year > 2050 || !season(words[i-1]) {
				continue
			}
			if first == 0 || year < first {
				first = year
			}
			last = max(last, year+enrolled)
		}
	}
	var years []int
	for year := first; first != 0 && year <= last && len(years) < maxYears; year++ {
		years = append(years, year)
	}
	return years
}

// maxYears is the contract's limit of graduation years.
const maxYears = 16

func season(word string) bool {
	switch word {
	case "spring", "summer", "fall", "autumn", "winter":
		return true
	}
	return false
}

// Required gives the skills that the texts ask for, at one level and weight 1,
// at most as many as an opportunity may hold.
func Required(level int, texts ...string) []event.RequiredSkill {
	return alike(level, skills.Extract(strings.Join(texts, " ; ")))
}

func alike(level int, names []string) []event.RequiredSkill {
	var required []event.RequiredSkill
	for _, name := range names[:min(len(names), event.MaxSkills)] {
		required = append(required, event.RequiredSkill{Name: name, Level: level, Weight: 1})
	}
	return required
}

// Line folds a text to one line: outer white space goes, inner becomes one blank.
// What cannot be seen goes too: control characters, and marks that turn the
// direction of what follows or part words for the eye of a program only.
func Line(text string) string {
	if strings.ContainsFunc(text, unseen) {
		text = strings.Map(func(r rune) rune {
			if unseen(r) {
				return -1
			}
			return r
		}, text)
	}
	return strings.Join(strings.Fields(text), " ")
}

// unseen leaves the joiners of Indian scripts and of pictures in place.
func unseen(r rune) bool {
	if unicode.IsControl(r) {
		return !unicode.IsSpace(r)
	}
	return r >= 0xad && unicode.Is(unicode.Cf, r) && r != '\u200c' && r != '\u200d'
}

// Link is an address that a reader may follow: http or https, with a host; else empty.
func Link(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return ""
	}
	return strings.TrimSpace(address)
}
