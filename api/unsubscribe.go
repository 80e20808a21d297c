package api

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// unsubscribePolicy lets the page send its form here and do nothing else.
const unsubscribePolicy = "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

func pageOf(body string) *template.Template {
	return template.Must(template.New("").Parse(`<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Emails</title>
` + body + `
</html>
`))
}

var (
	unsubscribing = pageOf(`<h1>No more emails about {{.Category}}?</h1>
<form method="post" action="{{.Action}}"><button>End these emails</button></form>`)
	unsubscribed = pageOf(`<h1>No more emails about {{.Category}}</h1>
<p>Everything else stays as you chose.</p>`)
)

// unsubscriber reads the token of the link.
func (s *Server) unsubscriber(c *fiber.Ctx) (recipient, category string, err error) {
	recipient, category, err = s.ports.Notify.Unsubscribe(c.Query("token"))
	if err != nil {
		return "", "", refusal(http.StatusBadRequest, "the link is not valid", Complaint{"query.token", codeBadToken, err.Error()})
	}
	return recipient, category, nil
}

// askUnsubscribe shows a person who follows the link a button. It changes nothing:
// mail scanners follow links as well.
func (s *Server) askUnsubscribe(c *fiber.Ctx, _ principal) error {
	_, category, err := s.unsubscriber(c)
	if err != nil {
		return err
	}
	return unsubscribePage(c, unsubscribing, category)
}

func unsubscribePage(c *fiber.Ctx, page *template.Template, category string) error {
	var out bytes.Buffer
	// The action has no path, so that it is right behind any prefix.
	err := page.Execute(&out, map[string]string{"Category": category, "Action": "?token=" + url.QueryEscape(c.Query("token"))})
	if err != nil {
		return fmt.Errorf("show the page: %w", err)
	}
	c.Set(fiber.HeaderContentSecurityPolicy, unsubscribePolicy)
	c.Set(fiber.HeaderCacheControl, "no-store")
	c.Set(fiber.HeaderContentType, fiber.MIMETextHTMLCharsetUTF8)
	return c.Send(out.Bytes())
}

// unsubscribe ends the emails of a category for whoever holds a token of one of
// them: RFC 8058, one click, no login.
func (s *Server) unsubscribe(c *fiber.Ctx, _ principal) error {
	whose, category, err := s.unsubscriber(c)
	if err != nil {
		return err
	}
	p, err := s.ports.Notify.Inbox.Preferences(c.UserContext(), whose)
	if err != nil {
		return err
	}
	p.Recipient = whose
	categories := map[string]map[event.Channel]bool{}
	maps.Copy(categories, p.Categories)
	channels := map[event.Channel]bool{event.Email: false}
	for channel, wanted := range categories[category] {
		if channel != event.Email {
			channels[channel] = wanted
		}
	}
	categories[category] = channels
	p.Categories = categories
	if err := s.publish(c, func(ctx context.Context) error { return s.ports.Notify.Publisher.PutPreferences(ctx, p) }); err != nil {
		return err
	}
	if strings.Contains(c.Get(fiber.HeaderAccept), fiber.MIMETextHTML) { // a person, by the button of the page
		return unsubscribePage(c, unsubscribed, category)
	}
	return c.Status(http.StatusOK).JSON(marked{Status: fmt.Sprintf("no more emails about %s", category)})
}
