package api

import (
	"net/http"

	"github.com/gofiber/fiber/v2"
)

type health struct {
	Status string `json:"status" enum:"ok,ready"`
	Detail string `json:"detail,omitempty"`
}

// alive depends on nothing: a process that can answer is not to be restarted.
func (s *Server) alive(c *fiber.Ctx, _ principal) error { return c.JSON(health{Status: "ok"}) }

// ready says whether requests should be sent here.
func (s *Server) ready(c *fiber.Ctx, _ principal) error {
	ok, why := s.ports.Ready()
	if !ok {
		return refusal(http.StatusServiceUnavailable, "not ready: "+why).with(fiber.HeaderRetryAfter, "2")
	}
	return c.JSON(health{"ready", why})
}
