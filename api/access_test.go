package api

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"tideline/engine/event"
)

// cell is one row of the matrix: an operation on the caller's own or on another's.
type cell struct {
	operation, method, path, body string
	student, recruiter, ops, svc  int // statuses
}

const (
	oneSignal   = `{"signals":[{"id":"1","kind":"save","opportunity":"of-sam"STUDENT}]}`
	opportunity = `{"bucket":"jobs","title":"Intern","posted_at":"2026-05-01","recruiter":"WHO"}`
)

// matrix says who may do what. Every caller's subject is sam, so that one row
// serves all roles; what is another's is kim's.
var matrix = []cell{
	{"recommend", "GET", "/recommendations/jobs?student=sam", "", 200, 403, 200, 200},
	{"recommend", "GET", "/recommendations/jobs?student=kim", "", 403, 403, 200, 200},
	{"recommend", "GET", "/recommendations/jobs", "", 200, 403, 400, 400},
	{"why", "GET", "/recommendations/jobs/of-sam/why?student=sam", "", 200, 403, 200, 200},
	{"why", "GET", "/recommendations/jobs/of-sam/why?student=kim", "", 403, 403, 200, 200},
	{"why", "GET", "/recommendations/jobs/of-sam/why", "", 200, 403, 400, 400},
	{"saved", "GET", "/saved?student=sam", "", 200, 403, 200, 200},
	{"saved", "GET", "/saved?student=kim", "", 403, 403, 200, 200},
	{"saved", "GET", "/saved", "", 200, 403, 400, 400},
	{"student", "GET", "/students/sam", "", 200, 403, 200, 200},
	{"student", "GET", "/students/kim", "", 403, 403, 200, 200},
	{"signals", "POST", "/signals", strings.ReplaceAll(oneSignal, "STUDENT", `,"student":"sam"`), 202, 403, 202, 202},
	{"signals", "POST", "/signals", strings.ReplaceAll(oneSignal, "STUDENT", `,"student":"kim"`), 403, 403, 202, 202},
	{"put-profile", "PUT", "/profiles/sam", `{}`, 403, 403, 202, 202},
	{"put-profile", "PUT", "/profiles/kim", `{}`, 403, 403, 202, 202},
	{"delete-profile", "DELETE", "/profiles/sam", "", 403, 403, 202, 202},
	{"delete-profile", "DELETE", "/profiles/kim", "", 403, 403, 202, 202},
	{"opportunity", "GET", "/opportunities/of-sam", "", 200, 200, 200, 200},
	{"opportunity", "GET", "/opportunities/of-kim", "", 200, 200, 200, 200},
	{"put-opportunity", "PUT", "/opportunities/of-sam", strings.ReplaceAll(opportunity, "WHO", "sam"), 403, 202, 202, 202},
	{"put-opportunity", "PUT", "/opportunities/of-kim", strings.ReplaceAll(opportunity, "WHO", "kim"), 403, 403, 202, 202},
	{"put-opportunity", "PUT", "/opportunities/of-kim", strings.ReplaceAll(opportunity, "WHO", "sam"), 403, 403, 202, 202}, // taking it over
	{"put-opportunity", "PUT", "/opportunities/of-sam", strings.ReplaceAll(opportunity, "WHO", "kim"), 403, 403, 202, 202}, // giving it away
	{"put-opportunity", "PUT", "/opportunities/new", strings.ReplaceAll(opportunity, "WHO", ""), 403, 403, 202, 202},       // nobody's
	{"delete-opportunity", "DELETE", "/opportunities/of-sam", "", 403, 202, 202, 202},
	{"delete-opportunity", "DELETE", "/opportunities/of-kim", "", 403, 403, 202, 202},
	{"delete-opportunity", "DELETE", "/opportunities/unknown", "", 403, 404, 202, 202},

	{"notifications", "GET", "/notifications", "", 200, 200, 400, 400},
	{"notifications", "GET", "/notifications?recipient=sam", "", 200, 200, 200, 200},
	{"notifications", "GET", "/notifications?recipient=kim", "", 403, 403, 200, 200},
	{"read", "POST", "/notifications/n1/read", "", 202, 202, 400, 400},
	{"read", "POST", "/notifications/n1/read?recipient=sam", "", 202, 202, 202, 202},
	{"read", "POST", "/notifications/n1/read?recipient=kim", "", 403, 403, 202, 202},
	{"seen", "POST", "/notifications/n1/seen", "", 202, 202, 400, 400},
	{"seen", "POST", "/notifications/n1/seen?recipient=sam", "", 202, 202, 202, 202},
	{"seen", "POST", "/notifications/n1/seen?recipient=kim", "", 403, 403, 202, 202},
	{"clicked", "POST", "/notifications/n1/clicked", "", 202, 202, 400, 400},
	{"clicked", "POST", "/notifications/n1/clicked?recipient=sam", "", 202, 202, 202, 202},
	{"clicked", "POST", "/notifications/n1/clicked?recipient=kim", "", 403, 403, 202, 202},
	{"archived", "POST", "/notifications/n1/archive", "", 202, 202, 400, 400},
	{"archived", "POST", "/notifications/n1/archive?recipient=sam", "", 202, 202, 202, 202},
	{"archived", "POST", "/notifications/n1/archive?recipient=kim", "", 403, 403, 202, 202},
	{"read-all", "POST", "/notifications/read-all", "", 202, 202, 400, 400},
	{"read-all", "POST", "/notifications/read-all?recipient=sam", "", 202, 202, 202, 202},
	{"read-all", "POST", "/notifications/read-all?recipient=kim", "", 403, 403, 202, 202},
	{"preferences", "GET", "/preferences", "", 200, 200, 400, 400},
	{"preferences", "GET", "/preferences?recipient=sam", "", 200, 200, 200, 200},
	{"preferences", "GET", "/preferences?recipient=kim", "", 403, 403, 200, 200},
	{"put-preferences", "PUT", "/preferences", "{}", 202, 202, 400, 400},
	{"put-preferences", "PUT", "/preferences?recipient=sam", "{}", 202, 202, 202, 202},
	{"put-preferences", "PUT", "/preferences?recipient=kim", "{}", 403, 403, 202, 202},
	{"notification-stream", "HEAD", "/notifications/stream", "", 200, 200, 400, 400},
	{"notification-stream", "HEAD", "/notifications/stream?recipient=sam", "", 200, 200, 200, 200},
	{"notification-stream", "HEAD", "/notifications/stream?recipient=kim", "", 403, 403, 200, 200},
	{"alert-stream", "HEAD", "/alerts/stream", "", 403, 200, 400, 403},
	{"alert-stream", "HEAD", "/alerts/stream?recipient=sam", "", 403, 200, 200, 403},
	{"alert-stream", "HEAD", "/alerts/stream?recipient=kim", "", 403, 403, 200, 403},
	{"candidates", "GET", "/jobs/of-sam/candidates", "", 403, 200, 200, 403},
	{"candidates", "GET", "/jobs/of-kim/candidates", "", 403, 403, 200, 403},
	{"explain", "GET", "/explain?rule=fits&opportunity=of-sam", "", 200, 403, 400, 403},
	{"explain", "GET", "/explain?rule=fits&opportunity=of-sam&student=sam", "", 200, 403, 200, 403},
	{"explain", "GET", "/explain?rule=fits&opportunity=of-sam&student=kim", "", 403, 403, 200, 403},
	{"rule", "GET", "/rules/fits", "", 403, 403, 200, 403},
	{"rulesets", "GET", "/rulesets", "", 403, 403, 200, 403},
	{"ruleset", "GET", "/rulesets/test", "", 403, 403, 200, 403},
	{"ruleset-versions", "GET", "/rulesets/test/versions", "", 403, 403, 200, 403},
	{"put-ruleset", "PUT", "/rulesets/test", "", 403, 403, 428, 403},
	{"validate-ruleset", "POST", "/rulesets/test/validate", "", 403, 403, 200, 403},
	{"test-ruleset", "POST", "/rulesets/test/test", "", 403, 403, 200, 403},
	{"plan-ruleset", "POST", "/rulesets/test/plan", "", 403, 403, 200, 403},
	{"activate-ruleset", "POST", "/rulesets/test/activate", "", 403, 403, 202, 403},
	{"rollback-ruleset", "POST", "/rulesets/test/rollback", "", 403, 403, 202, 403},
	{"put-silence", "PUT", "/silences/s1", `{"student":"sam","until":"2026-06-01T00:00:00Z"}`, 403, 403, 202, 403},
	{"delete-silence", "DELETE", "/silences/s1", "", 403, 403, 202, 403},
	{"sources", "GET", "/sources", "", 403, 403, 200, 403},
	{"source-runs", "GET", "/sources/board/runs", "", 403, 403, 200, 403},
	{"run-source", "POST", "/sources/board/run", "", 403, 403, 202, 403},
	{"remove-source", "DELETE", "/sources/gone", "", 403, 403, 200, 403},
	{"merge", "GET", "/opportunities/of-sam/merge", "", 403, 403, 200, 403},
	{"split", "POST", "/opportunities/of-sam/split", "", 403, 403, 200, 403},
	{"rejoin", "DELETE", "/opportunities/of-sam/split", "", 403, 403, 200, 403},
}

func matrixWorld(t *testing.T) *world {
	w := newWorld(t)
	for _, who := range []string{"sam", "kim"} {
		o := job("of-" + who)
		o.Recruiter = who
		w.apply(o.ID, &o)
		w.feed(who, o.ID)
		w.views[who] = event.View{Profile: event.Profile{ID: who}}
		w.notify.inboxes[who] = []event.InboxItem{inboxItemOf(1)}
	}
	w.keep(testRules, "")
	w.keep(testRules, "")
	w.inForce(testRules, 2)
	return w
}

func TestWhoMayDoWhat(t *testing.T) {
	w := matrixWorld(t)
	for _, c := range matrix {
		for role, want := range map[Role]int{Student: c.student, Recruiter: c.recruiter, Ops: c.ops, Service: c.svc} {
			w.published = nil
			got := w.do(c.method, c.path, w.token(role, "sam"), c.body)
			if got.status != want {
				t.Errorf("%s %s %s as %s: %d, want %d: %s", c.method, c.path, c.body, role, got.status, want, got.body)
			}
			if want >= 400 && c.method == "HEAD" {
				if len(got.body) > 0 {
					t.Errorf("%s has a body: %s", c.path, got.body)
				}
			} else if want >= 400 {
				got.problem(t, want)
				if len(w.published) > 0 {
					t.Errorf("%s %s as %s was refused and yet published %v", c.method, c.path, role, w.published)
				}
			}
		}
		if got := w.do(c.method, c.path, "", c.body); got.status != 401 {
			t.Errorf("%s %s without a token: %d, want 401", c.method, c.path, got.status)
		} else if c.method == "HEAD" {
			continue // an answer without a body
		} else if p := got.problem(t, 401); p.Detail == "" || got.header.Get("WWW-Authenticate") == "" {
			t.Errorf("%s %s does not say how to authenticate: %v", c.method, c.path, got)
		}
	}
}

func TestTheMatrixCoversEveryGuardedRoute(t *testing.T) {
	open := []string{"healthz", "livez", "readyz", "metrics", "openapi", "docs", "unsubscribe", "unsubscribe-page"}
	for _, r := range newWorld(t).server.routes() {
		covered := slices.ContainsFunc(slices.Concat(matrix, hiringMatrix), func(c cell) bool { return c.operation == r.id })
		if guarded := r.roles != nil; covered != guarded || guarded == slices.Contains(open, r.id) {
			t.Errorf("route %s: guarded %v, in the matrix %v", r.id, guarded, covered)
		}
	}
}

func TestOpenRoutesNeedNoToken(t *testing.T) {
	w := newWorld(t)
	for _, path := range []string{"/healthz", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/unsubscribe?token=good"} {
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			if got := w.do(method, path, "", ""); got.status != 200 {
				t.Errorf("%s %s: %d", method, path, got.status)
			}
		}
	}
}

func TestAnIncompleteCatalogProvesNothing(t *testing.T) {
	// While opportunities are being loaded, "not found" must not lead to a
	// recruiter overwriting another's, nor to a signal being refused for good.
	w := matrixWorld(t)
	w.ready = false
	for _, c := range []struct{ role, method, path, body string }{
		{"recruiter", "PUT", "/opportunities/loading", strings.ReplaceAll(opportunity, "WHO", "sam")},
		{"recruiter", "DELETE", "/opportunities/loading", ""},
		{"student", "GET", "/opportunities/loading", ""},
		{"student", "POST", "/signals", `{"signals":[{"id":"1","kind":"save","opportunity":"loading"}]}`},
	} {
		a := w.do(c.method, c.path, w.token(Role(c.role), "sam"), c.body)
		a.problem(t, 503)
		if a.header.Get("Retry-After") == "" {
			t.Errorf("%s %s does not say when to come back", c.method, c.path)
		}
	}
	w.mu.Lock()
	w.feeds["sam/jobs"] = append(w.feeds["sam/jobs"], event.Entry{Member: event.MemberOf("loading")})
	w.mu.Unlock()
	w.do("GET", "/recommendations/jobs", w.token(Student, "sam"), "").problem(t, 503)
	if len(w.published) > 0 {
		t.Errorf("published %v", w.published)
	}

	w.ready = true
	if got := len(get[feedPage](w, "/recommendations/jobs", w.token(Student, "sam")).Items); got != 1 {
		t.Errorf("%d items once loaded", got)
	}
	w.ready = false // a rebalance: the catalog stays
	w.do("GET", "/opportunities/loading", w.token(Ops, "o"), "").problem(t, 404)
}
