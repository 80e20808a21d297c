package api

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/event"
)

func TestWhateverGoesWrongIsAProblem(t *testing.T) {
	w := newWorld(t)
	w.server.app.Get("/panics", func(*fiber.Ctx) error { panic("the password is swordfish") })
	w.feed("sam", "o1")
	sam := w.token(Student, "sam")
	for _, c := range []struct {
		method, path, body string
		trouble            error
		status             int
		retry              bool
	}{
		{method: "GET", path: "/nowhere", status: 404},
		{method: "GET", path: "/saved/", status: 404},
		{method: "DELETE", path: "/saved", status: 405},
		{method: "POST", path: "/recommendations/jobs", status: 405},
		{method: "BREW", path: "/saved", status: 501},
		{method: "GET", path: "/panics", status: 500},
		{method: "GET", path: "/students/nobody-yet", status: 403},
		{method: "GET", path: "/students/sam", status: 404},
		{method: "GET", path: "/recommendations/jobs", trouble: fmt.Errorf("x: %w", ErrRebuilding), status: 503, retry: true},
		{method: "GET", path: "/recommendations/jobs", trouble: fmt.Errorf("x: %w", ErrUnavailable), status: 503, retry: true},
		{method: "GET", path: "/recommendations/jobs", trouble: context.DeadlineExceeded, status: 503, retry: true},
		{method: "GET", path: "/recommendations/jobs", trouble: fmt.Errorf("x: %w", ErrNoStudent), status: 404},
		{method: "GET", path: "/recommendations/jobs", trouble: errors.New("swordfish"), status: 500},
	} {
		w.feedError = c.trouble
		a := w.do(c.method, c.path, sam, c.body)
		a.problem(t, c.status)
		if (a.header.Get("Retry-After") != "") != c.retry {
			t.Errorf("%s %s: Retry-After %q", c.method, c.path, a.header.Get("Retry-After"))
		}
		if strings.Contains(a.body, "swordfish") {
			t.Errorf("%s %s tells what only the log should: %s", c.method, c.path, a.body)
		}
		if c.status == 405 && a.header.Get("Allow") == "" {
			t.Errorf("%s %s does not say what is allowed", c.method, c.path)
		}
	}
}

func TestBodiesOverTheLimitAreProblemsToo(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	// Written by hand: the server answers before the body, and a client that
	// still writes it may see the connection cut instead.
	conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	fmt.Fprintf(conn, "POST /signals HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n", maxBody+1)
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	answer{resp.StatusCode, resp.Header, string(body)}.problem(t, 413)
}

func TestReadyOnlyWhenRestored(t *testing.T) {
	w := newWorld(t)
	w.ready = false
	if p := w.do("GET", "/readyz", "", "").problem(t, 503); !strings.Contains(p.Detail, "three of four") {
		t.Errorf("it does not say what is missing: %v", p)
	}
	if a := w.do("GET", "/livez", "", ""); a.status != 200 {
		t.Errorf("a process that restores is alive: %d", a.status)
	}
	w.ready = true
	if a := w.do("GET", "/readyz", "", ""); a.status != 200 {
		t.Errorf("%d", a.status)
	}
}

func TestEveryAnswerCarriesSecurityHeadersAndARequestID(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", "o1")
	for _, path := range []string{"/recommendations/jobs", "/nowhere", "/healthz"} {
		h := w.do("GET", path, w.token(Student, "sam"), "").header
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Content-Security-Policy": bareContentPolicy, "Referrer-Policy": "no-referrer",
		} {
			if h.Get(name) != want {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if h.Get("X-Request-ID") == "" {
			t.Errorf("%s has no request id", path)
		}
	}
	if got := w.do("GET", "/saved", w.token(Student, "x"), "").header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control %q", got)
	}
	for given, kept := range map[string]bool{"abc-123": true, strings.Repeat("x", 65): false, "a b": false} {
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.Header.Set("X-Request-ID", given)
		if got := w.send(r).header.Get("X-Request-ID"); (got == given) != kept || got == "" {
			t.Errorf("request id %q became %q", given, got)
		}
	}
}

func TestCORSIsForConfiguredOriginsOnly(t *testing.T) {
	w := newWorld(t, func(c *Config, _ *Ports) { c.CORS = []string{"https://campus.example", "http://localhost:5173"} })
	for origin, want := range map[string]string{"https://campus.example": "https://campus.example", "http://localhost:5173": "http://localhost:5173", "https://evil.example": ""} {
		r := httptest.NewRequest("OPTIONS", "/saved", nil)
		r.Header.Set("Origin", origin)
		r.Header.Set("Access-Control-Request-Method", "GET")
		if got := w.send(r).header.Get("Access-Control-Allow-Origin"); got != want {
			t.Errorf("%s: %q", origin, got)
		}
	}
	for _, bad := range [][]string{{"campus.example"}, {"https://campus.example/"}, {"https://a.example", "*"}, {"https://*"}, {"ftp://x"}} {
		_, err := New(t.Context(), Config{Addr: ":1", Auth: testAuth, CORS: bad}, Ports{Now: time.Now}, nil, slog.New(slog.DiscardHandler))
		if err == nil {
			t.Errorf("%v was accepted", bad)
		}
	}
}

func TestRequestsAreCountedByTemplateAndTokensNotLogged(t *testing.T) {
	var log bytes.Buffer
	w := newWorld(t)
	w.server.log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.server.app.Get("/panics", func(*fiber.Ctx) error { panic("boo") })
	token := w.token(Ops, "o")
	w.do("GET", "/opportunities/one", token, "")
	w.do("GET", "/opportunities/two?student=hush", token, "")
	w.do("GET", "/nowhere", token, "")
	w.do("GET", "/panics", token, "")
	w.do("GET", "/healthz", token, "")
	scraped := w.do("GET", "/metrics", "", "").body
	for _, line := range []string{
		`tideline_http_requests_total{method="GET",route="/healthz",status_class="2xx"} 1`,
		`tideline_http_requests_total{method="GET",route="/opportunities/:opportunity",status_class="4xx"} 2`,
		`tideline_http_requests_total{method="GET",route="/panics",status_class="5xx"} 1`,
		`tideline_http_requests_total{method="GET",route="none",status_class="4xx"} 1`,
		`tideline_http_request_duration_seconds_count{method="GET",route="/opportunities/:opportunity"} 2`,
	} {
		if !strings.Contains(scraped, line+"\n") {
			t.Errorf("no %s in:\n%s", line, scraped)
		}
	}
	if n := strings.Count(scraped, "tideline_http_requests_total{"); n != 4 {
		t.Errorf("%d series, want 4:\n%s", n, scraped)
	}
	text := log.String()
	if !strings.Contains(text, "path=/opportunities/one status=404") || !strings.Contains(text, "boo") {
		t.Errorf("the log: %s", text)
	}
	if strings.Contains(text, strings.TrimPrefix(token, "Bearer ")) || strings.Contains(text, "hush") {
		t.Error("a token or a query is in the log")
	}
}

// listen serves on a port of its own until the test ends.
func (w *world) listen() (address string, served chan error) {
	w.t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		w.t.Fatal(err)
	}
	served = make(chan error, 1)
	go func() { served <- w.server.Serve(l) }()
	w.t.Cleanup(func() { _ = w.server.Shutdown(context.Background()) })
	return "http://" + l.Addr().String(), served
}

func TestStringsThatAreKeptAreNotOverwritten(t *testing.T) {
	// Fiber reads every request of a connection into the same memory.
	w := newWorld(t)
	address, _ := w.listen()
	token := w.token(Ops, "o")
	var want []string
	for i := range 50 {
		id := fmt.Sprintf("student-%02d-%s", i, strings.Repeat(string(rune('a'+i%26)), 20))
		want = append(want, id)
		r, err := http.NewRequest("DELETE", address+"/profiles/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", token)
		resp, err := http.DefaultClient.Do(r)
		if err != nil || resp.StatusCode != 202 {
			t.Fatal(resp, err)
		}
		_, _ = io.Copy(io.Discard, resp.Body) // so that the connection is used again
		resp.Body.Close()
	}
	if !slices.Equal(w.ids, want) {
		t.Errorf("kept %q", w.ids)
	}
}

func TestShutdownFinishesWhatIsUnderWay(t *testing.T) {
	entered, release := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(_ *Config, p *Ports) { p.Feeds = slowFeeds{entered, release} })
	address, served := w.listen()
	result := make(chan int, 1)
	go func() {
		r, _ := http.NewRequest("GET", address+"/recommendations/jobs", nil)
		r.Header.Set("Authorization", w.token(Student, "sam"))
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			result <- 0
			return
		}
		resp.Body.Close()
		result <- resp.StatusCode
	}()
	<-entered
	stopped := make(chan error, 1)
	go func() { stopped <- w.server.Shutdown(context.Background()) }()
	if err := <-served; err != nil { // it no longer accepts
		t.Errorf("Serve: %v", err)
	}
	close(release)
	if status := <-result; status != 200 {
		t.Errorf("the request under way got %d", status)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := w.server.Shutdown(context.Background()); err != nil {
		t.Errorf("the second Shutdown: %v", err)
	}
}

type slowFeeds struct{ entered, release chan struct{} }

func (f slowFeeds) Page(context.Context, string, event.Bucket, int) ([]event.Entry, error) {
	close(f.entered)
	<-f.release
	return nil, nil
}

func (f slowFeeds) View(context.Context, string) (event.View, error) { return event.View{}, nil }

func TestAServerThatWasShutDownDoesNotServe(t *testing.T) {
	w := newWorld(t)
	if err := w.server.Shutdown(t.Context()); err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := w.server.Serve(l); err != nil {
		t.Error(err)
	}
	if _, err := l.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the listener was left open: %v", err)
	}
}

func TestListenEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	w := newWorld(t)
	ended := make(chan error, 1)
	go func() { ended <- w.server.Listen(ctx) }()
	cancel()
	if err := <-ended; err != nil && !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestAdminServesMetricsAndLivenessAndProfilesToThisMachineOnly(t *testing.T) {
	reg := prometheus.NewRegistry()
	newHTTPMetrics(reg).requests.WithLabelValues("/x", "GET", "2xx").Inc()
	for _, c := range []struct {
		addr     string
		profiles int
	}{{"127.0.0.1:9090", 200}, {"localhost:9090", 200}, {":9090", 404}, {"0.0.0.0:9090", 404}, {"10.0.0.1:9090", 404}} {
		admin := Admin(c.addr, reg)
		for path, want := range map[string]struct {
			status int
			text   string
		}{
			"/metrics": {200, "tideline_http_requests_total"}, "/livez": {200, "ok"},
			"/debug/pprof/": {c.profiles, ""}, "/debug/pprof/cmdline": {c.profiles, ""}, "/debug/pprof/heap": {c.profiles, ""},
		} {
			got := httptest.NewRecorder()
			admin.ServeHTTP(got, httptest.NewRequest("GET", path, nil))
			if got.Code != want.status || !strings.Contains(got.Body.String(), want.text) {
				t.Errorf("%s%s: %d %.100s", c.addr, path, got.Code, got.Body)
			}
		}
	}
}
