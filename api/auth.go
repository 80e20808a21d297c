package api

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
)

// Role is what a caller may be.
type Role string

// The roles.
const (
	Student   Role = "student"
	Recruiter Role = "recruiter"
	Ops       Role = "ops"
	Service   Role = "service"
)

// Roles lists them all.
var Roles = []Role{Student, Recruiter, Ops, Service}

// AuthConfig says which tokens are good. Issuer and Audience are checked when set.
type AuthConfig struct {
	Secret   string // HS256
	JWKSURL  string // RS256, ES256, EdDSA
	Issuer   string
	Audience string
}

// principal is who calls.
type principal struct {
	subject string
	role    Role
	expires time.Time
}

type claims struct {
	Role Role `json:"role"`
	jwt.RegisteredClaims
}

// authenticator checks tokens and remembers the good ones until they expire.
type authenticator struct {
	parser *jwt.Parser
	key    jwt.Keyfunc
	now    func() time.Time

	mu    sync.RWMutex
	known map[string]principal // by token
}

// maxKnown bounds the memory of checked tokens; when it is full, they are checked again.
const maxKnown = 10_000

func newAuthenticator(ctx context.Context, config AuthConfig, now func() time.Time) (*authenticator, error) {
	opts := []jwt.ParserOption{jwt.WithExpirationRequired(), jwt.WithLeeway(30 * time.Second), jwt.WithTimeFunc(now)}
	if config.Issuer != "" {
		opts = append(opts, jwt.WithIssuer(config.Issuer))
	}
	if config.Audience != "" {
		opts = append(opts, jwt.WithAudience(config.Audience))
	}
	a := &authenticator{now: now, known: map[string]principal{}}
	if config.JWKSURL == "" {
		// The algorithm is ours to choose, never the token's.
		a.parser = jwt.NewParser(append(opts, jwt.WithValidMethods([]string{"HS256"}))...)
		a.key = func(*jwt.Token) (any, error) { return []byte(config.Secret), nil }
		return a, nil
	}
	keys, err := keyfunc.NewDefaultCtx(ctx, []string{config.JWKSURL})
	if err != nil {
		return nil, fmt.Errorf("read the keys of auth.jwks_url: %w", err)
	}
	a.parser = jwt.NewParser(append(opts, jwt.WithValidMethods([]string{"RS256", "ES256", "EdDSA"}))...)
	a.key = keys.Keyfunc
	return a, nil
}

var errNoToken = errors.New("send a token: Authorization: Bearer TOKEN")

// check reads the Authorization header.
func (a *authenticator) check(header string) (principal, error) {
	token, ok := strings.CutPrefix(header, "Bearer ")
	if !ok {
		return principal{}, errNoToken
	}
	a.mu.RLock()
	p, known := a.known[token]
	a.mu.RUnlock()
	if known && a.now().Before(p.expires) {
		return p, nil
	}
	var c claims
	if _, err := a.parser.ParseWithClaims(token, &c, a.key); err != nil {
		return principal{}, fmt.Errorf("the token is not valid: %w", err)
	}
	p = principal{subject: c.Subject, role: c.Role, expires: c.ExpiresAt.Time}
	if p.subject == "" || p.role != Student && p.role != Recruiter && p.role != Ops && p.role != Service {
		return principal{}, fmt.Errorf("the token has subject %q and role %q; a subject and one of the roles %v are needed", c.Subject, c.Role, Roles)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.known) >= maxKnown {
		clear(a.known)
	}
	a.known[strings.Clone(token)] = p
	return p, nil
}

// Mint makes a token, for demonstrations and tests.
func Mint(config AuthConfig, role Role, subject string, now time.Time, life time.Duration) (string, error) {
	c := claims{Role: role, RegisteredClaims: jwt.RegisteredClaims{
		Subject: subject, Issuer: config.Issuer,
		IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(life)),
	}}
	if config.Audience != "" {
		c.Audience = jwt.ClaimStrings{config.Audience}
	}
	token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(config.Secret))
	if err != nil {
		return "", fmt.Errorf("sign a token: %w", err)
	}
	return token, nil
}
