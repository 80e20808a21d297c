package streams

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"tideline/engine/event"
)

// DecodeOpportunity reads an opportunity record: a tombstone gives a nil
// opportunity. The error is an *event.Invalid.
func DecodeOpportunity(in Input) (id string, o *event.Opportunity, err error) {
	if len(in.Key) == 0 {
		return "", nil, mismatch("", "")
	}
	if in.Value == nil {
		return string(in.Key), nil, nil
	}
	decoded, err := event.DecodeOpportunity(in.Value, in.Time)
	if err != nil {
		return "", nil, err
	}
	if decoded.ID != string(in.Key) {
		return "", nil, mismatch(decoded.ID, string(in.Key))
	}
	return decoded.ID, &decoded, nil
}

func mismatch(id, key string) error {
	return &event.Invalid{What: "opportunity", Fields: []event.FieldError{{
		Path: "id", Code: event.KeyMismatch,
		Message: fmt.Sprintf("is %q but the record's key is %q; both must be the same", id, key),
	}}}
}

// Route repeats the opportunity records of a batch to all p student
// partitions: not the records, only which offsets they had. What cannot be
// decoded goes to the dead letters. Outcomes counts the records by what became of them.
func Route(batch Batch, p int) (records []Record, outcomes map[string]int) {
	outcomes = map[string]int{}
	records = routeRules(batch.Rulesets, p)
	for _, k := range slices.Sorted(maps.Keys(batch.Router)) {
		span := event.Range{Partition: k, From: -1}
		for _, in := range batch.Router[k] {
			if _, _, err := DecodeOpportunity(in); err != nil {
				invalid, _ := errors.AsType[*event.Invalid](err)
				records = append(records, DeadLetter(in, string(invalid.Code()), invalid.Error()))
				outcomes["dead_letter"]++
				continue
			}
			outcomes["applied"]++
			if span.From < 0 {
				span.From, span.At = in.Offset, in.Time.UnixMilli()
			}
			span.To = in.Offset
		}
		if span.From < 0 {
			continue
		}
		for partition := range p {
			records = append(records, FanoutTo(int32(partition), event.Fanout{Range: &span}))
		}
	}
	return records, outcomes
}
