package rehearsal

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
)

// Kind is the topic that a record of the past is from.
type Kind int

// The kinds, in the order in which records of one moment are played.
const (
	Preferences Kind = iota
	Opportunities
	Profiles
	StageChanges
	Evaluations
	Messages
	Signals
)

// Record is one record of the past.
type Record struct {
	Kind      Kind
	Partition int32
	Offset    int64
	Key       string
	Value     []byte // nil: a tombstone
	Time      time.Time
}

// Past is what was recorded.
type Past struct {
	Records []Record
	// From is when the rules come into force: what happened before is known to
	// them and fires nothing. Until is where the play ends.
	From, Until time.Time
	// Tick is how often the clock is told; 0: a minute.
	Tick time.Duration
}

// Ruleset is one set of rules.
type Ruleset struct{ Name, Source string }

// Plan compares what the present rulesets and the proposed ones make of the past.
func Plan(config match.Config, normalize func(string) string, past Past, present, proposed []Ruleset) (*Report, error) {
	before, err := play(config, normalize, past, present)
	if err != nil {
		return nil, fmt.Errorf("replay under the rules in force: %w", err)
	}
	after, err := play(config, normalize, past, proposed)
	if err != nil {
		return nil, fmt.Errorf("replay under the proposed rules: %w", err)
	}
	return compare(past, before, after), nil
}

// Play gives everything that was decided, in order.
func Play(config match.Config, normalize func(string) string, past Past, sets []Ruleset) ([]event.Notification, error) {
	return play(config, normalize, past, sets)
}

func play(config match.Config, normalize func(string) string, past Past, sets []Ruleset) ([]event.Notification, error) {
	records := slices.Clone(past.Records)
	slices.SortStableFunc(records, func(a, b Record) int {
		return cmp.Or(a.Time.Truncate(time.Second).Compare(b.Time.Truncate(time.Second)), cmp.Compare(a.Kind, b.Kind),
			cmp.Compare(a.Partition, b.Partition), cmp.Compare(a.Offset, b.Offset))
	})
	p := &player{world: NewWorld(config, normalize), past: past, sets: sets}
	for _, r := range records {
		if r.Time.After(past.Until) {
			break
		}
		if err := p.advance(r.Time); err != nil {
			return nil, err
		}
		if err := p.record(r); err != nil {
			return nil, err
		}
	}
	if err := p.advance(past.Until); err != nil {
		return nil, err
	}
	return p.world.Decided(), nil
}

// player plays the past into one world.
type player struct {
	world *World
	past  Past
	sets  []Ruleset
	clock time.Time
	begun bool // the rules are in force
}

// advance moves the clock to a time, tick by tick once the rules are in force.
func (p *player) advance(to time.Time) error {
	if !p.begun {
		begin := p.past.From
		if to.Before(begin) {
			return nil // nobody watches the clock yet
		}
		p.begun = true
		if err := p.tick(begin); err != nil {
			return err
		}
		for _, set := range p.sets {
			if err := p.world.Activate(set.Name, set.Source, begin); err != nil {
				return fmt.Errorf("activate %s: %w", set.Name, err)
			}
		}
	}
	step := cmp.Or(p.past.Tick, time.Minute)
	for !p.clock.Add(step).After(to) {
		if err := p.tick(p.clock.Add(step)); err != nil {
			return err
		}
	}
	return nil
}

func (p *player) tick(now time.Time) error {
	p.clock = now
	return p.world.Tick(now)
}

// record plays one record. What is not valid was a dead letter then and is passed over now.
func (p *player) record(r Record) error {
	switch r.Kind {
	case Opportunities:
		if r.Value == nil {
			return p.world.Opportunity(r.Key, nil, r.Time)
		}
		if o, err := event.DecodeOpportunity(r.Value, r.Time); err == nil && o.ID == r.Key {
			return p.world.Opportunity(o.ID, &o, r.Time)
		}
	case Profiles:
		if r.Value == nil {
			return p.world.Erase(r.Key)
		}
		if v, err := event.DecodeProfile(r.Value); err == nil && v.ID == r.Key {
			return p.world.Profile(v, r.Time)
		}
	case Signals:
		if s, err := event.DecodeSignal(r.Value); err == nil && s.Student == r.Key {
			return p.world.Signal(s, r.Time)
		}
	case StageChanges:
		if s, err := event.DecodeStageChange(r.Value); err == nil && s.Student == r.Key {
			return p.world.StageChange(s)
		}
	case Evaluations:
		if e, err := event.DecodeEvaluation(r.Value); err == nil && e.Student == r.Key {
			return p.world.Evaluation(e)
		}
	case Messages:
		if m, err := event.DecodeMessage(r.Value); err == nil && m.N > 0 && m.Student == r.Key {
			return p.world.Message(m)
		}
	case Preferences:
		if r.Value == nil {
			return p.world.NoPreferences(r.Key)
		}
		if v, err := event.DecodePreferences(r.Value); err == nil && v.Recipient == r.Key {
			return p.world.Preferences(v)
		}
	}
	return nil
}

// Report is what a plan found.
type Report struct {
	From  time.Time    `json:"from"`
	Until time.Time    `json:"until"`
	Rules []RuleReport `json:"rules"` // by ruleset and id
	// Busiest are the recipients who would be told most, most first.
	Busiest []Load `json:"busiest"`
	Before  int    `json:"sent_before"`
	After   int    `json:"sent_after"`
}

// RuleReport is what would become of one rule.
type RuleReport struct {
	Rule       string         `json:"rule"` // ruleset/id
	Before     int            `json:"sent_before"`
	After      int            `json:"sent_after"`
	Starts     int            `json:"starts"` // sent after and not before
	Stops      int            `json:"stops"`
	Suppressed map[string]int `json:"suppressed"` // under the proposed rules, by gate
	PerDay     []Day          `json:"per_day"`    // sent under the proposed rules
	Recipients int            `json:"recipients"` // who would be told
	Samples    []Sample       `json:"samples"`    // of what starts and stops
	Sent       []string       `json:"sent_ids"`   // under the proposed rules, sorted
}

// Day is a volume.
type Day struct {
	Day  string `json:"day"` // UTC
	Sent int    `json:"sent"`
}

// Load is how much one recipient would be told.
type Load struct {
	Recipient string `json:"recipient"`
	Before    int    `json:"before"`
	After     int    `json:"after"`
}

// Sample is one notification that would begin or cease to be sent.
type Sample struct {
	Change    string        `json:"change"` // starts or stops
	ID        string        `json:"id"`
	Recipient string        `json:"recipient"`
	Subject   event.Subject `json:"subject"`
	Facts     event.Facts   `json:"facts"`
	At        time.Time     `json:"at"`
	// Instead is what the other rules decided about it; empty: they did not fire.
	Instead string `json:"instead,omitempty"`
}

const (
	maxSamples = 10 // of a rule, each way
	maxBusiest = 20
)

// tally is what one side decided.
type tally struct {
	sent  map[string]map[string]event.Notification // rule -> id
	other map[string]event.Notification            // by id: not sent
}

func tallyOf(list []event.Notification) tally {
	t := tally{map[string]map[string]event.Notification{}, map[string]event.Notification{}}
	for _, n := range list {
		rule := n.Ruleset + "/" + n.Rule
		if t.sent[rule] == nil {
			t.sent[rule] = map[string]event.Notification{}
		}
		switch n.Outcome {
		case event.Sent:
			t.sent[rule][n.ID] = n
		case event.Suppressed:
			t.other[n.ID] = n
		default:
		}
	}
	return t
}

func compare(past Past, before, after []event.Notification) *Report {
	a, b := tallyOf(before), tallyOf(after)
	report := &Report{From: past.From.UTC(), Until: past.Until.UTC(), Rules: []RuleReport{}, Busiest: busiest(before, after)}
	rules := map[string]struct{}{}
	for rule := range a.sent {
		rules[rule] = struct{}{}
	}
	for rule := range b.sent {
		rules[rule] = struct{}{}
	}
	for _, rule := range slices.Sorted(maps.Keys(rules)) {
		r := a.against(b, rule)
		report.Before += r.Before
		report.After += r.After
		report.Rules = append(report.Rules, r)
	}
	return report
}

// against compares two sides' firings of one rule.
func (t tally) against(after tally, rule string) RuleReport {
	r := RuleReport{
		Rule: rule, Before: len(t.sent[rule]), After: len(after.sent[rule]),
		Suppressed: map[string]int{}, PerDay: []Day{}, Samples: []Sample{}, Sent: slices.Sorted(maps.Keys(after.sent[rule])),
	}
	if r.Sent == nil {
		r.Sent = []string{}
	}
	days, recipients := map[string]int{}, map[string]struct{}{}
	for _, n := range after.sent[rule] {
		days[n.Decided.UTC().Format(time.DateOnly)]++
		recipients[n.Recipient] = struct{}{}
	}
	for _, day := range slices.Sorted(maps.Keys(days)) {
		r.PerDay = append(r.PerDay, Day{day, days[day]})
	}
	r.Recipients = len(recipients)
	for _, n := range after.other {
		if n.Ruleset+"/"+n.Rule == rule {
			r.Suppressed[string(n.Reason)]++
		}
	}
	starts := only(after.sent[rule], t.sent[rule])
	stops := only(t.sent[rule], after.sent[rule])
	r.Starts, r.Stops = len(starts), len(stops)
	r.Samples = append(samples("starts", starts, t.other), samples("stops", stops, after.other)...)
	return r
}

// only lists what is in the first and not in the second, by id.
func only(in, notIn map[string]event.Notification) []event.Notification {
	var list []event.Notification
	for _, id := range slices.Sorted(maps.Keys(in)) {
		if _, both := notIn[id]; !both {
			list = append(list, in[id])
		}
	}
	return list
}

func samples(change string, list []event.Notification, other map[string]event.Notification) []Sample {
	picked := []Sample{}
	for _, n := range list[:min(len(list), maxSamples)] {
		s := Sample{Change: change, ID: n.ID, Recipient: n.Recipient, Subject: n.Subject, Facts: n.Facts, At: n.Decided}
		if o, known := other[n.ID]; known {
			s.Instead = string(o.Outcome) + ": " + string(o.Reason)
		}
		picked = append(picked, s)
	}
	return picked
}

func busiest(before, after []event.Notification) []Load {
	loads := map[string]*Load{}
	count := func(list []event.Notification, add func(*Load)) {
		for _, n := range list {
			if n.Outcome == event.Sent {
				if loads[n.Recipient] == nil {
					loads[n.Recipient] = &Load{Recipient: n.Recipient}
				}
				add(loads[n.Recipient])
			}
		}
	}
	count(before, func(l *Load) { l.Before++ })
	count(after, func(l *Load) { l.After++ })
	list := []Load{}
	for _, l := range loads {
		list = append(list, *l)
	}
	slices.SortFunc(list, func(a, b Load) int {
		return cmp.Or(cmp.Compare(b.After, a.After), cmp.Compare(b.Before, a.Before), cmp.Compare(a.Recipient, b.Recipient))
	})
	return list[:min(len(list), maxBusiest)]
}
