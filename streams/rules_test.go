package streams

import (
	"errors"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

func activation(source string) event.RulesetRecord {
	return event.RulesetRecord{Ruleset: &event.Activation{Name: "campus", Version: 2, Source: source}}
}

func silenceOf(id string) event.Silence {
	return event.Silence{ID: id, Rule: "campus/job-match", Until: time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)}
}

func TestRulesetsAreRepeatedWholeToEveryPartition(t *testing.T) {
	silence := silenceOf("s1")
	in := func(key string, value []byte) Input { return Input{Topic: Rulesets, Key: []byte(key), Value: value} }
	records, _ := Route(Batch{Rulesets: []Input{
		in("campus", activation("rules: []").Encode()),
		in("silence/s1", event.RulesetRecord{Silence: &silence}.Encode()),
		in("campus", nil),
	}}, students)
	if len(records) != 3*students {
		t.Fatalf("%d records", len(records))
	}
	for i, r := range records {
		f, err := event.DecodeFanout(r.value)
		if err != nil || r.topic != Fanout || r.partition != int32(i%students) || f.Rules == nil {
			t.Fatalf("record %d: %s[%d] %s, %v", i, r.topic, r.partition, r.value, err)
		}
		switch i / students {
		case 0:
			if f.Rules.Key != "campus" || f.Rules.Record.Ruleset.Source != "rules: []" {
				t.Errorf("activation %s", r.value)
			}
		case 1:
			if f.Rules.Key != "silence/s1" || *f.Rules.Record.Silence != silence {
				t.Errorf("silence %s", r.value)
			}
		case 2:
			if f.Rules.Key != "campus" || f.Rules.Record != nil {
				t.Errorf("end %s", r.value)
			}
		}
	}
}

func TestBadRulesetRecordsAreKeptAndHoldNothingUp(t *testing.T) {
	long := activation(strings.Repeat("<", 400<<10)) // six bytes each once it is encoded
	for name, c := range map[string]struct {
		key    string
		value  []byte
		reason event.Code
	}{
		"not JSON":    {"campus", []byte("{"), event.MalformedJSON},
		"no key":      {"", activation("x").Encode(), event.Missing},
		"another key": {"other", activation("x").Encode(), event.KeyMismatch},
		"too long":    {"campus", long.Encode(), event.TooLong},
	} {
		records, _ := Route(Batch{Rulesets: []Input{{Topic: Rulesets, Key: []byte(c.key), Value: c.value}}}, students)
		if len(records) != 1 || records[0].topic != DeadLetters {
			t.Errorf("%s: %d records", name, len(records))
			continue
		}
		if len(records[0].value) > maxRecord {
			t.Errorf("%s: a dead letter of %d bytes", name, len(records[0].value))
		}
		for _, h := range records[0].headers {
			if h.Key == "reason" && string(h.Value) != string(c.reason) {
				t.Errorf("%s: reason %s", name, h.Value)
			}
		}
	}
}

func TestARulesetThatCannotBeHandedOnIsNotPublished(t *testing.T) {
	config, _ := brokers(t)
	ensure(t, config)
	p := producer(t, config)
	err := p.PutRuleset(t.Context(), *activation(strings.Repeat("<", 400<<10)).Ruleset)
	if bad, ok := errors.AsType[*event.Invalid](err); !ok || bad.Code() != event.TooLong {
		t.Errorf("too long: %v", err)
	}
	steps := []error{
		p.PutRuleset(t.Context(), *activation("a").Ruleset), p.DeleteRuleset(t.Context(), "campus"),
		p.PutSilence(t.Context(), silenceOf("s1")), p.DeleteSilence(t.Context(), "s1"),
	}
	if err := errors.Join(steps...); err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, in := range poll(t, session(t, config, "a"), has(len(steps))).Rulesets {
		keys = append(keys, string(in.Key))
	}
	if got := strings.Join(keys, " "); got != "campus campus silence/s1 silence/s1" {
		t.Errorf("keys %s", got)
	}
}
