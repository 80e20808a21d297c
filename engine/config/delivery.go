package config

import (
	"net"
	"net/mail"
	"net/url"
	"os"
	"slices"
	"time"
)

// SMTP is where email is handed over. No host: no email is sent.
type SMTP struct {
	Host     string `yaml:"host"`
	Port     int    `yaml:"port"`
	From     string `yaml:"from"` // an address, with a name or without
	Username string `yaml:"username"`
	Password string `yaml:"password"`
	TLS      string `yaml:"tls"` // starttls, tls, none
	// AllowPlaintext lets tls: none be used with a server on another machine.
	AllowPlaintext bool `yaml:"allow_plaintext"`
}

// Webhooks names the file of endpoints; empty: none.
type Webhooks struct {
	File   string        `yaml:"file"`
	Reload time.Duration `yaml:"reload"` // how often it is looked at
}

// Delivery says who sends email and webhooks.
type Delivery struct {
	// Enabled lets serve do it beside the engine; else `tideline deliver` does.
	Enabled bool `yaml:"enabled"`
	// UnsubscribeSecret signs the links in emails; empty: auth.hs256_secret.
	UnsubscribeSecret string `yaml:"unsubscribe_secret"`
}

// Email says whether email can be sent.
func (c Config) Email() bool { return c.SMTP.Host != "" }

// UnsubscribeSecret gives what signs links in emails; empty: what serve makes
// for a Tideline that only its machine can reach.
func (c Config) UnsubscribeSecret() string {
	if c.Delivery.UnsubscribeSecret != "" {
		return c.Delivery.UnsubscribeSecret
	}
	return c.Auth.HS256Secret
}

// delivery checks what email and webhooks need.
func (l *loader) delivery() {
	c := &l.config
	if c.PublicURL != "" {
		u, err := url.Parse(c.PublicURL)
		l.check("public_url", err == nil && slices.Contains([]string{"http", "https"}, u.Scheme) && u.Host != "" && u.RawQuery == "" && u.Fragment == "",
			"is %q; must be an address such as https://tideline.example.org", c.PublicURL)
	}
	if c.Webhooks.File != "" {
		info, err := os.Stat(c.Webhooks.File)
		l.check("webhooks.file", err == nil && !info.IsDir(), "is %q, which is not a file that can be read: %v", c.Webhooks.File, err)
	}
	secret := c.Delivery.UnsubscribeSecret
	l.check("delivery.unsubscribe_secret", secret == "" || len(secret) >= 32, "has %d bytes; must have at least 32", len(secret))
	l.check("smtp.tls", slices.Contains([]string{"starttls", "tls", "none"}, c.SMTP.TLS), "is %q; must be starttls, tls or none", c.SMTP.TLS)
	l.check("smtp.port", c.SMTP.Port > 0 && c.SMTP.Port < 65536, "is %d; must be from 1 to 65535", c.SMTP.Port)
	if !c.Email() {
		l.check("smtp.from", c.SMTP.From == "", "is set and smtp.host is not: set both")
		return
	}
	_, err := mail.ParseAddress(c.SMTP.From)
	l.check("smtp.from", err == nil, "is %q; must be an address such as Tideline <no-reply@example.org>", c.SMTP.From)
	ip := net.ParseIP(c.SMTP.Host)
	local := c.SMTP.Host == "localhost" || ip != nil && ip.IsLoopback()
	l.check("smtp.tls", c.SMTP.TLS != "none" || local || c.SMTP.AllowPlaintext,
		"is none, and %s is another machine: emails are about people; use starttls or tls, or set smtp.allow_plaintext", c.SMTP.Host)
	l.check("smtp.username", c.SMTP.Username == "" || c.SMTP.TLS != "none" || local, "would be sent in the clear; use starttls or tls")
	l.check("smtp.password", (c.SMTP.Password == "") == (c.SMTP.Username == ""), "and smtp.username go together: set both or neither")
	l.check("delivery.unsubscribe_secret", c.PublicURL == "" || c.UnsubscribeSecret() != "" || c.Auth.JWKSURL == "",
		"is needed: emails have links to unsubscribe that must be signed, and auth.jwks_url has no secret of ours")
}
