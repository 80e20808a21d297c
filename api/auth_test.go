package api

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/MicahParks/jwkset"
	"github.com/golang-jwt/jwt/v5"
)

func TestOutsideLoopbackNothingStartsWithoutAuth(t *testing.T) {
	for _, c := range []struct {
		name   string
		config Config
		want   error
	}{
		{"everywhere", Config{Addr: ":8080"}, ErrNoAuth},
		{"another interface", Config{Addr: "10.0.0.1:8080"}, ErrNoAuth},
		{"called loopback without being it", Config{Addr: "0.0.0.0:8080", Loopback: true}, ErrNoAuth},
		{"loopback with an empty secret", Config{Addr: "127.0.0.1:8080", Loopback: true}, ErrNoSecret},
		{"keys by plain http", Config{Addr: "127.0.0.1:8080", Loopback: true, Auth: AuthConfig{JWKSURL: "http://keys.example/jwks"}}, ErrPlainKeys},
		{"keys of no address", Config{Addr: "127.0.0.1:8080", Loopback: true, Auth: AuthConfig{JWKSURL: "https://"}}, ErrPlainKeys},
		{"everywhere with a secret", Config{Addr: ":8080", Auth: testAuth}, nil},
		{"loopback with a secret", Config{Addr: "[::1]:8080", Loopback: true, Auth: testAuth}, nil},
	} {
		_, err := New(t.Context(), c.config, Ports{Now: time.Now}, nil, slog.New(slog.DiscardHandler))
		if !errors.Is(err, c.want) || (c.want == nil) != (err == nil) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestMetricsAreOnlyServedWhereNobodyElseReachesThem(t *testing.T) {
	w := newWorld(t, func(c *Config, _ *Ports) { c.Addr, c.Loopback = ":8080", true })
	w.do("GET", "/metrics", "", "").problem(t, 404)
}

// signed makes a token whose header and claims are as given.
func signed(t *testing.T, method jwt.SigningMethod, key any, claims jwt.MapClaims, kid string) string {
	t.Helper()
	token := jwt.NewWithClaims(method, claims)
	if kid != "" {
		token.Header["kid"] = kid
	}
	text, err := token.SignedString(key)
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + text
}

func goodClaims(change ...func(jwt.MapClaims)) jwt.MapClaims {
	c := jwt.MapClaims{"sub": "sam", "role": "student", "iss": "campus", "aud": "tideline", "exp": now.Add(time.Hour).Unix()}
	for _, f := range change {
		f(c)
	}
	return c
}

func set(key string, value any) func(jwt.MapClaims) {
	return func(c jwt.MapClaims) { c[key] = value }
}

func TestTokensThatAreNotGood(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", "o1")
	secret := []byte(testAuth.Secret)
	hs := jwt.SigningMethodHS256
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, token string
		want        int
	}{
		{"good", signed(t, hs, secret, goodClaims(), ""), 200},
		{"another scheme's case", strings.Replace(signed(t, hs, secret, goodClaims(), ""), "Bearer", "bearer", 1), 200},
		{"just expired, within the leeway", signed(t, hs, secret, goodClaims(set("exp", now.Add(-29*time.Second).Unix())), ""), 200},
		{"expired", signed(t, hs, secret, goodClaims(set("exp", now.Add(-31*time.Second).Unix())), ""), 401},
		{"without an end", signed(t, hs, secret, goodClaims(func(c jwt.MapClaims) { delete(c, "exp") }), ""), 401},
		{"not yet good", signed(t, hs, secret, goodClaims(set("nbf", now.Add(time.Minute).Unix())), ""), 401},
		{"of another issuer", signed(t, hs, secret, goodClaims(set("iss", "else")), ""), 401},
		{"for another audience", signed(t, hs, secret, goodClaims(set("aud", "else")), ""), 401},
		{"without an audience", signed(t, hs, secret, goodClaims(func(c jwt.MapClaims) { delete(c, "aud") }), ""), 401},
		{"without a subject", signed(t, hs, secret, goodClaims(set("sub", "")), ""), 401},
		{"with a subject that is no id", signed(t, hs, secret, goodClaims(set("sub", "a\x00b")), ""), 401},
		{"with a subject too long", signed(t, hs, secret, goodClaims(set("sub", strings.Repeat("x", 129))), ""), 401},
		{"of an unknown role", signed(t, hs, secret, goodClaims(set("role", "admin")), ""), 401},
		{"without a role", signed(t, hs, secret, goodClaims(func(c jwt.MapClaims) { delete(c, "role") }), ""), 401},
		{"signed with another secret", signed(t, hs, []byte("another"), goodClaims(), ""), 401},
		{"signed with nothing", signed(t, hs, []byte{}, goodClaims(), ""), 401},
		{"HS512", signed(t, jwt.SigningMethodHS512, secret, goodClaims(), ""), 401},
		{"RS256 with a key of the sender's", signed(t, jwt.SigningMethodRS256, rsaKey, goodClaims(), ""), 401},
		{"unsigned", signed(t, jwt.SigningMethodNone, jwt.UnsafeAllowNoneSignatureType, goodClaims(), ""), 401},
		{"garbage", "Bearer x.y.z", 401},
		{"empty", "Bearer ", 401},
		{"another scheme", "Basic c2FtOnNhbQ==", 401},
	} {
		for range 2 { // the second time from memory, if it was remembered
			got := w.do("GET", "/recommendations/jobs", c.token, "")
			if got.status != c.want {
				t.Errorf("a token %s: %d, want %d: %s", c.name, got.status, c.want, got.body)
			}
			if _, secretPart, _ := strings.Cut(c.token, "."); got.status != 200 && secretPart != "" && strings.Contains(got.body, secretPart) {
				t.Errorf("a token %s is repeated in the answer", c.name)
			}
		}
	}
}

func TestRememberedTokensExpire(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", "o1")
	token := w.token(Student, "sam")
	get[feedPage](w, "/recommendations/jobs", token)
	if w.server.auth.known.size() != 1 {
		t.Fatal("the token was not remembered")
	}
	w.now = now.Add(tokenLife + leeway + time.Second)
	w.do("GET", "/recommendations/jobs", token, "").problem(t, 401)
}

func TestTheCacheIsBoundedAndKeepsWhatIsUsed(t *testing.T) {
	c := newCache[int, int](100)
	for i := range 10_000 {
		c.put(i, i)
		if _, ok := c.get(0); !ok {
			t.Fatalf("what is used all the time was forgotten after %d others", i)
		}
		if c.size() > 100 {
			t.Fatalf("%d entries", c.size())
		}
	}
	if _, ok := c.get(1); ok {
		t.Error("what nobody used was kept")
	}
}

// issuer serves the keys of an identity provider.
type issuer struct {
	*httptest.Server
	keys  *jwkset.MemoryJWKSet
	down  atomic.Bool
	asked atomic.Int32
}

func newIssuer(t *testing.T) *issuer {
	i := &issuer{keys: jwkset.NewMemoryStorage()}
	i.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		i.asked.Add(1)
		body, err := i.keys.JSONPublic(r.Context())
		if err != nil || i.down.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		_, _ = w.Write(body)
	}))
	t.Cleanup(i.Close)
	return i
}

func (i *issuer) add(t *testing.T, kid string, key crypto.PrivateKey) {
	t.Helper()
	jwk, err := jwkset.NewJWKFromKey(key, jwkset.JWKOptions{
		Metadata: jwkset.JWKMetadataOptions{KID: kid}, Marshal: jwkset.JWKMarshalOptions{Private: true},
	})
	if err == nil {
		err = i.keys.KeyWrite(context.Background(), jwk)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestTokensOfAKeySet(t *testing.T) {
	i := newIssuer(t)
	rsaKey, _ := rsa.GenerateKey(rand.Reader, 2048)
	ecKey, _ := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	_, edKey, _ := ed25519.GenerateKey(rand.Reader)
	i.add(t, "r", rsaKey)
	i.add(t, "e", ecKey)
	i.add(t, "d", edKey)
	w := newWorld(t, func(c *Config, _ *Ports) {
		c.Addr, c.Auth = ":8080", AuthConfig{JWKSURL: i.URL, Issuer: "campus", Audience: "tideline"}
	})
	w.feed("sam", "o1")
	public, err := json.Marshal(rsaKey.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name, token string
		want        int
	}{
		{"RS256", signed(t, jwt.SigningMethodRS256, rsaKey, goodClaims(), "r"), 200},
		{"ES256", signed(t, jwt.SigningMethodES256, ecKey, goodClaims(), "e"), 200},
		{"EdDSA", signed(t, jwt.SigningMethodEdDSA, edKey, goodClaims(), "d"), 200},
		{"RS512", signed(t, jwt.SigningMethodRS512, rsaKey, goodClaims(), "r"), 401},
		{"another key's id", signed(t, jwt.SigningMethodRS256, rsaKey, goodClaims(), "e"), 401},
		{"HS256 with the public key as the secret", signed(t, jwt.SigningMethodHS256, public, goodClaims(), "r"), 401},
		{"an unknown key", signed(t, jwt.SigningMethodRS256, rsaKey, goodClaims(), "x"), 401},
		{"another unknown key", signed(t, jwt.SigningMethodRS256, rsaKey, goodClaims(), "y"), 401},
	} {
		if got := w.do("GET", "/recommendations/jobs", c.token, ""); got.status != c.want {
			t.Errorf("%s: %d, want %d: %s", c.name, got.status, c.want, got.body)
		}
	}
	if n := i.asked.Load(); n > 2 {
		t.Errorf("unknown keys made %d look-ups; one at the start and one more are enough", n)
	}
}

func TestKeysThatCannotBeReadAreNotTheCallersFault(t *testing.T) {
	i := newIssuer(t)
	key, _ := rsa.GenerateKey(rand.Reader, 2048)
	i.add(t, "r", key)
	i.down.Store(true)
	w := newWorld(t, func(c *Config, _ *Ports) { c.Auth = AuthConfig{JWKSURL: i.URL} })
	w.feed("sam", "o1")
	token := signed(t, jwt.SigningMethodRS256, key, goodClaims(), "r")
	w.do("GET", "/recommendations/jobs", token, "").problem(t, 503)
}
