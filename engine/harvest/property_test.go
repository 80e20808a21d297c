package harvest

import (
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

// world is a source, what is remembered of it and what was published, through
// polls that are partial or cut off between any two writes.
type world struct {
	remembered map[string]Item
	pending    map[string]bool // noted before it is published, until it is remembered
	published  map[string]event.Opportunity
	unlisted   map[string]int // polls in a row that saw everything and not this
	writes     int            // until the process dies; negative: it lives
}

// write says whether the process is still there to write.
func (w *world) write() bool {
	w.writes--
	return w.writes != -1
}

func (w *world) remember(i Item) {
	if i.Value == nil {
		i.Value = w.remembered[i.ID].Value
	}
	w.remembered[i.ID] = i
	delete(w.pending, i.ID)
}

// poll takes in a listing as a runner does: publish, then remember.
func (w *world) poll(at time.Time, listing map[string]string, order []string, complete bool, absences int) {
	var items []Item
	for _, i := range w.remembered {
		i.Value = nil
		items = append(items, i)
	}
	l := NewLedger(items, slices.Sorted(maps.Keys(w.pending)), at)
	for _, id := range order {
		s := seen(id, listing[id])
		i, v := l.See(s)
		if v.Publish() {
			if !w.write() {
				return
			}
			w.pending[id] = true
			if !w.write() {
				return
			}
			w.published[id] = s.Opportunity
		}
		if v.Remember() {
			if !w.write() {
				return
			}
			w.remember(i)
		}
	}
	if !complete {
		return
	}
	for id := range w.published {
		if w.unlisted[id]++; listing[id] != "" {
			w.unlisted[id] = 0
		}
	}
	for _, i := range l.Missing(absences) {
		if i.Gone {
			if !w.write() {
				return
			}
			w.pending[i.ID] = true
			o, closed, err := Close(i, w.remembered[i.ID].Value, at)
			if !w.write() {
				return
			}
			if err == nil {
				i, w.published[i.ID] = closed, o
			} else {
				delete(w.published, i.ID)
			}
		}
		if !w.write() {
			return
		}
		w.remember(i)
	}
}

func TestWhateverHappensInBetweenTheEndIsTheListing(t *testing.T) {
	ids := []string{"a", "b", "c", "d"}
	rapid.Check(t, func(t *rapid.T) {
		absences := rapid.IntRange(1, 3).Draw(t, "absences")
		w := &world{remembered: map[string]Item{}, pending: map[string]bool{}, published: map[string]event.Opportunity{}, unlisted: map[string]int{}}
		listing, at := map[string]string{}, noon
		next := func(order []string, complete bool) {
			at = at.Add(time.Hour)
			w.poll(at, listing, order, complete, absences)
			for id, o := range w.published {
				if o.Status == event.Closed && w.unlisted[id] < absences {
					t.Fatalf("%s is closed after %d polls without it, of %d", id, w.unlisted[id], absences)
				}
			}
		}
		for range rapid.IntRange(1, 12).Draw(t, "polls") {
			for _, id := range ids {
				switch rapid.IntRange(0, 3).Draw(t, id) {
				case 0:
					delete(listing, id)
				case 1:
					listing[id] = fmt.Sprint("title ", rapid.IntRange(0, 2).Draw(t, "title"))
				}
			}
			order := rapid.Permutation(listed(listing)).Draw(t, "order")
			complete := rapid.Bool().Draw(t, "complete")
			if !complete {
				order = order[:rapid.IntRange(0, len(order)).Draw(t, "seen")]
			}
			w.writes = rapid.IntRange(-1, 6).Draw(t, "writes")
			next(order, complete)
		}
		w.writes = -1
		for range absences {
			next(listed(listing), true)
		}
		for id, title := range listing {
			if o := w.published[id]; o.Status != event.Open || o.Title != title {
				t.Fatalf("%s is %s %q, listed as %q", id, o.Status, o.Title, title)
			}
		}
		for id, o := range w.published {
			if listing[id] == "" && o.Status == event.Open {
				t.Fatalf("%s is open and not listed", id)
			}
		}
	})
}

func listed(listing map[string]string) (ids []string) {
	for id := range listing {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}
