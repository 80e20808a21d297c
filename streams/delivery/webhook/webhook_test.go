package webhook

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"tideline/engine/event"
	"tideline/rulesets/templates"
	"tideline/streams/breaker"
	"tideline/streams/delivery"
	"tideline/streams/netguard"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYqr"

func keyOf(t *testing.T, s string) []byte {
	t.Helper()
	key, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(s, "whsec_"))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

var shipped = sync.OnceValue(func() *templates.Texts {
	texts, err := templates.Load(templates.Shipped)
	if err != nil {
		panic(err)
	}
	return texts
})

// receiver keeps what verifies.
type receiver struct {
	mu     sync.Mutex
	ids    []string
	bodies []string
	wrong  []error
	answer http.HandlerFunc
}

// seen gives what came so far, and what did not verify.
func (r *receiver) seen() (ids, bodies []string, wrong error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.ids), slices.Clone(r.bodies), errors.Join(r.wrong...)
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	body, err := io.ReadAll(request.Body)
	verifier, err2 := standardwebhooks.NewWebhook(secret)
	if err := errors.Join(err, err2, verifier.Verify(body, request.Header)); err != nil {
		r.mu.Lock()
		r.wrong = append(r.wrong, err)
		r.mu.Unlock()
	}
	r.mu.Lock()
	r.ids, r.bodies = append(r.ids, request.Header.Get("webhook-id")), append(r.bodies, string(body))
	r.mu.Unlock()
	if r.answer != nil {
		r.answer(w, request)
	}
}

func start(t *testing.T, r http.Handler) (*httptest.Server, *Sender) {
	t.Helper()
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	s := New(Endpoint{Name: "crm", URL: server.URL + "/hook", Keys: [][]byte{keyOf(t, secret)}, AllowPrivate: true}, shipped)
	t.Cleanup(s.Close)
	return server, s
}

func TestAReceiverCanVerifyWhatItGets(t *testing.T) {
	r := &receiver{}
	_, s := start(t, r)
	n := templates.Sample("top-candidate", "en", false)
	if err := s.Send(t.Context(), n); err != nil {
		t.Fatal(err)
	}
	ids, bodies, wrong := r.seen()
	if wrong != nil || len(ids) != 1 || ids[0] != n.ID {
		t.Fatalf("ids %v, %v", ids, wrong)
	}
	var p Payload
	if err := json.Unmarshal([]byte(bodies[0]), &p); err != nil {
		t.Fatal(err)
	}
	if p.Type != Type || !p.Timestamp.Equal(n.Decided) || p.Data.Message.Title != "Number 3 for Backend Intern" || p.Data.Facts.Overlap != 0.82 {
		t.Errorf("got %+v", p)
	}
	if strings.Contains(bodies[0], n.Email) {
		t.Error("the email address left the house")
	}
}

func TestWhileASecretChangesBothSign(t *testing.T) {
	r := &receiver{}
	server, _ := start(t, r)
	fresh := make([]byte, 32)
	s := New(Endpoint{URL: server.URL, Keys: [][]byte{fresh, keyOf(t, secret)}, AllowPrivate: true}, shipped)
	defer s.Close()
	if err := s.Send(t.Context(), templates.Sample("gap", "en", false)); err != nil {
		t.Error(err)
	}
	if _, _, wrong := r.seen(); wrong != nil {
		t.Error(wrong)
	}
}

func TestAnswersDecideWhatFollows(t *testing.T) {
	for _, c := range []struct {
		name   string
		answer http.HandlerFunc
		want   *delivery.Failure // nil: delivered
	}{
		{"204", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, nil},
		{"400", status(400), &delivery.Failure{}},
		{"500", status(500), &delivery.Failure{Away: true}},
		{"410", status(410), &delivery.Failure{Gone: true}},
		{"503 with seconds", retry(503, "120"), &delivery.Failure{Away: true, After: 2 * time.Minute}},
		{"429 with seconds", retry(429, " 7 "), &delivery.Failure{After: 7 * time.Second}},
		{"429 with nonsense", retry(429, "soon"), &delivery.Failure{}},
		{"429 in the past", retry(429, "Mon, 02 Jan 2006 15:04:05 GMT"), &delivery.Failure{}},
		{"500 with seconds", retry(500, "120"), &delivery.Failure{Away: true}},
		{"a redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		}, &delivery.Failure{}},
		{"a connection cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, &delivery.Failure{Away: true}},
		{"an endless answer", func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(500)
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 64<<10)); err != nil {
					return
				}
			}
		}, &delivery.Failure{Away: true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &receiver{answer: c.answer}
			_, s := start(t, r)
			err := s.Send(t.Context(), templates.Sample("gap", "en", false))
			f, _ := errors.AsType[*delivery.Failure](err)
			if (f == nil) != (c.want == nil) {
				t.Fatalf("got %v", err)
			}
			if f != nil && (f.Final != c.want.Final || f.Away != c.want.Away || f.Gone != c.want.Gone || f.After != c.want.After) {
				t.Errorf("got %+v", f)
			}
			if ids, _, _ := r.seen(); len(ids) != 1 {
				t.Errorf("%d requests; redirects are not followed", len(ids))
			}
			if err != nil && len(err.Error()) > maxAnswer+100 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
		})
	}
}

func status(code int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "says\nthe receiver", code) }
}

func retry(code int, after string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", after)
		w.WriteHeader(code)
	}
}

func TestRetryAfterMayBeADate(t *testing.T) {
	now := time.Date(2026, 6, 9, 8, 0, 0, 0, time.UTC)
	h := http.Header{"Retry-After": {"Tue, 09 Jun 2026 08:10:00 GMT"}}
	if got := breaker.RetryAfter(h, now); got != 10*time.Minute {
		t.Errorf("got %s", got)
	}
}

func TestPrivateAddressesAreRefusedWhenConnecting(t *testing.T) {
	r := &receiver{}
	server, _ := start(t, r)
	port := server.URL[strings.LastIndexByte(server.URL, ':'):]
	// A name, too: it is what it leads to that counts.
	for _, host := range []string{"127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"} {
		s := New(Endpoint{URL: "http://" + host + port, Keys: [][]byte{{1}}}, shipped)
		err := s.Send(t.Context(), templates.Sample("gap", "en", false))
		f, _ := errors.AsType[*delivery.Failure](err)
		if !errors.Is(err, netguard.ErrPrivate) || f == nil || !f.Final || f.Away {
			t.Errorf("%s: %v", host, err)
		}
	}
	if ids, _, _ := r.seen(); len(ids) > 0 {
		t.Error("it was reached")
	}
}

func TestRetriesKeepTheIDAndTheBody(t *testing.T) {
	answers := make(chan int, 3)
	answers <- 500
	answers <- 429
	answers <- 200
	done := make(chan struct{})
	r := &receiver{answer: func(w http.ResponseWriter, _ *http.Request) {
		code := <-answers
		w.WriteHeader(code)
		if code == 200 {
			close(done)
		}
	}}
	_, s := start(t, r)
	q := delivery.New(delivery.Config{
		Targets:  []delivery.Target{{Channel: event.Webhook, Endpoint: "crm", Sender: s}},
		Schedule: []time.Duration{time.Millisecond, time.Millisecond},
	}, nowhere{}, nil, slog.New(slog.DiscardHandler))
	if err := q.Take(t.Context(), 0, nil); err != nil {
		t.Fatal(err)
	}
	n := templates.Sample("top-candidate", "en", false)
	n.Decided = time.Now()
	if err := q.Accept(t.Context(), 0, []event.Notification{n}); err != nil {
		t.Fatal(err)
	}
	var running sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	running.Go(func() { _ = q.Run(ctx) })
	<-done
	stop()
	running.Wait()
	ids, bodies, wrong := r.seen()
	if wrong != nil || !slices.Equal(ids, []string{n.ID, n.ID, n.ID}) || bodies[0] != bodies[2] {
		t.Errorf("ids %v, %v", ids, wrong)
	}
}
