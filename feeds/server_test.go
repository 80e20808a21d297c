package feeds

import (
	"context"
	"log/slog"
	"net"
	"os/exec"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
)

// onEachServer runs a test on the embedded Redis and, where there is one, on the real.
func onEachServer(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Run("miniredis", func(t *testing.T) { test(t, open(t, Config{Addrs: []string{miniredis.RunT(t).Addr()}})) })
	t.Run("redis", func(t *testing.T) { test(t, open(t, Config{Addrs: []string{realRedis(t)}})) })
}

func open(t testing.TB, c Config) *Store {
	s := New(c, nil, slog.New(slog.DiscardHandler))
	t.Cleanup(func() { _ = s.Close() })
	return s
}

// realRedis starts a server on a free port; without one on this machine the test is skipped.
func realRedis(t testing.TB, args ...string) string {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on the PATH")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := l.Addr().String()
	_, port, _ := net.SplitHostPort(addr)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	base := []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(), "--zset-max-listpack-entries", "256"}
	cmd := exec.Command(path, append(base, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			t.Fatal("redis-server does not answer")
		}
	}
	return addr
}

// TestMain keeps the client library's own log out of the test's output.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	m.Run()
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
