package rehearsal

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
)

var today = time.Date(2026, 6, 10, 12, 0, 0, 0, time.UTC)

// recorded is a small demonstration campus as topics hold it: half the jobs, and
// what students did, after the rules came into force.
func recorded(t *testing.T) Past {
	t.Helper()
	past := Past{From: today.Add(-3 * 24 * time.Hour), Until: today, Tick: 10 * time.Minute}
	campus := demo.New(7, demo.Sizes{Students: 120, Opportunities: 200}, past.From, demo.Skills)
	add := func(kind Kind, key string, at time.Time, v any) {
		value, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		past.Records = append(past.Records, Record{Kind: kind, Offset: int64(len(past.Records)), Key: key, Value: value, Time: at})
	}
	for p := range campus.Students() {
		add(Profiles, p.ID, past.From.Add(-time.Hour), p)
	}
	var all []event.Opportunity
	for o := range campus.Opportunities() {
		all = append(all, o)
		at := past.From.Add(-time.Minute)
		if len(all)%2 == 0 {
			at = past.From.Add(time.Duration(len(all)) * 20 * time.Minute)
		}
		add(Opportunities, o.ID, at, o)
	}
	for s := range campus.Signals(all) {
		add(Signals, s.Student, s.At.Add(2*24*time.Hour), s) // the campus makes them up for the day before
	}
	return past
}

// The plan of a changed threshold names exactly what a run under it sends. The
// run is driven by hand, record by record, not by what makes plans.
func TestThePlanOfAChangedThresholdIsWhatARunSends(t *testing.T) {
	source, _ := campusFiles(t)
	present := Ruleset{"campus", string(source)}
	changed := Ruleset{"campus", strings.Replace(present.Source, "match.overlap >= 0.75", "match.overlap >= 0.65", 1)}
	changed.Source = strings.Replace(changed.Source, "match.overlap < 0.70", "match.overlap < 0.60", 1)
	past := recorded(t)
	report := planOf(t, past, present, changed)
	planned := map[string][]string{}
	for _, r := range report.Rules {
		planned[r.Rule] = r.Sent
	}
	sent := run(t, past, changed)
	if diff := cmp.Diff(sent, planned); diff != "" {
		t.Errorf("sent (-), planned (+):\n%s", diff)
	}
	at := slices.IndexFunc(report.Rules, func(r RuleReport) bool { return r.Rule == "campus/job-match" })
	if at < 0 || report.Rules[at].Starts == 0 || report.Rules[at].Before == 0 {
		t.Fatalf("the changed threshold changes nothing: %+v", report.Rules)
	}
}

func TestAPlanIsTheSameToTheByte(t *testing.T) {
	source, _ := campusFiles(t)
	present := Ruleset{"campus", string(source)}
	changed := Ruleset{"campus", strings.Replace(present.Source, "match.overlap >= 0.75", "match.overlap >= 0.8", 1)}
	past := recorded(t)
	first, err := json.Marshal(planOf(t, past, present, changed))
	if err != nil {
		t.Fatal(err)
	}
	slices.Reverse(past.Records) // topics are read in any order
	second, err := json.Marshal(planOf(t, past, present, changed))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(first, second) {
		t.Errorf("one plan\n%s\nanother\n%s", first, second)
	}
}

func planOf(t *testing.T, past Past, present, proposed Ruleset) *Report {
	t.Helper()
	report, err := Plan(match.Default(), skills.Normalize, past, []Ruleset{present}, []Ruleset{proposed})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// run lets everything happen in one world and gives the ids sent, by rule.
func run(t *testing.T, past Past, set Ruleset) map[string][]string {
	t.Helper()
	w := NewWorld(match.Default(), skills.Normalize)
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	records := slices.Clone(past.Records)
	slices.SortStableFunc(records, func(a, b Record) int { return a.Time.Compare(b.Time) })
	clock := past.From.Add(-past.Tick)
	advance := func(to time.Time) {
		for !clock.Add(past.Tick).After(to) {
			clock = clock.Add(past.Tick)
			must(w.Tick(clock))
			if clock.Equal(past.From) {
				must(w.Activate(set.Name, set.Source, clock))
			}
		}
	}
	for _, r := range records {
		advance(r.Time)
		switch r.Kind {
		case Profiles:
			p, err := event.DecodeProfile(r.Value)
			must(err)
			must(w.Profile(p, r.Time))
		case Opportunities:
			o, err := event.DecodeOpportunity(r.Value, r.Time)
			must(err)
			must(w.Opportunity(o.ID, &o, r.Time))
		case Signals:
			s, err := event.DecodeSignal(r.Value)
			must(err)
			must(w.Signal(s, r.Time))
		default:
			t.Fatalf("no record of kind %d is expected", r.Kind)
		}
	}
	advance(past.Until)
	ids := map[string]map[string]struct{}{}
	for _, n := range w.Decided() {
		if n.Outcome == event.Sent {
			rule := n.Ruleset + "/" + n.Rule
			if ids[rule] == nil {
				ids[rule] = map[string]struct{}{}
			}
			ids[rule][n.ID] = struct{}{}
		}
	}
	sent := map[string][]string{}
	for rule, set := range ids {
		sent[rule] = slices.Sorted(maps.Keys(set))
	}
	return sent
}
