package command

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"tideline/deploy/local"
	"tideline/engine/config"
	"tideline/feeds"
	"tideline/streams"
)

// backend is where the servers are: configured, or started in this process.
type backend struct {
	Brokers  []string `json:"brokers"`
	Redis    []string `json:"redis"`
	MongoURI string   `json:"mongo_uri"`
	Embedded bool     `json:"-"`

	servers     *local.Servers
	path        string
	incarnation string // of an embedded Kafka
}

// addresses is the file in which a running process tells others where its embedded servers are.
const addresses = "servers.json"

// startBackend starts the servers that are not configured.
func startBackend(ctx context.Context, c config.Config, log *slog.Logger) (*backend, error) {
	servers, err := local.Start(ctx, local.Options{
		Dir: c.DataDir, Log: log,
		Kafka: len(c.Kafka.Brokers) == 0, Redis: len(c.Redis.Addrs) == 0, Mongo: c.Mongo.URI == "",
		KafkaPort: c.Embedded.KafkaPort, RedisPort: c.Embedded.RedisPort, MongoPort: c.Embedded.MongoPort,
	})
	if errors.Is(err, local.ErrNotEmbedded) {
		return nil, configError{err}
	}
	if err != nil {
		return nil, err
	}
	b := &backend{Brokers: c.Kafka.Brokers, Redis: c.Redis.Addrs, MongoURI: c.Mongo.URI, servers: servers}
	if len(b.Brokers) == 0 {
		b.Brokers, b.Embedded = servers.Brokers, true
		b.incarnation = rand.Text()
	}
	if len(b.Redis) == 0 {
		b.Redis, b.Embedded = servers.Redis, true
	}
	if b.MongoURI == "" {
		b.MongoURI, b.Embedded = servers.MongoURI, true
	}
	if b.Embedded {
		b.path = filepath.Join(c.DataDir, addresses)
		data, err := json.Marshal(b)
		if err == nil {
			err = os.WriteFile(b.path, data, 0o600)
		}
		if err != nil {
			servers.Close()
			return nil, fmt.Errorf("write %s: %w", b.path, err)
		}
	}
	return b, nil
}

func (b *backend) close() {
	b.servers.Close()
	if b.path != "" {
		_ = os.Remove(b.path) // stale addresses only give a clearer error later
	}
}

// findBackend is for commands beside a running process: what is not configured
// is taken from the file it left.
func findBackend(c config.Config) (*backend, error) {
	b := &backend{}
	path := filepath.Join(c.DataDir, addresses)
	if len(c.Kafka.Brokers) == 0 || len(c.Redis.Addrs) == 0 || c.Mongo.URI == "" {
		data, err := os.ReadFile(path)
		missing := errors.Is(err, os.ErrNotExist)
		if missing && len(c.Kafka.Brokers) > 0 && len(c.Redis.Addrs) > 0 {
			data, err = []byte("{}"), nil // only MongoDB is not known, and few need it
		} else if missing {
			return nil, fmt.Errorf("no Tideline is running on %s: start `tideline serve`, or set kafka.brokers and redis.addrs", c.DataDir)
		}
		if err == nil {
			err = json.Unmarshal(data, b)
		}
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	if len(c.Kafka.Brokers) > 0 {
		b.Brokers = c.Kafka.Brokers
	}
	if len(c.Redis.Addrs) > 0 {
		b.Redis = c.Redis.Addrs
	}
	if c.Mongo.URI != "" {
		b.MongoURI = c.Mongo.URI
	}
	return b, nil
}

func (b *backend) kafka(c config.Config) streams.Config {
	return streams.Config{
		Brokers: b.Brokers, Group: c.Kafka.Group, TLS: c.Kafka.TLS, ClientID: "tideline", Instance: c.Instance,
		Incarnation: b.incarnation,
		SASL:        streams.SASL{Mechanism: c.Kafka.SASL.Mechanism, Username: c.Kafka.SASL.Username, Password: c.Kafka.SASL.Password},
	}
}

func (b *backend) feeds(c config.Config) feeds.Config {
	return feeds.Config{Addrs: b.Redis, Cluster: c.Redis.Cluster, Username: c.Redis.Username, Password: c.Redis.Password, TLS: c.Redis.TLS}
}

// topics makes sure that the topics are there and gives the number of student partitions.
func (b *backend) topics(ctx context.Context, c config.Config, log *slog.Logger) (int, error) {
	fallback := 64
	if len(c.Kafka.Brokers) == 0 {
		fallback = 8
	}
	return streams.EnsureTopics(ctx, b.kafka(c), c.Partitions, fallback, int16(c.Kafka.Replication), log)
}
