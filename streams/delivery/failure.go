package delivery

import (
	"context"
	"time"

	"tideline/engine/event"
)

// Sender makes one attempt at a destination. A nil error says that the
// destination has the message. Errors that are not a *Failure count as a
// destination that is away. It returns soon after ctx ends and is safe for
// concurrent use.
type Sender interface {
	Send(ctx context.Context, n event.Notification) error
}

// Failure is an attempt that failed, and what follows from it.
type Failure struct {
	Err   error
	Final bool          // this message will never be taken: give it up
	Away  bool          // the destination is at fault, not this message: the breaker counts it
	Gone  bool          // the destination wants nothing any more; implies Final for all
	After time.Duration // the destination asks to be left alone so long; 0: it says nothing
}

func (f *Failure) Error() string { return f.Err.Error() }

func (f *Failure) Unwrap() error { return f.Err }
