package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
)

// Limits of one request, and how long it may take.
const (
	maxBody       = 1 << 20 // bytes
	maxHeader     = 16 << 10
	publishWithin = 10 * time.Second
	stopWithin    = 10 * time.Second
)

// Refusals to start.
var (
	ErrNoAuth    = errors.New("the API can be reached from other machines and no auth is configured: set auth.hs256_secret or auth.jwks_url, or listen on 127.0.0.1")
	ErrPlainKeys = errors.New("auth.jwks_url is plain http of another machine: whoever stands between could sign tokens; use https")
	ErrNoSecret  = errors.New("the API was given neither a secret nor a key set: with an empty secret anybody could sign tokens")
)

// Server answers requests. Shutdown may be called at any time, and twice.
type Server struct {
	app      *fiber.App
	config   Config
	ports    Ports
	auth     *authenticator
	cursors  cursors
	items    *items
	document []byte // OpenAPI
	hub      *hub

	heartbeat time.Duration // of streams

	compiledSets compiledSets
	usual        *cache[string, usual] // by organisation
	log          *slog.Logger
	metrics      *httpMetrics
	loaded       atomic.Bool // Ready was true once, so the catalog is complete

	mu        sync.Mutex
	listeners []net.Listener
	stopped   bool
}

// New builds the server. It does not listen yet. The keys of a JWKS are kept up
// to date until ctx ends. The error is ErrNoAuth, ErrNoSecret, ErrPlainKeys or
// about Config.
func New(ctx context.Context, config Config, ports Ports, reg prometheus.Registerer, log *slog.Logger) (*Server, error) {
	config.Loopback = config.Loopback && loopback(config.Addr)
	if config.Auth.Secret == "" && config.Auth.JWKSURL == "" {
		if !config.Loopback {
			return nil, ErrNoAuth
		}
		return nil, ErrNoSecret
	}
	if err := checkOrigins(config.CORS); err != nil {
		return nil, err
	}
	auth, err := newAuthenticator(ctx, config.Auth, ports.Now, log)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: config, ports: ports, auth: auth, log: log, metrics: newHTTPMetrics(reg),
		cursors: newCursors(config.Auth.Secret + config.Auth.JWKSURL),
		items:   newItems(ports.Catalog, ports.CatalogVersion), hub: newHub(), heartbeat: heartbeat,
		usual: newCache[string, usual](maxUsual),
	}
	s.app = fiber.New(fiber.Config{
		Immutable:     true, // strings that are kept would be overwritten by later requests
		CaseSensitive: true, StrictRouting: true,
		BodyLimit: maxBody, ReadBufferSize: maxHeader, // a cursor and a token fill more than the default of 4 KiB
		ReadTimeout: 30 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
		DisableStartupMessage: true, ErrorHandler: s.refuse,
	})
	s.refuseUnknownMethods()
	s.middleware()
	return s, s.register(s.routes())
}

// loopback says whether an address can only be reached from this machine.
func loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Listen answers on Config.Addr until ctx ends, then finishes what is under way.
func (s *Server) Listen(ctx context.Context) error {
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", s.config.Addr)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	select {
	case err := <-served:
		return err
	case <-ctx.Done():
	}
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer done()
	return errors.Join(s.Shutdown(stop), <-served)
}

// Serve answers on a listener until Shutdown; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return l.Close()
	}
	s.listeners = append(s.listeners, l)
	s.mu.Unlock()
	if err := s.app.Listener(l); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown stops accepting and waits for requests under way, as long as ctx lasts.
func (s *Server) Shutdown(ctx context.Context) error {
	s.mu.Lock()
	s.stopped = true
	listeners := s.listeners
	s.listeners = nil
	s.mu.Unlock()
	s.hub.close() // or the streams would keep the server from stopping
	err := s.app.ShutdownWithContext(ctx)
	for _, l := range listeners {
		_ = l.Close() // one whose Serve had only just begun, the others are closed
	}
	if err != nil {
		return fmt.Errorf("stop HTTP: %w", err)
	}
	return nil
}

// Test answers one request without a listener.
func (s *Server) Test(r *http.Request) (*http.Response, error) { return s.app.Test(r, -1) }

// background is a context for what outlives a request's handler.
func (s *Server) background() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), publishWithin)
}

// catalogLoaded says whether what the catalog does not have does not exist.
func (s *Server) catalogLoaded() bool {
	if s.loaded.Load() {
		return true
	}
	ok, _ := s.ports.Ready()
	if ok {
		s.loaded.Store(true)
	}
	return ok
}
