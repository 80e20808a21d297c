package api

import (
	"errors"
	"log/slog"
	"strconv"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// httpMetrics counts requests by route template, never by path.
type httpMetrics struct {
	requests *prometheus.CounterVec
	seconds  *prometheus.HistogramVec
}

func newHTTPMetrics(reg prometheus.Registerer) *httpMetrics {
	f := promauto.With(reg)
	return &httpMetrics{
		requests: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_http_requests_total", Help: "Requests by route and class of status.",
		}, []string{"method", "route", "status"}),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tideline_http_request_seconds", Help: "Time to answer.", Buckets: prometheus.ExponentialBuckets(0.0005, 2, 14),
		}, []string{"route"}),
	}
}

func (m *httpMetrics) observe(log *slog.Logger) fiber.Handler {
	return func(c *fiber.Ctx) error {
		start := time.Now()
		err := c.Next()
		status, route := c.Response().StatusCode(), c.Route().Path
		if known, ok := errors.AsType[*fiber.Error](err); ok {
			status = known.Code
		}
		if status == fiber.StatusNotFound && route == "/" {
			route = "unmatched"
		}
		took := time.Since(start)
		m.requests.WithLabelValues(c.Method(), route, strconv.Itoa(status/100)+"xx").Inc()
		m.seconds.WithLabelValues(route).Observe(took.Seconds())
		log.Debug("request", "method", c.Method(), "route", route, "status", status, "seconds", took.Seconds())
		return err
	}
}
