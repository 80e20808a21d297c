//go:build !noembed

// Package local serves the protocols of Kafka, Redis and MongoDB inside the
// process, for a machine that has nothing but Tideline: kfake with a data
// directory, miniredis, FerretDB on SQLite, all on loopback.
//
// Kafka's and MongoDB's data survive the process, also when it is killed, but
// perhaps not the last moments before a loss of power;
// Redis's does not, which is what rebuilds are for. It is no place for data
// that matters, and one directory serves one process at a time.
package local

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"

	"github.com/FerretDB/FerretDB/ferretdb"
	"github.com/alicebob/miniredis/v2"
	"github.com/twmb/franz-go/pkg/kfake"
)

// Options says which servers are needed and where.
type Options struct {
	Dir                             string
	Kafka, Redis, Mongo             bool
	KafkaPort, RedisPort, MongoPort int // 0: any free one
	Log                             *slog.Logger
}

// Servers are the addresses of what was started.
type Servers struct {
	Brokers  []string
	Redis    []string
	MongoURI string

	mongoDir string   // where the embedded MongoDB keeps its files; empty: not embedded
	close    []func() // last first
	once     sync.Once
}

// Start starts the servers that are needed.
func Start(ctx context.Context, o Options) (*Servers, error) {
	s := &Servers{}
	if !o.Kafka && !o.Redis && !o.Mongo {
		return s, nil
	}
	err := s.lock(o.Dir)
	if err == nil && o.Kafka {
		err = s.kafka(o)
	}
	if err == nil && o.Redis {
		err = s.redis(o)
	}
	if err == nil && o.Mongo {
		err = s.mongo(ctx, o)
	}
	if err != nil {
		s.Close()
		return nil, err
	}
	return s, nil
}

// Close stops everything; a second call does nothing.
func (s *Servers) Close() {
	s.once.Do(func() {
		for i := range s.close {
			s.close[len(s.close)-1-i]()
		}
	})
}

// lock makes sure that no other process uses the directory; the kernel lets
// go of it when this process ends, however it ends.
func (s *Servers) lock(dir string) error {
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the data directory: %w", err)
	}
	path := filepath.Join(dir, "lock")
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open the lock of the data directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		return errors.Join(fmt.Errorf("another process is using %s: stop it, or choose another data_dir: %w", dir, err), file.Close())
	}
	s.close = append(s.close, func() { _ = file.Close() })
	return nil
}

func (s *Servers) kafka(o Options) error {
	opts := []kfake.Opt{
		kfake.NumBrokers(1), kfake.DataDir(filepath.Join(o.Dir, "kafka")), kfake.ClusterID("tideline-embedded"),
		kfake.GroupMinSessionTimeout(0),
	}
	if o.KafkaPort != 0 {
		opts = append(opts, kfake.Ports(o.KafkaPort))
	}
	cluster, err := kfake.NewCluster(opts...)
	if err != nil {
		return fmt.Errorf("start the embedded Kafka: %w", err)
	}
	s.close = append(s.close, cluster.Close)
	s.Brokers = cluster.ListenAddrs()
	return nil
}

func (s *Servers) redis(o Options) error {
	server := miniredis.NewMiniRedis()
	if err := server.StartAddr(net.JoinHostPort("127.0.0.1", strconv.Itoa(o.RedisPort))); err != nil {
		return fmt.Errorf("start the embedded Redis: %w", err)
	}
	s.close = append(s.close, server.Close)
	s.Redis = []string{server.Addr()}
	return nil
}

func (s *Servers) mongo(ctx context.Context, o Options) error {
	dir := filepath.Join(o.Dir, "mongo")
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return fmt.Errorf("make the embedded MongoDB's directory: %w", err)
	}
	server, err := ferretdb.New(&ferretdb.Config{
		Listener: ferretdb.ListenerConfig{TCP: net.JoinHostPort("127.0.0.1", strconv.Itoa(o.MongoPort))},
		Handler:  "sqlite",
		// Survives the end of the process at any moment, not of the machine: neither
		// does the embedded Kafka, and waiting for the disk took half of the time.
		SQLiteURL: "file:" + dir + "/?_pragma=synchronous(normal)",
		Logger:    slog.New(quiet{to: o.Log.Handler()}),
	})
	if err != nil {
		return fmt.Errorf("start the embedded MongoDB: %w", err)
	}
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	var done sync.WaitGroup
	done.Go(func() { _ = server.Run(running) }) // ends with running; returns nil always
	s.close = append(s.close, func() { stop(); done.Wait() })
	// One connection: an update there is a read and a separate write, and
	// concurrent ones overwrite each other without an error.
	s.MongoURI, s.mongoDir = server.MongoDBURI()+"?maxPoolSize=1", dir
	return nil
}
