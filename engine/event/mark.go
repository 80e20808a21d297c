package event

import "time"

// Mark is what a recipient did with an item of the inbox: a record of the
// inbox-marks topic, keyed by recipient. Marks only ever add up.
type Mark struct {
	Recipient string    `json:"recipient"`
	ID        string    `json:"id,omitempty"`    // of the notification; empty with All
	All       bool      `json:"all,omitempty"`   // everything up to UpTo
	UpTo      int64     `json:"up_to,omitempty"` // sequence of the newest item meant by All
	Flags     MarkFlags `json:"flags"`
	At        time.Time `json:"at"`
}

// MarkFlags is a set of marks.
type MarkFlags uint8

// The marks.
const (
	Seen MarkFlags = 1 << iota
	Read
	Clicked
	Archived
)

// DecodeMark reads one mark. The error is an *Invalid.
func DecodeMark(data []byte) (Mark, error) {
	var m Mark
	if err := unmarshal("mark", data, &m); err != nil {
		return Mark{}, err
	}
	c := checker{what: "mark"}
	c.id("recipient", m.Recipient)
	if !m.All {
		c.id("id", m.ID)
	}
	c.within("flags", int(m.Flags), 1, int(Seen|Read|Clicked|Archived))
	return m, c.err()
}

// Encode gives the record value.
func (m Mark) Encode() []byte { return encode(m) }
