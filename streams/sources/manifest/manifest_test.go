package manifest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

var yamlBlock = regexp.MustCompile("(?s)```yaml\n(.*?)```")

// TestTheExamplesOfThePagesAreValid loads what the page of every kind shows.
func TestTheExamplesOfThePagesAreValid(t *testing.T) {
	t.Setenv("APIFY_TOKEN", "x")
	pages, err := filepath.Glob("../*/README.md")
	if err != nil || len(pages) < 12 {
		t.Fatalf("%d pages, %v", len(pages), err)
	}
	for _, page := range pages {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		block := yamlBlock.FindSubmatch(text)
		if block == nil {
			t.Errorf("%s shows no example", page)
			continue
		}
		entries, err := Load([]string{written(t, "contact: mailto:ops@campus.example\nsources:\n"+string(block[1]))})
		if err != nil || len(entries) != 1 || !entries[0].Enabled || entries[0].Source == nil {
			t.Errorf("%s: %v", page, err)
		}
		if !strings.Contains(string(text), "Terms:") && !strings.Contains(string(text), "is for you to know") {
			t.Errorf("%s has no note of terms", page)
		}
	}
}

func TestTheExampleOfTheArchitectureIsValid(t *testing.T) {
	text, err := os.ReadFile("../../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range yamlBlock.FindAllSubmatch(text, -1) {
		if !strings.HasPrefix(string(block[1]), "contact:") {
			continue
		}
		entries, err := Load([]string{written(t, string(block[1]))})
		if err != nil || len(entries) != 1 {
			t.Fatal(err)
		}
		e := entries[0]
		if e.Schedule.Zone.String() != "Asia/Kolkata" || e.Schedule.Jitter != 20*time.Minute || e.Absences != 2 || e.Limits.Budget != 2000 || e.Limits.MaxBody != 64<<20 ||
			!strings.Contains(e.Limits.UserAgent, "mailto:careers@campus.example") || e.Limits.AllowPrivate {
			t.Errorf("%+v", e)
		}
		return
	}
	t.Error("there is none")
}

func TestWhatIsAskedDecidesTheFingerprint(t *testing.T) {
	one := func(with string) string {
		t.Helper()
		entries, err := Load([]string{written(t, "contact: mailto:o@x.example\nsources:\n  - {name: a, kind: greenhouse, with: {"+with+"}}\n")})
		if err != nil {
			t.Fatal(err)
		}
		return entries[0].Fingerprint
	}
	if a, b := one("board: a"), one("board: b"); a == b || a != one("board: a") {
		t.Errorf("%s and %s", a, b)
	}
}

func TestRobotsAreForCrawlersOfPages(t *testing.T) {
	entries, err := Load([]string{written(t, `contact: mailto:o@x.example
sources:
  - {name: api, kind: greenhouse, with: {board: a}}
  - {name: api-too, kind: greenhouse, robots: true, with: {board: a}}
  - {name: page, kind: jsonld, with: {urls: ["https://x.example"]}}
`)})
	if err != nil || entries[0].Limits.Robots || !entries[1].Limits.Robots || !entries[2].Limits.Robots {
		t.Errorf("%+v, %v", entries, err)
	}
}

func written(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "sources.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
