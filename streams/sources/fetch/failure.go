package fetch

import (
	"errors"
	"fmt"
	"time"
)

// Why a request was not made, or its answer not taken.
var (
	ErrBudget   = errors.New("the budget of requests of the day is used up")
	ErrBroken   = errors.New("it kept failing and is left alone for a while")
	ErrRobots   = errors.New("robots.txt forbids it")
	ErrTooLarge = errors.New("the answer is larger than allowed")
	ErrType     = errors.New("the answer is of another type")
	ErrSlow     = errors.New("the answer took too long")
	ErrRedirect = errors.New("the redirect is not followed")
)

// StatusError is an answer that says no.
type StatusError struct {
	Status int
	URL    string // without secrets: they travel in headers
	After  time.Duration
	Asked  bool // After is what Retry-After said
}

// Error names the status and, when there is one, the wait that was asked for.
func (e *StatusError) Error() string {
	if e.Asked {
		return fmt.Sprintf("%s answers %d and asks to come back in %s", e.URL, e.Status, e.After)
	}
	return fmt.Sprintf("%s answers %d", e.URL, e.Status)
}

func asStatus(err error) (*StatusError, bool) { return errors.AsType[*StatusError](err) }

// RetryAfter is how long a failed poll's server asked to be left alone; 0: it did not say.
func RetryAfter(err error) time.Duration {
	if s, ok := asStatus(err); ok && s.Asked {
		return s.After
	}
	return 0
}
