package sources

import (
	"regexp"
	"strings"
	"unicode"

	"golang.org/x/text/language"
)

// readable is how much of a text is looked at, and enough how many of its small
// words must be of one language, twice as many as of any other.
const (
	readable = 4096 // bytes
	enough   = 6
)

// small are the words that a text cannot do without; those of several languages
// count for each.
var small = func() map[string][]string {
	list := map[string][]string{}
	for of, words := range map[string]string{
		"en": "the and of to in for with you your our we is are on as will this that be or have from at an by",
		"de": "der die das und den dem mit für von im ist wir du sie ein eine einen auf zu als bei dein deine unser sich oder nicht werden auch",
		"fr": "le la les et des du de un une pour dans vous nous avec est sur en au aux votre nos qui sont ou par notre",
		"es": "el la los las y de del en para con un una que es por se nuestro tu su o como más al son",
		"pt": "o a os as e de do da dos das em para com um uma que é por se no na nos ou como mais ao você",
		"it": "il lo la gli le e di del della dei in per con un una che è si nel nella o come più al sono",
		"nl": "de het een en van in voor met je jouw ons onze is zijn op aan als bij of te wij naar dat",
		"pl": "i w na z do się że jest oraz dla nie o od po jak lub przez są w ze",
		"sv": "och att det som en ett för med på av är vi du till i dig oss eller om har",
	} {
		for word := range strings.FieldsSeq(words) {
			list[word] = append(list[word], of)
		}
	}
	return list
}()

// scripts are the languages that a script is as good as a sign of.
var scripts = []struct {
	table *unicode.RangeTable
	of    string
}{{unicode.Hiragana, "ja"}, {unicode.Katakana, "ja"}, {unicode.Hangul, "ko"}, {unicode.Han, "zh"}, {unicode.Devanagari, "hi"}, {unicode.Tamil, "ta"}, {unicode.Hebrew, "he"}, {unicode.Thai, "th"}}

// tag is a language with what may follow it: en-US, pt_BR, zhHant.
var tag = regexp.MustCompile(`^([A-Za-z]{2,3}?)(?:[-_][A-Za-z0-9_-]{2,30}|[A-Z][a-z]{3})?$`)

// Language gives the language of a text, such as en: as said, without its region;
// else as its small words tell; empty where they do not.
func Language(said, text string) string {
	if parts := tag.FindStringSubmatch(strings.TrimSpace(said)); parts != nil {
		if base, err := language.ParseBase(strings.ToLower(parts[1])); err == nil {
			return base.String()
		}
	}
	text = strings.ToValidUTF8(text[:min(len(text), readable)], "")
	if of := written(text); of != "" {
		return of
	}
	counts := map[string]int{}
	for word := range strings.FieldsFuncSeq(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) }) {
		for _, of := range small[word] {
			counts[of]++
		}
	}
	best, second := "", 0
	for of, n := range counts {
		switch {
		case n > counts[best]:
			best, second = of, counts[best]
		case n > second:
			second = n
		}
	}
	if counts[best] < enough || counts[best] < 2*second {
		return ""
	}
	return best
}

// written gives the language of the script that at least a third of the letters
// are of.
func written(text string) string {
	letters, found := 0, map[string]int{}
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		if r < 0x500 {
			continue
		}
		for _, s := range scripts {
			if unicode.Is(s.table, r) {
				found[s.of]++
				break
			}
		}
	}
	for _, s := range scripts { // kana come before the Chinese signs among them
		if found[s.of] > 0 && (s.of == "ja" && 5*found[s.of] > letters || 3*found[s.of] > letters) {
			return s.of
		}
	}
	return ""
}
