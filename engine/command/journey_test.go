//go:build !noembed

package command

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/api"
)

// caller speaks to a running Tideline as somebody.
type caller struct {
	t     *testing.T
	ctx   context.Context
	base  string
	token string
}

func (a *app) as(ctx context.Context, t *testing.T, role api.Role, subject string) caller {
	t.Helper()
	token, err := api.Mint(a.auth, role, subject, time.Now(), time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	return caller{t, ctx, "http://" + a.apiAddr, token}
}

// do sends a request; into, if any, gets what a 2xx answers.
func (c caller) do(method, path, body string, into any) int {
	c.t.Helper()
	r, err := http.NewRequestWithContext(c.ctx, method, c.base+path, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	if into != nil && resp.StatusCode/100 == 2 {
		if err := json.Unmarshal(text, into); err != nil {
			c.t.Fatalf("%s %s: %s: %v", method, path, text, err)
		}
	}
	return resp.StatusCode
}

func (c caller) must(status int, method, path, body string, into any) {
	c.t.Helper()
	if got := c.do(method, path, body, into); got != status {
		c.t.Fatalf("%s %s: %d, want %d", method, path, got, status)
	}
}

// until asks again and again until the answer is as wanted.
func (c caller) until(what string, done func() bool) {
	c.t.Helper()
	if err := await(c.ctx, done); err != nil {
		c.t.Fatalf("%s: never", what)
	}
}

type recommendation struct {
	Opportunity struct{ ID string }
	Explanation *struct {
		Eligible bool
		Overlap  float64
		Matched  []struct{ Skill string }
	}
}

// jobs gives the feed, and its ids; nil while there is none.
func (c caller) jobs() (items []recommendation, ids []string) {
	c.t.Helper()
	var page struct{ Items []recommendation }
	if c.do("GET", "/recommendations/jobs?explain=true", "", &page) != 200 {
		return nil, nil
	}
	ids = []string{}
	for _, it := range page.Items {
		ids = append(ids, it.Opportunity.ID)
	}
	return page.Items, ids
}

func (c caller) shows(ids ...string) func() bool {
	return func() bool {
		_, got := c.jobs()
		return got != nil && slices.Equal(got, ids)
	}
}

func (c caller) saved() (ids []string) {
	c.t.Helper()
	var list struct{ Items []struct{ ID string } }
	if c.do("GET", "/saved", "", &list) == 200 {
		for _, it := range list.Items {
			ids = append(ids, it.ID)
		}
	}
	return ids
}

type because struct {
	InFeed      bool `json:"in_feed"`
	Rank        int
	Summary     string
	Explanation struct{ Gate string }
}

// One student's way through the whole of it: HTTP, Kafka, the engine, Redis, HTTP.
func TestWhatIsPublishedOverHTTPIsRankedAndServed(t *testing.T) {
	ctx, a := running(t)
	service, ann := a.as(ctx, t, api.Service, "platform"), a.as(ctx, t, api.Student, "ann")
	ann.must(404, "GET", "/recommendations/jobs", "", nil)

	// Of the same day: what the student can do decides.
	posted := time.Now().UTC().Format(time.RFC3339)
	for id, skills := range map[string]string{
		"go-intern":  `[{"name":"Go","level":3},{"name":"SQL","level":2}]`,
		"go-kube":    `[{"name":"Go","level":3},{"name":"Kubernetes","level":5,"weight":5}]`,
		"nurse":      `[{"name":"Patient Care"}]`,
		"sql-intern": `[{"name":"SQL","level":2},{"name":"Java"}]`,
	} {
		service.must(202, "PUT", "/opportunities/"+id, `{"bucket":"jobs","title":"Intern","posted_at":"`+posted+`","skills":`+skills+`}`, nil)
	}
	service.must(202, "PUT", "/profiles/ann", `{"skills":[{"name":"golang","level":4},{"name":"sql","level":2}]}`, nil)
	ann.until("the feed", ann.shows("go-intern", "sql-intern", "go-kube"))
	items, _ := ann.jobs()
	if why := items[0].Explanation; why == nil || !why.Eligible || why.Overlap != 1 || len(why.Matched) != 2 {
		t.Errorf("the first explains itself with %+v", why)
	}
	var r because
	ann.must(200, "GET", "/recommendations/jobs/nurse/why", "", &r)
	if r.InFeed || r.Explanation.Gate != "no_skill" {
		t.Errorf("why not the nurse: %+v", r)
	}

	signals := `{"signals":[{"id":"1","kind":"save","opportunity":"go-intern"},{"id":"2","kind":"ignore","opportunity":"go-kube"},{"id":"3","kind":"save","opportunity":"nowhere"}]}`
	var result struct{ Accepted int }
	ann.must(202, "POST", "/signals", signals, &result)
	if result.Accepted != 2 {
		t.Errorf("%d signals accepted; one names nothing that exists", result.Accepted)
	}
	ann.until("saved", func() bool { return slices.Equal(ann.saved(), []string{"go-intern"}) })
	ann.until("the ignored one is gone", ann.shows("go-intern", "sql-intern"))
	r = because{}
	ann.must(200, "GET", "/recommendations/jobs/go-intern/why", "", &r)
	if !r.InFeed || r.Rank != 1 {
		t.Errorf("why the one saved: %+v", r)
	}
	r = because{}
	ann.must(200, "GET", "/recommendations/jobs/go-kube/why", "", &r)
	if r.InFeed || r.Explanation.Gate != "ignored" || r.Summary == "" {
		t.Errorf("why not the one ignored: %+v", r)
	}

	service.must(202, "DELETE", "/opportunities/go-intern", "", nil)
	ann.until("the deleted one is gone", ann.shows("sql-intern"))
	if got := ann.saved(); !slices.Equal(got, []string{"go-intern"}) {
		t.Errorf("saved: %v; what was deleted stays on the list", got)
	}
	service.must(202, "DELETE", "/profiles/ann", "", nil)
	ann.until("the student is forgotten", func() bool { return ann.do("GET", "/recommendations/jobs", "", nil) == 404 })
}
