package sources

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"tideline/engine/event"
)

// amount is a number with any grouping ("1,20,000", "10 000", "80'000", "12.5"),
// and what multiplies it; a percentage is none.
var amount = regexp.MustCompile(`(?i)(\d[\d,.'’\x{a0}\x{202f} ]*\d|\d)\s*(?:(k|lpa|lakhs?|lacs?|l|crores?|cr|m)\b|(%))?`)

// between two numbers of a range there is a dash or a word, and nothing is added.
var between = regexp.MustCompile(`^[^+\d]*(?:[-–—~]|\b(?:to|bis|and|und)\b)[^+\d]*$`)

// upTo and from say that a single amount is one end of a range.
var (
	upTo = regexp.MustCompile(`^\W*(?:up ?to|bis zu|max)\b`)
	from = regexp.MustCompile(`^\W*(?:from|starting|at least|ab|min)\b`)
)

// currencies by their signs and codes, those of which another is a part first.
var currencies = []struct{ sign, code string }{
	{"us$", "USD"},
	{"au$", "AUD"},
	{"a$", "AUD"},
	{"ca$", "CAD"},
	{"c$", "CAD"},
	{"sg$", "SGD"},
	{"s$", "SGD"},
	{"hk$", "HKD"},
	{"nz$", "NZD"},
	{"mx$", "MXN"},
	{"r$", "BRL"},
	{"₹", "INR"},
	{"rs", "INR"},
	{"rupees", "INR"},
	{"€", "EUR"},
	{"euro", "EUR"},
	{"£", "GBP"},
	{"¥", "JPY"},
	{"zł", "PLN"},
	{"₱", "PHP"},
	{"₩", "KRW"},
}

// codes are the currencies that are found by their codes in a text.
const codes = " INR USD EUR GBP AUD CAD SGD JPY CHF HKD NZD MXN BRL PLN SEK NOK DKK CZK AED SAR QAR MYR PHP IDR THB VND CNY KRW ZAR NGN KES EGP ILS PKR BDT LKR NPR "

// once is said of the whole; the other periods count by which is named first.
var (
	once    = regexp.MustCompile(`lump ?sum|one[- ]time`)
	total   = regexp.MustCompile(`\btotal\b`)
	periods = regexp.MustCompile(`(?:^|[^\pL])(?:` +
		`(hour|hr\b|hrs\b|stunde|stündlich)|` +
		`(day|daily|tag\b|täglich)|` +
		`(week|wk\b|woche|wöchentlich)|` +
		`(month|mo\b|monat|pm\b|p\.m\b|m\b|mês|mes\b|mois\b)|` +
		`(year|yr\b|annum|annual|jahr|jährlich|lpa\b|p\.?a\b|año\b))`)
)

var payNotes = []struct{ word, note string }{
	{"unpaid", "unpaid"},
	{"performance based", "performance based"},
	{"performance-based", "performance based"},
	{"incentive", "plus incentives"},
	{"equity", "plus equity"},
	{"bonus", "plus bonus"},
}

var multipliers = map[string]float64{"k": 1e3, "m": 1e6, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "lacs": 1e5, "l": 1e5, "lpa": 1e5, "crore": 1e7, "crores": 1e7, "cr": 1e7}

// Pay reads what is paid: "₹ 1,20,000 /month", "$70,000 - $90,000 a year",
// "₹ 10,000-15,000 lump sum + Incentives", "3-5 LPA", "up to €1.200 pro Monat",
// "Unpaid". Nil: it says nothing.
func Pay(text string) *event.Compensation {
	lower := strings.ToLower(Line(text))
	low, high := amounts(lower)
	pay := Range(low, high, "", "")
	if pay == nil {
		pay = &event.Compensation{}
	} else {
		pay.Currency, pay.Period = currencyIn(lower), Period(lower)
	}
	for _, n := range payNotes {
		if strings.Contains(lower, n.word) {
			pay.Note = n.note
			break
		}
	}
	if *pay == (event.Compensation{}) {
		return nil
	}
	return pay
}

// maxAmount is the contract's limit.
const maxAmount = 1e12

// Range makes the compensation of what a source gives as numbers; either may be 0,
// which is open. Nil: it is no amount that anybody pays.
func Range(low, high float64, currency, period string) *event.Compensation {
	if high != 0 && high < low {
		low, high = high, low
	}
	if !(low >= 0 && low <= maxAmount && high >= 0 && high <= maxAmount) || low == 0 && high == 0 { // also NaN
		return nil
	}
	return &event.Compensation{Min: low, Max: high, Currency: Currency(currency), Period: Period(period)}
}

// Amount reads a number that stands for itself, in any grouping; 0 where it is
// none. A point before exactly three digits is a point: programs wrote it.
func Amount(text string) float64 {
	if value, err := strconv.ParseFloat(text, 64); err == nil {
		return value
	}
	if value, ok := number(text); ok {
		return value
	}
	return 0
}

// amounts are the ends of the first range of a text, or a single amount twice;
// the unit of the second holds for the first too: "3-5 LPA".
func amounts(text string) (low, high float64) {
	var found []float64
	var units []string
	end := 0
	for _, at := range amount.FindAllStringSubmatchIndex(text, -1) {
		value, ok := number(text[at[2]:at[3]])
		if !ok || at[6] >= 0 {
			continue
		}
		if len(found) == 1 && !between.MatchString(text[end:at[0]]) {
			break
		}
		unit := ""
		if at[4] >= 0 {
			unit = text[at[4]:at[5]]
		}
		found, units, end = append(found, value), append(units, unit), at[3]
		if len(found) == 2 {
			break
		}
	}
	if len(found) == 0 || strings.HasPrefix(text, "-") {
		return 0, 0
	}
	if len(found) == 2 && units[0] == "" && found[0] <= found[1] {
		units[0] = units[1]
	}
	for i := range found {
		if by := multipliers[units[i]]; by > 0 {
			found[i] *= by
		}
	}
	switch low = found[0]; {
	case len(found) == 2 && found[1] >= low:
		return low, found[1]
	case upTo.MatchString(text):
		return 0, low
	case from.MatchString(text):
		return low, 0
	}
	return low, low
}

// number reads a number in any grouping. A last group of other than three digits
// after a point or comma is a fraction.
func number(text string) (float64, bool) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "", "'", "", "’", "").Replace(text)
	at := strings.LastIndexAny(text, ".,")
	fraction := ""
	if at >= 0 && len(text)-at-1 != 3 {
		text, fraction = text[:at], "."+text[at+1:]
	}
	text = strings.NewReplacer(",", "", ".", "").Replace(text)
	value, err := strconv.ParseFloat(text+fraction, 64)
	return value, err == nil && value <= maxAmount
}

// currencyIn finds a currency in a text in lower case; a bare $ is the dollar of
// the United States.
func currencyIn(text string) string {
	for _, c := range currencies {
		if standsIn(text, c.sign) {
			return c.code
		}
	}
	for code := range strings.FieldsSeq(codes) {
		if standsIn(text, strings.ToLower(code)) {
			return code
		}
	}
	switch {
	case strings.Contains(text, "$"):
		return "USD"
	case standsIn(text, "lpa"), standsIn(text, "lakh"), standsIn(text, "lakhs"):
		return "INR"
	}
	return ""
}

// standsIn says whether a text has a word or sign that is not part of a longer word.
func standsIn(text, word string) bool {
	for from := 0; ; {
		at := strings.Index(text[from:], word)
		if at < 0 {
			return false
		}
		at += from
		from = at + len(word)
		before, _ := utf8.DecodeLastRuneInString(text[:at])
		after, _ := utf8.DecodeRuneInString(text[from:])
		first, _ := utf8.DecodeRuneInString(word)
		last, _ := utf8.DecodeLastRuneInString(word)
		inside := unicode.IsLetter(first) && unicode.IsLetter(before) || unicode.IsLetter(last) && unicode.IsLetter(after)
		if !inside {
			return true
		}
	}
}

// Currency gives the code of a currency written as a code or a sign; empty when
// it is neither.
func Currency(text string) string {
	text = strings.ToLower(strings.Trim(Line(text), "."))
	for _, c := range currencies {
		if text == c.sign {
			return c.code
		}
	}
	switch {
	case text == "$":
		return "USD"
	case len(text) == 3 && !strings.ContainsFunc(text, func(r rune) bool { return r < 'a' || r > 'z' }):
		return strings.ToUpper(text)
	}
	return ""
}

// Period gives our word for how a text names a pay period, such as
// per-year-salary, 1 YEAR, MONTHLY or pro Stunde; empty where it names none.
func Period(text string) string {
	text = strings.ToLower(text)
	if once.MatchString(text) {
		return "once"
	}
	for i, word := range periods.FindStringSubmatch(text) {
		if i > 0 && word != "" {
			return event.Periods[i-1]
		}
	}
	if total.MatchString(text) {
		return "once"
	}
	return ""
}
