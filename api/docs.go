package api

import (
	_ "embed"

	"github.com/gofiber/fiber/v2"
)

// docsPage shows /openapi.json. It loads nothing from outside.
//
//go:embed docs.html
var docsPage []byte

const contentPolicy = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'"

func docs(c *fiber.Ctx) error {
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(docsPage)
}
