package harvest

import (
	"slices"
	"testing"
	"time"

	"tideline/engine/event"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func seen(id, title string) Sighting {
	return Sighting{Opportunity: event.Opportunity{ID: id, Bucket: event.Jobs, Title: title, Status: event.Open, PostedAt: noon}}
}

// polls runs a source through complete polls, as a runner would.
type polls struct {
	t        *testing.T
	items    map[string]Item
	absences int
	n        int
}

func (p *polls) poll(sightings ...Sighting) map[string]Verdict {
	p.n++
	l := NewLedger(p.remembered(), nil, noon.Add(time.Duration(p.n)*time.Hour))
	verdicts := map[string]Verdict{}
	for _, s := range sightings {
		i, v := l.See(s)
		verdicts[s.Opportunity.ID] = v
		if v.Remember() {
			if i.Value == nil {
				i.Value = p.items[i.ID].Value
			}
			p.items[i.ID] = i
		}
	}
	for _, i := range l.Missing(p.absences) {
		i.Value = p.items[i.ID].Value
		if i.Gone {
			var err error
			if _, i, err = Close(i, i.Value, l.at); err != nil {
				p.t.Fatal(err)
			}
		}
		p.items[i.ID] = i
	}
	return verdicts
}

func (p *polls) remembered() []Item {
	var list []Item
	for _, i := range p.items {
		i.Value = nil
		list = append(list, i)
	}
	return list
}

func TestWhatAPollSays(t *testing.T) {
	p := &polls{t: t, items: map[string]Item{}, absences: 2}
	steps := []struct {
		poll []Sighting
		want map[string]Verdict
		gone []string
	}{
		{poll: []Sighting{seen("a", "A"), seen("b", "B")}, want: map[string]Verdict{"a": New, "b": New}},
		{poll: []Sighting{seen("a", "A2"), seen("b", "B")}, want: map[string]Verdict{"a": Changed, "b": Same}},
		{poll: []Sighting{seen("a", "A2")}, want: map[string]Verdict{"a": Same}},
		{poll: []Sighting{seen("a", "A2"), seen("b", "B")}, want: map[string]Verdict{"a": Same, "b": Counted}}, // back in time
		{poll: []Sighting{seen("a", "A2")}, want: map[string]Verdict{"a": Same}},
		{poll: []Sighting{seen("a", "A2")}, want: map[string]Verdict{"a": Same}, gone: []string{"b"}},
		{poll: []Sighting{seen("a", "A2")}, want: map[string]Verdict{"a": Same}, gone: []string{"b"}}, // once
		{poll: []Sighting{seen("a", "A2"), seen("b", "B")}, want: map[string]Verdict{"a": Same, "b": Reopened}},
		{poll: []Sighting{seen("a", "A2"), seen("b", "B")}, want: map[string]Verdict{"a": Same, "b": Same}},
	}
	for n, s := range steps {
		got := p.poll(s.poll...)
		for id, want := range s.want {
			if got[id] != want {
				t.Errorf("poll %d: %s is %d, want %d", n, id, got[id], want)
			}
		}
		for id, i := range p.items {
			if i.Gone != slices.Contains(s.gone, id) {
				t.Errorf("poll %d: %s gone: %v", n, id, i.Gone)
			}
			if o, err := event.DecodeOpportunity(i.Value, time.Time{}); err != nil || (o.Status == event.Closed) != i.Gone {
				t.Errorf("poll %d: %s was published as %s (%v)", n, id, o.Status, err)
			}
		}
	}
}

func TestCountersMakeNoChange(t *testing.T) {
	p := &polls{t: t, items: map[string]Item{}, absences: 1}
	s := seen("a", "A")
	s.Counters = map[string]int64{"score": 1}
	p.poll(s)
	if got := p.poll(s); got["a"] != Same {
		t.Errorf("the same score is %d", got["a"])
	}
	s.Counters = map[string]int64{"score": 2}
	if got := p.poll(s); got["a"] != Counted || got["a"].Publish() || p.items["a"].Counters["score"] != 2 {
		t.Errorf("%d, %+v", got["a"], p.items["a"])
	}
}

func TestWhatHasNoDateKeepsTheFirst(t *testing.T) {
	p := &polls{t: t, items: map[string]Item{}, absences: 1}
	s := seen("a", "A")
	s.Undated = true
	p.poll(s)
	s.Opportunity.PostedAt = noon.Add(24 * time.Hour)
	if got := p.poll(s); got["a"] != Same {
		t.Errorf("seen a day later it is %d", got["a"])
	}
	s.Opportunity.Title = "A2"
	p.poll(s)
	if o, err := event.DecodeOpportunity(p.items["a"].Value, time.Time{}); err != nil || !o.PostedAt.Equal(noon) {
		t.Errorf("posted %s, %v", o.PostedAt, err)
	}
}

func TestOfARepetitionTheFirstCounts(t *testing.T) {
	l := NewLedger(nil, nil, noon)
	l.See(seen("a", "A"))
	if _, v := l.See(seen("a", "other")); v != Repeated || v.Publish() || v.Remember() {
		t.Errorf("verdict %d", v)
	}
}

func TestWhatIsListedIsNotGone(t *testing.T) {
	l := NewLedger([]Item{{ID: "a"}, {ID: "b"}, {ID: "c", Absent: 1}}, nil, noon)
	l.Listed("a")
	if got := l.Missing(2); len(got) != 2 || got[0].ID != "b" || got[0].Gone || !got[1].Gone {
		t.Errorf("%+v", got)
	}
	l = NewLedger([]Item{{ID: "a"}, {ID: "c", Absent: 1}}, nil, noon)
	l.Unmodified() // what was absent is so once more
	if got := l.Missing(2); len(got) != 1 || got[0].ID != "c" || !got[0].Gone {
		t.Errorf("%+v", got)
	}
}

func TestAPollThatLostHalfIsNotBelieved(t *testing.T) {
	var items []Item
	for i := range 11 {
		items = append(items, Item{ID: string(rune('a' + i)), Gone: i == 10})
	}
	for n, want := range map[int]bool{10: false, 5: false, 4: true, 0: true} {
		l := NewLedger(items, nil, noon)
		for i := range n {
			l.Listed(items[i].ID)
		}
		if got := l.Shrunk(); got != want {
			t.Errorf("%d of 10: %v", n, got)
		}
	}
	if NewLedger(items[:9], nil, noon).Shrunk() {
		t.Error("a handful may well be gone")
	}
}

func TestWhatMayHaveBeenPublishedIsPublishedAgain(t *testing.T) {
	l := NewLedger([]Item{{ID: "a", PostedAt: noon, FirstSeen: noon}}, []string{"a", "b", "c"}, noon.Add(time.Hour))
	for _, id := range []string{"a", "b"} {
		if i, v := l.See(seen(id, "A")); v != Changed || !i.PostedAt.Equal(noon) || i.Value == nil {
			t.Errorf("%s: %d, %+v", id, v, i)
		}
	}
	got := l.Missing(1)
	if len(got) != 1 || got[0].ID != "c" || !got[0].Gone {
		t.Fatalf("%+v", got)
	}
	if _, _, err := Close(got[0], nil, noon); err == nil {
		t.Error("nobody knows what it was, and yet it is closed")
	}
}
