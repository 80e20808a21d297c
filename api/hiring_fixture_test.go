package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/erasure"
	"tideline/engine/event"
	"tideline/engine/hiring"
)

// hiringWorld keeps applications in memory, as bytes, so that nothing is shared
// with who wrote them. The service and the board are the real ones.
type hiringWorld struct {
	*board.Board
	mu        sync.Mutex
	records   map[string][]byte
	revisions map[string]int64
	pipelines map[string]application.Pipeline
	lists     map[string]application.Reasons
	reads     []Read
	trouble   error                      // of the audit
	erasures  map[string]erasure.Erasure // by student
	slow      bool                       // they are not done when they are waited for
	loading   bool
}

func (w *world) hiringPorts() HiringPorts {
	h := &hiringWorld{
		Board: board.New(), records: map[string][]byte{}, revisions: map[string]int64{},
		pipelines: map[string]application.Pipeline{}, lists: map[string]application.Reasons{},
		erasures: map[string]erasure.Erasure{},
	}
	w.hiring = h
	return HiringPorts{
		Service: hiring.New(h, h, w.catalog, h.Board, w.clock, prometheus.NewRegistry(), slog.New(slog.DiscardHandler)),
		Board:   h.Board, Timelines: h, Loaded: func() bool { return !h.loading }, Erasures: h,
	}
}

func (h *hiringWorld) Application(_ context.Context, id string) (*application.Record, int64, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	data, ok := h.records[id]
	if !ok {
		return nil, 0, hiring.ErrNoApplication
	}
	r, err := application.Decode(data)
	return r, h.revisions[id], err
}

func (h *hiringWorld) InsertApplication(ctx context.Context, r *application.Record) error {
	return h.ReplaceApplication(ctx, r, 0)
}

func (h *hiringWorld) InsertApplications(context.Context, []*application.Record) ([]bool, error) {
	return nil, errors.ErrUnsupported
}

func (h *hiringWorld) ReplaceApplication(_ context.Context, r *application.Record, revision int64) (err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.revisions[r.ID] != revision {
		return hiring.ErrConflict
	}
	h.revisions[r.ID]++
	h.records[r.ID], err = json.Marshal(r)
	return err
}

func (h *hiringWorld) MarkPublished(context.Context, map[string]int) error { return nil }

func (h *hiringWorld) PendingApplications(context.Context, int) ([]*application.Record, error) {
	return nil, nil
}

func (h *hiringWorld) EachApplication(context.Context, func(*application.Record) error) error {
	return errors.ErrUnsupported
}

func (h *hiringWorld) Pipeline(_ context.Context, job string) (application.Pipeline, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.pipelines[job], nil
}

func (h *hiringWorld) Reasons(_ context.Context, organisation string) (application.Reasons, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.lists[organisation], nil
}

func (h *hiringWorld) Tell(context.Context, []application.Told) error { return nil }

func (h *hiringWorld) Log(ctx context.Context, id string) ([]application.Item, error) {
	r, _, err := h.Application(ctx, id)
	if err != nil {
		return nil, err
	}
	return r.Log, nil
}

func (h *hiringWorld) PutPipeline(_ context.Context, p application.Pipeline) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.pipelines[p.Job] = p
	return nil
}

func (h *hiringWorld) PutReasons(_ context.Context, organisation string, reasons application.Reasons) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.lists[organisation] = reasons
	return nil
}

func (h *hiringWorld) Audit(_ context.Context, r Read) error {
	h.reads = append(h.reads, r)
	return h.trouble
}

func (h *hiringWorld) Trail(_ context.Context, f TrailFilter, limit int) (list []TrailEntry, err error) {
	for i, r := range slices.Backward(h.reads) {
		id := fmt.Sprintf("%03d", i)
		if (f.BeforeID == "" || id < f.BeforeID) && (f.Actor == "" || f.Actor == r.Actor) && (f.Student == "" || slices.Contains(r.Students, f.Student)) &&
			(f.Application == "" || slices.Contains(r.Applications, f.Application)) && len(list) < limit {
			list = append(list, TrailEntry{id, r})
		}
	}
	return list, h.trouble
}

func (h *hiringWorld) Erased(_ context.Context, student string) (void time.Time, running bool, err error) {
	e := h.erasures[student]
	return e.Void, e.Running(), nil
}

func (h *hiringWorld) Bury(context.Context, string, *application.Record) error {
	return errors.ErrUnsupported
}

func (h *hiringWorld) Note(context.Context, []application.Done) error { return nil }

func (h *hiringWorld) Begin(_ context.Context, student, by, role string) (erasure.Erasure, error) {
	e := erasure.Erasure{Hash: "hash of " + student, Student: student, By: by, Role: role, At: now, Void: now.Add(time.Second)}
	h.erasures[student] = e
	return e, h.trouble
}

func (h *hiringWorld) Last(_ context.Context, student string) (erasure.Erasure, error) {
	e, known := h.erasures[student]
	if !known {
		return e, erasure.ErrNone
	}
	return e, nil
}

// Wait finds it done, unless there is trouble.
func (h *hiringWorld) Wait(_ context.Context, e erasure.Erasure) (erasure.Erasure, error) {
	if !h.slow {
		e.Done, e.Counts = now.Add(time.Minute), map[string]int{"applications": 2}
		h.erasures[e.Student], e.Student = e, ""
	}
	return e, nil
}

// applied lets a student apply for a job, which is made if it is not there, and
// gives the application's path.
func (w *world) applied(student, job string) string {
	w.t.Helper()
	if _, ok := w.catalog.Opportunity(job); !ok {
		w.job(job, "rita")
	}
	a := w.ask("POST", "/applications", w.token(Student, student), `{"opportunity":"`+job+`"}`)
	return a.must(w, 201).header.Get("Location")
}

// job puts a job of a recruiter into the catalog.
func (w *world) job(id, recruiter string) {
	o := job(id)
	o.Recruiter = recruiter
	w.apply(id, &o)
}

// move moves an application as a recruiter.
func (w *world) move(path, to string) {
	w.t.Helper()
	r, _, err := w.hiring.Application(context.Background(), strings.TrimPrefix(path, "/applications/"))
	if err != nil {
		w.t.Fatal(err)
	}
	body := `{"from":"` + string(r.Stage) + `","to":"` + to + `","reason":"skills"}`
	w.ask("POST", path+"/move-stage", w.token(Ops, "olga"), body).must(w, 200)
}

// ask sends a request with more headers.
func (w *world) ask(method, path, token, body string, headers ...string) answer {
	w.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Authorization", token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.send(r)
}

// must requires a status.
func (a answer) must(w *world, status int) answer {
	w.t.Helper()
	if a.status != status {
		w.t.Fatalf("want %d, got %d: %s", status, a.status, a.body)
	}
	return a
}

func applicationOf(student, job string) string {
	return "/applications/" + event.ApplicationID(student, job)
}
