package command

import (
	"testing"

	"tideline/engine/config"
)

func TestRealDataStaysInAProcessOfItsOwn(t *testing.T) {
	c := config.Default()
	c.Kafka.Brokers, c.Redis.Addrs, c.Mongo.URI = []string{"kafka:9092"}, []string{"redis:6379"}, "mongodb://mongo"
	c.Kafka.Group, c.Auth.JWKSURL, c.Embedded.KafkaPort, c.DataDir = "campus", "https://keys", 9092, "./data"
	c.HTTP.Addr, c.Scoring.Jobs.Sigma, c.Batch.MaxRecords = "0.0.0.0:80", 7, 3
	got := isolated(c, "/tmp/own")
	if got.Kafka.Brokers != nil || got.Redis.Addrs != nil || got.Mongo.URI != "" || got.Auth.JWKSURL != "" ||
		got.Embedded != (config.Embedded{}) || got.DataDir != "/tmp/own" || !config.Loopback(got.HTTP.Addr) || !config.Loopback(got.Admin.Addr) {
		t.Errorf("%+v", got)
	}
	if got.Scoring != c.Scoring || got.Batch != c.Batch {
		t.Error("it is not ranked as configured")
	}
}
