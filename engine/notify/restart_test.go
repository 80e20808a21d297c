package notify

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"tideline/engine/event"
)

// restarted is a desk made of the facts that another one left behind, as
// engine-state keeps them, and of the preferences, which have a topic of their own.
func restarted(t *rapid.T, facts []event.Fact, preferences map[string]event.Preferences) *Desk {
	d := New()
	for _, p := range preferences {
		d.SetPreferences(p)
	}
	for _, f := range facts {
		if mine, err := d.Restore(f.Key, f.Value); !mine || err != nil {
			t.Fatalf("restore %q: mine %v, %v", f.Key, mine, err)
		}
	}
	return d
}

// A desk that is restored from its facts before any event decides as one that
// never stopped.
func TestARestartedDeskDecidesTheSame(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		steady, now := New(), noon
		preferences := map[string]event.Preferences{}
		var facts []event.Fact
		for range rapid.IntRange(1, 40).Draw(t, "events") {
			now = now.Add(time.Duration(rapid.IntRange(0, 300).Draw(t, "minutes")) * time.Minute)
			other := restarted(t, facts, preferences)
			var a, b Out
			apply := randomEvent(t, now, preferences)
			apply(steady, &a)
			apply(other, &b)
			if diff := cmp.Diff(decisions(a), decisions(b)); diff != "" {
				t.Fatalf("a restarted desk decided otherwise (-steady +restarted):\n%s", diff)
			}
			facts = append(facts, a.Facts...)
		}
	})
}

func randomEvent(t *rapid.T, now time.Time, preferences map[string]event.Preferences) func(*Desk, *Out) {
	who := rapid.SampledFrom([]string{"s", "r"}).Draw(t, "recipient")
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		p := event.Preferences{Recipient: who, Quiet: event.QuietHours{From: "22:00", To: rapid.SampledFrom([]string{"22:00", "07:00"}).Draw(t, "to")}}
		preferences[who] = p
		return func(d *Desk, _ *Out) { d.SetPreferences(p) }
	case 1:
		s := event.Silence{ID: "1", Rule: "match", Until: now.Add(time.Hour)}
		return func(d *Desk, o *Out) { d.SetSilence(s, o) }
	case 2:
		return func(d *Desk, o *Out) { d.EndSilence("1", o) }
	case 3:
		delete(preferences, who)
		return func(d *Desk, o *Out) { d.ErasePreferences(who); d.Erase(who, now, o) }
	case 4, 5:
		return func(d *Desk, o *Out) { d.Tick(now, o) }
	}
	rule := rapid.SampledFrom([]string{"match", "weekly", "tight"}).Draw(t, "rule")
	p := firing(fmt.Sprint(rule, rapid.IntRange(0, 9).Draw(t, "id")), func(p *event.Proposal) {
		p.Recipient, p.Rule, p.Withdraw = who, rule, rapid.IntRange(0, 4).Draw(t, "withdraw") == 0
		switch rule {
		case "match":
			gathered(p)
		case "weekly":
			p.Notice.Digest = &event.Digest{Window: event.Duration(7 * 24 * time.Hour), Max: 2, Wait: true}
		default:
			p.Notice.Budget = &event.Budget{Count: 2, Per: event.Duration(24 * time.Hour)}
		}
	})
	return func(d *Desk, o *Out) { d.Propose(p, now, o) }
}
