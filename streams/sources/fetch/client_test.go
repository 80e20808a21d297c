package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tideline/streams/breaker"
	"tideline/streams/netguard"
	"tideline/streams/sources/fetchtest"
)

// site is a server that answers by path and counts.
type site struct {
	*httptest.Server
	mu       sync.Mutex
	asked    []string
	handlers map[string]http.HandlerFunc
}

func newSite(t *testing.T, handlers map[string]http.HandlerFunc) *site {
	s := &site{handlers: handlers}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.URL.Path)
		s.mu.Unlock()
		if h := handlers[r.URL.Path]; h != nil {
			h(w, r)
			return
		}
		http.NotFound(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *site) count(path string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(slices.DeleteFunc(slices.Clone(s.asked), func(p string) bool { return p != path }))
}

// client makes a client of a fake clock that may reach this machine.
func client(t *testing.T, change ...func(*Limits)) (*Client, *fetchtest.Clock) {
	clock := fetchtest.NewClock()
	hosts := NewHosts(clock)
	t.Cleanup(hosts.Close)
	limits := DefaultLimits()
	limits.UserAgent, limits.AllowPrivate, limits.Robots = Agent("mailto:ops@campus.example"), true, false
	for _, f := range change {
		f(&limits)
	}
	c := New(hosts, limits, &breaker.Breaker{}, nil)
	c.random = func() float64 { return 0.5 }
	return c, clock
}

// answers gives one answer after another, the last for ever.
func answers(list ...http.HandlerFunc) http.HandlerFunc {
	var mu sync.Mutex
	return func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		h := list[0]
		if len(list) > 1 {
			list = list[1:]
		}
		mu.Unlock()
		h(w, r)
	}
}

func text(code int, body string, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
		fmt.Fprint(w, body)
	}
}

func TestItSaysWhoItIs(t *testing.T) {
	var got http.Header
	s := newSite(t, map[string]http.HandlerFunc{"/jobs": func(_ http.ResponseWriter, r *http.Request) { got = r.Header }})
	c, _ := client(t)
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/jobs", Accept: JSON}); err != nil {
		t.Fatal(err)
	}
	if got.Get("User-Agent") != "tideline/1 (+mailto:ops@campus.example)" || !strings.HasPrefix(got.Get("Accept"), "application/json") {
		t.Errorf("headers %v", got)
	}
}

func TestOneHostIsAskedAtItsPace(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": text(200, "")})
	c, clock := client(t)
	other := New(c.hosts, c.limits, &breaker.Breaker{}, nil) // another source of the same host
	for _, c := range []*Client{c, other, c} {
		if _, err := c.Do(t.Context(), Request{URL: s.URL + "/"}); err != nil {
			t.Fatal(err)
		}
	}
	if got := clock.Slept(); !slices.Equal(got, []time.Duration{time.Second, time.Second}) {
		t.Errorf("waited %v", got)
	}
}

func TestFailuresAreTriedAgainAfterWhatTheServerAsks(t *testing.T) {
	date := time.Date(2026, 5, 1, 12, 0, 40, 0, time.UTC).Format(http.TimeFormat)
	for name, c := range map[string]struct {
		first http.HandlerFunc
		want  time.Duration
	}{
		"5xx":         {text(502, ""), time.Second},
		"429":         {text(429, ""), time.Second},
		"seconds":     {text(429, "", "Retry-After", "90"), 90 * time.Second},
		"date":        {text(503, "", "Retry-After", date), 40 * time.Second},
		"cut off":     {text(200, "short", "Content-Length", "100"), time.Second},
		"no patience": {text(503, "", "Retry-After", "301"), 0},
		"4xx":         {text(404, ""), 0},
	} {
		s := newSite(t, map[string]http.HandlerFunc{"/": answers(c.first, text(200, "fine"))})
		client, clock := client(t, func(l *Limits) { l.Pause = time.Nanosecond })
		got, err := client.Do(t.Context(), Request{URL: s.URL + "/"})
		if c.want == 0 {
			if err == nil || s.count("/") != 1 {
				t.Errorf("%s: %v after %d requests", name, err, s.count("/"))
			}
			continue
		}
		if err != nil || string(got.Body) != "fine" || !slices.Contains(clock.Slept(), c.want) {
			t.Errorf("%s: %v, waited %v", name, err, clock.Slept())
		}
	}
}

func TestTheWaitThatWasAskedForIsTold(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": text(429, "", "Retry-After", "7200")})
	c, _ := client(t)
	_, err := c.Do(t.Context(), Request{URL: s.URL + "/?token=hidden"})
	if RetryAfter(err) != 2*time.Hour || strings.Contains(err.Error(), "hidden") {
		t.Error(err)
	}
}

func TestWhatMayHaveBeenDoneIsNotDoneAgain(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/run": text(500, ""), "/busy": answers(text(429, ""), text(201, ""))})
	c, _ := client(t)
	if _, err := c.Do(t.Context(), Request{Method: "POST", URL: s.URL + "/run"}); err == nil || s.count("/run") != 1 {
		t.Errorf("%v after %d", err, s.count("/run"))
	}
	if got, err := c.Do(t.Context(), Request{Method: "POST", URL: s.URL + "/busy"}); err != nil || got.Status != 201 {
		t.Error(err)
	}
}

func TestASourceThatKeepsFailingIsLeftAlone(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": text(500, "")})
	c, clock := client(t, func(l *Limits) { l.Attempts = breaker.After })
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/"}); err == nil {
		t.Fatal("no error")
	}
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/"}); !errors.Is(err, ErrBroken) || s.count("/") != breaker.After {
		t.Errorf("%v after %d requests", err, s.count("/"))
	}
	s.handlers["/"] = text(200, "")
	clock.Advance(breaker.First)
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/"}); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestTheBudgetCountsEverything(t *testing.T) {
	from := newSite(t, map[string]http.HandlerFunc{
		"/robots.txt": text(200, ""),
		"/":           func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/there", http.StatusFound) },
		"/there":      answers(text(500, ""), text(200, "12345")),
	})
	c, _ := client(t, func(l *Limits) { l.Budget, l.Robots = 5, true })
	if _, err := c.Do(t.Context(), Request{URL: from.URL + "/"}); err != nil { // robots, 2 with a redirect each
		t.Fatal(err)
	}
	if got := c.Usage(); got != (Usage{Requests: 5, Bytes: 5}) {
		t.Errorf("used %+v", got)
	}
	if _, err := c.Do(t.Context(), Request{URL: from.URL + "/there"}); !errors.Is(err, ErrBudget) {
		t.Error(err)
	}
}

func TestAnswersAreCapped(t *testing.T) {
	var clock *fetchtest.Clock
	s := newSite(t, map[string]http.HandlerFunc{
		"/huge": text(200, strings.Repeat("x", 1001), "Content-Type", "application/json"),
		"/html": text(200, "<p>", "Content-Type", "text/html; charset=utf-8"),
		"/slow": func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			fmt.Fprint(w, "{")
			w.(http.Flusher).Flush()
			clock.Advance(time.Minute)
			<-r.Context().Done()
		},
	})
	c, fake := client(t, func(l *Limits) { l.MaxBody, l.Attempts = 1000, 2 })
	clock = fake
	for path, want := range map[string]error{"/huge": ErrTooLarge, "/html": ErrType, "/slow": ErrSlow} {
		if _, err := c.Do(t.Context(), Request{URL: s.URL + path, Accept: JSON}); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", path, err, want)
		}
	}
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/html", MaxBody: 2}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("three bytes where two are allowed: %v", err)
	}
	if s.count("/huge") != 1 || s.count("/html") != 2 || s.count("/slow") != 2 {
		t.Errorf("asked %v", s.asked)
	}
}

func TestAnAnswerThatUnpacksToTooMuchIsNotRead(t *testing.T) {
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	if _, err := z.Write(make([]byte, 64<<20)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	s := newSite(t, map[string]http.HandlerFunc{"/": text(200, packed.String(), "Content-Encoding", "gzip")})
	c, _ := client(t, func(l *Limits) { l.MaxBody = 1 << 20 })
	if packed.Len() > 1<<20 {
		t.Fatalf("packed to %d bytes", packed.Len())
	}
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/"}); !errors.Is(err, ErrTooLarge) {
		t.Error(err)
	}
}

func TestNamesAndDisguisesOfPrivateAddressesAreRefused(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": text(200, "")})
	c, _ := client(t, func(l *Limits) { l.AllowPrivate = false })
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	for _, host := range []string{"localhost", "[::ffff:127.0.0.1]", "0.0.0.0", "127.1"} {
		if _, err := c.Do(t.Context(), Request{URL: "http://" + host + ":" + port + "/"}); err == nil || len(s.asked) > 0 {
			t.Errorf("%s: %v", host, err)
		}
	}
}

func TestTheDelayThatRobotsAskForIsKept(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/robots.txt": text(200, "User-agent: *\nCrawl-delay: 7\n"), "/jobs": text(200, "")})
	c, clock := client(t, func(l *Limits) { l.Robots = true })
	for range 3 {
		if _, err := c.Do(t.Context(), Request{URL: s.URL + "/jobs"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := len(slices.DeleteFunc(clock.Slept(), func(d time.Duration) bool { return d != 7*time.Second })); n != 2 {
		t.Errorf("slept %v", clock.Slept())
	}
}

func TestPrivateAddressesAreRefused(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": text(200, "")})
	c, _ := client(t, func(l *Limits) { l.AllowPrivate = false })
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/"}); !errors.Is(err, netguard.ErrPrivate) || len(s.asked) > 0 {
		t.Error(err)
	}
}

func TestRedirectsAreRequestsOfTheirOwn(t *testing.T) {
	var token string
	other := newSite(t, map[string]http.HandlerFunc{
		"/robots.txt": text(200, "User-agent: *\nDisallow: /private"),
		"/jobs":       func(w http.ResponseWriter, r *http.Request) { token = r.Header.Get("Authorization") },
	})
	hop := func(to string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, to, http.StatusFound) }
	}
	s := newSite(t, map[string]http.HandlerFunc{
		"/loop": hop("/loop"), "/away": hop(other.URL + "/jobs"), "/private": hop(other.URL + "/private"), "/user": hop("http://me@" + other.Listener.Addr().String()),
	})
	c, _ := client(t, func(l *Limits) { l.Robots = true })
	header := http.Header{"Authorization": {"Bearer secret"}}
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/away", Header: header}); err != nil || token != "" {
		t.Errorf("%v, and the other host was given %q", err, token)
	}
	for path, want := range map[string]error{"/loop": ErrRedirect, "/private": ErrRobots, "/user": ErrRedirect} {
		if _, err := c.Do(t.Context(), Request{URL: s.URL + path}); !errors.Is(err, want) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if n := s.count("/loop"); n != maxRedirects+1 {
		t.Errorf("%d hops", n)
	}
}

func TestFromHTTPSNothingLeadsToPlainHTTP(t *testing.T) {
	plain := newSite(t, map[string]http.HandlerFunc{"/": text(200, "")})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/", http.StatusFound)
	}))
	defer s.Close()
	c, _ := client(t)
	c.http.Transport = s.Client().Transport
	if _, err := c.Do(t.Context(), Request{URL: s.URL}); !errors.Is(err, ErrRedirect) || len(plain.asked) > 0 {
		t.Error(err)
	}
}

func TestADetourOverHTTPSLeadsNotBackToPlainHTTP(t *testing.T) {
	plain := newSite(t, map[string]http.HandlerFunc{"/jobs": text(200, "")})
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, plain.URL+"/jobs", http.StatusFound)
	}))
	defer s.Close()
	plain.handlers["/"] = func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, s.URL, http.StatusFound) }
	c, _ := client(t)
	c.http.Transport = s.Client().Transport
	if _, err := c.Do(t.Context(), Request{URL: plain.URL + "/"}); !errors.Is(err, ErrRedirect) || plain.count("/jobs") > 0 {
		t.Error(err)
	}
}

func TestARedirectWithinAHostObeysItsRobots(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{
		"/robots.txt": text(200, "\ufeffUser-Agent: *\r\nDisallow: /private # not for you\r\n"),
		"/jobs":       func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/private", http.StatusFound) },
	})
	c, _ := client(t, func(l *Limits) { l.Robots = true })
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/jobs"}); !errors.Is(err, ErrRobots) || s.count("/private") > 0 {
		t.Error(err)
	}
}

// Each of two hosts says that its robots.txt is the other's.
func TestRobotsInACircleEnd(t *testing.T) {
	var a, b *site
	a = newSite(t, map[string]http.HandlerFunc{"/robots.txt": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, b.URL+"/robots.txt", http.StatusFound)
	}})
	b = newSite(t, map[string]http.HandlerFunc{"/robots.txt": func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, a.URL+"/robots.txt", http.StatusFound)
	}})
	c, _ := client(t, func(l *Limits) { l.Robots = true })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // instead of waiting for itself
	defer cancel()
	if _, err := c.Do(ctx, Request{URL: a.URL + "/jobs"}); !errors.Is(err, ErrRedirect) || a.count("/jobs") > 0 {
		t.Error(err)
	}
}

func TestRobotsThatAreRefusedForNowAllowNothing(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/robots.txt": text(429, "", "Retry-After", "1"), "/jobs": text(200, "")})
	c, _ := client(t, func(l *Limits) { l.Robots = true })
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/jobs"}); err == nil || s.count("/jobs") > 0 {
		t.Errorf("asked all the same: %v", err)
	}
}

func TestRobotsAreObeyedAndReadOnceADay(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{
		"/robots.txt": text(200, "User-agent: *\nDisallow: /\n\nUser-agent: tideline\nDisallow: /api/\nAllow: /api/open"),
		"/jobs":       text(200, ""), "/api/open": text(200, ""),
	})
	c, clock := client(t, func(l *Limits) { l.Robots = true })
	for path, want := range map[string]bool{"/jobs": true, "/api/open": true, "/api/closed": false} {
		if _, err := c.Do(t.Context(), Request{URL: s.URL + path}); (err == nil) != want || !want && !errors.Is(err, ErrRobots) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if n := s.count("/robots.txt"); n != 1 || s.count("/api/closed") > 0 {
		t.Errorf("asked %v", s.asked)
	}
	clock.Advance(25 * time.Hour)
	s.handlers["/robots.txt"] = text(500, "")
	if _, err := c.Do(t.Context(), Request{URL: s.URL + "/jobs"}); err == nil || s.count("/jobs") != 1 {
		t.Errorf("a host whose robots.txt fails was asked: %v", err)
	}
}

func TestWhatDidNotChangeIsNotSentAgain(t *testing.T) {
	s := newSite(t, map[string]http.HandlerFunc{"/": func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == `"1"` && r.Header.Get("If-Modified-Since") == "Fri, 01 May 2026 00:00:00 GMT" {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		text(200, "body", "ETag", `"1"`, "Last-Modified", "Fri, 01 May 2026 00:00:00 GMT")(w, r)
	}})
	c, _ := client(t)
	ask := Request{URL: s.URL + "/", Conditional: true}
	if got, err := c.Do(t.Context(), ask); err != nil || got.NotModified {
		t.Fatal(err)
	}
	next := New(c.hosts, c.limits, &breaker.Breaker{}, c.Validators())
	if got, err := next.Do(t.Context(), ask); err != nil || !got.NotModified || len(next.Validators()) != 1 {
		t.Errorf("%+v, %v", got, err)
	}
	ask.Conditional = false
	if got, err := next.Do(t.Context(), ask); err != nil || got.NotModified {
		t.Errorf("%+v, %v", got, err)
	}
}
