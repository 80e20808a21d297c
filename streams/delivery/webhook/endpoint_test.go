package webhook

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"tideline/engine/event"
	"tideline/streams/delivery"
)

// nowhere is a journal that keeps nothing.
type nowhere struct{}

func (nowhere) Write(context.Context, int32, ...delivery.Entry) error { return nil }

func file(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "webhooks.yaml")
	for name, text := range map[string]string{path: text, filepath.Join(dir, "crm.key"): secret + "\n"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

func TestEndpointsAreRead(t *testing.T) {
	list, err := LoadEndpoints(file(t, `
- name: crm
  url: https://crm.example.org/hooks
  old_secret: whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA
  secret_file: crm.key
  audiences: [recruiter]
  categories: [candidates, pipeline]
  recipients: [r01]
- name: local
  url: http://127.0.0.1:9000
  secret: `+secret+`
  allow_private: true
  enabled: false
`))
	if err != nil || len(list) != 2 {
		t.Fatalf("%d, %v", len(list), err)
	}
	crm, local := list[0], list[1]
	if len(crm.Keys) != 2 || string(crm.Keys[0]) != string(keyOf(t, secret)) || !crm.Enabled || crm.AllowPrivate || local.Enabled || !local.AllowPrivate {
		t.Errorf("got %+v", list)
	}
	n := event.Notification{}
	n.Audience, n.Recipient, n.Notice.Category = event.ToRecruiter, "r01", "pipeline"
	if !crm.Wants(n) || !local.Wants(n) {
		t.Error("not wanted")
	}
	for _, change := range []func(n *event.Notification){
		func(n *event.Notification) { n.Audience = event.ToStudent },
		func(n *event.Notification) { n.Recipient = "r02" },
		func(n *event.Notification) { n.Notice.Category = "jobs" },
	} {
		other := n
		if change(&other); crm.Wants(other) {
			t.Errorf("wanted %+v", other)
		}
	}
}

func TestAllMistakesInEndpointsAreReportedAtOnce(t *testing.T) {
	_, err := LoadEndpoints(file(t, `- name: CRM
  url: http://crm.example.org
  secret: whsec_tooshort
  colour: red
- name: two
  url: https://user:pass@crm.example.org
  secret_file: missing
  audiences: [everyone]
  enabled: perhaps
- name: two
  url: "no address"
- text
`))
	if err == nil {
		t.Fatal("taken")
	}
	for _, want := range []string{
		":1: name is \"CRM\"", ":1: url of CRM must begin with https://", ":3: secret must be whsec_", ":4: colour is not known",
		":5: url of two must be an address", ":7: secret_file: open", ":8: audiences has \"everyone\"", ":9: enabled must be true or false",
		":10: name two is taken by line 5", ":10: two needs a secret", ":10: url of two must be", ":12: must be an endpoint",
	} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nobody says %s", want)
		}
	}
	if strings.Contains(err.Error(), "tooshort") || t.Failed() {
		t.Errorf("said was\n%v", err)
	}
	for text, want := range map[string]string{"name: x": "must be a list", "[": "is not YAML"} {
		if _, err := LoadEndpoints(file(t, text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if list, err := LoadEndpoints(file(t, "")); err != nil || len(list) > 0 {
		t.Errorf("an empty file: %v", err)
	}
}
