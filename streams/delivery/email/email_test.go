package email

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"io"
	"math/big"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"

	"tideline/engine/event"
	"tideline/engine/unsubscribe"
	"tideline/rulesets/templates"
	"tideline/streams/delivery"
)

var update = flag.Bool("update", false, "write the golden files")

// server is a mail server that keeps what it gets.
type server struct {
	mu       sync.Mutex
	messages []string
	froms    []string
	rcpt     error // what it answers to RCPT
	data     error
	from     error
	auth     error
	password string
}

func (s *server) NewSession(*smtp.Conn) (smtp.Session, error) { return &conversation{s}, nil }

type conversation struct{ *server }

func (c *conversation) Mail(from string, _ *smtp.MailOptions) error {
	c.froms = append(c.froms, from)
	return c.from
}
func (c *conversation) Rcpt(string, *smtp.RcptOptions) error { return c.rcpt }
func (c *conversation) Reset()                               {}
func (c *conversation) Logout() error                        { return nil }
func (c *conversation) AuthMechanisms() []string             { return []string{sasl.Plain} }

func (c *conversation) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, username, password string) error {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.password = username + ":" + password
		return c.auth
	}), nil
}

func (c *conversation) Data(r io.Reader) error {
	body, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	if c.data != nil {
		return c.data
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.messages = append(c.messages, string(body))
	return nil
}

// start serves on loopback; with a certificate it offers STARTTLS, or TLS from
// the first byte.
func start(t *testing.T, s *server, secure *tls.Config, implicit bool) (host string, port int) {
	t.Helper()
	var l net.Listener
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port = l.Addr().(*net.TCPAddr).Port
	if implicit {
		l = tls.NewListener(l, secure)
	}
	srv := smtp.NewServer(s)
	srv.Domain, srv.AllowInsecureAuth, srv.EnableSMTPUTF8 = "localhost", secure == nil, true
	srv.ErrorLog = silent{}
	if !implicit {
		srv.TLSConfig = secure
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = srv.Serve(l)
	}()
	t.Cleanup(func() {
		_ = srv.Close()
		<-done
	})
	return "127.0.0.1", port
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour),
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(parsed)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, pool
}

var key = unsubscribe.NewKey("a secret of the API")

var shipped = sync.OnceValue(func() *templates.Texts {
	texts, err := templates.Load(templates.Shipped)
	if err != nil {
		panic(err)
	}
	return texts
})

func sender(t *testing.T, c Config) *Sender {
	t.Helper()
	if c.TLS == "" {
		c.TLS = Plain
	}
	c.From, c.PublicURL, c.Unsubscribe = "Tideline <no-reply@campus.example>", "https://tideline.example", key
	s, err := New(c, shipped)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestAnEmailHasBothFormsAndTheHeadersOfAList(t *testing.T) {
	srv := &server{}
	host, port := start(t, srv, nil, false)
	s := sender(t, Config{Host: host, Port: port})
	n := templates.Sample("job-match", "de", false)
	n.Facts.Title = "Entwickler:in <b>Größe</b>"
	for range 2 {
		if err := s.Send(t.Context(), n); err != nil {
			t.Fatal(err)
		}
	}
	if len(srv.messages) != 2 || srv.froms[0] != "no-reply@campus.example" {
		t.Fatalf("got %d messages from %v", len(srv.messages), srv.froms)
	}
	var ids []string
	for _, raw := range srv.messages {
		m, err := mail.ReadMessage(strings.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, m.Header.Get("Message-ID"))
		headers(t, m.Header)
		parts := bodies(t, m)
		if !strings.Contains(parts["text/plain"], "Entwickler:in <b>Größe</b> bei Nordia passt zu 82 %") {
			t.Errorf("text:\n%s", parts["text/plain"])
		}
		if html := parts["text/html"]; !strings.Contains(html, "Entwickler:in &lt;b&gt;Größe&lt;/b&gt;") || strings.Contains(html, "<b>") {
			t.Errorf("html:\n%s", html)
		}
	}
	if want := "<" + n.ID + "@campus.example>"; ids[0] != want || ids[1] != want {
		t.Errorf("message ids %v, want %s twice", ids, want)
	}
}

func headers(t *testing.T, h mail.Header) {
	t.Helper()
	subject, err := new(mime.WordDecoder).DecodeHeader(h.Get("Subject"))
	if err != nil || subject != "Entwickler:in <b>Größe</b> bei Nordia passt zu 82 % zu deinen Skills" {
		t.Errorf("subject %q, %v", subject, err)
	}
	for name, want := range map[string]string{
		"List-Unsubscribe-Post": "List-Unsubscribe=One-Click", "Content-Language": "de", "Auto-Submitted": "auto-generated",
		"To": "<mira@example.org>",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	link, err := url.Parse(strings.Trim(h.Get("List-Unsubscribe"), "<>"))
	if err != nil {
		t.Fatal(err)
	}
	recipient, category, err := key.Verify(link.Query().Get("token"))
	if err != nil || recipient != "s00042" || category != "jobs" || link.Host != "tideline.example" || link.Path != unsubscribe.Path {
		t.Errorf("unsubscribe link %s: %q, %q, %v", link, recipient, category, err)
	}
}

func bodies(t *testing.T, m *mail.Message) map[string]string {
	t.Helper()
	kind, params, err := mime.ParseMediaType(m.Header.Get("Content-Type"))
	if err != nil || kind != "multipart/alternative" {
		t.Fatalf("content type %s, %v", kind, err)
	}
	found := map[string]string{}
	for r := multipart.NewReader(m.Body, params["boundary"]); ; {
		part, err := r.NextRawPart()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		kind, _, err := mime.ParseMediaType(part.Header.Get("Content-Type"))
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(quotedprintable.NewReader(part))
		if err != nil {
			t.Fatal(err)
		}
		found[kind] = strings.ReplaceAll(string(data), "\r\n", "\n")
	}
}

func TestWhatAMailServerAnswersDecidesWhetherToTryAgain(t *testing.T) {
	says := func(code int) error {
		return &smtp.SMTPError{Code: code, EnhancedCode: smtp.EnhancedCodeNotSet, Message: "says the server"}
	}
	for _, c := range []struct {
		name        string
		server      *server
		final, away bool
	}{
		{"no such mailbox", &server{rcpt: says(550)}, true, false},
		{"greylisted", &server{rcpt: says(451)}, false, false},
		{"content refused", &server{data: says(554)}, true, false},
		{"mailbox full", &server{data: says(452)}, false, false},
		{"closing down", &server{rcpt: says(421)}, false, true},
		{"sender refused", &server{from: says(553)}, false, true},
		{"bad password", &server{auth: smtp.ErrAuthFailed}, false, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			secure, roots := certificate(t)
			host, port := start(t, c.server, secure, false)
			s := sender(t, Config{Host: host, Port: port, TLS: STARTTLS, RootCAs: roots, Username: "u", Password: "p"})
			err := s.Send(t.Context(), templates.Sample("gap", "en", false))
			f, ok := errors.AsType[*delivery.Failure](err)
			if !ok || f.Final != c.final || f.Away != c.away {
				t.Errorf("got %+v", err)
			}
		})
	}
}

func TestConnectionsAreProtectedOrNotMade(t *testing.T) {
	secure, roots := certificate(t)
	for _, c := range []struct {
		name     string
		offers   *tls.Config
		implicit bool
		mode     string
		roots    *x509.CertPool
		ok       bool
	}{
		{"STARTTLS", secure, false, STARTTLS, roots, true},
		{"TLS", secure, true, TLS, roots, true},
		{"STARTTLS that is not offered", nil, false, STARTTLS, roots, false},
		{"a certificate nobody vouches for", secure, false, STARTTLS, nil, false},
		{"none", nil, false, Plain, nil, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			srv := &server{}
			host, port := start(t, srv, c.offers, c.implicit)
			config := Config{Host: host, Port: port, TLS: c.mode, RootCAs: c.roots}
			if c.mode != Plain {
				config.Username, config.Password = "u", "p"
			}
			err := sender(t, config).Send(t.Context(), templates.Sample("gap", "en", false))
			if (err == nil) != c.ok {
				t.Fatalf("sent: %v", err)
			}
			if f, ok := errors.AsType[*delivery.Failure](err); err != nil && (!ok || !f.Away || f.Final) {
				t.Errorf("got %+v", err)
			}
			if c.ok && c.mode != Plain && srv.password != "u:p" {
				t.Errorf("signed in as %q", srv.password)
			}
		})
	}
}

func TestAServerThatSaysNothingIsLeftWhenTheTimeIsUp(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		conn, err := l.Accept()
		if err == nil {
			defer func() { _ = conn.Close() }()
			cancel() // the attempt is under way
			_, _ = io.Copy(io.Discard, conn)
		}
	}()
	s := sender(t, Config{Host: "127.0.0.1", Port: l.Addr().(*net.TCPAddr).Port})
	if err := s.Send(ctx, templates.Sample("gap", "en", false)); err == nil {
		t.Error("it was sent")
	}
}

func TestTheLayoutIsAsItWas(t *testing.T) {
	s := sender(t, Config{Host: "localhost", Port: 25})
	var b bytes.Buffer
	for _, digest := range []bool{false, true} {
		text, html, err := s.Preview(templates.Sample("job-match", "en", digest))
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString(text + "\n=====\n" + html + "\n=====\n")
	}
	path := filepath.Join("testdata", "job-match.golden")
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), want) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", path, b.String())
	}
}

func TestAnAddressThatIsNoneIsFinal(t *testing.T) {
	n := templates.Sample("gap", "en", false)
	n.Email = "not an address"
	err := sender(t, Config{Host: "localhost", Port: 25}).Send(t.Context(), n)
	if f, ok := errors.AsType[*delivery.Failure](err); !ok || !f.Final {
		t.Errorf("got %v", err)
	}
	if Wants(event.Notification{}) {
		t.Error("nobody to write to, and wanted")
	}
}
