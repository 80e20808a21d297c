// Package config is what a Tideline process is told: defaults, overridden by a
// YAML file, by TIDELINE_* environment variables, by flags, in this order.
//
// Load checks everything and reports every mistake at once, each with its key,
// where it came from and what to do. It opens nothing and imports no adapter.
package config

import "time"

// Config is the whole configuration. It is not changed after Load. The yaml
// tags are the keys, joined by dots.
type Config struct {
	// DataDir is where the embedded servers keep their state.
	DataDir string `yaml:"data_dir"`
	// Partitions is the number of student partitions, a power of two, fixed at
	// first start; 0: what the topics have, else 8 embedded and 64 elsewhere.
	Partitions int `yaml:"partitions"`
	// Instance names this process among its peers, the same after a restart; default host name and port.
	Instance string        `yaml:"instance"`
	Kafka    Kafka         `yaml:"kafka"`
	Redis    Redis         `yaml:"redis"`
	Mongo    Mongo         `yaml:"mongo"`
	HTTP     HTTP          `yaml:"http"`
	Admin    Admin         `yaml:"admin"`
	Auth     Auth          `yaml:"auth"`
	Log      Log           `yaml:"log"`
	Tick     time.Duration `yaml:"tick"` // how often time moves on for expiry
	Scoring  Scoring       `yaml:"scoring"`
	Batch    Batch         `yaml:"batch"`
	// PublicURL is where people reach this Tideline, for links in emails.
	PublicURL string   `yaml:"public_url"`
	SMTP      SMTP     `yaml:"smtp"`
	Webhooks  Webhooks `yaml:"webhooks"`
	Delivery  Delivery `yaml:"delivery"`
	Rulesets  Rulesets `yaml:"rulesets"`
	Sources   Sources  `yaml:"sources"`
	// Embedded fixes the ports of the embedded servers, for tools beside them; 0: any.
	Embedded Embedded `yaml:"embedded"`
}

// Kafka is where the streams are. No brokers: embedded.
type Kafka struct {
	Brokers     []string `yaml:"brokers"`
	Group       string   `yaml:"group"`
	TLS         bool     `yaml:"tls"`
	SASL        SASL     `yaml:"sasl"`
	Replication int      `yaml:"replication_factor"`
}

// SASL is empty for none.
type SASL struct {
	Mechanism string `yaml:"mechanism"` // plain, scram-sha-256, scram-sha-512
	Username  string `yaml:"username"`
	Password  string `yaml:"password"`
}

// Redis is where the feeds are. No addresses: embedded.
type Redis struct {
	Addrs    []string `yaml:"addrs"`
	Cluster  bool     `yaml:"cluster"`
	Username string   `yaml:"username"`
	Password string   `yaml:"password"`
	TLS      bool     `yaml:"tls"`
}

// Mongo is where opportunities are kept for people. No URI: embedded.
type Mongo struct {
	URI      string `yaml:"uri"`
	Database string `yaml:"database"`
}

// HTTP is where the API listens.
type HTTP struct {
	Addr string   `yaml:"addr"`
	CORS []string `yaml:"cors_origins"`
}

// Admin is where metrics and profiles are served.
type Admin struct {
	Addr string `yaml:"addr"`
}

// Auth says how tokens are checked; with neither secret nor JWKS, loopback only.
type Auth struct {
	HS256Secret string `yaml:"hs256_secret"`
	JWKSURL     string `yaml:"jwks_url"`
	Issuer      string `yaml:"issuer"`
	Audience    string `yaml:"audience"`
}

// Log says what is written to standard error.
type Log struct {
	Format string `yaml:"format"` // text, json
	Level  string `yaml:"level"`  // debug, info, warn, error
}

// Scoring holds each bucket's weights; see ARCHITECTURE.md.
type Scoring struct {
	Jobs       Weights `yaml:"jobs"`
	Hackathons Weights `yaml:"hackathons"`
	Content    Weights `yaml:"content"`
}

// Weights of one bucket.
type Weights struct {
	Overlap  float64       `yaml:"overlap"`
	Fit      float64       `yaml:"fit"`
	Interest float64       `yaml:"interest"`
	Sigma    float64       `yaml:"sigma"`
	HalfLife time.Duration `yaml:"half_life"`
}

// Batch bounds what one transaction does.
type Batch struct {
	MaxRecords int `yaml:"max_records"`
	MaxEntries int `yaml:"max_entries"`
}

// Rulesets says where rulesets come from beside the API, and what people are
// told. No directory: the shipped one is put in force where none is.
type Rulesets struct {
	Dir   string `yaml:"dir"`
	Texts string `yaml:"texts"` // directory of texts, one file a language, that go over the shipped ones

	Reload time.Duration `yaml:"reload"` // how often Dir is looked at
}

// Embedded fixes ports of the embedded servers on loopback.
type Embedded struct {
	KafkaPort int `yaml:"kafka_port"`
	RedisPort int `yaml:"redis_port"`
	MongoPort int `yaml:"mongo_port"`
}

// Default is the configuration when nothing is said.
func Default() Config {
	const day = 24 * time.Hour
	weights := func(halfLife time.Duration) Weights {
		return Weights{Overlap: 1, Fit: 1, Interest: 1, Sigma: 40, HalfLife: halfLife}
	}
	return Config{
		DataDir:  "./data",
		Kafka:    Kafka{Group: "tideline", Replication: -1},
		Mongo:    Mongo{Database: "tideline"},
		HTTP:     HTTP{Addr: "127.0.0.1:8080"},
		Admin:    Admin{Addr: "127.0.0.1:9090"},
		Log:      Log{Format: "text", Level: "info"},
		Tick:     10 * time.Second,
		SMTP:     SMTP{Port: 587, TLS: "starttls"},
		Delivery: Delivery{Enabled: true}, Webhooks: Webhooks{Reload: 5 * time.Second}, Rulesets: Rulesets{Reload: 5 * time.Second},
		Sources: Sources{Enabled: true},
		Scoring: Scoring{Jobs: weights(7 * day), Hackathons: weights(5 * day), Content: weights(3 * day)},
		Batch:   Batch{MaxRecords: 5000, MaxEntries: 20_000},
	}
}
