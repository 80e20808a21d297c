package command

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	// stopWithin is how long a stop may take, all in all; whoever asked for it
	// kills what is still there after 10 s.
	stopWithin = 9 * time.Second
	// finishWithin is how much of it requests and the transaction under way get;
	// the rest is for closing what they used.
	finishWithin = 6 * time.Second
)

// errNotStopped says that the process ends with something still at work.
var errNotStopped = errors.New("did not end in time")

// parts is what runs in a process, by name. Start is for one goroutine.
type parts struct {
	group   sync.WaitGroup
	mu      sync.Mutex
	running []string
}

func (p *parts) start(name string, run func()) {
	p.mu.Lock()
	p.running = append(p.running, name)
	p.mu.Unlock()
	p.group.Go(func() {
		run()
		p.mu.Lock()
		defer p.mu.Unlock()
		at := slices.Index(p.running, name)
		p.running = slices.Delete(p.running, at, at+1)
	})
}

// wait returns when all have ended, or ctx has: then it names those that have
// not, and they are left to themselves.
func (p *parts) wait(ctx context.Context) error {
	ended := make(chan struct{})
	go func() { p.group.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.running) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", strings.Join(p.running, ", "), errNotStopped)
}

// stopping is the time that a stop gets; it runs from the first call.
func (a *app) stopping() context.Context {
	a.stopOnce.Do(func() { a.stop, a.stopped = context.WithTimeout(context.Background(), a.stopWithin) })
	return a.stop
}

// closer releases one thing.
type closer struct {
	name  string
	close func()
}

func (a *app) defers(name string, f func()) { a.teardown = append(a.teardown, closer{name, f}) }

// close releases everything, last first, in what is left of the stop. What a
// part that did not end still uses is left alone: it goes with the process.
func (a *app) close() error {
	if a.stuck {
		return nil
	}
	var closing parts
	stop := a.stopping()
	defer a.stopped()
	for _, c := range slices.Backward(a.teardown) {
		closing.start("closing the "+c.name, c.close)
		if err := closing.wait(stop); err != nil {
			return err
		}
	}
	a.teardown = nil
	return nil
}
