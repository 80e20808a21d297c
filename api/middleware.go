package api

import (
	"fmt"
	"regexp"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/gofiber/fiber/v2"
	"github.com/gofiber/fiber/v2/middleware/cors"
	"github.com/gofiber/fiber/v2/middleware/helmet"
	"github.com/gofiber/fiber/v2/middleware/recover"
	"github.com/gofiber/fiber/v2/middleware/requestid"
	"github.com/valyala/fasthttp"
)

// bareContentPolicy is for everything but /docs: nothing of it is a page.
const bareContentPolicy = "default-src 'none'; base-uri 'none'; frame-ancestors 'none'"

// maxRequestID bounds the ids that callers choose, in bytes.
const maxRequestID = 64

// middleware runs around every route, outermost first. Observing stands outside
// recovering, so that panics are counted as what they are answered with.
func (s *Server) middleware() {
	s.app.Use(s.observe)
	s.app.Use(recover.New(recover.Config{EnableStackTrace: true, StackTraceHandler: func(c *fiber.Ctx, e any) {
		s.log.Error("panic in a handler", "path", c.Path(), "panic", e, "stack", string(debug.Stack()))
	}}))
	s.app.Use(func(c *fiber.Ctx) error {
		if id := c.Get(fiber.HeaderXRequestID); id != "" && !printable(id, maxRequestID) {
			c.Request().Header.Del(fiber.HeaderXRequestID) // it would be repeated in the answer and in logs
		}
		return c.Next()
	}, requestid.New())
	s.app.Use(helmet.New(helmet.Config{
		ContentSecurityPolicy: bareContentPolicy, XFrameOptions: "DENY", CrossOriginEmbedderPolicy: "unsafe-none",
	}))
	if len(s.config.CORS) > 0 {
		s.app.Use(cors.New(cors.Config{
			AllowOrigins: strings.Join(s.config.CORS, ","), AllowMethods: "GET,POST,PUT,DELETE",
			AllowHeaders: "Authorization,Content-Type,X-Request-ID,If-Match,Idempotency-Key", ExposeHeaders: "Retry-After,X-Request-ID,ETag,Location", MaxAge: 600,
		}))
	}
}

var origin = regexp.MustCompile(`^https?://[a-zA-Z0-9.-]+(:[0-9]+)?$`)

// checkOrigins refuses what the CORS middleware would panic about.
func checkOrigins(origins []string) error {
	for _, o := range origins {
		if !origin.MatchString(o) && (o != "*" || len(origins) > 1) {
			return fmt.Errorf("http.cors_origins: %q is not an origin; write it as https://campus.example, without a path, or a single *", o)
		}
	}
	return nil
}

func printable(s string, limit int) bool {
	return len(s) <= limit && !strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' })
}

// refuseUnknownMethods answers methods that Fiber does not know, which it would
// otherwise do by itself and in plain text.
func (s *Server) refuseUnknownMethods() {
	server := s.app.Server()
	known := server.Handler
	server.Handler = func(rc *fasthttp.RequestCtx) {
		if method := rc.Method(); !slices.ContainsFunc(fiber.DefaultMethods, func(m string) bool { return m == string(method) }) {
			rc.SetStatusCode(fiber.StatusNotImplemented)
			rc.SetContentType(problemType)
			rc.SetBody(refusal(fiber.StatusNotImplemented, "a request method that nothing here understands").encode())
			return
		}
		known(rc)
	}
}
