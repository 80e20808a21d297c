// Package api is Tideline over HTTP: feeds, explanations, signals, profiles and
// opportunities, for students, recruiters, ops and other services.
//
// Every answer that is not 2xx is an RFC 9457 problem. A student sees only what
// is theirs; the rules stand in one table (access.go), and so do errors and
// their status (problem.go). The package reads and publishes through the
// interfaces below and knows no Kafka, Redis or MongoDB.
package api

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humafiber"
	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/adaptor"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"tideline/engine/event"
	"tideline/engine/match"
)

// Feeds reads what students are shown. Errors wrap ErrNoStudent,
// ErrRebuilding or ErrUnavailable. Safe for concurrent use.
type Feeds interface {
	Page(ctx context.Context, student string, b event.Bucket, limit int) ([]event.Entry, error)
	View(ctx context.Context, student string) (event.View, error)
}

// Catalog knows the opportunities. Safe for concurrent use.
type Catalog interface {
	Opportunity(id string) (event.Opportunity, bool)
	ByMember(m event.Member) (event.Opportunity, bool)
}

// Publisher writes to the topics and returns when that is durable. Safe for concurrent use.
type Publisher interface {
	PutOpportunity(ctx context.Context, o event.Opportunity) error
	DeleteOpportunity(ctx context.Context, id string) error
	PutProfile(ctx context.Context, p event.Profile) error
	DeleteProfile(ctx context.Context, id string) error
	Signals(ctx context.Context, list []event.Signal) error
}

// Ports is everything the API stands on.
type Ports struct {
	Feeds     Feeds
	Catalog   Catalog
	Publisher Publisher
	Scorer    *match.Scorer
	Ready     func() (bool, string)
	Gatherer  prometheus.Gatherer // nil: no /metrics on this address
	Now       func() time.Time
}

// Config says where the API listens and whom it trusts.
type Config struct {
	Addr     string
	Loopback bool // Addr cannot be reached from elsewhere
	Auth     AuthConfig
	CORS     []string // allowed origins; empty: none
}

// Server answers requests. Shutdown may be called at any time, and twice.
type Server struct {
	app     *fiber.App
	api     huma.API
	config  Config
	ports   Ports
	auth    *authenticator
	cursors cursors
	items   itemCache
	log     *slog.Logger
	metrics *httpMetrics
}

// ErrNoAuth refuses to serve other machines without knowing whom to trust.
var ErrNoAuth = errors.New("the API can be reached from other machines and no auth is configured: set auth.hs256_secret or auth.jwks_url")

const maxBody = 1 << 20

// New builds the server. It does not listen yet.
func New(ctx context.Context, config Config, ports Ports, reg prometheus.Registerer, log *slog.Logger) (*Server, error) {
	if !config.Loopback && config.Auth.Secret == "" && config.Auth.JWKSURL == "" {
		return nil, ErrNoAuth
	}
	auth, err := newAuthenticator(ctx, config.Auth, ports.Now)
	if err != nil {
		return nil, err
	}
	s := &Server{
		config: config, ports: ports, auth: auth, log: log, metrics: newHTTPMetrics(reg),
		cursors: newCursors(config.Auth.Secret + config.Auth.JWKSURL),
	}
	s.app = fiber.New(fiber.Config{
		Immutable: true, // kept strings would be overwritten by later requests
		BodyLimit: maxBody, DisableStartupMessage: true, ErrorHandler: fiberProblem,
		ReadTimeout: 30 * time.Second, IdleTimeout: 2 * time.Minute,
	})
	s.middleware()
	s.routes()
	s.app.Use(func(c *fiber.Ctx) error { return fiber.ErrNotFound })
	return s, nil
}

func (s *Server) middleware() {
	s.app.Use(recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: func(c *fiber.Ctx, e any) {
		s.log.Error("panic in a handler", "path", c.Path(), "panic", e)
	}}))
	s.app.Use(requestid.New(), s.metrics.observe(s.log))
	s.app.Use(helmet.New(helmet.Config{ContentSecurityPolicy: contentPolicy, CrossOriginEmbedderPolicy: "unsafe-none"}))
	if len(s.config.CORS) > 0 {
		origins := strings.Join(s.config.CORS, ",")
		s.app.Use(cors.New(cors.Config{AllowOrigins: origins, AllowHeaders: "Authorization,Content-Type,Idempotency-Key,If-Match"}))
	}
}

// routes registers everything; what is not in the OpenAPI document is meant for machines and for /docs.
func (s *Server) routes() {
	config := huma.DefaultConfig("Tideline", "1.0.0")
	config.DocsPath, config.SchemasPath = "", ""
	config.OpenAPIPath = "/openapi"
	config.CreateHooks = nil // no $schema fields in answers
	config.Info.Description = "Ranked feeds of jobs, hackathons and content, explained."
	config.Components.SecuritySchemes = map[string]*huma.SecurityScheme{
		"token": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
	}
	s.api = humafiber.NewV2(s.app, config)
	s.api.UseMiddleware(s.authorise)
	s.recommendations()
	s.students()
	s.opportunities()
	s.signals()
	s.health()
	s.app.Get("/docs", docs)
	if s.ports.Gatherer != nil && s.config.Loopback {
		s.app.Get("/metrics", adaptor.HTTPHandler(promhttp.HandlerFor(s.ports.Gatherer, promhttp.HandlerOpts{})))
	}
}

// Serve answers on a listener until Shutdown; then it returns nil.
func (s *Server) Serve(l net.Listener) error {
	if err := s.app.Listener(l); err != nil && !errors.Is(err, net.ErrClosed) {
		return fmt.Errorf("serve HTTP on %s: %w", l.Addr(), err)
	}
	return nil
}

// Shutdown stops accepting and waits for requests under way, as long as ctx lasts.
func (s *Server) Shutdown(ctx context.Context) error { return s.app.ShutdownWithContext(ctx) }

// Test answers one request without a listener.
func (s *Server) Test(r *http.Request) (*http.Response, error) { return s.app.Test(r, -1) }
