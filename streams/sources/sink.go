package sources

import (
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/cespare/xxhash/v2"

	"tideline/engine/event"
)

// Memory is what a Format remembers of the records it gave on: 8 bytes of hash
// and the id of each that still stands. It grows with the number of distinct
// ids, not with the length of the recordings.
type Memory struct{ given map[string]uint64 }

// NewMemory gives an empty one.
func NewMemory() Memory { return Memory{given: map[string]uint64{}} }

// Sink checks what a Format makes of one recording, counts it and gives it on.
type Sink struct {
	Report Report
	At     time.Time // of the poll; zero for recordings
	memory Memory
	emit   Emit

	listed   map[string]bool // ids of the entries of a poll
	nameless int             // entries whose id could not be read
}

// NewSink starts the account of one recording.
func NewSink(memory Memory, emit Emit) *Sink { return &Sink{memory: memory, emit: emit} }

// Reject counts a record that cannot be used. The reason is the code of an
// *event.Invalid; other errors count as malformed JSON.
func (s *Sink) Reject(where string, err error) {
	s.Report.Read++
	if invalid, ok := errors.AsType[*event.Invalid](err); ok {
		s.Report.reject(where, invalid.Code(), invalid.Error())
		return
	}
	s.Report.reject(where, event.MalformedJSON, err.Error())
}

// Invalid makes the error of one field of an outside record.
func Invalid(path string, code event.Code, format string, args ...any) error {
	return &event.Invalid{What: "record", Fields: []event.FieldError{{
		Path: path, Code: code, Message: fmt.Sprintf(format, args...),
	}}}
}

// Put gives a record on unless it says nothing new or is not valid. A record
// that is refused changes nothing: what stood before still stands. The error is
// that of emit.
func (s *Sink) Put(where string, r Record) error {
	var (
		value   []byte
		err     error
		skilled bool
	)
	if r.Opportunity != nil {
		if !encodable(r.Opportunity.PostedAt) || r.Opportunity.Deadline != nil && !encodable(*r.Opportunity.Deadline) {
			s.Reject(where, Invalid("", event.BadDate, "has a time outside the years 1 to 9999"))
			return nil
		}
		r.Opportunity.URL = Link(r.Opportunity.URL)
		value, skilled = r.Opportunity.Encode(), len(r.Opportunity.Skills) > 0
		_, err = event.DecodeOpportunity(value, r.At)
	} else {
		value, skilled = r.Profile.Encode(), len(r.Profile.Skills) > 0
		_, err = event.DecodeProfile(value)
	}
	if err != nil {
		s.Reject(where, err)
		return nil
	}
	s.Report.Read++
	sum := xxhash.Sum64(value)
	if before, ok := s.memory.given[r.ID]; ok && before == sum {
		s.Report.Unchanged++
		return nil
	}
	if err := s.emit(r); err != nil {
		return fmt.Errorf("give on %s from %s: %w", r.ID, where, err)
	}
	s.memory.given[r.ID] = sum
	s.Report.Kept++
	if skilled {
		s.Report.Skilled++
	}
	return nil
}

// encodable says whether a time has a JSON form. A time zone can carry a date
// that was read from JSON out of those years.
func encodable(t time.Time) bool { return t.Year() >= 1 && t.Year() <= 9999 }

// Delete says that what stood under r.ID is gone. If nothing stood there, it
// says nothing new. The error is that of emit.
func (s *Sink) Delete(where string, r Record) error {
	s.Report.Read++
	if _, ok := s.memory.given[r.ID]; !ok {
		s.Report.Unchanged++
		return nil
	}
	r.Deleted = true
	if err := s.emit(r); err != nil {
		return fmt.Errorf("give on the end of %s from %s: %w", r.ID, where, err)
	}
	delete(s.memory.given, r.ID)
	s.Report.Kept++
	s.Report.Deleted++
	return nil
}

// Unmarshal decodes one outside record, giving the codes of package event.
func Unmarshal(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	if err == nil {
		return nil
	}
	if invalid, ok := errors.AsType[*event.Invalid](err); ok { // from a field's own decoder
		return invalid
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		return Invalid(wrong.Field, event.WrongType, "is a JSON %s, which does not fit", wrong.Value)
	}
	return Invalid("", event.MalformedJSON, "not JSON: %v", err)
}
