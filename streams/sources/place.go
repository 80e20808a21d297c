package sources

import "strings"

// maxPlaces is the contract's limit of locations.
const maxPlaces = 32

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
		if key := strings.ToLower(place); place != "" && !seen[key] && len(locations) < maxPlaces {
			seen[key] = true
			locations = append(locations, place)
		}
	}
	for _, text := range texts {
		for part := range strings.FieldsFuncSeq(separate(text), func(r rune) bool { return r == ';' || r == '|' }) {
			part, away := cutRemote(strings.Trim(Line(part), " ,-/+&."))
			remote = remote || away
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
	return locations, remote
}

// separate turns the words between alternatives into semicolons.
func separate(text string) string {
	return separators.Replace(text)
}

var separators = strings.NewReplacer(" or ", ";", " / ", ";", " + ", ";", " and Online", ";Online", " and online", ";online",
	"), ", ");", ", Online", ";Online")

// remoteWords say that no place is needed.
var remoteWords = []string{"home based", "home-based", "remote", "virtual", "online", "anywhere", "worldwide", "work from home"}

// cutRemote takes the words for remote work out of a place; what is left is where.
func cutRemote(place string) (left string, remote bool) {
	for _, word := range remoteWords {
		for at := indexFold(place, word); at >= 0; at = indexFold(place, word) {
			remote = true
			place = Line(place[:at] + " " + place[at+len(word):])
		}
	}
	if !remote {
		return place, false
	}
	place = strings.Trim(place, " ,-/()+&.")
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
// "Country - City", "Country" or "State"; empty when it cannot.
func countryOf(place string) string {
	start, _, _ := strings.Cut(place, " (") // "Barcelona, Spain (Hybrid)"
	last := strings.Trim(start[strings.LastIndexByte(start, ',')+1:], " .")
	if known := countryNamed(last); known != "" {
		return known
	}
	word := last[strings.LastIndexByte(last, ' ')+1:]
	if word != start { // a lone "LA" or "CA" could be anything
		if known := countryCoded(word); known != "" {
			return known
		}
	}
	first, _, _ := strings.Cut(start, ",")
	first, _, _ = strings.Cut(first, " - ")
	return countries[strings.ToLower(strings.TrimSpace(first))]
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
