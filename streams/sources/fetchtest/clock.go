// Package fetchtest is a clock for tests of what fetches: nothing waits, time
// passes by what would have been waited.
package fetchtest

import (
	"context"
	"slices"
	"sync"
	"time"
)

// Clock implements fetch.Clock. It starts at noon of 1 May 2026, UTC.
type Clock struct {
	mu     sync.Mutex
	now    time.Time
	slept  []time.Duration
	alarms map[int]alarm
	next   int
}

type alarm struct {
	at time.Time
	f  func()
}

// NewClock makes one.
func NewClock() *Clock {
	return &Clock{now: time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC), alarms: map[int]alarm{}}
}

// Now implements fetch.Clock, as do the following.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets the time pass at once.
func (c *Clock) Sleep(ctx context.Context, d time.Duration) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.mu.Lock()
	c.slept = append(c.slept, d)
	c.mu.Unlock()
	c.Advance(d)
	return nil
}

// AfterFunc calls f when the time has come.
func (c *Clock) AfterFunc(d time.Duration, f func()) (stop func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.next
	c.next++
	c.alarms[id] = alarm{c.now.Add(d), f}
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.alarms, id)
	}
}

// Advance lets time pass.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	c.now = c.now.Add(d)
	var due []func()
	for id, a := range c.alarms {
		if !a.at.After(c.now) {
			due = append(due, a.f)
			delete(c.alarms, id)
		}
	}
	c.mu.Unlock()
	for _, f := range due {
		f()
	}
}

// Slept is every wait so far.
func (c *Clock) Slept() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.slept)
}
