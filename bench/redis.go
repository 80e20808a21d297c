package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/feeds"
)

// redisServer is a real server of our own, on a free loopback port, without
// persistence, with the one setting that the documentation asks operators for.
type redisServer struct {
	addr   string
	client *redis.Client
	cmd    *exec.Cmd
	dir    string
	exited chan error
}

// server starts the server once, and empties it for the row that asks.
func (l *lab) server(ctx context.Context) (*redisServer, error) {
	if l.redis == nil {
		started, err := startRedis(ctx, l.serverPath)
		if err != nil {
			return nil, err
		}
		l.redis = started
	}
	return l.redis, l.redis.client.FlushAll(ctx).Err()
}

func startRedis(ctx context.Context, path string) (*redisServer, error) {
	path, err := exec.LookPath(path)
	if err != nil {
		return nil, fmt.Errorf("%w: redis-server not found", errNotMeasured)
	}
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "tideline-bench-redis-")
	if err != nil {
		return nil, fmt.Errorf("make a directory for Redis: %w", err)
	}
	r := &redisServer{addr: "127.0.0.1:" + port, dir: dir, exited: make(chan error, 1)}
	r.cmd = exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--appendonly", "no",
		"--zset-max-listpack-entries", "256")
	if err := r.cmd.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start %s: %w", path, err), os.RemoveAll(dir))
	}
	go func() { r.exited <- r.cmd.Wait() }()
	r.client = redis.NewClient(&redis.Options{Addr: r.addr, ReadTimeout: time.Minute, WriteTimeout: time.Minute})
	if err := r.await(ctx); err != nil {
		r.stop()
		return nil, err
	}
	return r, nil
}

// await pings until the server answers.
func (r *redisServer) await(ctx context.Context) error {
	ticker := time.NewTicker(20 * time.Millisecond)
	defer ticker.Stop()
	for range 500 {
		if r.client.Ping(ctx).Err() == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case err := <-r.exited:
			r.exited <- err
			return fmt.Errorf("redis-server ended at once: %w", err)
		case <-ticker.C:
		}
	}
	return errors.New("redis-server does not answer after 10 s")
}

// stop ends the server that was started, and only that.
func (r *redisServer) stop() {
	_ = r.client.Close()
	_ = r.cmd.Process.Kill() // it keeps nothing
	<-r.exited               //nolint:errcheck // it was killed: how it ended says nothing
	_ = os.RemoveAll(r.dir)
}

func (r *redisServer) store() *feeds.Store {
	return feeds.New(feeds.Config{Addrs: []string{r.addr}}, nil, slog.New(slog.DiscardHandler))
}

// usedMemory is what the server has allocated, in bytes.
func (r *redisServer) usedMemory(ctx context.Context) (float64, error) {
	info, err := r.client.Info(ctx, "memory").Result()
	if err != nil {
		return 0, fmt.Errorf("ask Redis for its memory: %w", err)
	}
	for line := range strings.Lines(info) {
		if value, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			return strconv.ParseFloat(value, 64)
		}
	}
	return 0, errors.New("memory: no used_memory in the answer of Redis")
}

func freePort() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("find a free port: %w", err)
	}
	defer func() { _ = listener.Close() }()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	return port, err
}
