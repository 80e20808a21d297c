// Package feeds keeps what students are shown in Redis: one sorted set per
// student and bucket, the student as the engine sees them, and per student
// partition a fence that only its owner passes.
//
// It guarantees that every call of a batch is applied once and in order, or
// refused with the reason (of a batch that is refused the first calls may have
// been applied); that a feed is never shown with holes; and that every key of a
// partition lives in one hash slot, so Redis Cluster works. It leaves out who
// belongs into a feed: that is decided in engine/partition.
package feeds

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
)

// Errors of the reading side; see also the wrapped error.
var (
	ErrNoStudent   = errors.New("no such student")
	ErrRebuilding  = errors.New("the feeds of this student are being rebuilt")
	ErrUnavailable = errors.New("the feed store (Redis) is not available")
)

// Config says where Redis is.
type Config struct {
	Addrs    []string
	Cluster  bool // also with a single seed address
	Username string
	Password string
	TLS      bool
}

// Store reads and writes feeds. It is safe for concurrent use; two batches of
// one partition must not be applied at the same time.
type Store struct {
	client  redis.UniversalClient // reads, for people who wait
	writer  redis.UniversalClient // batches: long, and never repeated behind our back
	script  *redis.Script
	log     *slog.Logger
	metrics storeMetrics
}

// New opens a client; it does not connect yet.
func New(config Config, reg prometheus.Registerer, log *slog.Logger) *Store {
	opts := redis.UniversalOptions{
		Addrs: config.Addrs, Username: config.Username, Password: config.Password,
		IsClusterMode: config.Cluster, ContextTimeoutEnabled: true,
	}
	if config.TLS {
		opts.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
	}
	writing := opts
	writing.MaxRetries, writing.ReadTimeout, writing.WriteTimeout = -1, 30*time.Second, 30*time.Second
	return &Store{
		client: redis.NewUniversalClient(&opts), writer: redis.NewUniversalClient(&writing),
		script: redis.NewScript(applyScript), log: log, metrics: newStoreMetrics(reg),
	}
}

// Close releases the client; a second call does nothing.
func (s *Store) Close() error {
	var failed error
	for _, client := range []redis.UniversalClient{s.client, s.writer} {
		if err := client.Close(); err != nil && !errors.Is(err, redis.ErrClosed) {
			failed = errors.Join(failed, err)
		}
	}
	return failed
}

// Ping reaches the server, or gives ErrUnavailable.
func (s *Store) Ping(ctx context.Context) error {
	return unavailable("ping", s.client.Ping(ctx).Err())
}

// minListpack is the least zset-max-listpack-entries that surely keeps the
// compact encoding: a full feed, its sentinel, and what a batch adds before the
// trim, after which Redis would not go back.
const minListpack = 2 * event.FeedStore

// CheckEncoding warns when Redis would keep feeds in its large encoding, about
// eight times the memory. Servers that do not tell are left alone.
func (s *Store) CheckEncoding(ctx context.Context) {
	const name = "zset-max-listpack-entries"
	values, err := s.client.ConfigGet(ctx, name).Result()
	if err != nil || values[name] == "" {
		return
	}
	if n, err := strconv.Atoi(values[name]); err == nil && n < minListpack {
		s.log.Warn("Redis keeps full feeds in its large encoding; set "+name+" to 256", "now", n, "needed", minListpack)
	}
}

func unavailable(what string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%s: %w: %w", what, ErrUnavailable, err)
}

// tag is the hash tag of a partition.
func tag(partition int32) string { return fmt.Sprintf("{p%03d}", partition) }

func fenceKey(partition int32) string { return "fence:" + tag(partition) }

func feedKey(partition int32, b event.Bucket, student string) string {
	return "feed:" + tag(partition) + ":" + string(b) + ":" + student
}

func viewKey(partition int32, student string) string {
	return "student:" + tag(partition) + ":" + student
}
