package sources

import (
	"errors"
	"testing"
	"time"
	"unicode/utf8"

	"tideline/engine/event"
)

// FuzzPosting holds whatever a board may write to the contract: what comes out
// decodes, or the complaint is about something that was too long, missing or dated
// wrongly, never about what we made ourselves.
func FuzzPosting(f *testing.F) {
	f.Add("Senior Go Engineer", "<p>Kafka &amp; Redis</p><script>x</script>", "Pune, India; Remote", "₹ 1,20,000 /month + Incentives", "2026-05-01", "hybrid")
	f.Add("", "<", "Remote in , or ;;", "$-1 - 9e99k", "1787198518000", "")
	f.Add("\xff", "<svg><![CDATA[", "a|b|c", "1.2.3.4,5 LPA", "12 Sep' 26", "Remote")
	f.Fuzz(func(t *testing.T, title, html, place, pay, when, work string) {
		text := PlainText(html)
		if utf8.ValidString(html) && !utf8.ValidString(text) {
			t.Errorf("%q became %q", html, text)
		}
		if clipped := Clip(text); len(clipped) > maxDescription || utf8.ValidString(text) && !utf8.ValidString(clipped) {
			t.Errorf("cut to %d bytes", len(clipped))
		}
		at, err := Time("posted", when, nil)
		if err != nil {
			at = time.Time{}
		}
		deadline, err := Deadline("deadline", when, time.FixedZone("x", 5*3600+1800))
		if (err == nil) && deadline != nil && at.IsZero() {
			t.Errorf("%q is a deadline and no time", when)
		}
		var out error
		sink := NewPoll(time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), func(Record) error { return nil })
		err = sink.Take("x", func() (Record, error) {
			r := Posting{ID: "1", Title: title, Text: text, Places: []string{place}, Pay: Pay(pay), Posted: at, Deadline: deadline, Workplace: work}.Record("x", time.Time{})
			if encodable(r.Opportunity.PostedAt) && !r.Undated {
				_, out = event.DecodeOpportunity(r.Opportunity.Encode(), time.Time{})
			}
			return r, nil
		})
		if err != nil || sink.Report.Read != 1 {
			t.Errorf("%+v, %v", sink.Report, err)
		}
		invalid, ok := errors.AsType[*event.Invalid](out)
		if !ok {
			return
		}
		for _, field := range invalid.Fields {
			switch field.Path {
			case "title", "posted_at", "deadline", "locations[0]", "locations[1]":
			default:
				t.Errorf("%v", field)
			}
		}
	})
}
