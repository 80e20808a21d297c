package registry

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/goccy/go-yaml"

	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/fetchtest"
)

// stage is a server that plays a source, and a way to spoil what it answers.
type stage struct {
	t      *testing.T
	play   play
	source sources.Source
	clock  *fetchtest.Clock
	hosts  *fetch.Hosts
	base   string
	limits fetch.Limits

	mu    sync.Mutex
	asked int
	spoil func(n int, w http.ResponseWriter, r *http.Request, honest *httptest.ResponseRecorder)
}

func newStage(t *testing.T, p play, entries int) *stage {
	clock := fetchtest.NewClock()
	s := &stage{t: t, play: p, clock: clock, hosts: fetch.NewHosts(clock), limits: fetch.DefaultLimits()}
	t.Cleanup(s.hosts.Close)
	s.limits.AllowPrivate, s.limits.Robots, s.limits.Attempts, s.limits.Pause = true, false, 2, time.Millisecond
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		honest := httptest.NewRecorder()
		p.serve(entries, "http://"+r.Host)(honest, r)
		s.mu.Lock()
		s.asked++
		n, spoil := s.asked, s.spoil
		s.mu.Unlock()
		if spoil != nil && honest.Code < 300 {
			spoil(n, w, r, honest)
			return
		}
		send(w, honest, honest.Body.Bytes())
	}))
	t.Cleanup(server.Close)
	s.base = server.URL
	t.Setenv("TIDELINE_TEST_TOKEN", "secret-token")
	kind := Kinds()[p.kind]
	var err error
	s.source, err = kind.New(func(into any) error {
		return yaml.UnmarshalWithOptions([]byte(p.options(server.URL)), into, yaml.Strict())
	})
	if err != nil {
		t.Fatalf("%s: %v", p.kind, err)
	}
	return s
}

func send(w http.ResponseWriter, honest *httptest.ResponseRecorder, body []byte) {
	maps.Copy(w.Header(), honest.Header())
	w.WriteHeader(honest.Code)
	_, _ = w.Write(body)
}

// polled is what came of a poll.
type polled struct {
	ids      []string
	coverage sources.Coverage
	err      error
	sink     *sources.Sink
	kept     map[string]fetch.Validator
}

func (s *stage) poll(known map[string]fetch.Validator) polled {
	var p polled
	web := fetch.New(s.hosts, s.limits, &breaker.Breaker{}, known)
	p.sink = sources.NewPoll(s.clock.Now(), func(r sources.Record) error {
		p.ids = append(p.ids, r.ID)
		return nil
	})
	p.coverage, p.err = s.source.Poll(s.t.Context(), web, p.sink)
	p.kept = web.Validators()
	slices.Sort(p.ids)
	if strings.Contains(fmt.Sprint(p.err), "secret-token") {
		s.t.Errorf("the error tells the token: %v", p.err)
	}
	return p
}

// believable says whether somebody would take what is missing for gone.
func (p polled) believable() bool {
	return p.err == nil && p.coverage.Complete && p.sink.Nameless() == 0
}

func TestEveryKindHasAPlay(t *testing.T) {
	var played []string
	for _, p := range plays {
		played = append(played, p.kind)
	}
	slices.Sort(played)
	if !slices.Equal(slices.Compact(played), KindNames()) {
		t.Errorf("played %v of %v", played, KindNames())
	}
}

// each runs a test for every play.
func each(t *testing.T, test func(*testing.T, play)) {
	for _, p := range plays {
		t.Run(p.name(), func(t *testing.T) { test(t, p) })
	}
}

func TestAPollFindsEverything(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		s := newStage(t, p, p.entries)
		got := s.poll(nil)
		var want []string
		for n := range p.entries {
			want = append(want, p.idAt(s.base, n))
		}
		slices.Sort(want)
		if got.err != nil || !slices.Equal(got.ids, want) || got.sink.Report.Refused() > 0 {
			t.Errorf("%v: found %.200q, want %.200q; rejected %v", got.err, got.ids, want, got.sink.Report.Samples)
		}
		if got.coverage.Complete == p.window || p.window == (got.coverage.Why == "") {
			t.Errorf("coverage %+v", got.coverage)
		}
		if again := s.poll(nil); !slices.Equal(again.ids, want) {
			t.Errorf("ids are not stable: %.200q", again.ids)
		}
	})
}

func TestNothingListedIsComplete(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		if got := newStage(t, p, 0).poll(nil); got.err != nil || len(got.ids) > 0 || got.coverage.Complete == p.window {
			t.Errorf("%+v", got)
		}
	})
}

func TestWhatDidNotChangeIsNotReadAgain(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		s := newStage(t, p, min(2, p.entries))
		s.spoil = func(_ int, w http.ResponseWriter, r *http.Request, honest *httptest.ResponseRecorder) {
			if r.Header.Get("If-None-Match") == `"v1"` {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			honest.Header().Set("ETag", `"v1"`)
			send(w, honest, honest.Body.Bytes())
		}
		first := s.poll(nil)
		second := s.poll(first.kept)
		switch {
		case first.err != nil || second.err != nil:
			t.Error(first.err, second.err)
		case p.conditional && (!second.coverage.Unmodified || len(second.ids) > 0 || second.coverage.Complete == p.window):
			t.Errorf("%+v", second)
		case !p.conditional && (second.coverage.Unmodified || len(second.ids) != len(first.ids)):
			t.Errorf("%+v", second)
		}
	})
}

func TestTooManyRequestsAreWaitedOut(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		s := newStage(t, p, p.entries)
		refused := false
		s.spoil = func(n int, w http.ResponseWriter, _ *http.Request, honest *httptest.ResponseRecorder) {
			if refused = !refused; refused {
				after := "17"
				if n%4 == 1 { // the other form
					after = s.clock.Now().Add(17 * time.Second).Format(http.TimeFormat)
				}
				w.Header().Set("Retry-After", after)
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			send(w, honest, honest.Body.Bytes())
		}
		if got := s.poll(nil); got.err != nil || len(got.ids) != p.entries || !slices.Contains(s.clock.Slept(), 17*time.Second) {
			t.Errorf("%v, %d found, slept %v", got.err, len(got.ids), s.clock.Slept())
		}
	})
}

// spoiled are the ways in which answers go wrong, and the error each must give;
// nil: any.
var spoiled = map[string]struct {
	spoil func(s *stage, w http.ResponseWriter, r *http.Request, honest *httptest.ResponseRecorder)
	want  error
}{
	"5xx": {spoil: func(_ *stage, w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.WriteHeader(http.StatusBadGateway)
	}},
	"truncated": {func(_ *stage, w http.ResponseWriter, _ *http.Request, honest *httptest.ResponseRecorder) {
		body := honest.Body.Bytes()
		w.Header().Set("Content-Length", strconv.Itoa(len(body)+1))
		send(w, honest, body[:len(body)/2])
	}, io.ErrUnexpectedEOF},
	"slow": {func(s *stage, w http.ResponseWriter, r *http.Request, honest *httptest.ResponseRecorder) {
		send(w, honest, honest.Body.Bytes()[:1])
		w.(http.Flusher).Flush()
		s.clock.Advance(s.limits.Timeout)
		<-r.Context().Done()
	}, fetch.ErrSlow},
	"huge": {func(s *stage, w http.ResponseWriter, _ *http.Request, honest *httptest.ResponseRecorder) {
		send(w, honest, append(honest.Body.Bytes(), make([]byte, s.limits.MaxBody)...))
	}, fetch.ErrTooLarge},
	"another type": {func(_ *stage, w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
		w.Header().Set("Content-Type", "application/pdf")
		_, _ = io.WriteString(w, "%PDF")
	}, fetch.ErrType},
}

func TestSpoiledAnswersEndThePollAndProveNothing(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		for name, c := range spoiled {
			for _, from := range []int{1, p.requests} { // the first, and the last
				s := newStage(t, p, p.entries)
				s.limits.MaxBody = 1 << 20
				s.spoil = func(n int, w http.ResponseWriter, r *http.Request, honest *httptest.ResponseRecorder) {
					if n < from {
						send(w, honest, honest.Body.Bytes())
						return
					}
					c.spoil(s, w, r, honest)
				}
				got := s.poll(nil)
				if got.err == nil || c.want != nil && !errors.Is(got.err, c.want) {
					t.Errorf("%s from request %d on: coverage %+v, %v", name, from, got.coverage, got.err)
				}
			}
		}
	})
}

func TestBodiesCutWithoutALengthProveNothing(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		if p.anyText {
			t.Skip("half of it is a whole one")
		}
		s := newStage(t, p, p.entries)
		s.spoil = func(_ int, w http.ResponseWriter, _ *http.Request, honest *httptest.ResponseRecorder) {
			send(w, honest, honest.Body.Bytes()[:honest.Body.Len()/2])
		}
		if got := s.poll(nil); got.believable() {
			t.Errorf("%+v, %v", got.coverage, got.err)
		}
	})
}

func TestAPageToSignInProvesNothing(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		s := newStage(t, p, p.entries)
		s.spoil = func(_ int, w http.ResponseWriter, _ *http.Request, _ *httptest.ResponseRecorder) {
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = io.WriteString(w, "<!doctype html><html><body><form>Sign in</form></body></html>")
		}
		if got := s.poll(nil); got.believable() || len(got.ids) > 0 {
			t.Errorf("%+v, %v", got.coverage, got.err)
		}
	})
}

func TestAnotherSchemaProvesNothing(t *testing.T) {
	each(t, func(t *testing.T, p play) {
		for _, name := range p.names {
			s := newStage(t, p, min(2, p.entries))
			s.spoil = func(_ int, w http.ResponseWriter, _ *http.Request, honest *httptest.ResponseRecorder) {
				send(w, honest, []byte(strings.ReplaceAll(honest.Body.String(), name, strings.ReplaceAll(name, name[1:2], "Z9"))))
			}
			got := s.poll(nil)
			unharmed := got.believable() && len(got.ids) == min(2, p.entries)
			listed := got.believable() && got.sink.Listed(p.idAt(s.base, 0)) && got.sink.Listed(p.idAt(s.base, min(2, p.entries)-1))
			if got.believable() && !unharmed && !listed {
				t.Errorf("without %s: complete, and of %v nothing is listed", name, got.ids)
			}
		}
	})
}
