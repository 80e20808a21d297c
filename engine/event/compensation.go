package event

import "slices"

// Compensation is what is paid, as far as it was told. Amounts are in whole or
// broken units of the currency, never in cents.
type Compensation struct {
	Min      float64 `json:"min,omitempty"`
	Max      float64 `json:"max,omitempty"`      // equal to Min for a single amount; 0: open
	Currency string  `json:"currency,omitempty"` // ISO 4217, such as INR; empty: not told
	Period   string  `json:"period,omitempty"`   // hour, day, week, month, year or once; empty: not told
	Note     string  `json:"note,omitempty"`     // unpaid, performance based, plus incentives ...
}

// Periods of compensation.
var Periods = []string{"hour", "day", "week", "month", "year", "once"}

// Workplaces say where work is done.
var Workplaces = []string{"onsite", "hybrid", "remote"}

func (c *checker) compensation(pay *Compensation) {
	if pay == nil {
		return
	}
	if !(pay.Min >= 0 && pay.Min <= 1e12) || !(pay.Max >= 0 && pay.Max <= 1e12) || pay.Max != 0 && pay.Max < pay.Min {
		c.add("compensation", OutOfRange, "is from %v to %v; must be amounts up to 10^12, the smaller first", pay.Min, pay.Max)
	}
	if pay.Period != "" && !slices.Contains(Periods, pay.Period) {
		c.add("compensation.period", UnknownValue, "is %q; must be hour, day, week, month, year or once", clip(pay.Period))
	}
	c.text("compensation.currency", pay.Currency, 3)
	c.text("compensation.note", pay.Note, maxName)
}
