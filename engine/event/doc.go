// Package event holds what happens in Tideline and what follows from it: the
// values that travel on the topics, their validation, and the effects that one
// student partition asks the outside to carry out.
//
// It guarantees that a decoded value is valid: every length, range and date was
// checked, and every complaint names the field and what to do. It imports
// nothing of ours, does no I/O and reads no clock.
package event
