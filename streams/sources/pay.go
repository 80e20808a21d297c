package sources

import (
	"regexp"
	"strconv"
	"strings"

	"tideline/engine/event"
)

// amount is a number with any grouping ("1,20,000", "10 000", "12.5"), and what
// multiplies it.
var amount = regexp.MustCompile(`(?i)(\d[\d,.\x{a0}\x{202f} ]*\d|\d)\s*(k|lpa|lakhs?|lacs?|l|crores?|cr|m)?\b`)

var currencies = []struct{ sign, code string }{
	{"₹", "INR"},
	{"rs.", "INR"},
	{"inr", "INR"},
	{"a$", "AUD"},
	{"au$", "AUD"},
	{"aud", "AUD"},
	{"c$", "CAD"},
	{"ca$", "CAD"},
	{"cad", "CAD"},
	{"s$", "SGD"},
	{"sgd", "SGD"},
	{"us$", "USD"},
	{"usd", "USD"},
	{"€", "EUR"},
	{"eur", "EUR"},
	{"£", "GBP"},
	{"gbp", "GBP"},
	{"¥", "JPY"},
	{"jpy", "JPY"},
	{"chf", "CHF"},
	{"$", "USD"},
}

var periods = []struct{ word, period string }{
	{"lump sum", "once"},
	{"lumpsum", "once"},
	{"one time", "once"},
	{"one-time", "once"},
	{"total", "once"},
	{"hour", "hour"},
	{"/hr", "hour"},
	{"/ hr", "hour"},
	{"day", "day"},
	{"daily", "day"},
	{"week", "week"},
	{"month", "month"},
	{"/mo", "month"},
	{"year", "year"},
	{"annum", "year"},
	{"annual", "year"},
	{"/yr", "year"},
	{"lpa", "year"},
	{"p.a", "year"},
}

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
// "₹ 10,000-15,000 lump sum + Incentives", "3-5 LPA", "Unpaid". Nil: it says nothing.
func Pay(text string) *event.Compensation {
	lower := strings.ToLower(Line(text))
	var pay event.Compensation
	for _, n := range payNotes {
		if strings.Contains(lower, n.word) {
			pay.Note = n.note
			break
		}
	}
	pay.Min, pay.Max = amounts(lower)
	if pay.Max > maxAmount { // nobody is paid so much: it is something else
		pay.Min, pay.Max = 0, 0
	}
	if pay.Min == 0 && pay.Max == 0 {
		if pay.Note == "" {
			return nil
		}
		return &pay
	}
	for _, c := range currencies {
		if strings.Contains(lower, c.sign) {
			pay.Currency = c.code
			break
		}
	}
	for _, p := range periods {
		if strings.Contains(lower, p.word) {
			pay.Period = p.period
			break
		}
	}
	if pay.Currency == "" && strings.Contains(lower, "lpa") {
		pay.Currency = "INR"
	}
	return &pay
}

// maxAmount is the contract's limit.
const maxAmount = 1e12

// amounts are the first two numbers of a text, the smaller first; the unit of the
// second holds for the first too: "3-5 LPA".
func amounts(text string) (low, high float64) {
	var found []float64
	units := [2]string{}
	for _, m := range amount.FindAllStringSubmatch(text, 2) {
		value, ok := number(m[1])
		if !ok {
			continue
		}
		units[len(found)] = m[2]
		found = append(found, value)
	}
	for i := range found {
		unit := units[i]
		if unit == "" && len(found) == 2 && i == 0 && found[0] <= found[1] {
			unit = units[1]
		}
		if by := multipliers[unit]; by > 0 {
			found[i] *= by
		}
	}
	switch {
	case len(found) == 0:
		return 0, 0
	case len(found) == 1 || found[1] < found[0]:
		return found[0], found[0]
	}
	return found[0], found[1]
}

// number reads a number in any grouping. A last group of other than three digits
// after a point or comma is a fraction.
func number(text string) (float64, bool) {
	text = strings.NewReplacer(" ", "", "\u00a0", "", "\u202f", "").Replace(text)
	at := strings.LastIndexAny(text, ".,")
	fraction := ""
	if at >= 0 && len(text)-at-1 != 3 {
		text, fraction = text[:at], "."+text[at+1:]
	}
	text = strings.NewReplacer(",", "", ".", "").Replace(text)
	value, err := strconv.ParseFloat(text+fraction, 64)
	return value, err == nil && value <= maxAmount
}

// Currency gives the code of a currency written as a code or a sign; empty when
// it is neither.
func Currency(text string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, c := range currencies {
		if text == c.sign {
			return c.code
		}
	}
	if len(text) == 3 {
		return strings.ToUpper(text)
	}
	return ""
}

// Period gives our word for a word of pay periods, such as per-year-salary, 1 YEAR
// or MONTHLY; empty for what is none.
func Period(text string) string {
	text = strings.ToLower(text)
	for _, p := range periods {
		if strings.Contains(text, p.word) {
			return p.period
		}
	}
	return ""
}
