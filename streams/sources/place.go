package sources

import (
	"iter"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// maxPlaces is the contract's limit of locations.
const maxPlaces = 32

// maxPlace is its limit of one, in bytes: what is longer is no place, and must not
// cost the posting.
const maxPlace = 200

// Country gives our spelling of a country; what is not in the table is returned trimmed.
func Country(name string) string {
	name = Line(name)
	if known, ok := countries[strings.ToLower(name)]; ok {
		return known
	}
	return name
}

// Places reads location texts as postings write them: "Austin, TX", "London;
// Paris", "Remote in USA", "Boston, MA or Remote". Each place stands as written
// (short names in full), followed by its country where that can be told, so
// that a student who named the city and one who named the country both match.
// Placeholders and anything past 32 places are left out.
func Places(texts ...string) (locations []string, remote bool) {
	seen := map[string]bool{}
	add := func(place string) {
		if key := strings.ToLower(place); place != "" && len(place) <= maxPlace && !seen[key] && len(locations) < maxPlaces {
			seen[key] = true
			locations = append(locations, place)
		}
	}
	for _, text := range texts {
		text = strings.ToValidUTF8(text[:min(len(text), maxPlaces*maxPlace)], "") // the rest could name no more
		for part := range strings.FieldsFuncSeq(separate(text), func(r rune) bool { return r == ';' || r == '|' }) {
			part, away := cutRemote(strings.Trim(Line(attendance.ReplaceAllString(part, " ")), around))
			remote = remote || away
			for part := range severalCities(part) {
				if placeholders[strings.ToLower(part)] {
					continue
				}
				if full, ok := nicknames[strings.ToLower(part)]; ok {
					part = full
				}
				country := countryOf(part)
				if country != "" && countries[strings.ToLower(part)] == country {
					part = country
				}
				add(part)
				add(country)
			}
		}
	}
	return locations, remote
}

// around a place stands punctuation that says nothing.
const around = " ,-–—•/+&."

// attendance are the words for how often one has to be there; see Posting.Workplace.
var attendance = regexp.MustCompile(`(?i)\(?\b(?:hybrid|on-?site|in-office|in office|in-person)\b(?: work(?:ing)?)?\)?`)

// severalCities parts a text all of whose parts are known cities, or have the code
// of their country before them: "SF, NYC", "US-Chicago, CA-Toronto".
func severalCities(text string) iter.Seq[string] {
	parts := strings.Split(and.Replace(text), ",")
	for i, part := range parts {
		part = strings.Trim(part, around)
		code, city, coded := strings.Cut(part, "-")
		name := strings.ToLower(part)
		switch {
		case coded && len(code) == 2 && Nation(code) != code:
			part = city
			if cities[strings.ToLower(city)] == "" && nicknames[strings.ToLower(city)] == "" {
				part += ", " + Nation(code)
			}
		case cities[name] == "" && nicknames[name] == "" && (len(part) > 3 || countries[name] == ""):
			return slices.Values([]string{text})
		}
		parts[i] = part
	}
	return slices.Values(parts)
}

var and = strings.NewReplacer(" and ", ",", "&", ",", "/", ",")

// separate turns the words between alternatives into semicolons.
func separate(text string) string {
	return separators.Replace(text)
}

var separators = strings.NewReplacer(" or ", ";", " OR ", ";", " / ", ";", " + ", ";", " and Online", ";Online", " and online", ";online",
	"), ", ");", ", Online", ";Online")

// remoteWords say that no place is needed.
var remoteWords = []string{
	"home based", "home-based", "fully remote", "remote", "virtual", "online", "work from anywhere", "anywhere", "worldwide", "work from home", "wfh", "telecommute",
	"home office",
}

// cutRemote takes the words for remote work out of a place; what is left is where.
func cutRemote(place string) (left string, remote bool) {
	if denied := indexFold(place, "not remote"); denied >= 0 {
		return strings.Trim(place[:denied], around+"("), false
	}
	for _, word := range remoteWords {
		for at := indexFold(place, word); at >= 0; at = indexFold(place, word) {
			remote = true
			place = Line(place[:at] + " " + place[at+len(word):])
		}
	}
	if !remote {
		return place, false
	}
	place = strings.Trim(place, around+"()")
	for _, word := range [...]string{"in ", "within the ", "within ", "opportunity - "} {
		if len(place) >= len(word) && strings.EqualFold(place[:len(word)], word) {
			place = place[len(word):]
		}
	}
	return place, true
}

// indexFold is strings.Index for an ASCII word in any case.
func indexFold(text, word string) int {
	for i := 0; i+len(word) <= len(text); i++ {
		if strings.EqualFold(text[i:i+len(word)], word) {
			return i
		}
	}
	return -1
}

// countryOf tells the country of "City, CODE", "City CODE", "City, Country",
// "City, State, Country", "Country - City", "Country", "State" or "City"; empty when
// it cannot. A code may be a state's and a country's: of a city that is known or
// state that is known it is that country's if it can be, as after another code, else
// the state's.
func countryOf(place string) string {
	start, _, _ := strings.Cut(place, " (") // "Barcelona, Spain (Downtown)"
	parts := strings.Split(start, ",")
	for i, part := range parts {
		parts[i] = strings.Trim(part, " .")
	}
	first, last := parts[0], parts[len(parts)-1]
	if known := countryNamed(last); known != "" {
		return known
	}
	coded := Nation(last)
	if coded != last && slices.ContainsFunc(parts[:len(parts)-1], func(part string) bool {
		name := strings.ToLower(part)
		return cities[name] == coded || regions[name] == coded || part != first && len(part) == 2 && strings.ToUpper(part) == part
	}) {
		return coded
	}
	word := last[strings.LastIndexByte(last, ' ')+1:]
	if word != start { // a lone "LA" or "CA" could be anything
		if known := countryCoded(word); known != "" {
			return known
		}
	}
	if len(parts) > 1 && coded != last {
		return coded
	}
	first, _, _ = strings.Cut(first, " - ")
	first = strings.ToLower(strings.TrimSpace(first))
	if known, ok := countries[first]; ok {
		return known
	}
	return cities[first]
}

// Nation gives our name of a country that is named or given by its code of two or
// three capitals; what is neither is returned as it is.
func Nation(text string) string {
	if known, ok := countries[strings.ToLower(text)]; ok {
		return known
	}
	if len(text) < 2 || len(text) > 3 || strings.ToUpper(text) != text {
		return text
	}
	region, err := language.ParseRegion(text)
	if err != nil || !region.IsCountry() {
		return text
	}
	return Country(display.English.Regions().Name(region))
}

// Address joins the parts of a place, its country by our name.
func Address(city, region, country string) string {
	var parts []string
	for _, part := range []string{Line(city), Line(region), Nation(Line(country))} {
		if part != "" && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return strings.Join(parts, ", ")
}

// countryNamed reads the name of a country, state or province. A lone
// Georgia is taken for the state, which postings mean far more often.
func countryNamed(name string) string {
	name = strings.ToLower(name)
	if known, ok := countries[name]; ok {
		return known
	}
	return regions[name]
}

// countryCoded reads the two-letter code of a state or province, or US and USA.
func countryCoded(code string) string {
	switch {
	case code == "US" || code == "USA":
		return "United States"
	case len(code) == 2 && strings.Contains(states, " "+code+" "):
		return "United States"
	case len(code) == 2 && strings.Contains(provinces, " "+code+" "):
		return "Canada"
	}
	return ""
}
