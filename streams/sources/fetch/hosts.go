package fetch

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"tideline/streams/netguard"
)

// Hosts is what the clients of one process share: how fast each host may be
// asked, its robots.txt, and connections. Safe for concurrent use.
type Hosts struct {
	clock     Clock
	open      *http.Transport // to anywhere
	guarded   *http.Transport // to public addresses
	mu        sync.Mutex
	limiters  map[string]*rate.Limiter // by host and pace
	rules     map[string]rules         // robots.txt by scheme, host and agent
	asking    map[string]chan struct{} // who reads a robots.txt; closed when it is known
	delays    map[string]time.Duration // by host, that its robots.txt asks for
	robotsFor time.Duration
}

// NewHosts makes them.
func NewHosts(clock Clock) *Hosts {
	return &Hosts{
		clock: clock, open: transport(false), guarded: transport(true), limiters: map[string]*rate.Limiter{},
		rules: map[string]rules{}, asking: map[string]chan struct{}{}, delays: map[string]time.Duration{}, robotsFor: 24 * time.Hour,
	}
}

func transport(guard bool) *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	if guard {
		dialer.Control = netguard.Control
	}
	return &http.Transport{
		Proxy:       nil, // not from the environment: it would connect in our place, past the guard
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, TLSHandshakeTimeout: 10 * time.Second,
		MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute, MaxResponseHeaderBytes: 64 << 10,
	}
}

// Close ends idle connections.
func (h *Hosts) Close() {
	h.open.CloseIdleConnections()
	h.guarded.CloseIdleConnections()
}

// maxDelay bounds what a Crawl-delay may ask for.
const maxDelay = time.Minute

// slow keeps what a robots.txt says of the pace.
func (h *Hosts) slow(u *url.URL, delay time.Duration) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.delays[u.Host] = min(delay, maxDelay)
}

// wait keeps the pace of a host: one request each pause, whichever source makes
// them. Sources of different paces for one host each keep their own.
func (h *Hosts) wait(ctx context.Context, u *url.URL, pause time.Duration) error {
	h.mu.Lock()
	pause = max(pause, h.delays[u.Host])
	key := u.Host + " " + pause.String()
	limiter := h.limiters[key]
	if limiter == nil {
		limiter = rate.NewLimiter(rate.Every(pause), 1)
		h.limiters[key] = limiter
	}
	h.mu.Unlock()
	now := h.clock.Now()
	if delay := limiter.ReserveN(now, 1).DelayFrom(now); delay > 0 {
		return h.clock.Sleep(ctx, delay)
	}
	return nil
}
