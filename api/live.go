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
	mu        sync.Mutex // of those who write to told, so that a note of what is missing comes last
	told      chan Told
}

// Subscribe opens a subscription; the caller closes it.
func (b *Switchboard) Subscribe(recipient string) Subscription {
	s := &subscription{board: b, recipient: recipient, told: make(chan Told, backlog)}
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
		s.publish(t)
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
			s.missed(-1)
		}
	}
}

func (s *subscription) publish(t Told) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case s.told <- t:
	default:
		s.dropAll(t.Sequence)
	}
}

func (s *subscription) missed(upTo int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dropAll(upTo)
}

// dropAll replaces everything that waits by the note that it is missing: were
// anything left in front of the note, the stream would go past what was dropped.
// The caller holds the lock, so there is room for the note.
func (s *subscription) dropAll(upTo int64) {
	for {
		select {
		case t := <-s.told:
			upTo = max(upTo, t.Sequence)
			continue
		default:
		}
		s.told <- Told{Sequence: upTo}
		return
	}
}
