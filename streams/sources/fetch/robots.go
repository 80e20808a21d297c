package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/temoto/robotstxt"
)

// maxRobots is how much of a robots.txt is read (RFC 9309 asks for 500 KiB).
const maxRobots = 512 << 10

const robotsPath = "/robots.txt"

// rules is one host's robots.txt, until it is read again.
type rules struct {
	group *robotstxt.Group
	until time.Time
}

// obey gives ErrRobots if robots.txt forbids an address. A host whose robots.txt
// cannot be reached (5xx, no answer) is not asked for anything (RFC 9309, 2.3.1.4).
func (c *Client) obey(ctx context.Context, u *url.URL) error {
	key := u.Scheme + "://" + u.Host
	known, err := c.hosts.robots(ctx, key+" "+c.limits.UserAgent, func() (*robotstxt.Group, error) { return c.readRobots(ctx, key) })
	if err != nil {
		return err
	}
	c.hosts.slow(u, known.CrawlDelay)
	if !known.Test(u.RequestURI()) {
		return fmt.Errorf("%w: %s", ErrRobots, redacted(u.String()))
	}
	return nil
}

// robots gives the rules of a host, which one caller reads and the others wait for.
func (h *Hosts) robots(ctx context.Context, key string, read func() (*robotstxt.Group, error)) (*robotstxt.Group, error) {
	for {
		h.mu.Lock()
		if r, ok := h.rules[key]; ok && h.clock.Now().Before(r.until) {
			h.mu.Unlock()
			return r.group, nil
		}
		other, busy := h.asking[key]
		if !busy {
			h.asking[key] = make(chan struct{})
		}
		h.mu.Unlock()
		if busy {
			select {
			case <-other:
				continue
			case <-ctx.Done():
				return nil, context.Cause(ctx)
			}
		}
		group, err := read()
		h.mu.Lock()
		if err == nil {
			h.rules[key] = rules{group, h.clock.Now().Add(h.robotsFor)}
		}
		close(h.asking[key])
		delete(h.asking, key)
		h.mu.Unlock()
		return group, err
	}
}

func (c *Client) readRobots(ctx context.Context, origin string) (*robotstxt.Group, error) {
	address, err := url.Parse(origin + robotsPath)
	if err != nil {
		return nil, err
	}
	var status int
	var body []byte
	answer, err := c.attempts(ctx, Request{URL: address.String()}, address, func(_ http.Header, body io.Reader) ([]byte, error) {
		return io.ReadAll(io.LimitReader(body, maxRobots))
	})
	if failed, ok := asStatus(err); ok && !retryable(err) && failed.Status >= 400 && failed.Status < 500 {
		status = failed.Status // there is none: everything is allowed
	} else if err != nil {
		return nil, fmt.Errorf("read %s, without which nothing may be asked: %w", address, err)
	} else {
		status, body = answer.Status, answer.Body
	}
	data, err := robotstxt.FromStatusAndBytes(status, body)
	if err != nil { // what cannot be read forbids nothing
		data, err = robotstxt.FromStatusAndBytes(http.StatusNotFound, nil)
		if err != nil {
			return nil, err
		}
	}
	return data.FindGroup(agentName), nil
}
