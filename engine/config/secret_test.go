package config

import (
	"slices"
	"strings"
	"testing"
)

// secretOf gives the value of a secret key.
func secretOf(c Config, key string) string {
	return map[string]string{
		"kafka.sasl.password": c.Kafka.SASL.Password, "redis.password": c.Redis.Password,
		"mongo.uri": c.Mongo.URI, "auth.hs256_secret": c.Auth.HS256Secret,
		"smtp.password": c.SMTP.Password, "delivery.unsubscribe_secret": c.Delivery.UnsubscribeSecret,
	}[key]
}

const hidden = "a secret of more than thirty-two bytes"

func TestSecretsMayComeFromFiles(t *testing.T) {
	for _, key := range secrets {
		name := "TIDELINE_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
		env := []string{"TIDELINE_KAFKA_SASL_MECHANISM=plain", name + "_FILE=" + file(t, hidden+"\n")}
		got, err := Load(Source{Env: env})
		if err != nil || secretOf(got.Config, key) != hidden || got.Origins[key] != name+"_FILE" {
			t.Errorf("%s is %q from %s, %v", key, secretOf(got.Config, key), got.Origins[key], err)
		}
		_, err = Load(Source{Env: append(env, name+"="+hidden)})
		want := Mistake{key, name + "_FILE", name + " is set too; use one of them"}
		if list := mistakes(t, err); !slices.Equal(list, []Mistake{want}) {
			t.Errorf("%s twice: %v", key, list)
		}
	}
}

func TestOnlySecretsComeFromFiles(t *testing.T) {
	_, err := Load(Source{Env: []string{"TIDELINE_TICK_FILE=" + file(t, "1s")}})
	want := Mistake{"TIDELINE_TICK_FILE", "environment", "is not a setting; `tideline config` lists them"}
	if list := mistakes(t, err); !slices.Equal(list, []Mistake{want}) {
		t.Errorf("%v", list)
	}
}

func TestNoSecretIsPrinted(t *testing.T) {
	for _, key := range secrets {
		got, err := Load(Source{Flags: map[string]string{key: hidden, "kafka.sasl.mechanism": "plain"}})
		if err != nil {
			t.Fatal(err)
		}
		out := printed(t, got)
		if strings.Contains(out, hidden) {
			t.Errorf("%s was printed:\n%s", key, out)
		}
		name := key[strings.LastIndex(key, ".")+1:]
		if !strings.Contains(out, name+`: "********"`) || !strings.Contains(out, "# --"+key) {
			t.Errorf("%s: that it is set, and where, is not to be seen:\n%s", key, out)
		}
	}
}

// A key that looks as if it held a secret must be in the list of secrets.
func TestEverySecretIsKnownAsOne(t *testing.T) {
	for _, key := range Keys() {
		for _, word := range []string{"password", "secret", "token", "private", "credential", "uri"} {
			if strings.Contains(key, word) && !slices.Contains(secrets, key) {
				t.Errorf("%s is printed", key)
			}
		}
	}
	for _, key := range secrets {
		if !slices.Contains(Keys(), key) {
			t.Errorf("%s is not a key", key)
		}
	}
}

func TestAMistakeDoesNotTellTheSecret(t *testing.T) {
	_, err := Load(Source{Flags: map[string]string{"auth.hs256_secret": "hunter2", "kafka.sasl.password": "hunter3"}})
	if err == nil || strings.Contains(err.Error(), "hunter") {
		t.Errorf("%v", err)
	}
}

func printed(t *testing.T, l Loaded) string {
	t.Helper()
	var out strings.Builder
	if err := l.Print(&out); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWhatIsPrintedIsReadBack(t *testing.T) {
	flags := map[string]string{
		"kafka.brokers": "a:1, b:2", "scoring.jobs.half_life": "9d", "scoring.jobs.fit": "0.25", "redis.cluster": "true",
		"instance": `odd "name" # with: all`, "tick": "1500ms",
	}
	want, err := Load(Source{Flags: flags})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Load(Source{File: file(t, printed(t, want))})
	if err != nil {
		t.Fatal(err)
	}
	want.Origins, got.Origins = nil, nil
	if printed(t, got) != printed(t, want) {
		t.Errorf("got\n%s\nwant\n%s", printed(t, got), printed(t, want))
	}
}
