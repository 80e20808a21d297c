package application

import (
	"time"

	"tideline/engine/event"
)

// reader is a key of Record.Receipts: a student and a recruiter may have one id.
func (a Actor) reader() string { return string(a.Role) + "|" + a.ID }

// ReadBy is the last message of others that somebody has read; 0: none.
func (r *Record) ReadBy(who Actor) int { return r.Receipts[who.reader()] }

// Receive decides about a receipt: somebody has read what was said up to an item
// of the log; 0: all of it. Nil: nothing that they may read is new. The error is a *Refusal.
func (r *Record) Receive(upTo int, eventID, request string, by Actor, now time.Time) (*Item, error) {
	if upTo == 0 {
		upTo = r.Version
	}
	if upTo > r.Version {
		return nil, r.refuse(UnknownMessage, "there is no message %d; the last entry is %d", upTo, r.Version)
	}
	last := 0
	for _, i := range r.Log {
		if i.N <= upTo && i.Message != nil && i.Actor != by && (by.Role != Student || i.Visibility == event.ForStudent) {
			last = i.N
		}
	}
	if last <= r.ReadBy(by) {
		return nil, nil
	}
	if err := r.room(); err != nil {
		return nil, err
	}
	i := r.item(eventID, request, by, now.UTC().Truncate(time.Second))
	i.Read, i.Visibility = last, event.ForStudent
	return &i, nil
}
