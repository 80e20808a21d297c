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

// onEachServer runs a test on the embedded Redis, on the real one where there
// is one, and on a cluster when asked to.
func onEachServer(t *testing.T, test func(t *testing.T, s *Store)) {
	t.Run("miniredis", func(t *testing.T) { test(t, open(t, Config{Addrs: []string{miniredis.RunT(t).Addr()}})) })
	t.Run("redis", func(t *testing.T) { test(t, open(t, Config{Addrs: []string{realRedis(t)}})) })
	t.Run("cluster", func(t *testing.T) { test(t, open(t, Config{Addrs: cluster(t), Cluster: true})) })
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
	port := freePort(t)
	addr := net.JoinHostPort("127.0.0.1", port)
	base := []string{"--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir(), "--zset-max-listpack-entries", "256"}
	cmd := exec.Command(path, append(base, args...)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	answers(t, addr)
	return addr
}

// everywhere does something on the server, or on every master of a cluster.
func everywhere(t *testing.T, s *Store, do func(context.Context, *redis.Client) error) {
	t.Helper()
	var err error
	switch c := s.client.(type) {
	case *redis.ClusterClient:
		err = c.ForEachMaster(t.Context(), do)
	case *redis.Client:
		err = do(t.Context(), c)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// flushAll empties every master: FLUSHALL sent to a cluster reaches one of them.
func flushAll(t *testing.T, s *Store) {
	t.Helper()
	everywhere(t, s, func(ctx context.Context, c *redis.Client) error { return c.FlushAll(ctx).Err() })
}

func freePort(t testing.TB) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return port
}

// answers waits until a server that was just started does.
func answers(t testing.TB, addr string) {
	client := redis.NewClient(&redis.Options{Addr: addr})
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for client.Ping(ctx).Err() != nil {
		if ctx.Err() != nil {
			t.Fatal("redis-server does not answer")
		}
	}
}

// TestMain keeps the client library's own log out of the test's output.
func TestMain(m *testing.M) {
	redis.SetLogger(silent{})
	m.Run()
	nodes.stop()
}

type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}
