// Package notify takes firings through the gates of their recipients: it decides
// what is sent, when, and why something is not.
//
// A Desk is a value driven from outside, like a partition: no I/O, no clock, no
// goroutines, one caller at a time. The same proposals, preferences and ticks
// give the same decisions. ARCHITECTURE.md, "Gates", is its specification.
package notify

import (
	"time"

	"tideline/engine/event"
)

// Out is what a run of calls decided.
type Out struct {
	Facts         []event.Fact
	Notifications []event.Notification
}

// Desk decides for the recipients of one student partition.
type Desk struct{}

// New returns a desk at which nothing was decided.
func New() *Desk { return &Desk{} }

// SetPreferences replaces what a recipient wants.
func (d *Desk) SetPreferences(p event.Preferences) {}

// ErasePreferences forgets what a recipient wants.
func (d *Desk) ErasePreferences(recipient string) {}

// SetSilence starts or changes a silence.
func (d *Desk) SetSilence(s event.Silence, out *Out) {}

// EndSilence ends one.
func (d *Desk) EndSilence(id string, out *Out) {}

// Propose takes a firing, or a withdrawal, through the gates.
func (d *Desk) Propose(p event.Proposal, now time.Time, out *Out) {}

// Erase withdraws everything that is about a student or waits for them.
func (d *Desk) Erase(student string, now time.Time, out *Out) {}

// Tick sends what waited until now and forgets what is older than it must be remembered.
func (d *Desk) Tick(now time.Time, out *Out) {}

// Restore loads one of the desk's own records of engine-state. It reports false
// when the key is not one of the desk's.
func (d *Desk) Restore(key string, value []byte) (mine bool, err error) { return false, nil }
