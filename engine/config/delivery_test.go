package config

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatDeliveryNeedsIsCheckedAtOnce(t *testing.T) {
	webhooks := filepath.Join(t.TempDir(), "webhooks.yaml")
	if err := os.WriteFile(webhooks, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	good := map[string]string{
		"smtp.host": "mx.example.org", "smtp.from": "Tideline <no-reply@example.org>", "smtp.username": "u", "smtp.password": "p",
		"public_url": "https://tideline.example.org", "webhooks.file": webhooks,
	}
	for _, c := range []struct {
		name   string
		change map[string]string
		want   []string // none: it is taken
	}{
		{"all", nil, nil},
		{"plain on this machine", map[string]string{"smtp.host": "localhost", "smtp.tls": "none"}, nil},
		{"plain by explicit setting", map[string]string{
			"smtp.tls": "none", "smtp.allow_plaintext": "true", "smtp.username": "", "smtp.password": "",
		}, nil},
		{"many mistakes", map[string]string{
			"smtp.from": "nobody", "smtp.port": "0", "smtp.tls": "ssl", "smtp.password": "", "public_url": "tideline.example.org",
			"webhooks.file": "/nowhere", "delivery.unsubscribe_secret": "short",
		}, []string{
			"smtp.from (--smtp.from): is \"nobody\"", "smtp.port (--smtp.port)", "smtp.tls (--smtp.tls): is \"ssl\"", "smtp.password",
			"public_url (--public_url)", "webhooks.file (--webhooks.file)", "delivery.unsubscribe_secret (--delivery.unsubscribe_secret): has 5 bytes",
		}},
		{"plain to another machine", map[string]string{"smtp.tls": "none"}, []string{
			"smtp.tls (--smtp.tls): is none, and mx.example.org is another machine", "smtp.username (--smtp.username): would be sent in the clear",
		}},
		{"a sender without a server", map[string]string{"smtp.host": ""}, []string{"smtp.from (--smtp.from): is set and smtp.host is not"}},
		{"links that nobody can sign", map[string]string{"auth.jwks_url": "https://id.example.org/keys"}, []string{
			"delivery.unsubscribe_secret (default): is needed",
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			flags := map[string]string{}
			for _, from := range []map[string]string{good, c.change} {
				maps.Copy(flags, from)
			}
			_, err := Load(Source{Flags: flags})
			if (err == nil) != (len(c.want) == 0) {
				t.Fatalf("got %v", err)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("nobody says %s in\n%v", want, err)
				}
			}
		})
	}
}

func TestSecretsOfDeliveryAreMasked(t *testing.T) {
	loaded, err := Load(Source{Flags: map[string]string{
		"smtp.host": "mx", "smtp.from": "a@b.c", "smtp.username": "u", "smtp.password": "hunter2",
		"delivery.unsubscribe_secret": "a secret of at least thirty-two bytes",
	}})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := loaded.Print(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "hunter2") || strings.Contains(b.String(), "thirty-two") {
		t.Error(b.String())
	}
}
