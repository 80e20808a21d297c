package api

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write testdata/openapi.json anew")

const golden = "testdata/openapi.json"

func TestTheDocumentIsAsReviewed(t *testing.T) {
	got := newWorld(t).do("GET", "/openapi.json", "", "").body
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("/openapi.json is not %s; look at the difference after go test ./api -update", golden)
	}
}

type openapi struct {
	OpenAPI    string
	Paths      map[string]map[string]struct{ Security []any }
	Components struct{ Schemas map[string]any }
}

func TestTheDocumentListsExactlyTheRoutes(t *testing.T) {
	w := newWorld(t)
	var doc openapi
	body := w.do("GET", "/openapi.json", "", "").body
	if err := json.Unmarshal([]byte(body), &doc); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(doc.OpenAPI, "3.1.") {
		t.Errorf("version %s", doc.OpenAPI)
	}
	var documented, registered []string
	for path, operations := range doc.Paths {
		for method := range operations {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	parameter := regexp.MustCompile(`:(\w+)`)
	for _, r := range w.server.app.GetRoutes(true) {
		if r.Method != "HEAD" {
			registered = append(registered, r.Method+" "+parameter.ReplaceAllString(r.Path, "{$1}"))
		}
	}
	slices.Sort(documented)
	slices.Sort(registered)
	if !slices.Equal(documented, registered) {
		t.Errorf("documented %q\nregistered %q", documented, registered)
	}
	for _, r := range w.server.routes() {
		if guarded := len(doc.Paths[r.path][strings.ToLower(r.method)].Security) > 0; guarded != (r.roles != nil) {
			t.Errorf("%s: documented as guarded %v", r.id, guarded)
		}
	}
	for _, ref := range regexp.MustCompile(`#/components/schemas/(\w+)`).FindAllStringSubmatch(body, -1) {
		if doc.Components.Schemas[ref[1]] == nil {
			t.Errorf("%s is nowhere", ref[0])
		}
	}
}

func TestTheDocsPageLoadsNothingFromOutside(t *testing.T) {
	a := newWorld(t).do("GET", "/docs", "", "")
	if outside := regexp.MustCompile(`(?i)(https?:)?//[a-z]|@import|<link|src=|\sstyle=|\son\w+=|javascript:|innerHTML`).FindString(a.body); outside != "" {
		t.Errorf("the page has %q", outside)
	}
	policy := a.header.Get("Content-Security-Policy")
	if strings.Contains(policy, "unsafe") || !strings.HasPrefix(policy, "default-src 'none'") {
		t.Errorf("policy %s", policy)
	}
	for _, tag := range []string{"script", "style"} {
		inside := regexp.MustCompile(`(?s)<`+tag+`>(.*?)</`+tag+`>`).FindAllStringSubmatch(a.body, -1)
		if len(inside) != 1 {
			t.Fatalf("%d %ss", len(inside), tag)
		}
		sum := sha256.Sum256([]byte(inside[0][1]))
		if want := tag + "-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(policy, want) {
			t.Errorf("%s does not allow the page's own %s", policy, tag)
		}
	}
}
