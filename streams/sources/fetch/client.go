package fetch

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"time"

	"tideline/streams/breaker"
)

// Limits say how one source may be asked.
type Limits struct {
	UserAgent    string        // see Agent
	Pause        time.Duration // between two requests to one host
	Timeout      time.Duration // of one attempt, to the last byte
	MaxBody      int64         // bytes of one answer, unpacked
	Attempts     int           // of one request
	Patience     time.Duration // the longest wait between attempts; who asks for more is asked no more in this run
	Budget       int           // requests that are left today
	Robots       bool          // robots.txt is asked first
	AllowPrivate bool          // private addresses may be connected to

	// Before is asked before every attempt; its error ends the request. Nil: nothing is.
	Before func(context.Context) error
}

// DefaultLimits are those of a source whose configuration says nothing.
func DefaultLimits() Limits {
	return Limits{Pause: time.Second, Timeout: time.Minute, MaxBody: 64 << 20, Attempts: 4, Patience: 5 * time.Minute, Budget: 2000, Robots: true}
}

const agentName = "tideline"

// Agent is the User-Agent: who we are and whom to write to.
func Agent(contact string) string { return agentName + "/1 (+" + contact + ")" }

// Validator is what an answer can be asked for again by.
type Validator struct {
	ETag     string `json:"etag,omitempty"`
	Modified string `json:"modified,omitempty"`
}

// Usage is what a client has spent.
type Usage struct {
	Requests int   // attempts, redirects and robots.txt among them
	Bytes    int64 // of bodies, unpacked
}

// Client asks for one source during one run. Safe for concurrent use.
type Client struct {
	hosts   *Hosts
	clock   Clock
	limits  Limits
	http    http.Client
	random  func() float64
	mu      sync.Mutex
	breaker *breaker.Breaker
	usage   Usage
	known   map[string]Validator // of earlier runs
	fresh   map[string]Validator // of this one
}

// New makes a client. The breaker outlives the run; the validators are those
// that an earlier run of the same source gave, which may be nil.
func New(hosts *Hosts, limits Limits, b *breaker.Breaker, known map[string]Validator) *Client {
	c := &Client{hosts: hosts, clock: hosts.clock, limits: limits, breaker: b, known: known, fresh: map[string]Validator{}, random: rand.Float64}
	c.http = http.Client{Transport: hosts.guarded, CheckRedirect: c.redirect}
	if limits.AllowPrivate {
		c.http.Transport = hosts.open
	}
	return c
}

// Usage tells what was spent so far.
func (c *Client) Usage() Usage {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.usage
}

// Validators are those of the answers of this run. They are to be kept only once
// everything the answers said has been taken in.
func (c *Client) Validators() map[string]Validator {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.fresh
}

// Now is the time by the client's clock.
func (c *Client) Now() time.Time { return c.clock.Now() }

// Sleep waits by the client's clock.
func (c *Client) Sleep(ctx context.Context, d time.Duration) error { return c.clock.Sleep(ctx, d) }

// Request is one question. What goes into Header is never logged, URLs are.
type Request struct {
	Method      string // default GET; others are tried again only when they were refused (429)
	URL         string
	Header      http.Header
	Body        []byte
	Accept      []string // media types that may be answered; empty: any
	Conditional bool     // send the validators of an earlier run
	MaxBody     int64    // bytes, where less than the limit of the source makes sense; 0: that
}

// Response is an answer of 2xx, or one that says that nothing changed.
type Response struct {
	Status      int
	Header      http.Header
	Body        []byte
	URL         string // after redirects
	NotModified bool
}

// JSON are the media types of JSON.
var JSON = []string{"application/json", "text/json", "application/*+json"}

// Do asks until there is an answer or no more sense in asking. Errors wrap one of
// this package's, netguard.ErrPrivate, a *StatusError, or that of the connection.
func (c *Client) Do(ctx context.Context, r Request) (*Response, error) {
	u, err := url.Parse(r.URL)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%q is not an address such as https://example.org/jobs", redacted(r.URL))
	}
	if err := c.permitted(ctx, u); err != nil {
		return nil, err
	}
	return c.attempts(ctx, r, u, c.body(r))
}

// permitted asks robots.txt where that is to be obeyed.
func (c *Client) permitted(ctx context.Context, u *url.URL) error {
	if !c.limits.Robots {
		return nil
	}
	return c.obey(ctx, u)
}
