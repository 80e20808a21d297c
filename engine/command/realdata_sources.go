package command

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/streams/sources"
	"tideline/streams/sources/courses"
	"tideline/streams/sources/devpost"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/greenhouse"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
)

// replay plays recorded polls to a source, as a server of this machine would, runs
// it after each, and compares with a naive difference of the recordings.
type replay struct {
	real *realRun
	name string
	// meaning gives, by id, what of a recording's entries matters, as text; nil: the
	// ids are hashes, which only this side knows, and nothing is compared.
	meaning func(document []byte) (map[string]string, error)
	// answer is what a server would have answered when it was recorded.
	answer func(document []byte, r *http.Request) any
	source func(base string) (sources.Source, error)
	closes bool // what is not in a recording is gone

	clock     *replayClock
	mu        sync.Mutex
	document  []byte
	standing  map[string]bool // open, by what was published
	published changes
}

// changes are ids by what happened to them.
type changes struct{ added, changed, removed map[string]bool }

func newChanges() changes {
	return changes{map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

// replaySources replays everything that was recorded of sources.
func (r *realRun) replaySources(ctx context.Context) error {
	if err := r.app.prepare(ctx); err != nil {
		return err
	}
	failed := errors.Join(
		r.newReplay("greenhouse-polls", greenhouseMeaning, greenhouseAnswer, func(base string) (sources.Source, error) {
			return greenhouse.NewSource(greenhouse.Config{Board: "recorded", BaseURL: base})
		}, true).run(ctx, "greenhouse/polls/*.json.gz"),
		r.newReplay("devpost-days", devpostMeaning, devpostAnswer, func(base string) (sources.Source, error) {
			return devpost.NewSource(devpost.Config{BaseURL: base})
		}, false).run(ctx, "devpost/*.json"),
	)
	boards, err := filepath.Glob(filepath.Join(r.data, "greenhouse/raw/*.json"))
	if err != nil {
		return err
	}
	for _, path := range boards {
		one := r.newReplay("board-"+strings.TrimSuffix(filepath.Base(path), ".json"), greenhouseMeaning, greenhouseAnswer, func(base string) (sources.Source, error) {
			return greenhouse.NewSource(greenhouse.Config{Board: "recorded", BaseURL: base})
		}, true)
		failed = errors.Join(failed, one.run(ctx, "greenhouse/raw/"+filepath.Base(path)))
	}
	return errors.Join(failed, r.newReplay("courses", nil, nil, func(base string) (sources.Source, error) {
		return courses.NewSource(courses.Config{URL: base + "/courses.md"})
	}, true).run(ctx, "learning/free-courses-en.md"))
}

func (r *realRun) newReplay(name string, meaning func([]byte) (map[string]string, error), answer func([]byte, *http.Request) any,
	source func(string) (sources.Source, error), closes bool,
) *replay {
	return &replay{real: r, name: name, meaning: meaning, answer: answer, source: source, closes: closes, clock: &replayClock{}, standing: map[string]bool{}}
}

// run replays files in the order of their names.
func (p *replay) run(ctx context.Context, pattern string) error {
	files, err := filepath.Glob(filepath.Join(p.real.data, pattern))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no files %s in %s", pattern, p.real.data)
	}
	slices.Sort(files)
	base, stop, err := p.serve()
	if err != nil {
		return err
	}
	defer stop()
	sourced, err := p.source(base)
	if err != nil {
		return err
	}
	limits := fetch.DefaultLimits()
	limits.AllowPrivate, limits.Robots = true, false
	entry := manifest.Entry{Name: p.name, Kind: "recorded", Enabled: true, Absences: 1, Limits: limits, Source: sourced, Fingerprint: "recorded"}
	runs := runner.New(runner.Config{Entries: []manifest.Entry{entry}, Instance: "realdata", Clock: p.clock}, sourceStore{p.real.app.timelines, p.real.app.prepare},
		p, prometheus.NewRegistry(), p.real.log)
	defer runs.Close()
	var before map[string]string
	seen := map[string]string{}
	var total, wrong int
	for _, path := range files {
		document, err := readRecording(path)
		if err != nil {
			return err
		}
		var now map[string]string
		if p.meaning != nil {
			if now, err = p.meaning(document); err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
		}
		p.begin(document, path)
		record, err := runs.Once(ctx, p.name, harvest.ByRequest)
		if err != nil {
			return err
		}
		if record.Outcome == harvest.Failed {
			return fmt.Errorf("%s: %s", path, record.Error)
		}
		want := p.naive(before, seen, now)
		total += len(want.added) + len(want.changed) + len(want.removed)
		wrong += p.compare(path, record, want)
		before = now
		maps.Copy(seen, now)
	}
	fmt.Fprintf(p.real.out, "%-28s %d recordings, %d differences by the naive count, %d otherwise\n\n", p.name, len(files), total, wrong)
	if wrong > 0 {
		return fmt.Errorf("%s: %w", p.name, errFindings)
	}
	return nil
}

// naive compares a recording with the one before, or, where nothing is ever gone,
// with everything there was.
func (p *replay) naive(before, seen, now map[string]string) changes {
	if !p.closes {
		before = seen
	}
	c := newChanges()
	for id, meaning := range now {
		old, known := before[id]
		switch {
		case !known:
			c.added[id] = true
		case old != meaning:
			c.changed[id] = true
		}
	}
	for id := range before {
		if _, there := now[id]; p.closes && !there {
			c.removed[id] = true
		}
	}
	return c
}

// compare prints a recording's row and what differs.
func (p *replay) compare(path string, record harvest.Run, want changes) (wrong int) {
	got := p.published
	if p.meaning == nil {
		want = got
	}
	fmt.Fprintf(p.real.out, "%-28s read %5d  added %4d  changed %4d  removed %4d  unchanged %5d  rejected %v\n",
		filepath.Base(path), record.Read, len(got.added), len(got.changed), len(got.removed), record.Same, record.Rejected)
	for _, c := range []struct {
		what      string
		want, got map[string]bool
	}{{"added", want.added, got.added}, {"changed", want.changed, got.changed}, {"removed", want.removed, got.removed}} {
		for id := range c.want {
			if !c.got[id] {
				wrong++
				fmt.Fprintf(p.real.out, "  %s was %s and is not told\n", id, c.what)
			}
		}
		for id := range c.got {
			if !c.want[id] {
				wrong++
				fmt.Fprintf(p.real.out, "  %s is told as %s and was not\n", id, c.what)
			}
		}
	}
	return wrong
}

// Publish implements runner.Publisher: it notes what happened.
func (p *replay) Publish(_ context.Context, list []runner.Change) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range list {
		_, id, _ := strings.Cut(c.ID, ":")
		switch {
		case p.closes && (c.Opportunity == nil || c.Opportunity.Status == event.Closed):
			p.published.removed[id] = true
			delete(p.standing, id)
		case p.standing[id]:
			p.published.changed[id] = true
		default:
			p.published.added[id] = true
			p.standing[id] = true
		}
	}
	return nil
}

// begin puts a recording on the server; its day is the day it is.
func (p *replay) begin(document []byte, path string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.document, p.published = document, newChanges()
	at, err := time.Parse(time.DateOnly, filepath.Base(path)[:min(len(time.DateOnly), len(filepath.Base(path)))])
	if err != nil {
		at = p.real.app.now()
	}
	p.clock.set(at.Add(20 * time.Hour))
}

func (p *replay) serve() (base string, stop func(), err error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	server := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		document := p.document
		p.mu.Unlock()
		if p.answer == nil {
			w.Header().Set("Content-Type", "text/plain; charset=utf-8")
			_, _ = w.Write(document)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(p.answer(document, r)) // a client that went away asks again
	})}
	go func() { _ = server.Serve(listener) }() // until it is closed
	return "http://" + listener.Addr().String(), func() { _ = server.Close() }, nil
}

func readRecording(path string) ([]byte, error) {
	data, err := os.ReadFile(path)
	if err != nil || !strings.HasSuffix(path, ".gz") {
		return data, err
	}
	unpacked, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return io.ReadAll(unpacked)
}

// replayClock shows the time of a recording; waiting takes none.
type replayClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *replayClock) set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = t
}

// Now implements fetch.Clock, as do the following.
func (c *replayClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// Sleep lets the time pass at once.
func (c *replayClock) Sleep(ctx context.Context, d time.Duration) error {
	c.set(c.Now().Add(d))
	return ctx.Err()
}

// AfterFunc never calls: the server is this process.
func (c *replayClock) AfterFunc(time.Duration, func()) (stop func()) { return func() {} }
