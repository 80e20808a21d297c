//go:build !noembed

package command

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/harvest"
	"tideline/streams/sources/runner"
)

// sharing has three searches of one site, list, list-2 and list-3, which all list the
// same id, each with its own text.
func sharing(t *testing.T) (w *mergeWorld, texts func(list, second, third string), stands func(step, want string)) {
	w = newMergeWorld(t)
	var second, third listed
	w.instance("list-2", "apify", &second)
	w.instance("list-3", "apify", &third)
	texts = func(a, b, c string) {
		for l, text := range map[*listed]string{&w.list: a, &second: b, &third: c} {
			o := opening("apify:1", "Engineer", "Pune", careers)
			switch o.Description = text; text {
			case "":
				l.set()
				continue
			case "closed":
				o.Status = event.Closed
			}
			l.set(o)
		}
	}
	stands = func(step, want string) {
		t.Helper()
		o, got := w.published["apify:1"], "closed"
		if o.Status == event.Open {
			got = o.Description
		}
		if got != want {
			t.Errorf("%s: it stands as %q, want %q", step, got, want)
		}
		if view, err := w.runner.View(t.Context(), "apify:1"); (err == nil) != (want != "closed") {
			t.Errorf("%s: its merge is %+v, %v", step, view, err)
		}
	}
	return w, texts, stands
}

// What one of them says is closed stands as long as another lists it as open, whoever
// runs first.
func TestWhatOneSearchClosesAndAnotherHasOpenStands(t *testing.T) {
	w, list, stands := sharing(t)
	list("a", "b", "")
	w.run("list-2")
	w.run("list")
	list("closed", "b", "")
	if run := w.run("list"); run.Changed != 1 || run.Closed != 0 {
		t.Errorf("%+v", run)
	}
	stands("one closes it", "b")
	w.run("list-2")
	w.run("list")
	stands("nothing new", "b")
	list("closed", "b", "c")
	w.run("list-3")
	list("closed", "b", "")
	if run := w.run("list-3"); run.Closed != 0 {
		t.Errorf("%+v", run)
	}
	stands("the first by name has closed it, the second has not", "b")
	list("closed", "closed", "")
	w.run("list-2")
	stands("both closed it", "closed")
	list("a", "closed", "")
	w.run("list")
	stands("it is back", "a")
}

// A run was cut off when it had published something new: that does not stay when it is
// gone and the other has what there was before.
func TestWhatWasNotRememberedDoesNotStandForAnother(t *testing.T) {
	for _, removed := range []bool{false, true} {
		t.Run(fmt.Sprint("removed ", removed), func(t *testing.T) {
			w, list, stands := sharing(t)
			list("a", "a", "")
			w.run("list-2")
			w.run("list")
			list("never remembered", "a", "")
			w.clock.Advance(time.Hour)
			w.afterPublish = func() { w.store.Close() }
			_, _ = w.runner.Once(t.Context(), "list", harvest.ByRequest)
			w.afterPublish = nil
			w.reopen()
			if removed {
				w.restart("list-2")
				stands("cut off", "never remembered")
				w.remove("list")
			} else {
				w.runner = w.process("p1")
				stands("cut off", "never remembered")
				list("", "a", "")
				w.run("list")
			}
			stands("gone", "a")
		})
	}
}

// It is not what who goes said last that stands, but what a third said after it.
func TestWhatAThirdPublishedStands(t *testing.T) {
	w, list, stands := sharing(t)
	list("a", "a", "c")
	w.run("list")
	w.run("list-2")
	w.run("list-3")
	stands("the last", "c")
	list("", "a", "c")
	w.run("list")
	stands("the first goes", "c")
	list("", "a", "")
	w.run("list-3")
	stands("the last goes", "a")
}

// A source that is in no file has no kind any more; what it lists is of the first
// party all the same.
func TestWhoTakesOverKeepsItsRank(t *testing.T) {
	w := newMergeWorld(t)
	w.instance("board-2", "greenhouse", &w.ats)
	w.ats.set(opening("greenhouse:10001", "Engineer", "Pune", atsURL))
	w.list.set(opening("apify:1", "Engineer", "Pune", careers))
	for _, name := range []string{"list", "board-2", "board"} {
		w.run(name)
	}
	w.restart("list")
	before := w.shown()
	if w.remove("board"); w.shown() != before || before != "greenhouse:10001 apify:1(ats)" || len(w.events) != 0 {
		t.Errorf("shown: %s, before: %s, published %v", w.shown(), before, w.events)
	}
	if view, err := w.runner.View(t.Context(), "apify:1"); err != nil || view.Members[0].Kind != "greenhouse" || view.Members[0].Source != "board-2" {
		t.Errorf("%+v, %v", view, err)
	}
}

// publishing looks at what is about to be published.
type publishing struct {
	*mergeWorld
	look func(context.Context)
}

func (p publishing) Publish(ctx context.Context, changes []runner.Change) error {
	p.look(ctx)
	return p.mergeWorld.Publish(ctx, changes)
}

// Nobody else of this process takes a source from a removal, which would go on with it
// from the middle.
func TestARemovalHasItsSourceAlone(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(many(1)...)
	w.run("list")
	w.entries, w.events = nil, nil
	w.clock.Advance(time.Hour)
	looked := false
	w.runner = w.publishingTo("p1", publishing{w, func(ctx context.Context) {
		looked = true
		if list, err := w.runner.List(ctx); err != nil || len(list) != 1 || list[0].Open != nil || list[0].Running == nil || list[0].Running.By != harvest.ByRemoval {
			t.Errorf("%+v, %v", list, err)
			return // another would have the source, and wait for this one to have merged
		}
		if _, err := w.runner.Remove(ctx, "list", "otto", time.Minute); !errors.Is(err, harvest.ErrTaken) {
			t.Errorf("again: %v", err)
		}
	}})
	if run := w.remove("list"); !looked || run.Outcome != harvest.Whole || run.Closed != 1 || run.Actor != "olga" {
		t.Errorf("looked %v, %+v", looked, run)
	}
}

// Others take the lease of merging after two minutes: what takes longer ends before.
func TestNobodyMergesLongerThanTheLease(t *testing.T) {
	w := newMergeWorld(t)
	w.list.set(many(1)...)
	looked := false
	w.runner = w.publishingTo("p1", publishing{w, func(ctx context.Context) {
		ends, ok := ctx.Deadline()
		looked = ok && time.Until(ends) < 2*time.Minute
	}})
	if w.run("list"); !looked {
		t.Error("it publishes without end")
	}
}
