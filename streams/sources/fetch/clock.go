package fetch

import (
	"context"
	"time"
)

// Clock is time as the client sees it. Safe for concurrent use.
type Clock interface {
	Now() time.Time
	// Sleep waits, or gives the error of ctx.
	Sleep(ctx context.Context, d time.Duration) error
	// AfterFunc calls f after d unless stop is called before.
	AfterFunc(d time.Duration, f func()) (stop func())
}

// SystemClock is the machine's.
type SystemClock struct{}

// Now implements Clock, as do the following.
func (SystemClock) Now() time.Time { return time.Now() }

// Sleep waits, or gives the error of ctx.
func (SystemClock) Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// AfterFunc calls f after d unless stop is called before.
func (SystemClock) AfterFunc(d time.Duration, f func()) (stop func()) {
	timer := time.AfterFunc(d, f)
	return func() { timer.Stop() }
}
