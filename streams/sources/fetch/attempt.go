package fetch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"tideline/streams/breaker"
	"tideline/streams/netguard"
)

// reading makes the body of an answer of 2xx.
type reading func(header http.Header, body io.Reader) ([]byte, error)

// attempts tries one request until it succeeds, cannot, or was tried enough.
func (c *Client) attempts(ctx context.Context, r Request, u *url.URL, read reading) (*Response, error) {
	for attempt := 1; ; attempt++ {
		answer, err := c.once(ctx, r, u, read)
		if err == nil || ctx.Err() != nil {
			return answer, err
		}
		wait, again := c.again(r, err, attempt)
		if !again {
			return nil, err
		}
		if err := c.clock.Sleep(ctx, wait); err != nil {
			return nil, err
		}
	}
}

// again says whether to try once more, and when.
func (c *Client) again(r Request, err error, attempt int) (time.Duration, bool) {
	if attempt >= c.limits.Attempts || !retryable(err) {
		return 0, false
	}
	failed, answered := asStatus(err)
	refused := answered && failed.Status == http.StatusTooManyRequests
	if r.Method != "" && r.Method != http.MethodGet && !refused { // it may have been done
		return 0, false
	}
	backoff := time.Second << min(attempt-1, 6)
	wait := backoff/2 + time.Duration(c.random()*float64(backoff)) // half to one and a half
	if answered {
		wait = max(wait, failed.After)
	}
	return wait, wait <= c.limits.Patience
}

// refusal is an error of Limits.Before.
type refusal struct{ error }

func (r *refusal) Unwrap() error { return r.error }

func retryable(err error) bool {
	if _, ok := errors.AsType[*refusal](err); ok {
		return false
	}
	for _, final := range []error{ErrBudget, ErrBroken, ErrRobots, ErrTooLarge, ErrType, ErrRedirect, netguard.ErrPrivate, context.Canceled} {
		if errors.Is(err, final) {
			return false
		}
	}
	if s, ok := asStatus(err); ok {
		return s.Status == http.StatusTooManyRequests || s.Status == http.StatusRequestTimeout || s.Status >= 500
	}
	return true
}

// spend takes one request off what is left, and waits for the host's turn.
func (c *Client) spend(ctx context.Context, u *url.URL) error {
	if c.limits.Before != nil {
		if err := c.limits.Before(ctx); err != nil {
			return &refusal{err}
		}
	}
	c.mu.Lock()
	ok, until := c.breaker.Allow(c.clock.Now())
	c.mu.Unlock()
	if !ok {
		return fmt.Errorf("%w, until %s", ErrBroken, until.UTC().Format(time.RFC3339))
	}
	err := c.charge()
	if err == nil {
		err = c.hosts.wait(ctx, u, c.limits.Pause)
	}
	if err != nil {
		c.judge(err)
	}
	return err
}

// charge takes one request off the budget.
func (c *Client) charge() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.usage.Requests >= c.limits.Budget {
		return ErrBudget
	}
	c.usage.Requests++
	return nil
}

// judge tells the breaker how an attempt ended.
func (c *Client) judge(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s, answered := asStatus(err)
	switch {
	case err == nil || answered && s.Status < 500:
		c.breaker.Success()
	case answered || retryable(err):
		c.breaker.Failure(c.clock.Now())
	default:
		c.breaker.Undecided()
	}
}

// maxRedirects of one request.
const maxRedirects = 5

// redirect lets a redirect pass as a request of its own: to where it leads the
// same rules apply, and the guard of addresses sees the new connection.
func (c *Client) redirect(next *http.Request, via []*http.Request) error {
	switch {
	case len(via) > maxRedirects:
		return fmt.Errorf("%w: there were %d before it", ErrRedirect, len(via))
	case next.URL.Scheme != "https" && next.URL.Scheme != via[len(via)-1].URL.Scheme:
		return fmt.Errorf("%w: it leads from https to %s", ErrRedirect, next.URL.Scheme)
	case next.URL.User != nil:
		return fmt.Errorf("%w: it names a user", ErrRedirect)
	}
	if next.URL.Host != via[0].URL.Host {
		next.Header.Del("Authorization") // net/http keeps it for subdomains
	}
	// A robots.txt may lie elsewhere: to ask that host's first could go in a circle.
	if via[0].URL.Path != robotsPath {
		if err := c.permitted(next.Context(), next.URL); err != nil {
			return err
		}
	}
	if err := c.charge(); err != nil {
		return err
	}
	return c.hosts.wait(next.Context(), next.URL, c.limits.Pause)
}

// once makes one attempt.
func (c *Client) once(ctx context.Context, r Request, u *url.URL, read reading) (answer *Response, err error) {
	if err := c.spend(ctx, u); err != nil {
		return nil, err
	}
	defer func() { c.judge(err) }()
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stop := c.clock.AfterFunc(c.limits.Timeout, func() { cancel(ErrSlow) })
	defer stop()
	request, err := c.request(ctx, r)
	if err != nil {
		return nil, err
	}
	got, err := c.http.Do(request)
	if err != nil {
		if failed, ok := errors.AsType[*url.Error](err); ok { // it repeats the address with its query
			err = fmt.Errorf("ask %s: %w", redacted(r.URL), failed.Err)
		}
		return nil, because(ctx, err)
	}
	defer got.Body.Close()
	if got.StatusCode == http.StatusNotModified && r.Conditional {
		c.keep(r.URL, c.known[r.URL])
		return &Response{Status: got.StatusCode, Header: got.Header, URL: got.Request.URL.String(), NotModified: true}, nil
	}
	if got.StatusCode < 200 || got.StatusCode >= 300 {
		after := breaker.RetryAfter(got.Header, c.clock.Now())
		return nil, &StatusError{Status: got.StatusCode, URL: redacted(r.URL), After: after, Asked: got.Header.Get("Retry-After") != ""}
	}
	body, err := read(got.Header, got.Body)
	if err != nil {
		return nil, because(ctx, fmt.Errorf("read %s: %w", redacted(r.URL), err))
	}
	c.count(int64(len(body)))
	c.keep(r.URL, Validator{got.Header.Get("ETag"), got.Header.Get("Last-Modified")})
	return &Response{Status: got.StatusCode, Header: got.Header, Body: body, URL: got.Request.URL.String()}, nil
}

func (c *Client) request(ctx context.Context, r Request) (*http.Request, error) {
	request, err := http.NewRequestWithContext(ctx, r.Method, r.URL, bytes.NewReader(r.Body))
	if err != nil {
		return nil, err
	}
	for name, values := range r.Header {
		request.Header[name] = slices.Clone(values)
	}
	request.Header.Set("User-Agent", c.limits.UserAgent)
	if len(r.Accept) > 0 {
		request.Header.Set("Accept", strings.Join(r.Accept, ", "))
	}
	if v := c.known[r.URL]; r.Conditional {
		if v.ETag != "" {
			request.Header.Set("If-None-Match", v.ETag)
		}
		if v.Modified != "" {
			request.Header.Set("If-Modified-Since", v.Modified)
		}
	}
	return request, nil
}

// body reads an answer of an expected type, up to the cap.
func (c *Client) body(r Request) reading {
	accept, most := r.Accept, c.limits.MaxBody
	if r.MaxBody > 0 {
		most = min(most, r.MaxBody)
	}
	return func(header http.Header, body io.Reader) ([]byte, error) {
		if given := header.Get("Content-Type"); !fits(given, accept) {
			return nil, fmt.Errorf("%w: %.60q, not %s", ErrType, given, strings.Join(accept, " or "))
		}
		data, err := io.ReadAll(io.LimitReader(body, most+1))
		if err == nil && int64(len(data)) > most {
			return nil, fmt.Errorf("%w: over %d bytes", ErrTooLarge, most)
		}
		return data, err
	}
}

// fits says whether a media type is accepted. An answer without one is.
func fits(given string, accept []string) bool {
	if given == "" || len(accept) == 0 {
		return true
	}
	kind, _, err := mime.ParseMediaType(given)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(accept, func(pattern string) bool {
		before, after, wild := strings.Cut(pattern, "*")
		return kind == pattern || wild && strings.HasPrefix(kind, before) && strings.HasSuffix(kind, after)
	})
}

func (c *Client) count(bytes int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.usage.Bytes += bytes
}

func (c *Client) keep(address string, v Validator) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if v != (Validator{}) {
		c.fresh[address] = v
	}
}

// because prefers why a context ended to that it did, and says where.
func because(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil && !errors.Is(err, cause) {
		return fmt.Errorf("%w (%w)", cause, err)
	}
	return err
}

// redacted is an address without its query, which may hold what somebody put there.
func redacted(address string) string {
	before, _, _ := strings.Cut(address, "?")
	return before
}
