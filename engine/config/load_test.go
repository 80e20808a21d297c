package config

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// file writes a file with some text and gives its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "tideline.yaml")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// mistakes takes a Load error apart; Origin of a file is shortened to its base name.
func mistakes(t *testing.T, err error) (list []Mistake) {
	t.Helper()
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("not joined mistakes: %v", err)
	}
	for _, err := range joined.Unwrap() {
		m, ok := errors.AsType[Mistake](err)
		if !ok {
			t.Fatalf("not a mistake: %v", err)
		}
		m.Origin = filepath.Base(m.Origin)
		list = append(list, m)
	}
	return list
}

func TestFlagsWinOverTheEnvironmentOverTheFileOverDefaults(t *testing.T) {
	path := file(t, "tick: 1s\nlog: {level: debug, format: json}\nkafka:\n  group: from-file\n")
	env := []string{"TIDELINE_LOG_LEVEL=warn", "TIDELINE_KAFKA_GROUP=from-env", "HOME=/nowhere"}
	got, err := Load(Source{File: path, Env: env, Flags: map[string]string{"kafka.group": "from-flag"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ what, got, want, key, origin string }{
		{"only a default", got.Mongo.Database, "tideline", "mongo.database", "."},
		{"file over default", got.Log.Format, "json", "log.format", "tideline.yaml:2"},
		{"environment over file", got.Log.Level, "warn", "log.level", "TIDELINE_LOG_LEVEL"},
		{"flag over environment", got.Kafka.Group, "from-flag", "kafka.group", "--kafka.group"},
		{"nested in the file", got.Tick.String(), "1s", "tick", "tideline.yaml:1"},
	} {
		if origin := filepath.Base(got.Origins[c.key]); c.got != c.want || origin != c.origin {
			t.Errorf("%s: %s is %q from %s, want %q from %s", c.what, c.key, c.got, origin, c.want, c.origin)
		}
	}
}

func TestEveryKeyCanBeSetInEveryWay(t *testing.T) {
	values := map[string]string{ // where the text for its type would not be valid
		"partitions": "16", "kafka.sasl.mechanism": "plain", "kafka.tls": "true", "redis.tls": "true", "redis.cluster": "true",
		"kafka.replication_factor": "3", "http.addr": "127.0.0.1:1", "admin.addr": "127.0.0.1:2", "log.format": "json", "log.level": "debug",
		"tick": "2s", "batch.max_records": "7", "batch.max_entries": "700", "embedded.kafka_port": "1", "embedded.redis_port": "2",
		"embedded.mongo_port": "3", "auth.hs256_secret": strings.Repeat("s", 32), "auth.jwks_url": "https://keys", "kafka.brokers": "a:1,b:2",
		"http.cors_origins": "https://campus.example", "delivery.enabled": "false", "delivery.unsubscribe_secret": strings.Repeat("u", 32),
		"smtp.host": "mail.example", "smtp.port": "2525", "smtp.tls": "tls", "smtp.from": "campus@example.org",
		"smtp.allow_plaintext": "true", "public_url": "https://campus.example", "webhooks.file": file(t, "[]"), "webhooks.reload": "3s", "rulesets.reload": "4s",
		"rulesets.dir": t.TempDir(), "rulesets.texts": t.TempDir(),
		"sources.files": file(t, "sources: []"), "sources.enabled": "false",
	}
	for _, key := range Keys() {
		text, ok := values[key]
		switch {
		case ok:
		case strings.HasSuffix(key, "half_life"):
			text = "2d"
		case strings.HasSuffix(key, "sigma"):
			text = "50"
		case strings.HasPrefix(key, "scoring."):
			text = "0.5"
		default:
			text = "text"
		}
		name := "TIDELINE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		sections := strings.Split(key, ".")
		yaml := strings.Join(sections, ": {") + ": " + text + strings.Repeat("}", len(sections)-1)
		if key == "kafka.brokers" {
			yaml = "kafka: {brokers: ['a:1', 'b:2']}"
		}
		// A mechanism needs no user name, but a user name needs a mechanism.
		base := []string{"TIDELINE_KAFKA_SASL_MECHANISM=plain"}
		switch key {
		case "kafka.sasl.mechanism":
			base = nil
		case "smtp.host": // a server needs a sender, and the reverse
			base = append(base, "TIDELINE_SMTP_FROM=campus@example.org")
		case "smtp.from":
			base = append(base, "TIDELINE_SMTP_HOST=mail.example")
		}
		var printed []string
		for how, src := range map[string]Source{
			"flag": {Env: base, Flags: map[string]string{key: text}}, "env": {Env: append(base, name+"="+text)}, "file": {Env: base, File: file(t, yaml)},
		} {
			got, err := Load(src)
			if err != nil {
				t.Errorf("%s by %s: %v", key, how, err)
				continue
			}
			if got.Origins[key] == "" {
				t.Errorf("%s by %s left no origin", key, how)
			}
			var out strings.Builder
			if err := (Loaded{Config: got.Config}).Print(&out); err != nil {
				t.Fatal(err)
			}
			printed = append(printed, out.String())
		}
		if slices.Sort(printed); len(slices.Compact(printed)) != 1 {
			t.Errorf("%s: flag, environment and file do not mean the same", key)
		}
	}
}

func TestEveryMistakeIsReportedAtOnce(t *testing.T) {
	path := file(t, strings.Join([]string{
		"tick: soon", "partitions: 6", "colour: red", "kafka: 5", "data_dir: [a, b]", "batch: {max_records: many}",
		"scoring:", "  jobs:", "    sigma: 1", "mongos:", "http:", "  addr: here",
	}, "\n"))
	_, err := Load(Source{
		File:  path,
		Env:   []string{"TIDELINE_KAFKA_TSL=true", "TIDELINE_LOG_LEVEL=loud", "TIDELINE_AUTH_HS256_SECRET=short", "TIDELINE_REDIS_TLS=maybe"},
		Flags: map[string]string{"scoring.jobs.half_life": "1h", "batch.max_entries": "12"},
	})
	var got []string
	for _, m := range mistakes(t, err) {
		got = append(got, m.Error())
	}
	want := []string{
		"tick (tideline.yaml:1): is \"soon\"; a duration such as 10s, 6h or 7d is needed",
		"colour (tideline.yaml:3): is not a setting; `tideline config` lists them",
		"kafka (tideline.yaml:4): has settings below it and takes no value itself",
		"data_dir (tideline.yaml:5): is a list; a single value is needed",
		"batch.max_records (tideline.yaml:6): is \"many\"; a whole number is needed",
		"mongos (tideline.yaml:10): is not a setting; `tideline config` lists them",
		"TIDELINE_KAFKA_TSL (environment): is not a setting; `tideline config` lists them",
		"redis.tls (TIDELINE_REDIS_TLS): is \"maybe\"; a true or false is needed",
		"partitions (tideline.yaml:2): is 6; must be a power of two up to 1024, or 0",
		"log.level (TIDELINE_LOG_LEVEL): is \"loud\"; must be debug, info, warn or error",
		"batch.max_entries (--batch.max_entries): is 12; must be at least 128",
		"scoring.jobs.sigma (tideline.yaml:9): is 1; must be from 5 to 1000",
		"scoring.jobs.half_life (--scoring.jobs.half_life): is 1h0m0s; must be from 6h to 365d",
		"http.addr (tideline.yaml:12): is \"here\"; must be host:port",
		"auth.hs256_secret (TIDELINE_AUTH_HS256_SECRET): has 5 bytes; must have at least 32",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestEachValueIsChecked(t *testing.T) {
	for _, c := range []struct{ key, value, want string }{
		{"partitions", "2048", "is 2048; must be a power of two up to 1024, or 0"},
		{"partitions", "-8", "is -8; must be a power of two up to 1024, or 0"},
		{"partitions", "8.5", `is "8.5"; a whole number is needed`},
		{"kafka.group", "", "must not be empty"},
		{"kafka.replication_factor", "0", "is 0; must be positive, or -1 for the broker's default"},
		{"kafka.sasl.mechanism", "gssapi", `is "gssapi"; must be plain, scram-sha-256 or scram-sha-512`},
		{"log.format", "xml", `is "xml"; must be text or json`},
		{"tick", "10ms", "is 10ms; must be from 100ms to 1h"},
		{"tick", "2h", "is 2h0m0s; must be from 100ms to 1h"},
		{"webhooks.reload", "0s", "is 0s; must be more than nothing"},
		{"rulesets.reload", "-1s", "is -1s; must be more than nothing"},
		{"rulesets.dir", "/nowhere", `is "/nowhere", which is not a directory that can be read`},
		{"rulesets.texts", "load_test.go", `is "load_test.go", which is not a directory that can be read`},
		{"tick", "xd", `is "xd"; a duration such as 10s, 6h or 7d is needed`},
		{"batch.max_records", "0", "is 0; must be positive"},
		{"scoring.content.overlap", "5", "is 5; must be from 0 to 4"},
		{"scoring.content.fit", "-1", "is -1; must be from 0 to 4"},
		{"scoring.content.interest", "NaN", "is NaN; must be from 0 to 4"},
		{"scoring.content.sigma", "wide", `is "wide"; a number is needed`},
		{"scoring.hackathons.half_life", "400d", "is 9600h0m0s; must be from 6h to 365d"},
		{"admin.addr", "9090", `is "9090"; must be host:port`},
		{"http.cors_origins", "https://a.example,b.example", `holds "b.example"; each must be an origin such as https://campus.example, without a path, or the only one *`},
		{"auth.jwks_url", "ftp://keys", `is "ftp://keys"; must be an https address, or an http one of this machine`},
		{"auth.jwks_url", "http://keys/jwks", `is "http://keys/jwks"; must be an https address, or an http one of this machine`},
		{"auth.jwks_url", "http://127.0.0.1.example/", `is "http://127.0.0.1.example/"; must be an https address, or an http one of this machine`},
		{"auth.jwks_url", "https://", `is "https://"; must be an https address, or an http one of this machine`},
		{"http.addr", ":8080", "is :8080, which others can reach: set auth.hs256_secret or auth.jwks_url, or listen on 127.0.0.1"},
		{"http.addr", "10.0.0.1:8080", "is 10.0.0.1:8080, which others can reach: set auth.hs256_secret or auth.jwks_url, or listen on 127.0.0.1"},
		{"no.such", "1", "is not a setting; `tideline config` lists them"},
	} {
		_, err := Load(Source{Flags: map[string]string{c.key: c.value}})
		if got := mistakes(t, err); !slices.Equal(got, []Mistake{{c.key, "--" + c.key, c.want}}) {
			t.Errorf("%s=%q: %v", c.key, c.value, got)
		}
	}
}

func TestAuthOpensOtherAddresses(t *testing.T) {
	for _, flags := range []map[string]string{
		{"http.addr": "0.0.0.0:80", "auth.hs256_secret": strings.Repeat("s", 32)},
		{"http.addr": "0.0.0.0:80", "auth.jwks_url": "https://keys"},
		{"http.addr": "0.0.0.0:80", "auth.jwks_url": "http://localhost:8081/keys"},
		{"http.addr": "localhost:80"},
		{"http.addr": "[::1]:80"},
		{"http.addr": "127.0.0.9:80"},
	} {
		if _, err := Load(Source{Flags: flags}); err != nil {
			t.Errorf("%v: %v", flags, err)
		}
	}
}

// What could not be read may have been right: nothing is said on its behalf.
func TestOneMistakeIsNotReportedTwice(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	for name, c := range map[string]struct {
		src  Source
		want Mistake
	}{
		"a file that is not there": {
			Source{File: missing, Flags: map[string]string{"http.addr": ":80"}},
			Mistake{"config", "--config", "cannot be read: open " + missing + ": no such file or directory"},
		},
		"a secret that is not there": {
			Source{Env: []string{"TIDELINE_HTTP_ADDR=:80", "TIDELINE_AUTH_HS256_SECRET_FILE=" + missing}},
			Mistake{"auth.hs256_secret", "TIDELINE_AUTH_HS256_SECRET_FILE", "cannot be read: open " + missing + ": no such file or directory"},
		},
		"an address that is none": {
			Source{Flags: map[string]string{"http.addr": "80"}}, Mistake{"http.addr", "--http.addr", `is "80"; must be host:port`},
		},
		"a user name without a mechanism": {
			Source{Flags: map[string]string{"kafka.sasl.username": "u"}},
			Mistake{"kafka.sasl.mechanism", "default", "is not set, but a user name or password is; set it to plain, scram-sha-256 or scram-sha-512"},
		},
	} {
		_, err := Load(c.src)
		if got := mistakes(t, err); !slices.Equal(got, []Mistake{c.want}) {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestFilesThatCannotBeUnderstood(t *testing.T) {
	for text, want := range map[string]string{
		"tick: [":                             "config (tideline.yaml): is not YAML: ",
		"tick: 1s\ntick: 2s":                  "config (tideline.yaml): is not YAML: ",
		"just text":                           `config (tideline.yaml:1): must be settings, each "key: value"`,
		"kafka: {brokers: [{a: b}]}":          "kafka.brokers (tideline.yaml:1): must be a list of plain values",
		"tick: &t 1s\n":                       "tick (tideline.yaml:1): must be written out: anchors, aliases and tags are not read",
		"http:\n  addr:\n    host: localhost": "http.addr.host (tideline.yaml:3): is not a setting; `tideline config` lists them",
	} {
		_, err := Load(Source{File: file(t, text)})
		if got := mistakes(t, err); len(got) != 1 || !strings.HasPrefix(got[0].Error(), want) {
			t.Errorf("%q: %v", text, got)
		}
	}
	for _, text := range []string{"", "# nothing\n", "kafka:\ntick:\n", "---\ntick: 1s\n"} {
		if _, err := Load(Source{File: file(t, text)}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestVariablesOfOthersAreLeftAlone(t *testing.T) {
	env := []string{"PATH=/bin", "TIDELINE_CONFIG=x", "TIDELINE_TEST_BROKERS=y", "TIDELINED=z", "tideline_tick=1s"}
	got, err := Load(Source{Env: env})
	if err != nil || got.Tick != 10*time.Second {
		t.Errorf("tick %s, %v", got.Tick, err)
	}
}

func TestVariablesOfAKubernetesServiceAreLeftAlone(t *testing.T) {
	service := []string{
		"TIDELINE_SERVICE_HOST=10.0.0.1", "TIDELINE_SERVICE_PORT=8080", "TIDELINE_SERVICE_PORT_HTTP=8080", "TIDELINE_PORT=tcp://10.0.0.1:8080",
		"TIDELINE_PORT_8080_TCP=tcp://10.0.0.1:8080", "TIDELINE_PORT_8080_TCP_PROTO=tcp", "TIDELINE_PORT_8080_TCP_PORT=8080",
		"TIDELINE_PORT_8080_TCP_ADDR=10.0.0.1", "TIDELINE_PORT_53_UDP=udp://10.0.0.1:53",
	}
	if _, err := Load(Source{Env: service}); err != nil {
		t.Errorf("refused: %v", err)
	}
	for _, other := range []string{"TIDELINE_PORTS=1", "TIDELINE_PORT_HTTP=1", "TIDELINE_PORT_8080_TCP_TLS=1", "TIDELINE_SERVICE=1", "TIDELINE_HTTP_PORT=1"} {
		_, err := Load(Source{Env: []string{other}})
		if got := mistakes(t, err); len(got) != 1 || !strings.HasPrefix(got[0].What, "is not a setting") {
			t.Errorf("%s: %v", other, err)
		}
	}
}
