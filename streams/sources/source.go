package sources

import (
	"context"
	"fmt"
	"iter"
	"maps"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"

	"tideline/streams/sources/fetch"
)

// Version is raised when the same answer comes to mean something else, so that
// sources are asked for everything again.
const Version = 3

// Source is a place on the network that lists opportunities. It keeps nothing
// between polls: what is new or gone is decided by who compares.
type Source interface {
	// Poll asks for everything that the source lists now and puts it to the
	// sink, entry by entry. An error says that the poll broke off; what was put
	// before holds all the same, and nothing follows from what was not. Poll
	// blocks as long as web does and ends with ctx.
	Poll(ctx context.Context, web *fetch.Client, sink *Sink) (Coverage, error)
}

// Coverage says how much a poll saw that ended without an error.
type Coverage struct {
	Complete   bool   // everything that is listed was put: what was not is gone
	Unmodified bool   // nothing changed since the poll whose validators were sent
	Window     bool   // the source never shows everything: what is not there may well stand
	Why        string // not complete: why
}

// Complete is for polls that saw everything.
func Complete() Coverage { return Coverage{Complete: true} }

// Window is for polls that saw all that a source shows of more.
func Window() Coverage { return Coverage{Window: true, Why: "the source shows the newest only"} }

// Partial is for polls that did not see everything.
func Partial(why string) Coverage { return Coverage{Why: why} }

// NewPoll starts the account of one poll at a time.
func NewPoll(at time.Time, emit Emit) *Sink {
	s := NewSink(NewMemory(), emit)
	s.At, s.listed = at.UTC().Truncate(time.Second), map[string]bool{}
	return s
}

// Take puts what parse makes of one entry of a poll, or rejects it. Parse gives
// the record's id with its error when it knows it: an entry that is listed and
// cannot be used has not gone. The error is that of emit.
func (s *Sink) Take(where string, parse func() (Record, error)) error {
	r, err := parse()
	if r.ID == "" {
		s.nameless++
	} else {
		s.listed[r.ID] = true
	}
	if err != nil {
		s.Reject(where, err)
		return nil
	}
	r.At = s.At
	if r.Undated && r.Opportunity.PostedAt.IsZero() {
		r.Opportunity.PostedAt = s.At
	}
	return s.Put(where, r)
}

// Listed says whether an id was among the entries taken, used or not.
func (s *Sink) Listed(id string) bool { return s.listed[id] }

// Distinct is how many entries were taken: those of one id are one.
func (s *Sink) Distinct() int { return len(s.listed) + s.nameless }

// EachListed gives the ids of all entries taken, used or not, in no order.
func (s *Sink) EachListed() iter.Seq[string] { return maps.Keys(s.listed) }

// Nameless counts the entries taken that nobody knows the id of. While there are
// any, one that seems gone may be among them.
func (s *Sink) Nameless() int { return s.nameless }

// Join makes an opportunity's id of a source and an id within it; empty without one.
func Join(source, id string) string {
	if id == "" {
		return ""
	}
	return source + ":" + id
}

// Hash makes an id of what tells an entry from others, where that is no id itself.
func Hash(parts ...string) string {
	return fmt.Sprintf("%016x", xxhash.Sum64String(strings.Join(parts, "\x00")))
}
