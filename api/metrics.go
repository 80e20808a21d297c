package api

import (
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
	streams  prometheus.Gauge
}

func newHTTPMetrics(reg prometheus.Registerer) *httpMetrics {
	f := promauto.With(reg)
	return &httpMetrics{
		requests: f.NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_http_requests_total", Help: "Requests by route and class of status; route \"none\" is what no route answered.",
		}, []string{"route", "method", "status_class"}),
		seconds: f.NewHistogramVec(prometheus.HistogramOpts{
			Name: "tideline_http_request_duration_seconds", Help: "Time to answer.", Buckets: prometheus.ExponentialBuckets(0.00025, 2, 15),
		}, []string{"route", "method"}),
		streams: f.NewGauge(prometheus.GaugeOpts{Name: "tideline_http_streams", Help: "Open streams of server-sent events."}),
	}
}

// observe counts, times and logs a request, and writes the answer of one that
// failed, so that it sees the status that is sent. Neither tokens nor queries
// are logged.
func (s *Server) observe(c *fiber.Ctx) error {
	start := time.Now()
	if err := c.Next(); err != nil {
		if err := s.refuse(c, err); err != nil {
			return err
		}
	}
	took := time.Since(start)
	status, method, route := c.Response().StatusCode(), c.Method(), c.Route().Path
	if route == "/" { // the last that ran was middleware
		route = "none"
	}
	s.metrics.requests.WithLabelValues(route, method, strconv.Itoa(status/100)+"xx").Inc()
	s.metrics.seconds.WithLabelValues(route, method).Observe(took.Seconds())
	if s.log.Enabled(c.Context(), slog.LevelDebug) {
		s.log.LogAttrs(c.Context(), slog.LevelDebug, "request", slog.String("id", c.GetRespHeader(fiber.HeaderXRequestID)),
			slog.String("method", method), slog.String("path", c.Path()), slog.Int("status", status), slog.Duration("took", took))
	}
	return nil
}
