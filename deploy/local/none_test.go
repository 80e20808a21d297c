//go:build noembed

package local

import (
	"errors"
	"testing"
)

func TestWithoutEmbeddedServersWhatIsMissingIsNamed(t *testing.T) {
	for _, c := range []struct {
		needed Options
		want   string
	}{
		{Options{Kafka: true, Redis: true, Mongo: true}, "this build has no embedded servers: set kafka.brokers, redis.addrs, mongo.uri"},
		{Options{Redis: true}, "this build has no embedded servers: set redis.addrs"},
		{Options{Kafka: true, Mongo: true}, "this build has no embedded servers: set kafka.brokers, mongo.uri"},
	} {
		if _, err := Start(t.Context(), c.needed); !errors.Is(err, ErrNotEmbedded) || err.Error() != c.want {
			t.Errorf("%+v: %v", c.needed, err)
		}
	}
	servers, err := Start(t.Context(), Options{})
	if err != nil {
		t.Fatalf("nothing is needed: %v", err)
	}
	servers.Close()
}
