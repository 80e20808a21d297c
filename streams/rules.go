package streams

import (
	"errors"
	"fmt"

	"tideline/engine/event"
)

// maxRecord is the largest value that is sure to be written: Kafka's default
// limit less room for the key and the headers. A record that the engine must
// write and Kafka does not take would stop its partition for good.
const maxRecord = 900_000

// routeRules repeats records of the rulesets topic whole to all p student
// partitions: each switches where it reads them. What cannot be decoded, or is
// too long to be repeated, goes to the dead letters.
func routeRules(inputs []Input, p int) (records []Record) {
	for _, in := range inputs {
		value, err := decodeRules(in)
		if bad, ok := errors.AsType[*event.Invalid](err); ok {
			records = append(records, DeadLetter(in, string(bad.Code()), bad.Error()))
			continue
		}
		for partition := range p {
			records = append(records, fanoutTo(int32(partition), value))
		}
	}
	return records
}

// decodeRules gives the value of the fanout records. The error is an *event.Invalid.
func decodeRules(in Input) ([]byte, error) {
	rules := event.Rules{Key: string(in.Key)}
	if rules.Key == "" {
		return nil, badRules("", event.Missing, "the record has no key; it is the ruleset's name, or silence/ and its id")
	}
	if in.Value != nil {
		record, err := event.DecodeRuleset(in.Value)
		if err != nil {
			return nil, err
		}
		if key := RulesetKey(record); key != rules.Key {
			return nil, badRules("", event.KeyMismatch, fmt.Sprintf("belongs under the key %q but the record's key is %q", key, rules.Key))
		}
		rules.Record = &record
	}
	value := event.Fanout{Rules: &rules}.Encode()
	if len(value) > maxRecord {
		return nil, badRules("ruleset.source", event.TooLong, fmt.Sprintf("makes a record of %d bytes; at most %d can be handed on", len(value), maxRecord))
	}
	return value, nil
}

func badRules(path string, code event.Code, message string) error {
	return &event.Invalid{What: "ruleset record", Fields: []event.FieldError{{Path: path, Code: code, Message: message}}}
}

// RulesetKey is the key under which a record of the rulesets topic stands.
func RulesetKey(r event.RulesetRecord) string {
	if r.Silence != nil {
		return silencePrefix + r.Silence.ID
	}
	return r.Ruleset.Name
}

const silencePrefix = "silence/"

// SilenceKey is the key of the silence with an id.
func SilenceKey(id string) string { return silencePrefix + id }
