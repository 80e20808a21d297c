package streams_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-smtp"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"tideline/engine/command"
	"tideline/engine/event"
	"tideline/rulesets/templates"
	"tideline/streams"
)

// arrivals are what came in over both channels.
type arrivals struct {
	mu   sync.Mutex
	all  []string
	came chan string
}

func (a *arrivals) add(what string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.all = append(a.all, what)
	a.came <- what
}

func (a *arrivals) NewSession(*smtp.Conn) (smtp.Session, error) { return &session{a}, nil }

type session struct{ *arrivals }

func (*session) Mail(string, *smtp.MailOptions) error { return nil }
func (*session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (*session) Reset()                               {}
func (*session) Logout() error                        { return nil }

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	_, id, _ := strings.Cut(string(text), "Message-ID: <")
	id, _, _ = strings.Cut(id, "@")
	s.add("email " + id)
	return err
}

// TestDeliverSendsWhatTheGatesSent runs the command as an operator would,
// against a broker, a mail server and a receiver of webhooks in the process.
func TestDeliverSendsWhatTheGatesSent(t *testing.T) {
	got := &arrivals{came: make(chan string, 100)}
	brokers := broker(t)
	config := streams.Config{Brokers: brokers, Group: "tideline", Instance: "test"}
	if _, err := streams.EnsureTopics(t.Context(), config, 4, 0, 1, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	args := append(servers(t, got), "--kafka.brokers="+brokers[0], "--instance=test")
	for round := range 2 { // the second goes on where the first stopped
		id := func(i int) string { return fmt.Sprintf("%032d", 10*round+i) }
		suppressed, quiet := sent(id(1)), sent(id(2))
		suppressed.Outcome, quiet.Channels = event.Suppressed, []event.Channel{event.InApp}
		produce(t, brokers, suppressed, quiet, sent(id(3)))
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		go func() {
			cmd := command.New()
			cmd.SetArgs(args)
			ended <- cmd.ExecuteContext(ctx)
		}()
		for range 2 {
			select {
			case <-got.came:
			case err := <-ended:
				t.Fatalf("ended early: %v", err)
			case <-time.After(time.Minute):
				t.Fatal("nothing came")
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
	}
	want := map[string]bool{}
	for _, n := range []int{3, 13} {
		want[fmt.Sprintf("email %032d", n)], want[fmt.Sprintf("webhook %032d", n)] = true, true
	}
	for _, what := range got.all {
		if !want[what] {
			t.Errorf("%s came, or came twice", what)
		}
		delete(want, what)
	}
	if len(want) > 0 {
		t.Errorf("missing are %v", want)
	}
}

// An endpoint that is added, moved or was told never to be asked again gets what
// comes after the file was changed; a file that is wrong changes nothing.
func TestEndpointsChangeWhileDelivering(t *testing.T) {
	got := &arrivals{came: make(chan string, 100)}
	brokers := broker(t)
	config := streams.Config{Brokers: brokers, Group: "tideline", Instance: "test"}
	if _, err := streams.EnsureTopics(t.Context(), config, 4, 0, 1, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	receiver := func(name string, status int) string {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			got.add(name + " " + r.Header.Get("webhook-id"))
		}))
		t.Cleanup(server.Close)
		return server.URL
	}
	gone, next := receiver("gone", http.StatusGone), receiver("next", http.StatusOK)
	dir := t.TempDir()
	file := filepath.Join(dir, "webhooks.yaml")
	write := func(url string) {
		t.Helper()
		text := fmt.Sprintf("- {name: crm, url: %q, secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, allow_private: true}\n", url)
		if err := os.WriteFile(file+"~", []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(file+"~", file); err != nil {
			t.Fatal(err)
		}
	}
	write(gone)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	var log lines
	go func() {
		cmd := command.New()
		cmd.SetErr(&log)
		cmd.SetArgs([]string{
			"deliver", "--data_dir=" + dir, "--admin.addr=127.0.0.1:0", "--webhooks.file=" + file, "--webhooks.reload=10ms",
			"--kafka.brokers=" + brokers[0], "--instance=test",
		})
		ended <- cmd.ExecuteContext(ctx)
	}()
	await := func(what string) {
		t.Helper()
		select {
		case came := <-got.came:
			if came != what {
				t.Errorf("%s came, not %s", came, what)
			}
		case err := <-ended:
			t.Fatalf("ended early: %v", err)
		case <-time.After(time.Minute):
			t.Fatalf("%s did not come", what)
		}
	}
	id := func(i int) string { return fmt.Sprintf("%032d", i) }
	produce(t, brokers, sent(id(1)))
	await("gone " + id(1))
	write("ftp://nowhere")
	log.await(t, "the endpoints are wrong")
	write(next)
	log.await(t, "the endpoints have changed")
	produce(t, brokers, sent(id(2)))
	await("next " + id(2))
	stop()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}

// lines is a log that can be waited for.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	more chan struct{}
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.more != nil {
		close(l.more)
		l.more = nil
	}
	return l.text.Write(p)
}

func (l *lines) await(t *testing.T, what string) {
	t.Helper()
	end := time.After(time.Minute)
	for {
		l.mu.Lock()
		if strings.Contains(l.text.String(), what) {
			l.mu.Unlock()
			return
		}
		if l.more == nil {
			l.more = make(chan struct{})
		}
		more := l.more
		l.mu.Unlock()
		select {
		case <-more:
		case <-end:
			t.Fatalf("the log does not say %q", what)
		}
	}
}

func broker(t *testing.T) []string {
	t.Helper()
	cluster, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.GroupMinSessionTimeout(0))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(cluster.Close)
	return cluster.ListenAddrs()
}

// servers starts the receivers and gives the arguments that lead to them.
func servers(t *testing.T, got *arrivals) []string {
	t.Helper()
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		got.add("webhook " + r.Header.Get("webhook-id"))
	}))
	t.Cleanup(hook.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := smtp.NewServer(got)
	server.Domain = "localhost"
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) })
	t.Cleanup(func() {
		_ = server.Close()
		serving.Wait()
	})
	dir := t.TempDir()
	file := filepath.Join(dir, "webhooks.yaml")
	text := fmt.Sprintf("- {name: crm, url: %q, secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA, allow_private: true}\n", hook.URL)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{
		"deliver", "--data_dir=" + dir, "--admin.addr=127.0.0.1:0", "--webhooks.file=" + file, "--log.level=error",
		"--smtp.host=127.0.0.1", "--smtp.port=" + strconv.Itoa(listener.Addr().(*net.TCPAddr).Port), "--smtp.tls=none",
		"--smtp.from=no-reply@example.org", "--public_url=https://tideline.example.org",
	}
}

func sent(id string) event.Notification {
	n := templates.Sample("job-match", "en", false)
	n.ID, n.Decided = id, time.Now()
	return n
}

func produce(t *testing.T, brokers []string, list ...event.Notification) {
	t.Helper()
	cl, err := kgo.NewClient(kgo.SeedBrokers(brokers...))
	if err != nil {
		t.Fatal(err)
	}
	defer cl.Close()
	for _, n := range list {
		value, err := json.Marshal(n)
		if err != nil {
			t.Fatal(err)
		}
		record := &kgo.Record{Topic: streams.Notifications, Key: []byte(n.Recipient), Value: value}
		if err := cl.ProduceSync(t.Context(), record).FirstErr(); err != nil {
			t.Fatal(err)
		}
	}
}
