//go:build !noembed

package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/engine/harvest/same"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
)

// listed is a source whose postings a test sets: an id, title, city and address each.
type listed struct{ postings []event.Opportunity }

func (l *listed) set(list ...event.Opportunity) { l.postings = list }

// Poll implements sources.Source.
func (l *listed) Poll(_ context.Context, _ *fetch.Client, sink *sources.Sink) (sources.Coverage, error) {
	for _, o := range l.postings {
		if err := sink.Take(o.ID, func() (sources.Record, error) { return sources.Record{ID: o.ID, Opportunity: &o}, nil }); err != nil {
			return sources.Coverage{}, err
		}
	}
	return sources.Complete(), nil
}

func opening(id, title, city, url string) event.Opportunity {
	return event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: title, Organisation: "Harbor Labs, Inc.", Locations: []string{city}, URL: url,
		Status: event.Open, PostedAt: time.Date(2026, 4, 1, 0, 0, 0, 0, time.UTC),
	}
}

// mergeWorld has two sources, an ATS and a list, on one store.
type mergeWorld struct {
	*jobBoard
	ats, list listed
	entries   []manifest.Entry
	runner    *runner.Runner
}

func newMergeWorld(t *testing.T) *mergeWorld {
	w := &mergeWorld{jobBoard: newBoard(t)}
	w.instance("board", "greenhouse", &w.ats)
	w.instance("list", "apify", &w.list)
	return w
}

// instance adds a source, and starts the process again with it.
func (w *mergeWorld) instance(name, kind string, source sources.Source) {
	w.entries = append(w.entries, manifest.Entry{Name: name, Kind: kind, Enabled: true, Absences: 1, Limits: fetch.DefaultLimits(), Source: source})
	w.runner = w.process("p1")
}

// process is another process with the same sources.
func (w *mergeWorld) process(instance string) *runner.Runner {
	return w.publishingTo(instance, w)
}

// publishingTo is one that publishes to another.
func (w *mergeWorld) publishingTo(instance string, publisher runner.Publisher) *runner.Runner {
	r := runner.New(runner.Config{Entries: w.entries, Instance: instance, Clock: w.clock}, w.store, publisher, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	w.t.Cleanup(r.Close)
	return r
}

func (w *mergeWorld) run(name string) harvest.Run {
	w.t.Helper()
	w.clock.Advance(time.Hour)
	w.events = nil
	run, err := w.runner.Once(w.t.Context(), name, harvest.ByRequest)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// shown gives what is open, each with what else lists it.
func (w *mergeWorld) shown() string {
	var list []string
	for id, o := range w.published {
		if o.Status != event.Open {
			continue
		}
		line := []string{id}
		for _, l := range o.Also {
			line = append(line, fmt.Sprintf("%s(%s)", l.ID, l.By))
		}
		list = append(list, strings.Join(line, " "))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

const (
	atsURL  = "https://boards.greenhouse.io/harbor/jobs/10001"
	careers = "https://harbor.example/careers/?gh_jid=10001&utm_source=list"
)

func TestStudentsSeeAnOpeningOnceThatTwoSourcesList(t *testing.T) {
	w := newMergeWorld(t)
	first := opening("greenhouse:10001", "Software Engineer, Intern", "Pune", atsURL)
	double := opening("apify:1", "Software Engineer Intern", "Delhi", careers)
	other := opening("apify:2", "Senior Software Engineer", "Pune", "")
	check := func(step, want string) {
		t.Helper()
		if got := w.shown(); got != want {
			t.Errorf("%s: %s, want %s", step, got, want)
		}
	}
	w.list.set(double, other)
	w.run("list")
	check("the list alone", "apify:1; apify:2")
	w.ats.set(first)
	w.run("board")
	check("the first party", "apify:2; greenhouse:10001 apify:1(ats)")
	if o := w.published["apify:1"]; o.MergedInto != first.ID || o.Status != event.Closed {
		t.Errorf("the double stands as %+v", o)
	}
	if o := w.published[first.ID]; o.Title != first.Title || o.Also[0].URL != careers || o.Also[0].Source != "apify" {
		t.Errorf("the leader stands as %+v", o)
	}
	third := opening("apify:3", "Intern - Software Engineer", "Pune", "https://list.example/x") // by company, title and place
	w.list.set(other)
	w.run("list")
	w.list.set(other, third)
	w.run("list")
	check("another double", "apify:2; greenhouse:10001 apify:3(opening)")
	if _, there := w.published[third.ID]; there {
		t.Error("what was a double when it came was published")
	}
	third.Description = "new words"
	w.list.set(other, third)
	if run := w.run("list"); run.Changed != 1 || len(w.events) != 0 {
		t.Errorf("a double that changes: %+v, published %v", run, w.events)
	}
	w.ats.set()
	w.run("board")
	check("the first party goes", "apify:2; apify:3")
	if o := w.published[third.ID]; o.MergedInto != "" || o.Description != "new words" {
		t.Errorf("who takes over stands as %+v", o)
	}
	w.ats.set(first)
	w.run("board")
	check("it is back", "apify:2; greenhouse:10001 apify:3(opening)")
	w.list.set(other)
	w.run("list")
	check("the doubles go", "apify:2; greenhouse:10001")
}

func TestASplitHoldsForAllRunsAndProcesses(t *testing.T) {
	w := newMergeWorld(t)
	first, double := opening("greenhouse:10001", "Engineer", "Pune", atsURL), opening("apify:1", "Engineer", "Pune", careers)
	w.ats.set(first)
	w.list.set(double)
	w.run("board")
	w.run("list")
	elsewhere := w.process("p2")
	view, err := elsewhere.View(t.Context(), "apify:1")
	if err != nil || view.Leader != first.ID || len(view.Members) != 2 || view.Members[1].By != same.ByATS || view.Members[1].Source != "list" {
		t.Fatalf("%+v, %v", view, err)
	}
	if view, err = elsewhere.Split(t.Context(), "apify:1"); err != nil || view.Leader != "apify:1" || len(view.Apart) != 1 {
		t.Fatalf("%+v, %v", view, err)
	}
	if got := w.shown(); got != "apify:1; greenhouse:10001" {
		t.Errorf("split: %s", got)
	}
	first.Description, double.Description = "more", "more" // this process must look again
	w.ats.set(first)
	w.list.set(double)
	w.run("board")
	w.run("list")
	if got := w.shown(); got != "apify:1; greenhouse:10001" {
		t.Errorf("after the next runs: %s", got)
	}
	if _, err := elsewhere.Rejoin(t.Context(), "apify:1"); err != nil {
		t.Fatal(err)
	}
	if got := w.shown(); got != "greenhouse:10001 apify:1(ats)" {
		t.Errorf("joined: %s", got)
	}
	for _, wrong := range []struct{ got, want error }{
		{second(w.runner.Rejoin(t.Context(), "apify:1")), same.ErrNotSplit},
		{second(w.runner.Split(t.Context(), "unknown")), same.ErrUnknown},
		{second(w.runner.View(t.Context(), "unknown")), same.ErrUnknown},
	} {
		if !errors.Is(wrong.got, wrong.want) {
			t.Errorf("%v, want %v", wrong.got, wrong.want)
		}
	}
	w.list.set()
	w.run("list")
	if err := second(w.runner.Split(t.Context(), first.ID)); !errors.Is(err, same.ErrAlone) {
		t.Errorf("%v", err)
	}
}

func second(_ same.Merge, err error) error { return err }

func TestARunThatIsCutOffWhileItMergesIsMadeUpFor(t *testing.T) {
	for name, cut := range map[string]func(*mergeWorld){
		"before it published":  func(w *mergeWorld) { w.fail = 0 },
		"and goes on":          func(w *mergeWorld) { w.fail = 0 }, // the same process, which knew more than it has stored
		"before it remembered": func(w *mergeWorld) { w.afterPublish = func() { w.store.Close() } },
	} {
		t.Run(name, func(t *testing.T) {
			w := newMergeWorld(t)
			w.list.set(opening("apify:1", "Engineer", "Pune", careers))
			w.run("list")
			w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL))
			w.clock.Advance(time.Hour)
			cut(w)
			_, _ = w.runner.Once(t.Context(), "board", harvest.ByRequest)
			w.fail, w.afterPublish = -1, nil
			if name != "and goes on" {
				w.reopen()
				w.runner = w.process("p2")
			}
			w.run("board")
			if got := w.shown(); got != "greenhouse:10001 apify:1(ats)" {
				t.Errorf("shown: %s", got)
			}
		})
	}
}

func TestWhatWasPublishedBeforeIsMergedToo(t *testing.T) {
	w := newMergeWorld(t)
	w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL))
	w.list.set(opening("apify:1", "Engineer", "Pune", careers))
	w.run("board")
	if err := w.store.DropSameMembers(t.Context(), []string{"greenhouse:10001"}); err != nil { // as if it had been published by an older version
		t.Fatal(err)
	}
	w.runner = w.process("p2")
	w.run("list")
	if got := w.shown(); got != "apify:1; greenhouse:10001" {
		t.Fatalf("shown: %s", got)
	}
	if run := w.run("board"); run.Same != 1 || w.shown() != "greenhouse:10001 apify:1(ats)" {
		t.Errorf("shown: %s after %+v", w.shown(), run)
	}
}

func TestAPageThatTwoSourcesListIsShownOnce(t *testing.T) {
	w := newMergeWorld(t)
	a, b := opening("x:1", "Go", "Pune", "https://h.example/go"), opening("y:1", "Learn Go", "Pune", "https://h.example/go/?utm_source=y")
	a.Bucket, b.Bucket = event.Content, event.Content
	w.ats.set(a)
	w.list.set(b)
	w.run("board")
	w.run("list")
	if got := w.shown(); got != "x:1 y:1(url)" {
		t.Errorf("shown: %s", got)
	}
}

// Two searches of one site overlap: what the one does not list any more stands as
// long as the other lists it.
func TestWhatAnotherInstanceListsStands(t *testing.T) {
	w := newMergeWorld(t)
	second := listed{}
	w.instance("list-2", "apify", &second)
	here := opening("apify:1", "Engineer", "Pune", careers)
	there := here
	there.Description = "as the other has it"
	w.list.set(here)
	second.set(there)
	w.run("list")
	w.run("list-2")
	second.set()
	if run := w.run("list-2"); run.Closed != 0 || w.shown() != "apify:1" || w.published["apify:1"].Description != "" {
		t.Errorf("%+v, shown %s: %+v", run, w.shown(), w.published["apify:1"])
	}
	w.run("list-2")
	w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL))
	w.run("board")
	w.ats.set()
	w.run("board")
	if w.shown() != "apify:1" {
		t.Errorf("who took over is not the one that is listed still: %s", w.shown())
	}
	w.list.set()
	if run := w.run("list"); run.Closed != 1 || w.shown() != "" {
		t.Errorf("%+v, shown %s", run, w.shown())
	}
	second.set(there)
	w.run("list-2")
	if w.shown() != "apify:1" || w.published["apify:1"].Description != there.Description {
		t.Errorf("shown %s", w.shown())
	}
	there.Status = event.Closed // as the other says itself
	second.set(there)
	w.run("list-2")
	w.list.set(here)
	w.run("list")
	w.list.set()
	if run := w.run("list"); run.Closed != 1 || w.shown() != "" {
		t.Errorf("the other has closed it: %+v, shown %s", run, w.shown())
	}
}

func TestSourcesThatRunAtOnceMergeOneAfterTheOther(t *testing.T) {
	w := newMergeWorld(t)
	for i := range 450 { // several batches of each
		number := 10000 + i
		w.ats.postings = append(w.ats.postings, opening(fmt.Sprint("greenhouse:", number), "Engineer", "Pune", fmt.Sprint("https://boards.greenhouse.io/harbor/jobs/", number)))
		w.list.postings = append(w.list.postings, opening(fmt.Sprint("apify:", number), "Engineer", "Pune", fmt.Sprint("https://harbor.example/?gh_jid=", number)))
	}
	var running sync.WaitGroup
	for name, process := range map[string]*runner.Runner{"board": w.runner, "list": w.process("p2")} { // of two processes
		running.Go(func() {
			if run, err := process.Once(t.Context(), name, harvest.ByRequest); err != nil || run.Outcome != harvest.Whole {
				t.Errorf("%+v, %v", run, err)
			}
		})
	}
	running.Wait()
	for i := range 450 {
		leader := w.published[fmt.Sprint("greenhouse:", 10000+i)]
		if double := fmt.Sprint("apify:", 10000+i); len(leader.Also) != 1 || leader.Also[0].ID != double || w.published[double].Status == event.Open {
			t.Fatalf("%+v and %+v", leader, w.published[double])
		}
	}
}
