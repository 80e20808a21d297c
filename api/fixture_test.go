package api

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
)

var now = time.Date(2026, 5, 10, 12, 0, 0, 0, time.UTC)

var testAuth = AuthConfig{Secret: "a secret that only these tests know", Issuer: "campus", Audience: "tideline"}

// tokenLife lets tests move the clock by days.
const tokenLife = 30 * 24 * time.Hour

// world is what the API stands on: the real catalog and scorer, and feeds and
// topics that keep what they are given.
type world struct {
	t       testing.TB
	catalog *catalog.Catalog
	version atomic.Uint64
	offset  int64
	server  *Server
	metrics *prometheus.Registry

	mu        sync.Mutex
	feeds     map[string][]event.Entry // by student and bucket, best first
	views     map[string]event.View
	reads     int // of feeds
	feedError error
	ready     bool
	now       time.Time

	published []string
	ids       []string // as handed over, not copied
	signals   []event.Signal
	refuse    error // by the topics

	notify *notifyWorld
	hiring *hiringWorld

	sources sourceWorld
	merges  mergeWorld
}

func newWorld(t testing.TB, change ...func(*Config, *Ports)) *world {
	t.Helper()
	w := &world{
		t: t, catalog: catalog.New(match.Default(), match.NewDictionary(skills.Normalize)), metrics: prometheus.NewRegistry(),
		feeds: map[string][]event.Entry{}, views: map[string]event.View{}, ready: true, now: now,
	}
	config := Config{Addr: "127.0.0.1:0", Loopback: true, Auth: testAuth}
	ports := Ports{
		Feeds: w, Catalog: w.catalog, Publisher: w, Scorer: match.NewScorer(match.Default(), skills.Normalize),
		Notify: w.notifyPorts(), Hiring: w.hiringPorts(), Ready: w.isReady, Gatherer: w.metrics, Now: w.clock, CatalogVersion: w.version.Load, Sources: &w.sources, Merges: &w.merges, Doubles: &w.merges,
	}
	for _, f := range change {
		f(&config, &ports)
	}
	server, err := New(t.Context(), config, ports, w.metrics, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	w.server = server
	return w
}

func (w *world) isReady() (bool, string) { return w.ready, "three of four partitions" }
func (w *world) clock() time.Time        { return w.now }

func (w *world) Page(_ context.Context, student string, b event.Bucket, limit int) ([]event.Entry, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.reads++
	feed, known := w.feeds[student+"/"+string(b)]
	switch {
	case w.feedError != nil:
		return nil, w.feedError
	case !known:
		return nil, fmt.Errorf("%w: %q", ErrNoStudent, student)
	}
	return slices.Clone(feed[:min(limit, len(feed))]), nil
}

func (w *world) View(_ context.Context, student string) (event.View, error) {
	v, ok := w.views[student]
	if !ok {
		return v, fmt.Errorf("%w: %q", ErrNoStudent, student)
	}
	return v, nil
}

func (w *world) publish(what, id string) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.published = append(w.published, what+" "+id)
	w.ids = append(w.ids, id)
	return w.refuse
}

func (w *world) PutOpportunity(_ context.Context, o event.Opportunity) error {
	return w.publish("put opportunity", o.ID)
}

func (w *world) DeleteOpportunity(_ context.Context, id string) error {
	return w.publish("delete opportunity", id)
}

func (w *world) PutProfile(_ context.Context, p event.Profile) error {
	return w.publish("put profile", p.ID)
}

func (w *world) DeleteProfile(_ context.Context, id string) error {
	return w.publish("delete profile", id)
}

func (w *world) Signals(_ context.Context, list []event.Signal) error {
	w.signals = append(w.signals, list...)
	return w.publish("signals", fmt.Sprint(len(list)))
}

// apply changes the catalog; nil deletes.
func (w *world) apply(id string, o *event.Opportunity) {
	w.t.Helper()
	w.offset++
	change := catalog.Change{Position: catalog.Position{Offset: w.offset}, ID: id, Opportunity: o}
	if err := w.catalog.Apply([]catalog.Change{change}); err != nil {
		w.t.Fatal(err)
	}
	w.version.Add(1)
}

func job(id string) event.Opportunity {
	return event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: "Backend Intern " + id, Organisation: "Umbra", Description: "Long.", Recruiter: "rita",
		Skills: []event.RequiredSkill{{Name: "Go", Level: 3, Weight: 2}, {Name: "SQL", Level: 2, Weight: 1}},
		Status: event.Open, PostedAt: now.Add(-24 * time.Hour),
	}
}

// feed puts jobs into the catalog and a student's feed, best first.
func (w *world) feed(student string, ids ...string) {
	entries := []event.Entry{}
	for i, id := range ids {
		if _, ok := w.catalog.Opportunity(id); !ok {
			w.apply(id, new(job(id)))
		}
		entries = append(entries, event.Entry{Member: event.MemberOf(id), Key: int64(100_000 - 10*i)})
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.feeds[student+"/jobs"] = entries
}

func numbered(prefix string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%03d", prefix, i)
	}
	return ids
}

func (w *world) token(role Role, subject string) string {
	w.t.Helper()
	token, err := Mint(testAuth, role, subject, now, tokenLife)
	if err != nil {
		w.t.Fatal(err)
	}
	return "Bearer " + token
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   string
}

func (w *world) do(method, path, token, body string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	if token != "" {
		r.Header.Set("Authorization", token)
	}
	return w.send(r)
}

func (w *world) send(r *http.Request) answer {
	w.t.Helper()
	resp, err := w.server.Test(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		w.t.Fatal(err)
	}
	return answer{resp.StatusCode, resp.Header, string(text)}
}

// get asks as a student and fails unless the answer is 200.
func get[T any](w *world, path, token string) T {
	w.t.Helper()
	a := w.do("GET", path, token, "")
	var v T
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
		w.t.Fatalf("GET %s: %d %s (%v)", path, a.status, a.body, err)
	}
	return v
}

// problem checks that an answer is a problem of this status.
func (a answer) problem(t testing.TB, status int) Problem {
	t.Helper()
	var p Problem
	err := json.Unmarshal([]byte(a.body), &p)
	if err != nil || a.status != status || p.Status != status || p.Title == "" || a.header.Get("Content-Type") != problemType {
		t.Fatalf("want a problem with status %d, got %d %q: %s (%v)", status, a.status, a.header.Get("Content-Type"), a.body, err)
	}
	return p
}

func (p Problem) locations() []string {
	var list []string
	for _, c := range p.Errors {
		list = append(list, c.Location+" "+c.Code)
	}
	return list
}

func ids(p feedPage) []string {
	var list []string
	for _, it := range p.Items {
		list = append(list, it.Opportunity.ID)
	}
	return list
}

func byKey(a, b event.Entry) int {
	return cmp.Or(cmp.Compare(b.Key, a.Key), cmp.Compare(b.Member, a.Member))
}
