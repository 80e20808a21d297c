//go:build !noembed

package command

import (
	"log/slog"
	"testing"

	"tideline/engine/config"
)

func TestTransactionsHaveANewNameAtEveryStartOfAnEmbeddedKafka(t *testing.T) {
	c := config.Config{DataDir: t.TempDir()}
	c.Mongo.URI, c.Redis.Addrs = "mongodb://elsewhere", []string{"elsewhere:6379"}
	names := map[string]bool{}
	for range 2 {
		b, err := startBackend(t.Context(), c, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		names[b.kafka(c).Incarnation] = true
		b.close()
	}
	if len(names) != 2 || names[""] {
		t.Errorf("the names are %v", names)
	}
	c.Kafka.Brokers = []string{"elsewhere:9092"}
	b, err := startBackend(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := b.kafka(c).Incarnation; got != "" { // or a crash would leave a transaction open until its timeout
		t.Errorf("with a Kafka of its own: %q", got)
	}
}
