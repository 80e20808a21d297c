package rehearsal

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"

	"tideline/engine/event"
	"tideline/engine/match"
)

// Suite is the tests of a ruleset, as written in YAML.
type Suite struct {
	Tests []Test `yaml:"tests"`
}

// Test plays steps through the rules and says what must be decided.
type Test struct {
	Name string `yaml:"name"`
	// Start is when the rules come into force; what is given was there before.
	Start time.Time `yaml:"start"`
	// Rules limits what is compared to these; empty: all.
	Rules []string `yaml:"rules"`
	Given Given    `yaml:"given"`
	Steps []Step   `yaml:"steps"`
}

// Given is the campus before the rules come into force.
type Given struct {
	Profiles      []value `yaml:"profiles"`
	Opportunities []value `yaml:"opportunities"`
	Preferences   []value `yaml:"preferences"`
}

// Step advances the clock, lets something happen, and says what must be decided
// by then: exactly these, in any order.
type Step struct {
	After       duration `yaml:"after"` // since the step before
	Profile     value    `yaml:"profile"`
	Erase       string   `yaml:"erase"` // a student
	Opportunity value    `yaml:"opportunity"`
	Delete      string   `yaml:"delete"` // an opportunity
	Signal      value    `yaml:"signal"`
	Stage       value    `yaml:"stage"`
	Evaluation  value    `yaml:"evaluation"`
	Message     value    `yaml:"message"`
	Preferences value    `yaml:"preferences"`
	Silence     value    `yaml:"silence"`
	Expect      []Expect `yaml:"expect"`
}

// Expect is one decision. What is left out is not compared.
type Expect struct {
	Rule        string        `yaml:"rule"`
	Recipient   string        `yaml:"recipient"`
	Outcome     event.Outcome `yaml:"outcome"` // sent when left out
	Reason      event.Reason  `yaml:"reason"`
	Student     string        `yaml:"student"`
	Opportunity string        `yaml:"opportunity"`
	Application string        `yaml:"application"`
	Gap         string        `yaml:"gap"`
	Items       int           `yaml:"items"` // of a digest, the unnamed ones included
}

// value is an event as written; it is checked by the event's own decoder.
type value map[string]any

// duration is a time.Duration that knows days and weeks.
type duration time.Duration

// UnmarshalYAML reads 36h, 14d or 2w.
func (d *duration) UnmarshalYAML(text []byte) error {
	s := strings.Trim(strings.TrimSpace(string(text)), `"'`)
	for unit, hours := range map[string]int{"d": 24, "w": 7 * 24} {
		if number, ok := strings.CutSuffix(s, unit); ok {
			parsed, err := time.ParseDuration(number + "h")
			*d = duration(parsed * time.Duration(hours))
			return err
		}
	}
	parsed, err := time.ParseDuration(s)
	*d = duration(parsed)
	return err
}

// Result is what became of one test.
type Result struct {
	Name     string
	Failures []string
}

var firstDay = time.Date(2026, 5, 4, 9, 0, 0, 0, time.UTC)

// tickEvery is how finely a test's clock moves.
const tickEvery = 10 * time.Minute

// ParseSuite reads tests. The error says where the YAML is wrong.
func ParseSuite(source []byte) (Suite, error) {
	var s Suite
	if err := yaml.UnmarshalWithOptions(source, &s, yaml.Strict()); err != nil {
		return s, fmt.Errorf("the tests are not valid: %s", yaml.FormatError(err, false, true))
	}
	names := map[string]bool{}
	for i, t := range s.Tests {
		if t.Name == "" || names[t.Name] {
			return s, fmt.Errorf("the tests are not valid: test %d needs a name of its own, not %q", i+1, t.Name)
		}
		names[t.Name] = true
	}
	return s, nil
}

// Run runs every test against a ruleset.
func (s Suite) Run(config match.Config, normalize func(string) string, set Ruleset) []Result {
	var results []Result
	for _, t := range s.Tests {
		r := Result{Name: t.Name}
		if err := t.run(config, normalize, set, &r); err != nil {
			r.Failures = append(r.Failures, err.Error())
		}
		results = append(results, r)
	}
	return results
}

// rehearsed is one test under way.
type rehearsed struct {
	Test
	world *World
	clock time.Time
	event int // for ids that were left out
}

func (t Test) run(config match.Config, normalize func(string) string, set Ruleset, r *Result) error {
	p := &rehearsed{Test: t, world: NewWorld(config, normalize), clock: t.Start.UTC()}
	if t.Start.IsZero() {
		p.clock = firstDay
	}
	if err := p.world.Tick(p.clock); err != nil {
		return err
	}
	for i, v := range t.Given.Opportunities {
		if err := p.opportunity(v); err != nil {
			return fmt.Errorf("given opportunity %d: %w", i+1, err)
		}
	}
	for i, v := range t.Given.Profiles {
		if err := p.profile(v); err != nil {
			return fmt.Errorf("given profile %d: %w", i+1, err)
		}
	}
	for i, v := range t.Given.Preferences {
		if err := p.preferences(v); err != nil {
			return fmt.Errorf("given preferences %d: %w", i+1, err)
		}
	}
	if err := p.world.Activate(set.Name, set.Source, p.clock); err != nil {
		return err
	}
	p.world.Decided()
	for i, step := range t.Steps {
		if err := p.step(step); err != nil {
			return fmt.Errorf("step %d: %w", i+1, err)
		}
		for _, wrong := range p.compare(step.Expect) {
			r.Failures = append(r.Failures, fmt.Sprintf("step %d: %s", i+1, wrong))
		}
	}
	return nil
}

// step advances the clock and lets one thing happen.
func (p *rehearsed) step(s Step) error {
	for end := p.clock.Add(time.Duration(s.After)); p.clock.Before(end); {
		p.clock = p.clock.Add(min(tickEvery, end.Sub(p.clock)))
		if err := p.world.Tick(p.clock); err != nil {
			return err
		}
	}
	var failed error
	for _, do := range []struct {
		v   value
		run func(value) error
	}{{s.Preferences, p.preferences}, {s.Opportunity, p.opportunity}, {s.Profile, p.profile}, {s.Signal, p.signal}, {s.Stage, p.stage}, {s.Evaluation, p.evaluation}, {s.Message, p.message}, {s.Silence, p.silence}} {
		if do.v != nil {
			failed = errors.Join(failed, do.run(do.v))
		}
	}
	if s.Delete != "" {
		failed = errors.Join(failed, p.world.Opportunity(s.Delete, nil, p.clock))
	}
	if s.Erase != "" {
		failed = errors.Join(failed, p.world.Erase(s.Erase))
	}
	return failed
}

// json gives an event's record value, with defaults for what was left out.
func (p *rehearsed) json(v value, defaults value) []byte {
	whole := value{}
	maps.Copy(whole, defaults)
	maps.Copy(whole, v)
	data, err := json.Marshal(whole)
	if err != nil { // a YAML value that JSON does not know: the decoder says where
		return []byte("{}")
	}
	return data
}

func (p *rehearsed) now() string { return p.clock.Format(time.RFC3339) }

func (p *rehearsed) id(prefix string) string {
	p.event++
	return fmt.Sprint(prefix, p.event)
}

func (p *rehearsed) profile(v value) error {
	profile, err := event.DecodeProfile(p.json(v, nil))
	if err != nil {
		return err
	}
	return p.world.Profile(profile, p.clock)
}

func (p *rehearsed) opportunity(v value) error {
	o, err := event.DecodeOpportunity(p.json(v, value{"posted_at": p.now(), "title": v["id"], "bucket": "jobs"}), p.clock)
	if err != nil {
		return err
	}
	return p.world.Opportunity(o.ID, &o, p.clock)
}

func (p *rehearsed) signal(v value) error {
	s, err := event.DecodeSignal(p.json(v, value{"id": p.id("signal "), "at": p.now()}))
	if err != nil {
		return err
	}
	return p.world.Signal(s, p.clock)
}

func (p *rehearsed) stage(v value) error {
	s, err := event.DecodeStageChange(p.json(v, value{"event_id": p.id("change "), "at": p.now(), "seq": p.event}))
	if err != nil {
		return err
	}
	return p.world.StageChange(s)
}

func (p *rehearsed) evaluation(v value) error {
	id := p.id("evaluation ")
	e, err := event.DecodeEvaluation(p.json(v, value{
		"event_id": id, "submitted_at": p.now(), "n": p.event, "submitter": "recruiter", "stage": event.Applied,
		"application": event.ApplicationID(fmt.Sprint(v["student"]), fmt.Sprint(v["opportunity"])),
	}))
	if err != nil {
		return err
	}
	return p.world.Evaluation(e)
}

func (p *rehearsed) message(v value) error {
	id := p.id("message ")
	m, err := event.DecodeMessage(p.json(v, value{"event_id": id, "at": p.now(), "n": p.event, "author": "recruiter", "author_role": "recruiter"}))
	if err != nil {
		return err
	}
	return p.world.Message(m)
}

func (p *rehearsed) preferences(v value) error {
	wanted, err := event.DecodePreferences(p.json(v, nil))
	if err != nil {
		return err
	}
	return p.world.Preferences(wanted)
}

func (p *rehearsed) silence(v value) error {
	record := fmt.Appendf(nil, `{"silence":%s}`, p.json(v, value{"id": p.id("silence ")}))
	r, err := event.DecodeRuleset(record)
	if err != nil {
		return err
	}
	return p.world.Silence(*r.Silence)
}

// compare says what was decided and not expected, and the reverse.
func (p *rehearsed) compare(expected []Expect) []string {
	var wrong []string
	open := slices.Clone(expected)
	for _, n := range p.world.Decided() {
		if len(p.Rules) > 0 && !slices.Contains(p.Rules, n.Rule) {
			continue
		}
		if at := slices.IndexFunc(open, func(e Expect) bool { return e.matches(n) }); at >= 0 {
			open = slices.Delete(open, at, at+1)
		} else {
			wrong = append(wrong, "not expected: "+describe(n))
		}
	}
	for _, e := range open {
		wrong = append(wrong, "missing: "+e.String())
	}
	return wrong
}

func (e Expect) matches(n event.Notification) bool {
	outcome := e.Outcome
	if outcome == "" {
		outcome = event.Sent
	}
	same := func(wanted, got string) bool { return wanted == "" || wanted == got }
	return outcome == n.Outcome && same(e.Rule, n.Rule) && same(e.Recipient, n.Recipient) && same(string(e.Reason), string(n.Reason)) &&
		same(e.Student, n.Subject.Student) && same(e.Opportunity, n.Subject.Opportunity) && same(e.Application, n.Subject.Application) &&
		same(e.Gap, n.Subject.Gap) && (e.Items == 0 || e.Items == len(n.Items)+n.More)
}

// String gives an expectation on one line.
func (e Expect) String() string {
	outcome := e.Outcome
	if outcome == "" {
		outcome = event.Sent
	}
	return line(e.Rule, e.Recipient, outcome, e.Reason, event.Subject{Student: e.Student, Opportunity: e.Opportunity, Application: e.Application, Gap: e.Gap}, e.Items)
}

func describe(n event.Notification) string {
	return line(n.Rule, n.Recipient, n.Outcome, n.Reason, n.Subject, len(n.Items)+n.More)
}

func line(rule, recipient string, outcome event.Outcome, reason event.Reason, about event.Subject, items int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s to %s: %s", rule, recipient, outcome)
	if reason != "" {
		fmt.Fprintf(&b, " (%s)", reason)
	}
	for _, part := range []struct{ name, id string }{
		{"student", about.Student}, {"opportunity", about.Opportunity}, {"application", about.Application}, {"gap", about.Gap},
	} {
		if part.id != "" {
			fmt.Fprintf(&b, ", %s %s", part.name, part.id)
		}
	}
	if items > 0 {
		fmt.Fprintf(&b, ", %d items", items)
	}
	return b.String()
}
