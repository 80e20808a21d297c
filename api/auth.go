package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/MicahParks/keyfunc/v3"
	"github.com/golang-jwt/jwt/v5"
	"golang.org/x/time/rate"
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

// AuthConfig says which tokens are good: those signed with the secret or, when
// JWKSURL is set, only those signed with one of its keys. Issuer and Audience
// are checked when set.
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
}

type claims struct {
	Role Role `json:"role"`
	jwt.RegisteredClaims
}

const (
	leeway     = 30 * time.Second // between our clock and the issuer's
	maxTokens  = 20_000           // remembered
	rememberBy = 5 * time.Minute  // after which a token is checked anew: its key may have been withdrawn
)

// authenticator checks tokens and remembers the good ones, by hash, for a
// while. Safe for concurrent use.
type authenticator struct {
	parser *jwt.Parser
	key    jwt.Keyfunc
	keys   jwkset.Storage // nil: a secret
	now    func() time.Time
	known  *cache[[sha256.Size]byte, remembered]
}

type remembered struct {
	principal
	until time.Time
}

func newAuthenticator(ctx context.Context, config AuthConfig, now func() time.Time, log *slog.Logger) (*authenticator, error) {
	a := &authenticator{now: now, known: newCache[[sha256.Size]byte, remembered](maxTokens)}
	// The algorithms are ours to choose, never the token's.
	methods := []string{"HS256"}
	a.key = func(*jwt.Token) (any, error) { return []byte(config.Secret), nil }
	if config.JWKSURL != "" {
		if !confidential(config.JWKSURL) {
			return nil, ErrPlainKeys
		}
		keys, err := keySet(ctx, config.JWKSURL, log)
		if err != nil {
			return nil, fmt.Errorf("use auth.jwks_url: %w", err)
		}
		methods = []string{"RS256", "ES256", "EdDSA"}
		a.key, a.keys = keys.Keyfunc, keys.Storage()
	}
	opts := []jwt.ParserOption{
		jwt.WithValidMethods(methods), jwt.WithExpirationRequired(), jwt.WithLeeway(leeway), jwt.WithTimeFunc(now),
	}
	if config.Issuer != "" {
		opts = append(opts, jwt.WithIssuer(config.Issuer))
	}
	if config.Audience != "" {
		opts = append(opts, jwt.WithAudience(config.Audience))
	}
	a.parser = jwt.NewParser(opts...)
	return a, nil
}

// keySet follows a JWKS. An unknown key makes it look again, at most every
// 30 s, so that tokens with made-up keys neither wait long nor cause traffic.
func keySet(ctx context.Context, address string, log *slog.Logger) (keyfunc.Keyfunc, error) {
	return keyfunc.NewDefaultOverrideCtx(ctx, []string{address}, keyfunc.Override{
		HTTPTimeout: 5 * time.Second, RefreshInterval: 15 * time.Minute,
		RefreshUnknownKID: rate.NewLimiter(rate.Every(30*time.Second), 1), RateLimitWaitMax: 3 * time.Second,
		RefreshErrorHandlerFunc: func(string) func(context.Context, error) {
			return func(_ context.Context, err error) { log.Warn("the keys of auth.jwks_url cannot be read", "error", err) }
		},
	})
}

// confidential says whether nobody on the way can change what a URL gives: who
// can decides which tokens are good.
func confidential(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && loopback(net.JoinHostPort(u.Hostname(), "0")))
}

var errNoToken = errors.New("send a token: Authorization: Bearer TOKEN")

// check reads the Authorization header. The error is a *Problem.
func (a *authenticator) check(header string) (principal, error) {
	scheme, token, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Bearer") {
		return principal{}, unauthorised(errNoToken)
	}
	hash := sha256.Sum256([]byte(token))
	if p, ok := a.known.get(hash); ok && a.now().Before(p.until) {
		return p.principal, nil
	}
	var c claims
	if _, err := a.parser.ParseWithClaims(token, &c, a.key); err != nil {
		return principal{}, a.unreadable(err)
	}
	if !validID(c.Subject) || !slices.Contains(Roles, c.Role) {
		return principal{}, unauthorised(fmt.Errorf("the token's subject is %q and its role %q; an id (%s) and one of the roles %v are needed",
			clip(c.Subject), clip(string(c.Role)), idRule, Roles))
	}
	p := principal{subject: c.Subject, role: c.Role}
	until := a.now().Add(rememberBy)
	if c.ExpiresAt.Before(until) {
		until = c.ExpiresAt.Time
	}
	a.known.put(hash, remembered{p, until})
	return p, nil
}

// unreadable tells a bad token from one that cannot be judged because no key was ever read.
func (a *authenticator) unreadable(err error) error {
	if a.keys != nil && errors.Is(err, jwt.ErrTokenUnverifiable) {
		if all, _ := a.keys.KeyReadAll(context.Background()); len(all) == 0 {
			return fmt.Errorf("%w: no key of auth.jwks_url was read yet: %w", ErrUnavailable, err)
		}
	}
	return unauthorised(fmt.Errorf("the token is not valid: %w", err))
}

func clip(s string) string {
	if len(s) > 40 {
		return s[:40] + "..."
	}
	return s
}

func unauthorised(why error) *Problem {
	challenge := `Bearer realm="tideline"`
	if !errors.Is(why, errNoToken) {
		challenge += `, error="invalid_token"`
	}
	return refusal(401, why.Error()).with("WWW-Authenticate", challenge)
}

// Mint makes a token signed with the secret, for demonstrations and tests.
func Mint(config AuthConfig, role Role, subject string, now time.Time, life time.Duration) (string, error) {
	if config.Secret == "" {
		return "", ErrNoSecret
	}
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
