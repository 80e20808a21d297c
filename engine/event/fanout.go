package event

import "time"

// Fanout is one record of the fanout topic: a range of the opportunities topic
// to be processed by this student partition, a tick, or a record of the
// rulesets topic.
type Fanout struct {
	Range *Range     `json:"range,omitempty"`
	Tick  *time.Time `json:"tick,omitempty"` // UTC, whole seconds
	Rules *Rules     `json:"rules,omitempty"`
}

// Rules is a record of the rulesets topic; a nil Record takes Key back.
type Rules struct {
	Key    string         `json:"key"`
	Record *RulesetRecord `json:"record,omitempty"`
}

// Range is a run of offsets of one partition of the opportunities topic.
type Range struct {
	Partition int32 `json:"partition"`
	From      int64 `json:"from"` // first offset
	To        int64 `json:"to"`   // last offset, inclusive
	At        int64 `json:"at"`   // when the oldest of them was written, Unix milliseconds
}

// DecodeFanout reads one fanout record. The error is an *Invalid.
func DecodeFanout(data []byte) (Fanout, error) {
	var f Fanout
	if err := unmarshal("fanout", data, &f); err != nil {
		return Fanout{}, err
	}
	c := checker{what: "fanout"}
	switch {
	case count(f.Range != nil, f.Tick != nil, f.Rules != nil) != 1:
		c.add("", Missing, "must hold either a range, a tick or rules")
	case f.Range != nil && (f.Range.Partition < 0 || f.Range.From < 0 || f.Range.To < f.Range.From):
		c.add("range", OutOfRange, "must run forward from a valid offset, not %+v", *f.Range)
	}
	return f, c.err()
}

// Encode gives the record value.
func (f Fanout) Encode() []byte { return encode(f) }

func count(conditions ...bool) (n int) {
	for _, c := range conditions {
		if c {
			n++
		}
	}
	return n
}
