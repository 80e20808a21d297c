package notify

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/event"
)

var noon = time.Date(2026, 5, 4, 12, 0, 0, 0, time.UTC)

// firing is a proposal of rule campus/match to student s.
func firing(id string, change ...func(*event.Proposal)) event.Proposal {
	p := event.Proposal{
		ID: id, Key: "key of " + id, Rule: "match", Ruleset: "campus", Audience: event.ToStudent, Recipient: "s",
		Subject: event.Subject{Student: "s", Opportunity: "job of " + id, Organisation: "Nordia"}, At: noon,
		Notice: event.Notice{Category: "jobs", Priority: event.Normal, Template: "match", Channels: []event.Channel{event.InApp}},
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func withdrawn(p *event.Proposal) { p.Withdraw = true }

// decisions writes down what was decided, one line each.
func decisions(o Out) []string {
	var lines []string
	for _, n := range o.Notifications {
		var line strings.Builder
		fmt.Fprint(&line, n.ID, " ", n.Outcome)
		if n.Reason != "" {
			line.WriteString(" " + string(n.Reason))
		}
		if len(n.Channels) > 0 {
			fmt.Fprint(&line, " ", n.Channels)
		}
		if n.Until != nil {
			line.WriteString(" until " + n.Until.Format("02 15:04"))
		}
		for _, item := range n.Items {
			line.WriteString(" +" + item.ID)
		}
		if n.More > 0 {
			fmt.Fprint(&line, " and ", n.More)
		}
		lines = append(lines, line.String())
	}
	return lines
}

func want(t *testing.T, got []string, wanted ...string) {
	t.Helper()
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("decided (-want +got):\n%s", diff)
	}
}

// propose is one firing, and what was decided about it.
func propose(d *Desk, now time.Time, list ...event.Proposal) []string {
	var o Out
	for _, p := range list {
		d.Propose(p, now, &o)
	}
	return decisions(o)
}

func tick(d *Desk, now time.Time) []string {
	var o Out
	d.Tick(now, &o)
	return decisions(o)
}

func TestWhatPassesAllGatesIsSentOnce(t *testing.T) {
	d := New()
	want(t, propose(d, noon, firing("a")), "a sent [inapp]")
	want(t, propose(d, noon.Add(time.Hour), firing("a")), "a suppressed duplicate")
}

func TestTheFirstGateThatRefusesIsTheReason(t *testing.T) {
	silence := event.Silence{ID: "1", Rule: "match", Until: noon.Add(time.Hour)}
	unwanted := event.Preferences{Recipient: "s", Categories: map[string]map[event.Channel]bool{"jobs": {event.InApp: false}}}
	email := func(p *event.Proposal) { p.Notice.Channels = []event.Channel{event.Email} }
	for _, c := range []struct {
		name   string
		set    func(*Desk)
		change func(*event.Proposal)
		want   string
	}{
		{"mode before silence", func(d *Desk) { d.SetSilence(silence, &Out{}) }, func(p *event.Proposal) { p.Shadow = true }, "a suppressed mode"},
		{"silence before preference", func(d *Desk) { d.SetSilence(silence, &Out{}); d.SetPreferences(unwanted) }, nil, "a suppressed silence"},
		{"no consent to email", nil, email, "a suppressed consent"},
		{"preference", func(d *Desk) { d.SetPreferences(unwanted) }, nil, "a suppressed preference"},
		{"preference before duplicate", func(d *Desk) {
			d.Propose(firing("a"), noon, &Out{})
			d.SetPreferences(unwanted)
		}, nil, "a suppressed preference"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := New()
			if c.set != nil {
				c.set(d)
			}
			p := firing("a")
			if c.change != nil {
				c.change(&p)
			}
			want(t, propose(d, noon, p), c.want)
		})
	}
}

func TestChannelsAreThoseThatTheRecipientAllows(t *testing.T) {
	d := New()
	all := func(p *event.Proposal) { p.Notice.Channels = []event.Channel{event.InApp, event.Email, event.Webhook} }
	want(t, propose(d, noon, firing("a", all)), "a sent [inapp webhook]")
	d.SetPreferences(event.Preferences{
		Recipient: "s", Email: "s@example.org", Consent: event.Consent{Email: true},
		Categories: map[string]map[event.Channel]bool{"jobs": {event.Webhook: false}},
	})
	want(t, propose(d, noon, firing("b", all)), "b sent [inapp email]")
	d.ErasePreferences("s")
	want(t, propose(d, noon, firing("c", all)), "c sent [inapp webhook]")
}

func TestSilencesCoverRuleStudentAndOrganisationUntilTheyEnd(t *testing.T) {
	for _, s := range []event.Silence{{Rule: "match"}, {Student: "s"}, {Organisation: "Nordia"}, {Rule: "match", Organisation: "Nordia"}} {
		d := New()
		s.ID, s.Until = "1", noon.Add(time.Hour)
		d.SetSilence(s, &Out{})
		want(t, propose(d, noon, firing("a")), "a suppressed silence")
		want(t, propose(d, noon.Add(time.Hour), firing("b")), "b sent [inapp]")
	}
	d := New()
	d.SetSilence(event.Silence{ID: "1", Rule: "match", Organisation: "Belvane", Until: noon.Add(time.Hour)}, &Out{})
	d.SetSilence(event.Silence{ID: "2", Student: "s", Until: noon.Add(time.Hour)}, &Out{})
	d.EndSilence("2", &Out{})
	want(t, propose(d, noon, firing("a")), "a sent [inapp]")
}

func TestQuietHoursDeferAndAskTheGatesAgain(t *testing.T) {
	night := time.Date(2026, 5, 4, 18, 0, 0, 0, time.UTC) // 23:30 in Kolkata
	quiet := event.Preferences{Recipient: "s", TimeZone: "Asia/Kolkata", Quiet: event.QuietHours{From: "22:00", To: "07:00"}}
	d := New()
	d.SetPreferences(quiet)
	want(t, propose(d, night, firing("a"), firing("b"), firing("a")),
		"a deferred quiet_hours until 05 01:30", "b deferred quiet_hours until 05 01:30", "a deferred quiet_hours until 05 01:30")
	want(t, propose(d, night, firing("c", func(p *event.Proposal) { p.Notice.Priority = event.High })), "c sent [inapp]")
	want(t, tick(d, night.Add(time.Hour)))
	want(t, propose(d, night.Add(2*time.Hour), firing("b", withdrawn)), "b suppressed withdrawn")
	want(t, tick(d, night.Add(8*time.Hour)), "a sent [inapp]")
}

func TestABudgetIsSpentBySendsWithinItsTime(t *testing.T) {
	d := New()
	tight := func(p *event.Proposal) {
		p.Notice.Budget = &event.Budget{Count: 2, Per: event.Duration(24 * time.Hour)}
	}
	want(t, propose(d, noon, firing("a", tight), firing("b", tight), firing("c", tight)),
		"a sent [inapp]", "b sent [inapp]", "c suppressed budget")
	want(t, propose(d, noon.Add(24*time.Hour-time.Second), firing("d", tight)), "d suppressed budget")
	want(t, propose(d, noon.Add(24*time.Hour), firing("e", tight), firing("c", tight)), "e sent [inapp]", "c suppressed duplicate")
}

func gathered(p *event.Proposal) {
	p.Notice.Digest = &event.Digest{Window: event.Duration(6 * time.Hour), Max: 2}
}

func relevance(r float64) func(*event.Proposal) {
	return func(p *event.Proposal) { p.Facts.Relevance = r }
}

func TestWithinTheWindowOfASendFiringsAreGathered(t *testing.T) {
	d := New()
	want(t, propose(d, noon, firing("a", gathered)), "a sent [inapp]")
	later := noon.Add(time.Hour)
	want(t, propose(d, later, firing("b", gathered, relevance(.1)), firing("c", gathered, relevance(.3)), firing("d", gathered, relevance(.2))))
	want(t, tick(d, noon.Add(6*time.Hour-time.Second)))
	digest := event.DigestID("campus/match", "s", "b")
	want(t, tick(d, noon.Add(6*time.Hour)), digest+" sent [inapp] +c +d and 1")
	want(t, propose(d, noon.Add(7*time.Hour), firing("e", gathered)))
	want(t, propose(d, noon.Add(7*time.Hour), firing("b", gathered)), "b suppressed duplicate")
	want(t, tick(d, noon.Add(12*time.Hour)), "e sent [inapp]") // alone it is no digest
}

func TestADigestThatWaitsSendsNothingAtOnce(t *testing.T) {
	d := New()
	weekly := func(p *event.Proposal) {
		p.Notice.Digest = &event.Digest{Window: event.Duration(7 * 24 * time.Hour), Max: 5, Wait: true}
	}
	want(t, propose(d, noon, firing("a", weekly), firing("b", weekly)))
	want(t, tick(d, noon.Add(7*24*time.Hour-time.Second)))
	want(t, tick(d, noon.Add(7*24*time.Hour)), event.DigestID("campus/match", "s", "a")+" sent [inapp] +a +b")
}

func TestWhatIsNoLongerTrueIsTakenBackWhereverItIs(t *testing.T) {
	d := New()
	want(t, propose(d, noon, firing("a", gathered)), "a sent [inapp]")
	want(t, propose(d, noon, firing("a", withdrawn)), "a retracted withdrawn")
	want(t, propose(d, noon, firing("a", withdrawn)))
	propose(d, noon, firing("b", gathered), firing("c", gathered, relevance(.5)), firing("d", gathered, relevance(.4)))
	want(t, propose(d, noon, firing("b", withdrawn)), "b suppressed withdrawn") // the one that would not have been named
	digest := event.DigestID("campus/match", "s", "b")
	want(t, tick(d, noon.Add(6*time.Hour)), digest+" sent [inapp] +c +d")
	want(t, propose(d, noon, firing("c", withdrawn)), "c retracted withdrawn")
	want(t, propose(d, noon, firing("d", withdrawn)), "d retracted withdrawn", digest+" retracted withdrawn")
	want(t, propose(d, noon, firing("never proposed", withdrawn)))
}

func TestErasingAStudentLeavesNothingWaitingAndNothingInTheInbox(t *testing.T) {
	d := New()
	propose(d, noon, firing("a", gathered), firing("b", gathered))
	d.SetPreferences(event.Preferences{Recipient: "s", Quiet: event.QuietHours{From: "00:00", To: "23:59"}})
	propose(d, noon, firing("c"))
	var o Out
	d.Erase("s", noon, &o)
	want(t, decisions(o), "c suppressed erased", "b suppressed erased", "a retracted erased")
	kept := map[string][]byte{}
	for _, f := range o.Facts {
		kept[f.Key] = f.Value
	}
	for key, value := range kept {
		if value != nil {
			t.Errorf("%q is still remembered: %s", key, value)
		}
	}
	want(t, tick(d, noon.Add(100*24*time.Hour)))
}

func TestADecisionIsForgottenWhenNothingCanBringItBack(t *testing.T) {
	d := New()
	propose(d, noon, firing("a"))
	var o Out
	d.Tick(noon.Add(memory-time.Second), &o)
	if len(o.Facts) > 0 {
		t.Errorf("forgotten early: %v", o.Facts)
	}
	d.Tick(noon.Add(memory), &o)
	if len(o.Facts) != 1 || o.Facts[0].Value != nil || o.Facts[0].Key != decidedKey("s", "a") {
		t.Errorf("%d facts, want one that ends the decision: %+v", len(o.Facts), o.Facts)
	}
}

func TestAnErasureIsToldAlsoWhenNothingWasEverSent(t *testing.T) {
	d := New()
	want(t, propose(d, noon, firing("a", func(p *event.Proposal) { p.Shadow = true }), firing("b", func(p *event.Proposal) { p.Shadow = true })),
		"a suppressed mode", "b suppressed mode")
	o := Out{Notifications: make([]event.Notification, 1)} // of somebody else
	d.Erase("s", noon, &o)
	o.Notifications = o.Notifications[1:]
	want(t, decisions(o), "a suppressed erased")
}
