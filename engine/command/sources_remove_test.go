//go:build !noembed

package command

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
)

// restart is a process that begins now and has these sources in its files; one with a
// minus is off. What is named board reads the ATS, everything else the list.
func (w *mergeWorld) restart(names ...string) *runner.Runner {
	w.t.Helper()
	w.clock.Advance(time.Hour)
	schedule, err := harvest.NewSchedule("0 2 * * *", time.UTC, 0)
	if err != nil {
		w.t.Fatal(err)
	}
	var entries []manifest.Entry
	for _, name := range names {
		name, off := strings.CutPrefix(name, "-")
		e := manifest.Entry{Name: name, Kind: "apify", Enabled: !off, Schedule: schedule, Absences: 1, Limits: fetch.DefaultLimits(), Source: sources.Source(&w.list)}
		if name == "board" {
			e.Kind, e.Source = "greenhouse", &w.ats
		}
		entries = append(entries, e)
	}
	w.metrics = prometheus.NewRegistry()
	r := runner.New(runner.Config{Entries: entries, Instance: "p", Clock: w.clock}, w.store, w, w.metrics, slog.New(slog.DiscardHandler))
	w.t.Cleanup(r.Close)
	w.runner, w.events = r, nil
	return r
}

func (w *mergeWorld) remove(name string) harvest.Run {
	w.t.Helper()
	run, err := w.runner.Remove(w.t.Context(), name, "olga", time.Minute)
	if err != nil {
		w.t.Fatal(err)
	}
	return run
}

// left gives all that is stored of a source but the records of its runs.
func (w *mergeWorld) left(name string) string {
	w.t.Helper()
	states, err := w.store.SourceStates(w.t.Context())
	items, other := w.store.SourceItems(w.t.Context(), name)
	members, another := w.store.SameMembers(w.t.Context())
	if err := errors.Join(err, other, another); err != nil {
		w.t.Fatal(err)
	}
	var text strings.Builder
	fmt.Fprint(&text, len(items), " items")
	for _, s := range states {
		if s.Name == name {
			text.WriteString(", its state")
		}
	}
	for _, m := range members {
		if m.Entry == name {
			text.WriteString(", member " + m.ID)
		}
	}
	return text.String()
}

func many(n int) (list []event.Opportunity) {
	for i := range n {
		list = append(list, opening(fmt.Sprint("apify:", 50000+i), fmt.Sprint("Engineer ", i), "Pune", ""))
	}
	return list
}

func TestARemovedSourceIsClosedAndForgotten(t *testing.T) {
	w := newMergeWorld(t)
	ended := opening("greenhouse:10003", "Cook", "Pune", "")
	ended.Status = event.Closed
	article := opening("greenhouse:10004", "How to cook", "", "")
	article.Bucket, article.Locations = event.Content, nil
	w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL), opening("greenhouse:10002", "Baker", "Pune", ""), ended, article)
	w.list.set(opening("apify:1", "Engineer", "Pune", careers))
	w.run("board")
	w.run("list")
	w.restart("list")
	standing, err := w.runner.List(t.Context())
	if err != nil || len(standing) != 2 || standing[0].Open != nil || standing[1].Name != "board" || standing[1].Kind != harvest.KindRemoved ||
		standing[1].Enabled || standing[1].Open == nil || *standing[1].Open != 3 || standing[1].Last == nil {
		t.Errorf("%+v, %v", standing, err)
	}
	run := w.remove("board")
	if run.Outcome != harvest.Whole || run.Closed != 3 || run.Dropped != 4 || run.By != harvest.ByRemoval || run.Actor != "olga" {
		t.Errorf("%+v", run)
	}
	if got := w.shown(); got != "apify:1" {
		t.Errorf("shown: %s", got)
	}
	if slices.Sort(w.events); fmt.Sprint(w.events) != "[apify:1 open greenhouse:10001 closed greenhouse:10002 closed greenhouse:10004 closed]" {
		t.Errorf("published %v", w.events)
	}
	if got := w.left("board"); got != "0 items" {
		t.Errorf("left: %s", got)
	}
	if runs, err := w.runner.Runs(t.Context(), "board", 10); err != nil || len(runs) != 2 || runs[0].Closed != 3 || runs[0].Actor != "olga" {
		t.Errorf("%+v, %v", runs, err)
	}
	if standing, err := w.runner.List(t.Context()); err != nil || len(standing) != 1 {
		t.Errorf("%+v, %v", standing, err)
	}
	if _, err := w.runner.Remove(t.Context(), "board", "olga", time.Minute); !errors.Is(err, harvest.ErrNoSource) {
		t.Errorf("again: %v", err)
	}
	w.restart("board", "list") // it is in the files again
	if w.run("board"); w.shown() != "greenhouse:10001 apify:1(ats); greenhouse:10002; greenhouse:10004" {
		t.Errorf("and back: %s", w.shown())
	}
}

// Both are of one source, and batches apart: when the leader goes, the other must not
// be shown for the moment until it goes as well.
func TestNothingIsShownForTheMomentOfARemoval(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(append(many(250), opening("apify:1", "Engineer", "Pune", careers), opening("apify:9", "Engineer", "Pune", careers))...)
	w.run("list")
	w.restart("-list")
	if run := w.remove("list"); run.Closed != 252 || w.shown() != "" {
		t.Errorf("%+v, shown %s", run, w.shown())
	}
	for _, e := range w.events {
		if strings.HasPrefix(e, "apify:9 ") {
			t.Errorf("published %s", e)
		}
	}
}

func TestARemovalThatIsCutOffIsMadeUpFor(t *testing.T) {
	for name, cut := range map[string]func(*mergeWorld){
		"between batches":      func(w *mergeWorld) { w.fail = 1 },
		"before it remembered": func(w *mergeWorld) { w.afterPublish = func() { w.store.Close() } },
	} {
		t.Run(name, func(t *testing.T) {
			w := newMergeWorld(t)
			w.list.set(many(450)...)
			w.run("list")
			w.restart("board")
			cut(w)
			if run, err := w.runner.Remove(t.Context(), "list", "olga", time.Minute); err == nil || run.Outcome == harvest.Whole {
				t.Fatalf("%+v, %v", run, err)
			}
			w.fail, w.afterPublish = -1, nil
			if name == "before it remembered" { // the process died with the lease
				w.reopen()
				w.restart("board")
			}
			run := w.remove("list")
			if run.Outcome != harvest.Whole || run.Closed != 450 || run.Dropped != 450 || run.Error != "" || w.shown() != "" || w.left("list") != "0 items" {
				t.Errorf("%+v, left %s, shown %d", run, w.left("list"), len(w.shown()))
			}
			if runs, err := w.runner.Runs(t.Context(), "list", 10); err != nil || len(runs) != 2 {
				t.Errorf("%d records, %v", len(runs), err)
			}
		})
	}
}

// A request ends after a while; the next goes on where it was, in every part.
func TestARemovalGoesOnInTheNextRequest(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(many(450)...)
	w.run("list")
	w.restart()
	calls, run := 0, harvest.Run{Outcome: harvest.Part}
	for ; run.Outcome == harvest.Part && calls < 20; calls++ {
		var err error
		if run, err = w.runner.Remove(t.Context(), "list", "olga", -time.Second); err != nil {
			t.Fatal(err)
		}
		if run.Outcome == harvest.Part && run.Why == "" {
			t.Errorf("%+v", run)
		}
		w.clock.Advance(time.Second)
	}
	if calls != 6 || run.Closed != 450 || run.Dropped != 450 || run.Seconds != 5 || len(w.events) != 450 || w.left("list") != "0 items" {
		t.Errorf("%d calls, %+v, %d events, left %s", calls, run, len(w.events), w.left("list"))
	}
}

func TestASourceThatIsOnAgainIsBackAlsoAfterHalfARemoval(t *testing.T) {
	b := newBoard(t)
	ids := make([]int, 300)
	for i := range ids {
		ids[i] = i + 1
	}
	b.list("A", ids...)
	b.once(b.runner())
	off := func(e *manifest.Entry) { e.Enabled = false }
	if run, err := b.runner(off).Remove(t.Context(), "harbor", "olga", -time.Second); err != nil || run.Outcome != harvest.Part || len(b.open()) != 100 {
		t.Fatalf("%+v, %v, %d open", run, err, len(b.open()))
	}
	if run := b.once(b.runner()); run.Outcome != harvest.Whole || run.Reopened != 200 || len(b.open()) != 300 {
		t.Errorf("%+v, %d open", run, len(b.open()))
	}
	b.afterPublish = func() { b.store.Close() } // the process dies: what is closed is remembered as open
	if _, err := b.runner(off).Remove(t.Context(), "harbor", "olga", time.Minute); err == nil || len(b.open()) != 100 {
		t.Fatalf("%v, %d open", err, len(b.open()))
	}
	b.afterPublish = nil
	b.reopen()
	if run := b.once(b.runner()); run.Outcome != harvest.Whole || len(b.open()) != 300 {
		t.Errorf("%+v, %d open", run, len(b.open()))
	}
}

// What nobody has remembered may stand on the topic all the same.
func TestARemovalTakesBackWhatARunHadNotRemembered(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(opening("apify:1", "Engineer", "Pune", ""))
	w.run("list")
	w.list.set(opening("apify:1", "Engineer", "Pune", ""), opening("apify:2", "Baker", "Pune", ""))
	w.clock.Advance(time.Hour)
	w.afterPublish = func() { w.store.Close() }
	_, _ = w.runner.Once(t.Context(), "list", harvest.ByRequest)
	w.afterPublish = nil
	if got := w.shown(); got != "apify:1; apify:2" {
		t.Fatalf("shown: %s", got)
	}
	w.reopen()
	w.restart()
	if run := w.remove("list"); run.Closed != 2 || w.shown() != "" || w.left("list") != "0 items" {
		t.Errorf("%+v, shown %s, left %s", run, w.shown(), w.left("list"))
	}
}

func TestASourceWithAnotherNameKeepsWhatItHas(t *testing.T) {
	w := newMergeWorld(t)
	article := opening("apify:2", "How to cook", "", "")
	article.Bucket, article.Locations = event.Content, nil
	w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL))
	w.list.set(opening("apify:1", "Engineer", "Pune", careers), article)
	w.run("board")
	w.restart("new", "list")
	w.run("new")
	w.run("list") // the last to say what identifies apify:1
	before := w.shown()
	w.restart("new", "board")
	if run := w.remove("list"); run.Closed != 0 || run.Dropped != 2 || len(w.events) != 0 || w.shown() != before || w.left("list") != "0 items" {
		t.Errorf("%+v, published %v, left %s", run, w.events, w.left("list"))
	}
	w.ats.set()
	w.run("board") // whose double takes over with what the new name remembers
	if got := w.shown(); got != "apify:1; apify:2" {
		t.Errorf("shown: %s", got)
	}
}

func TestWhoseRunIsStillToComeIsNotRemoved(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(opening("apify:1", "Engineer", "Pune", ""))
	w.run("list")
	refused := func(name string, want error) {
		t.Helper()
		if _, err := w.runner.Remove(t.Context(), name, "olga", time.Minute); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	refused("list", harvest.ErrEnabled)
	refused("nowhere", harvest.ErrNoSource)
	other := w.runner // has it still
	mine := w.restart()
	w.clock.Advance(time.Minute)
	at := w.clock.Now()
	if _, err := w.store.AcquireSource(t.Context(), "list", "another", at, at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	refused("list", harvest.ErrTaken)
	w.runner = other
	w.run("list")
	w.runner = mine
	refused("list", harvest.ErrRunsOn)
	if got := w.left("list"); len(w.events) > 0 || got != "1 items, its state, member apify:1" {
		t.Errorf("published %v, left %s", w.events, got)
	}
	if w.restart(); w.remove("list").Closed != 1 {
		t.Errorf("shown: %s", w.shown())
	}
}

func TestNothingIsCountedOfASourceThatWasRemoved(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(opening("apify:1", "Engineer", "Pune", ""))
	w.restart("list", "board")
	w.run("list")
	counted := func() int {
		t.Helper()
		families, err := w.metrics.Gather()
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, f := range families {
			for _, m := range f.GetMetric() {
				for _, l := range m.GetLabel() {
					if l.GetName() == "source" && l.GetValue() == "list" {
						n++
					}
				}
			}
		}
		return n
	}
	if counted() == 0 {
		t.Fatal("nothing is counted")
	}
	w.restart("-list", "board")
	if standing, err := w.runner.List(t.Context()); err != nil || standing[0].Open == nil || *standing[0].Open != 1 || standing[0].Kind != "apify" {
		t.Errorf("%+v, %v", standing, err)
	}
	w.remove("list")
	if n, err := testutil.GatherAndCount(w.metrics, "tideline_source_runs_total"); counted() != 0 || n != 4 || err != nil {
		t.Errorf("%d of it, %d of all, %v", counted(), n, err)
	}
}

func TestWhatIsLeftOpenIsCountedAgainAfterEveryRun(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(many(1)...)
	w.run("list")
	other := w.runner
	mine := w.restart()
	left := func() *int {
		t.Helper()
		list, err := mine.List(t.Context())
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, %v", list, err)
		}
		return list[0].Open
	}
	for range 2 {
		if n := left(); n == nil || *n != 1 {
			t.Errorf("%v", n)
		}
	}
	w.list.set(many(3)...)
	w.runner = other
	w.run("list")
	if n := left(); n == nil || *n != 3 {
		t.Errorf("after another run: %v", n)
	}
	at := w.clock.Now()
	if _, err := w.store.AcquireSource(t.Context(), "list", "another", at, at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if n := left(); n != nil {
		t.Errorf("while it runs: %d", *n)
	}
}
