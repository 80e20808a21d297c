package config

import (
	"net"
	"net/url"
	"os"
	"regexp"
	"slices"
	"time"
)

// validate checks what single values and their combinations must satisfy, and
// fills in what follows from others.
func (l *loader) validate() {
	c := &l.config
	l.check("partitions", c.Partitions >= 0 && c.Partitions <= 1024 && c.Partitions&(c.Partitions-1) == 0,
		"is %d; must be a power of two up to 1024, or 0", c.Partitions)
	l.check("kafka.group", c.Kafka.Group != "", "must not be empty")
	l.check("kafka.replication_factor", c.Kafka.Replication == -1 || c.Kafka.Replication > 0,
		"is %d; must be positive, or -1 for the broker's default", c.Kafka.Replication)
	l.check("kafka.sasl.mechanism", slices.Contains([]string{"", "plain", "scram-sha-256", "scram-sha-512"}, c.Kafka.SASL.Mechanism),
		"is %q; must be plain, scram-sha-256 or scram-sha-512", c.Kafka.SASL.Mechanism)
	l.check("kafka.sasl.mechanism", c.Kafka.SASL.Mechanism != "" || c.Kafka.SASL.Username == "" && c.Kafka.SASL.Password == "" || l.unknown[""],
		"is not set, but a user name or password is; set it to plain, scram-sha-256 or scram-sha-512")
	l.check("log.format", slices.Contains([]string{"text", "json"}, c.Log.Format), "is %q; must be text or json", c.Log.Format)
	l.check("log.level", slices.Contains([]string{"debug", "info", "warn", "error"}, c.Log.Level),
		"is %q; must be debug, info, warn or error", c.Log.Level)
	l.check("tick", c.Tick >= 100*time.Millisecond && c.Tick <= time.Hour, "is %s; must be from 100ms to 1h", c.Tick)
	l.check("batch.max_records", c.Batch.MaxRecords > 0, "is %d; must be positive", c.Batch.MaxRecords)
	l.check("batch.max_entries", c.Batch.MaxEntries >= 128, "is %d; must be at least 128", c.Batch.MaxEntries)
	l.weights("scoring.jobs", c.Scoring.Jobs)
	l.weights("scoring.hackathons", c.Scoring.Hackathons)
	l.weights("scoring.content", c.Scoring.Content)
	l.directory("rulesets.dir", c.Rulesets.Dir)
	l.directory("rulesets.texts", c.Rulesets.Texts)
	l.check("rulesets.reload", c.Rulesets.Reload > 0, "is %s; must be more than nothing", c.Rulesets.Reload)
	l.check("webhooks.reload", c.Webhooks.Reload > 0, "is %s; must be more than nothing", c.Webhooks.Reload)
	l.listeners()
	l.delivery()
	l.sources()
	if c.Instance == "" {
		host, err := os.Hostname()
		if err != nil {
			host = "tideline"
		}
		_, port, _ := net.SplitHostPort(c.HTTP.Addr)
		c.Instance = host + "-" + port
	}
}

// check reports a value that is not ok, unless what was meant could not be read:
// that has been reported, and the default in its place is not the user's.
func (l *loader) check(key string, ok bool, format string, args ...any) {
	if ok || l.unknown[key] {
		return
	}
	origin := l.origins[key]
	if origin == "" {
		origin = "default"
	}
	l.wrong(key, origin, format, args...)
}

func (l *loader) weights(key string, w Weights) {
	within := func(name string, v, low, high float64) {
		l.check(key+"."+name, v >= low && v <= high, "is %v; must be from %v to %v", v, low, high)
	}
	within("overlap", w.Overlap, 0, 4)
	within("fit", w.Fit, 0, 4)
	within("interest", w.Interest, 0, 4)
	within("sigma", w.Sigma, 5, 1000)
	l.check(key+".half_life", w.HalfLife >= 6*time.Hour && w.HalfLife <= 365*24*time.Hour,
		"is %s; must be from 6h to 365d", w.HalfLife)
}

// listeners checks addresses; anywhere but loopback, tokens must be checked.
func (l *loader) listeners() {
	c := &l.config
	for _, listener := range []struct{ key, addr string }{{"http.addr", c.HTTP.Addr}, {"admin.addr", c.Admin.Addr}} {
		_, _, err := net.SplitHostPort(listener.addr)
		l.check(listener.key, err == nil, "is %q; must be host:port", listener.addr)
		if listener.key == "http.addr" && err != nil {
			l.unknown["http.addr"] = true // who can reach it cannot be said
		}
	}
	for _, o := range c.HTTP.CORS {
		l.check("http.cors_origins", origin.MatchString(o) || o == "*" && len(c.HTTP.CORS) == 1,
			"holds %q; each must be an origin such as https://campus.example, without a path, or the only one *", o)
	}
	secret := c.Auth.HS256Secret
	l.check("auth.hs256_secret", secret == "" || len(secret) >= 32, "has %d bytes; must have at least 32", len(secret))
	// Whoever can change what a plain connection brings decides which keys are good.
	l.check("auth.jwks_url", c.Auth.JWKSURL == "" || confidential(c.Auth.JWKSURL),
		"is %q; must be an https address, or an http one of this machine", c.Auth.JWKSURL)
	checked := secret != "" || c.Auth.JWKSURL != "" ||
		l.unknown[""] || l.unknown["auth.hs256_secret"] || l.unknown["auth.jwks_url"] // perhaps
	l.check("http.addr", Loopback(c.HTTP.Addr) || checked,
		"is %s, which others can reach: set auth.hs256_secret or auth.jwks_url, or listen on 127.0.0.1", c.HTTP.Addr)
}

var origin = regexp.MustCompile(`^https?://[a-zA-Z0-9.-]+(:[0-9]+)?$`)

// Loopback says whether an address can only be reached from this machine.
func Loopback(addr string) bool {
	host, _, err := net.SplitHostPort(addr)
	if err != nil {
		return false
	}
	return loopbackHost(host)
}

func loopbackHost(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// confidential says whether nobody on the way can read or change what is
// fetched from a URL: it is https, or http of this machine.
func confidential(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() != "" && (u.Scheme == "https" || u.Scheme == "http" && loopbackHost(u.Hostname()))
}

// directory checks one that somebody named.
func (l *loader) directory(key, path string) {
	info, err := os.Stat(path)
	l.check(key, path == "" || err == nil && info.IsDir(), "is %q, which is not a directory that can be read", path)
}
