//go:build noembed

// Package local is empty in this build: it was made without the embedded servers.
package local

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
)

// Options says which servers are needed.
type Options struct {
	Dir                             string
	Kafka, Redis, Mongo             bool
	KafkaPort, RedisPort, MongoPort int
	Log                             *slog.Logger
}

// Servers are the addresses of what was started: nothing.
type Servers struct {
	Brokers  []string
	Redis    []string
	MongoURI string
}

// Start fails when any server is needed, and says which settings are missing.
func Start(_ context.Context, o Options) (*Servers, error) {
	var missing []string
	for _, server := range []struct {
		key    string
		needed bool
	}{{"kafka.brokers", o.Kafka}, {"redis.addrs", o.Redis}, {"mongo.uri", o.Mongo}} {
		if server.needed {
			missing = append(missing, server.key)
		}
	}
	if len(missing) == 0 {
		return &Servers{}, nil
	}
	return nil, fmt.Errorf("%w: set %s", ErrNotEmbedded, strings.Join(missing, ", "))
}

// IndexIDs does nothing.
func (*Servers) IndexIDs(context.Context, string) error { return nil }

// Close does nothing.
func (*Servers) Close() {}
