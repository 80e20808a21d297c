//go:build !noembed

package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/deploy/local"
	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/fetchtest"
	"tideline/streams/sources/greenhouse"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
	"tideline/timelines"
)

// jobBoard is a job board that a test changes, and what was published of it.
type jobBoard struct {
	*httptest.Server
	t     *testing.T
	clock *fetchtest.Clock
	store *timelines.Store
	uri   string // of the store

	mu           sync.Mutex
	jobs         map[int]string // id to title
	total        int            // -1: as many as there are
	spoil        http.HandlerFunc
	asked        int
	published    map[string]event.Opportunity
	events       []string
	fail         int // publish so many batches, then fail; -1: never
	afterPublish func()
	metrics      *prometheus.Registry // of the runner that was made last
}

func newBoard(t *testing.T) *jobBoard {
	b := &jobBoard{t: t, clock: fetchtest.NewClock(), jobs: map[int]string{}, total: -1, published: map[string]event.Opportunity{}, fail: -1}
	b.start()
	log := slog.New(slog.DiscardHandler)
	servers, err := local.Start(t.Context(), local.Options{Dir: t.TempDir(), Mongo: true, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(servers.Close)
	b.uri = servers.MongoURI
	b.reopen()
	if err := errors.Join(b.store.Prepare(t.Context()), servers.IndexIDs(t.Context(), "test")); err != nil {
		t.Fatal(err)
	}
	return b
}

// reopen connects to the store again.
func (b *jobBoard) reopen() {
	store, err := timelines.New(timelines.Config{URI: b.uri, Database: "test", Serial: true}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(store.Close)
	b.store = store
}

func (b *jobBoard) start() {
	b.Server = httptest.NewServer(http.HandlerFunc(b.serve))
	b.t.Cleanup(b.Close)
}

func (b *jobBoard) serve(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked++
	if b.spoil != nil {
		b.spoil(w, r)
		return
	}
	jobs, total := []any{}, b.total
	for id := range 1000 {
		if title := b.jobs[id]; title != "" {
			jobs = append(jobs, map[string]any{"id": id, "title": title, "first_published": "2026-04-01T00:00:00Z", "updated_at": b.clock.Now()})
		}
	}
	if total < 0 {
		total = len(jobs)
	}
	etag := fmt.Sprintf(`"%v %d"`, b.jobs, total)
	if r.Header.Get("If-None-Match") == etag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("ETag", etag)
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"jobs": jobs, "meta": map[string]any{"total": total}})
}

// list sets the board's jobs: all of the same title.
func (b *jobBoard) list(title string, ids ...int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.jobs = map[int]string{}
	for _, id := range ids {
		b.jobs[id] = title
	}
}

// Publish implements runner.Publisher.
func (b *jobBoard) Publish(_ context.Context, changes []runner.Change) error {
	if b.fail == 0 {
		return errors.New("the topic is away")
	}
	b.fail--
	if b.afterPublish != nil {
		defer b.afterPublish()
	}
	for _, c := range changes {
		if c.Opportunity == nil {
			b.events = append(b.events, c.ID+" deleted")
			delete(b.published, c.ID)
			continue
		}
		b.events = append(b.events, fmt.Sprintf("%s %s", c.ID, c.Opportunity.Status))
		b.published[c.ID] = *c.Opportunity
	}
	return nil
}

func (b *jobBoard) runner(change ...func(*manifest.Entry)) *runner.Runner {
	return b.process("test", change...)
}

// process is the runner of a process of a name.
func (b *jobBoard) process(instance string, change ...func(*manifest.Entry)) *runner.Runner {
	source, err := greenhouse.NewSource(greenhouse.Config{Board: "harbor", BaseURL: b.URL})
	if err != nil {
		b.t.Fatal(err)
	}
	schedule, err := harvest.NewSchedule("0 2 * * *", time.UTC, 0)
	if err != nil {
		b.t.Fatal(err)
	}
	e := manifest.Entry{Name: "harbor", Kind: "greenhouse", Enabled: true, Schedule: schedule, Absences: 2, Limits: fetch.DefaultLimits(), Source: source, Fingerprint: "1"}
	e.Limits.AllowPrivate, e.Limits.Robots, e.Limits.Attempts = true, false, 1
	for _, f := range change {
		f(&e)
	}
	b.metrics = prometheus.NewRegistry()
	r := runner.New(runner.Config{Entries: []manifest.Entry{e}, Instance: instance, Clock: b.clock}, b.store, b, b.metrics, slog.New(slog.DiscardHandler))
	b.t.Cleanup(r.Close)
	return r
}

// once runs the board and gives its record, an hour later than the last.
func (b *jobBoard) once(r *runner.Runner) harvest.Run {
	b.t.Helper()
	b.clock.Advance(time.Hour)
	b.events = nil
	run, err := r.Once(b.t.Context(), "harbor", harvest.ByRequest)
	if err != nil {
		b.t.Fatal(err)
	}
	return run
}

func (b *jobBoard) open() (ids []string) {
	for id, o := range b.published {
		if o.Status == event.Open {
			ids = append(ids, strings.TrimPrefix(id, "greenhouse:"))
		}
	}
	slices.Sort(ids)
	return ids
}

func TestRunsTellWhatChanged(t *testing.T) {
	b := newBoard(t)
	r := b.runner()
	type want struct {
		outcome                                       harvest.Outcome
		new, changed, same, closed, reopened, missing int
		open                                          string
	}
	for n, step := range []struct {
		title string
		ids   []int
		want  want
	}{
		{"A", []int{1, 2, 3}, want{harvest.Whole, 3, 0, 0, 0, 0, 0, "[1 2 3]"}},
		{"A", []int{1, 2, 3}, want{harvest.Unchanged, 0, 0, 0, 0, 0, 0, "[1 2 3]"}},
		{"A", []int{1, 2}, want{harvest.Whole, 0, 0, 2, 0, 0, 1, "[1 2 3]"}},
		{"A", []int{1, 2}, want{harvest.Unchanged, 0, 0, 0, 1, 0, 0, "[1 2]"}},
		{"B", []int{1, 2}, want{harvest.Whole, 0, 2, 0, 0, 0, 0, "[1 2]"}},
		{"B", []int{1, 2, 3}, want{harvest.Whole, 0, 1, 2, 0, 1, 0, "[1 2 3]"}},
	} {
		b.list(step.title, step.ids...)
		run := b.once(r)
		got := want{run.Outcome, run.New, run.Changed, run.Same, run.Closed, run.Reopened, run.Missing, fmt.Sprint(b.open())}
		if got != step.want {
			t.Errorf("run %d: %+v, want %+v", n, got, step.want)
		}
	}
	counted := `
# HELP tideline_source_runs_total Runs of a source by how they ended.
# TYPE tideline_source_runs_total counter
tideline_source_runs_total{outcome="complete",source="harbor"} 4
tideline_source_runs_total{outcome="failed",source="harbor"} 0
tideline_source_runs_total{outcome="partial",source="harbor"} 0
tideline_source_runs_total{outcome="unchanged",source="harbor"} 2
# HELP tideline_source_records_total Records of a source by what became of them.
# TYPE tideline_source_records_total counter
tideline_source_records_total{source="harbor",what="changed"} 3
tideline_source_records_total{source="harbor",what="closed"} 1
tideline_source_records_total{source="harbor",what="new"} 3
tideline_source_records_total{source="harbor",what="rejected"} 0
tideline_source_records_total{source="harbor",what="unchanged"} 4
`
	if err := testutil.GatherAndCompare(b.metrics, strings.NewReader(counted), "tideline_source_runs_total", "tideline_source_records_total"); err != nil {
		t.Error(err)
	}
	runs, err := r.Runs(t.Context(), "harbor", 10)
	if err != nil || len(runs) != 6 || runs[0].Reopened != 1 || runs[5].New != 3 || runs[5].Requests != 1 || runs[5].Bytes == 0 {
		t.Errorf("%+v, %v", runs, err)
	}
}

func TestARunThatIsCutOffClosesNothingAndTheNextCompletes(t *testing.T) {
	b := newBoard(t)
	r := b.runner(func(e *manifest.Entry) { e.Absences = 1 })
	all := make([]int, 500)
	for i := range all {
		all[i] = i + 1
	}
	b.list("A", all[:450]...)
	b.once(r)
	b.list("B", all[5:]...) // 445 changed, 50 new, 5 gone
	b.fail = 1              // the process dies after the first batch
	if run := b.once(r); run.Outcome != harvest.Failed || run.Closed > 0 || len(b.open()) != 450 {
		t.Fatalf("%+v, %d open", run, len(b.open()))
	}
	b.fail = -1
	run := b.once(r)
	if run.Outcome != harvest.Whole || run.Closed != 5 || run.New+run.Changed != 495-200 || len(b.open()) != 495 {
		t.Errorf("%+v, %d open", run, len(b.open()))
	}
	for id, o := range b.published {
		if o.Status == event.Open && o.Title != "B" {
			t.Fatalf("%s is still %s", id, o.Title)
		}
	}
	if run := b.once(r); run.Outcome != harvest.Unchanged || run.Closed > 0 {
		t.Errorf("and then %+v", run)
	}
}

func TestAPollThatCannotBeBelievedClosesNothing(t *testing.T) {
	ids := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12}
	spoiled := func(status int, body string) func(*jobBoard) {
		return func(b *jobBoard) {
			b.spoil = func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(status)
				fmt.Fprint(w, body)
			}
		}
	}
	for name, spoil := range map[string]func(*jobBoard){
		"cut off":          spoiled(200, `{"jobs":[{"id":1,"title":"A","first_published":"2026-04-01T00:00:00Z"}`),
		"an error":         spoiled(500, ""),
		"one without id":   spoiled(200, `{"jobs":[`+entries(11)+`,{"title":"A"}],"meta":{"total":12}}`),
		"fewer than count": func(b *jobBoard) { b.list("A", ids[:11]...); b.total = 12 },
		"less than half":   func(b *jobBoard) { b.list("A", 1, 2) },
	} {
		b := newBoard(t)
		r := b.runner(func(e *manifest.Entry) { e.Absences = 1 })
		b.list("A", ids...)
		b.once(r)
		spoil(b)
		for range 2 {
			if run := b.once(r); run.Closed > 0 || run.Outcome == harvest.Whole || len(b.open()) != 12 || run.Why+run.Error == "" {
				t.Errorf("%s: %+v", name, run)
			}
		}
		b.spoil, b.total = nil, -1
		b.list("A", ids[:11]...)
		if run := b.once(r); run.Closed != 1 || run.Outcome != harvest.Whole {
			t.Errorf("after %s: %+v", name, run)
		}
	}
}

// entries are good ones, numbered from 1.
func entries(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf(`{"id":%d,"title":"A","first_published":"2026-04-01T00:00:00Z"}`, i+1))
	}
	return strings.Join(list, ",")
}

func TestWhatIsRejectedIsNotGone(t *testing.T) {
	b := newBoard(t)
	r := b.runner(func(e *manifest.Entry) { e.Absences = 1 })
	b.list("A", 1, 2, 3)
	b.once(r)
	b.spoil = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		fmt.Fprint(w, `{"jobs":[`+entries(1)+`,{"id":2},{"id":3,"title":[]}],"meta":{"total":3}}`)
	}
	if run := b.once(r); run.Outcome != harvest.Whole || run.Closed+run.Missing > 0 || run.Rejected["missing"] != 1 || run.Rejected["wrong_type"] != 1 {
		t.Errorf("%+v", run)
	}
}

func TestValidatorsStandForWhatWasTakenIn(t *testing.T) {
	b := newBoard(t)
	r := b.runner()
	ids := make([]int, 300)
	for i := range ids {
		ids[i] = i + 1
	}
	b.list("A", ids...)
	b.once(r)
	b.list("B", ids...)
	b.fail = 1 // of two batches
	b.once(r)
	b.fail = -1
	b.list("A", ids...)                                                       // as before: what was half taken in must be undone
	if run := b.once(r); run.Changed != 300 || run.Outcome != harvest.Whole { // 200 were published, and 100 may have been
		t.Errorf("after a run that failed: %+v", run)
	}
	at := b.clock.Now()
	if _, err := b.store.AcquireSource(t.Context(), "harbor", "dies", at, at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if run := b.once(r); run.Outcome != harvest.Whole || run.Same != 300 {
		t.Errorf("after a process that died: %+v", run)
	}
	if run := b.once(r); run.Outcome != harvest.Unchanged {
		t.Errorf("then %+v", run)
	}
}

func TestWhenTheProcessEndsTheRunIsTriedAgain(t *testing.T) {
	b := newBoard(t)
	b.list("A", 1)
	r := b.runner()
	ctx, cancel := context.WithCancel(t.Context())
	b.spoil = func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}
	if _, err := r.Once(ctx, "harbor", harvest.BySchedule); err != nil {
		t.Fatal(err)
	}
	b.spoil = nil
	states, err := b.store.SourceStates(t.Context())
	if err != nil || len(states) != 1 || harvest.Due(harvest.Schedule{}, states[0], b.clock.Now(), b.clock.Now()) != harvest.ByRetry {
		t.Errorf("%+v, %v", states, err)
	}
	if run := b.once(r); run.New != 1 {
		t.Errorf("%+v", run)
	}
}

func TestWhatWasPublishedAndNotRememberedIsNotForgotten(t *testing.T) {
	b := newBoard(t)
	r := b.runner(func(e *manifest.Entry) { e.Absences = 1 })
	b.list("A", 1, 2)
	b.once(r)
	ctx, cancel := context.WithCancel(t.Context())
	b.list("B", 2, 3, 4)    // changed, and new
	b.afterPublish = cancel // the process ends before it has remembered
	b.clock.Advance(time.Hour)
	if _, err := r.Once(ctx, "harbor", harvest.ByRequest); err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(b.open()); got != "[1 2 3 4]" {
		t.Fatalf("open %s", got)
	}
	b.afterPublish = nil
	b.list("A", 1, 2, 4) // as before, as far as anybody remembers; 3 is gone without having been remembered
	b.once(b.runner(func(e *manifest.Entry) { e.Absences = 1 }))
	if got := fmt.Sprint(b.open()); got != "[1 2 4]" || b.published["greenhouse:2"].Title != "A" {
		t.Errorf("open %s, 2 is %q; events %v", got, b.published["greenhouse:2"].Title, b.events)
	}
}

func TestALossThatStaysIsBelievedInTheEnd(t *testing.T) {
	b := newBoard(t)
	r := b.runner(func(e *manifest.Entry) { e.Absences = 1 })
	b.list("A", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10)
	b.once(r)
	b.list("A", 1)
	for n, want := range []int{0, 0, 9} {
		if run := b.once(r); run.Closed != want {
			t.Errorf("poll %d: %+v", n, run)
		}
	}
}
