package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"

	"github.com/gofiber/fiber/v2"
)

// docsPage shows /openapi.json. It loads nothing from outside.
//
//go:embed docs.html
var docsPage []byte

func (s *Server) docs(c *fiber.Ctx, _ principal) error {
	c.Set(fiber.HeaderContentSecurityPolicy, docsPolicy())
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(docsPage)
}

// docsPolicy allows the page's own script and style, named by their hashes, and nothing else.
func docsPolicy() string {
	return fmt.Sprintf("default-src 'none'; script-src %s; style-src %s; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
		inlineHash("script"), inlineHash("style"))
}

func inlineHash(tag string) string {
	_, after, _ := bytes.Cut(docsPage, []byte("<"+tag+">"))
	inside, _, _ := bytes.Cut(after, []byte("</"+tag+">"))
	sum := sha256.Sum256(inside)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

func (s *Server) openapi(c *fiber.Ctx, _ principal) error {
	c.Set(fiber.HeaderContentType, "application/openapi+json")
	c.Set(fiber.HeaderCacheControl, "no-cache")
	return c.Send(s.document)
}
