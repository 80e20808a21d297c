package templates

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"tideline/engine/event"
)

var update = flag.Bool("update", false, "write the golden files")

func texts(t *testing.T) *Texts {
	t.Helper()
	all, err := Load(Shipped)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func TestEveryShippedTextReadsAsExpected(t *testing.T) {
	all := texts(t)
	for _, lang := range all.Languages() {
		var b strings.Builder
		for _, name := range all.Names() {
			for _, digest := range []bool{false, true} {
				form := map[bool]string{false: "single", true: "digest"}[digest]
				m, ok := all.Render(Sample(name, lang, digest))
				if !ok {
					t.Errorf("%s %s %s: the fallback was used", lang, name, form)
				}
				fmt.Fprintf(&b, "== %s, %s\n%s\n\n%s\n\n[%s](%s)\n\n", name, form, m.Title, m.Body, m.Action, m.URL)
			}
		}
		golden(t, filepath.Join("testdata", lang+".golden"), b.String())
	}
}

func golden(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; run with -update and read the diff. Got:\n%s", path, got)
	}
}

func TestShippedTemplatesAreThoseThatRulesName(t *testing.T) {
	all := texts(t)
	for _, name := range []string{
		"job-match", "hackathon-closing", "gap", "top-candidate", "stage-stuck", "offer-received",
		"interview-tomorrow", "saved-closing", "application-moved", "weekly-matches",
		"offer-expiring", "feedback-missing", "message", "message-from-student",
	} {
		if !all.Has(name) {
			t.Errorf("no template %s", name)
		}
	}
}

func TestTheLanguageIsTheNearestThereIs(t *testing.T) {
	all := texts(t)
	for tag, want := range map[string]string{"de": "de", "de-AT": "de", "DE": "de", "de-Latn-CH": "de", "fr": "en", "": "en", "en-GB": "en"} {
		if got := all.Around(event.Notification{Language: tag}).Language; got != want {
			t.Errorf("%q is told in %s, want %s", tag, got, want)
		}
	}
}

func TestAnUnknownTemplateGivesTheFacts(t *testing.T) {
	m, ok := texts(t).Render(Sample("what-nobody-wrote", "en", false))
	if ok {
		t.Error("it was found")
	}
	if m.Title != "Backend Intern at Nordia" || !strings.Contains(m.Body, "Match: 82%") || m.URL == "" {
		t.Errorf("got %+v", m)
	}
}

func TestWhatComesFromOutsideStaysHarmless(t *testing.T) {
	n := Sample("job-match", "en", false)
	n.Facts.Title = "Intern\r\nBcc: all@example.org\u202e {{.Student}}"
	n.Facts.URL = "javascript:alert(1)"
	n.Subject.Organisation = strings.Repeat("long ", 100)
	m, _ := texts(t).Render(n)
	if strings.ContainsAny(m.Title, "\r\n\u202e") || !strings.Contains(m.Title, "{{.Student}}") || len(m.Title) > 400 {
		t.Errorf("title %q", m.Title)
	}
	if m.URL != "" || m.Action != "" {
		t.Errorf("link %q %q", m.Action, m.URL)
	}
}

func TestTimesAreInTheRecipientsZone(t *testing.T) {
	n := Sample("interview-tomorrow", "en", false)
	n.Facts.At = new(time.Date(2026, 6, 12, 22, 30, 0, 0, time.UTC))
	for zone, want := range map[string]string{
		"Asia/Kolkata": "Saturday, 13 June at 04:00.", "": "Friday, 12 June at 22:30 UTC.", "Nowhere/Else": "Friday, 12 June at 22:30 UTC.",
	} {
		n.TimeZone = zone
		if m, _ := texts(t).Render(n); !strings.Contains(m.Body, want) {
			t.Errorf("%q: %s", zone, m.Body)
		}
	}
}

func TestAPercentageNeverPromisesMore(t *testing.T) {
	w := words{Percent: "{n}%"}
	for share, want := range map[float64]string{0.7499: "74%", 0.75: "75%", 0.29: "29%", 1: "100%", 0: "0%", -1: "0%", 7: "100%"} {
		if got := w.percent(share); got != want {
			t.Errorf("%v is %s, want %s", share, got, want)
		}
	}
}

const good = `templates:
  hello:
    title: Hello
    body: Hello {{.Name}}
    action: Go
    digest: {title: Hello, body: Hello, action: Go}
`

func TestARulesetAddsToTheShippedTexts(t *testing.T) {
	all, err := Load(fstest.MapFS{"en.yaml": {Data: []byte(good)}, "README.md": {}})
	if err != nil {
		t.Fatal(err)
	}
	if !all.Has("hello") || !all.Has("job-match") {
		t.Errorf("has %v", all.Names())
	}
	if m, ok := all.Render(Sample("hello", "en", false)); !ok || m.Body != "Hello Backend Intern at Nordia" {
		t.Errorf("got %+v, %v", m, ok)
	}
}

func TestAllMistakesAreReportedAtOnceWithTheirLines(t *testing.T) {
	_, err := Load(fstest.MapFS{
		"notes.draft.yaml": {Data: []byte("a: b")},
		"fr.yaml":          {Data: []byte("templates: {}\n")},
		"de.yaml":          {Data: []byte(good)},
		"en.yaml": {Data: []byte(`colour: blue
words:
  and: [x]
`)},
	})
	want := []string{
		"en.yaml:1: colour: is not known; a language has words and templates",
		"en.yaml:3: words.and: must be text",
		"en.yaml: hello: is missing; de.yaml:2 has it",
		"fr.yaml: words.name: is missing",
		"fr.yaml: hello: is missing; de.yaml:2 has it",
		"notes.draft.yaml: is not named after a language, such as en.yaml or pt-br.yaml",
	}
	complains(t, err, want)
	_, err = Load(fstest.MapFS{"en.yaml": {Data: []byte(`templates:
  one:
    title: "{{.Titel}} and {{.Rnak}}"
    body: |
      First.
      {{range .Items}}{{.More}}{{end}}
      {{if .Rank}}{{.Deadline.Nothing}}{{end}}
    action: "{{percent .Title}}"
    digest:
      title: "{{nothing}}"
      body: "{{if}}"
      action: ""
      colour: red
  two: text
  two: {}
  three:
    title: [a]
`)}})
	complains(t, err, []string{
		"en.yaml:3: one.title: there is no .Titel; there are [Application ",
		"en.yaml:3: one.title: there is no .Rnak; there are [",
		"en.yaml:6: one.body: there is no .More; there are [",
		`en.yaml:8: one.action: <.Title>: wrong type for value; expected float64; got string`,
		`en.yaml:10: one.digest.title: function "nothing" not defined`,
		"en.yaml:11: one.digest.body: missing value for if",
		"en.yaml:12: one.digest.action: must not be empty",
		"en.yaml:13: one.digest.colour: is not known; a template has title, body, action and digest",
		"en.yaml:14: two: must have keys of its own",
		"en.yaml:14: two.digest: is missing: any rule may gather its firings in a digest",
		"en.yaml:15: templates.two: is there twice",
		"en.yaml:17: three.title: must be text",
		"en.yaml:16: three.body: is missing",
	})
}

func complains(t *testing.T, err error, want []string) {
	t.Helper()
	if err == nil {
		t.Fatal("it was taken")
	}
	for _, w := range want {
		if !strings.Contains("\n"+err.Error(), "\n"+w) {
			t.Errorf("nobody says\n%s", w)
		}
	}
	if t.Failed() {
		t.Logf("said was\n%v", err)
	}
}
