package api

import "sync"

// Switchboard is the greater part of a Live: it hands each new item to the streams of its recipient.
// A stream that does not keep up is told that it missed something, and never
// holds up the others.
type Switchboard struct {
	mu   sync.RWMutex
	open map[string]map[*subscription]struct{}
}

// NewSwitchboard returns one without subscribers.
func NewSwitchboard() *Switchboard {
	return &Switchboard{open: map[string]map[*subscription]struct{}{}}
}

// backlog is how many items wait for one stream before it is told to catch up.
const backlog = 16

type subscription struct {
	board     *Switchboard
	recipient string
	told      chan Told
}

// Subscribe opens a subscription; the caller closes it.
func (b *Switchboard) Subscribe(recipient string) Subscription {
	s := &subscription{b, recipient, make(chan Told, backlog)}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open[recipient] == nil {
		b.open[recipient] = map[*subscription]struct{}{}
	}
	b.open[recipient][s] = struct{}{}
	return s
}

// Told receives what comes.
func (s *subscription) Told() <-chan Told { return s.told }

// Close ends the subscription; a second call does nothing.
func (s *subscription) Close() {
	s.board.mu.Lock()
	defer s.board.mu.Unlock()
	delete(s.board.open[s.recipient], s)
	if len(s.board.open[s.recipient]) == 0 {
		delete(s.board.open, s.recipient)
	}
}

// Publish hands out one thing. It never blocks.
func (b *Switchboard) Publish(recipient string, t Told) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for s := range b.open[recipient] {
		select {
		case s.told <- t:
		default:
			s.missed()
		}
	}
}

// Wanted says whether anybody listens for a recipient: rendering is worth it then.
func (b *Switchboard) Wanted(recipient string) bool {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return len(b.open[recipient]) > 0
}

// Missed tells all streams that items may have been lost: they look into the inbox.
func (b *Switchboard) Missed() {
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, all := range b.open {
		for s := range all {
			s.missed()
		}
	}
}

// missed replaces the oldest item that waits by the note that something is
// missing; the items behind it are then found in the inbox as well.
func (s *subscription) missed() {
	for {
		select {
		case s.told <- Told{}:
			return
		default:
		}
		select {
		case <-s.told:
		default:
		}
	}
}
