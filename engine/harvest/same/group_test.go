package same

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

// posting makes a member of entry for company Harbor.
func posting(entry, id, title, city, url string) Member {
	o := event.Opportunity{ID: id, Title: title, Organisation: "Harbor", URL: url}
	if city == "remote" {
		o.Remote = true
	} else if city != "" {
		o.Locations = []string{city}
	}
	return NewMember(o, entry, entry)
}

// told gives the groups of members as text: leader first.
func told(x *Index) string {
	var lines []string
	for id := range x.members {
		g := x.Group(id)
		if g.Leader().ID != id {
			continue
		}
		line := []string{id}
		for _, m := range g[1:] {
			line = append(line, fmt.Sprintf("%s(%s)", m.ID, g.By(m.ID)))
		}
		lines = append(lines, strings.Join(line, " "))
	}
	slices.Sort(lines)
	return strings.Join(lines, "; ")
}

func TestWhatIsOne(t *testing.T) {
	const board, site = "https://boards.greenhouse.io/harbor/jobs/", "https://harbor.example/jobs/"
	ats := func(id, title, city string) Member {
		return posting("greenhouse", "greenhouse:"+id, title, city, board+id)
	}
	for name, c := range map[string]struct {
		members []Member
		want    string
	}{
		"an address leads to the ATS":     {[]Member{ats("10001", "Engineer", "Pune"), posting("apify", "apify:1", "Other words", "Delhi", board+"10001?ref=x")}, "greenhouse:10001 apify:1(ats)"},
		"the same address":                {[]Member{posting("json", "a:1", "Engineer", "Pune", site+"12345?utm_source=q"), posting("apify", "b:1", "Engineer!", "", site+"12345")}, "a:1 b:1(url)"},
		"company, title and city":         {[]Member{ats("10001", "Engineer", "Pune"), posting("apify", "apify:1", "ENGINEER", "Pune", "https://list.example/x")}, "greenhouse:10001 apify:1(opening)"},
		"two cities":                      {[]Member{ats("10001", "Engineer", "Pune"), posting("apify", "apify:1", "Engineer", "Delhi", "")}, "apify:1; greenhouse:10001"},
		"another grade":                   {[]Member{ats("10001", "Senior Engineer", "Pune"), posting("apify", "apify:1", "Engineer", "Pune", "")}, "apify:1; greenhouse:10001"},
		"remote and a city":               {[]Member{ats("10001", "Engineer", "remote"), posting("apify", "apify:1", "Engineer", "Pune", "")}, "apify:1; greenhouse:10001"},
		"no place is told":                {[]Member{ats("10001", "Engineer", ""), posting("apify", "apify:1", "Engineer", "", "")}, "apify:1; greenhouse:10001"},
		"two numbers of the ATS":          {[]Member{ats("10001", "Engineer", "Pune"), posting("apify", "apify:1", "Engineer", "Pune", board+"10002")}, "apify:1; greenhouse:10001"},
		"two addresses of one host":       {[]Member{posting("json", "a:1", "Engineer", "Pune", site+"12345"), posting("apify", "b:1", "Engineer", "Pune", site+"12346")}, "a:1; b:1"},
		"one source lists both":           {[]Member{posting("apify", "b:1", "Engineer", "Pune", ""), posting("apify", "b:2", "Engineer", "Pune", "")}, "b:1; b:2"},
		"one page for several openings":   {[]Member{posting("apify", "b:1", "Engineer", "Pune", site+"12345"), posting("apify", "b:2", "Analyst", "Pune", site+"12345")}, "b:1; b:2"},
		"the page of careers":             {[]Member{posting("json", "a:1", "Engineer", "Pune", site), posting("apify", "b:1", "Analyst", "Pune", site)}, "a:1; b:1"},
		"the double goes to the lower id": {[]Member{ats("10001", "Engineer", "Pune"), ats("10002", "Engineer", "Pune"), posting("apify", "b:1", "Engineer", "Pune", "")}, "greenhouse:10001 b:1(opening); greenhouse:10002"},
		"the surer layer decides":         {[]Member{ats("10001", "Engineer", "Pune"), ats("10002", "Engineer", "Pune"), posting("apify", "b:1", "Engineer", "Pune", board+"10002")}, "greenhouse:10001; greenhouse:10002 b:1(ats)"},
		"two requisitions":                {[]Member{posting("json", "a:1", "Engineer", "Pune", "https://a.example/12345-engineer?job=R-00122995"), posting("apify", "b:1", "Engineer", "Pune", "https://b.example/Pune/Engineer_R-00134227")}, "a:1; b:1"},
		"one requisition":                 {[]Member{posting("json", "a:1", "Engineer", "Pune", "https://a.example/12345-engineer?job=R-00122995"), posting("apify", "b:1", "Engineer", "Pune", "https://b.example/Pune/Engineer_r00122995")}, "a:1 b:1(opening)"},
		"another season":                  {[]Member{ats("10001", "Intern", "Pune"), posted(posting("apify", "b:1", "Intern", "Pune", ""), 181)}, "b:1; greenhouse:10001"},
		"the same season":                 {[]Member{ats("10001", "Intern", "Pune"), posted(posting("apify", "b:1", "Intern", "Pune", ""), 179)}, "greenhouse:10001 b:1(opening)"},
		"the ATS knows better":            {[]Member{ats("10001", "Intern", "Pune"), posted(posting("apify", "b:1", "Intern", "Pune", board+"10001"), 400)}, "greenhouse:10001 b:1(ats)"},
		"through a third":                 {[]Member{ats("10001", "Engineer", "Pune"), posting("apify", "b:1", "Engineer", "Pune", site+"12345"), posting("json", "c:1", "Engr", "", site+"12345")}, "greenhouse:10001 b:1(url) c:1(url)"},
	} {
		for _, order := range [][]Member{c.members, reversed(c.members)} {
			if got := told(NewIndex(order, nil)); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
	}
}

// posted is a posting so many days after the zero time.
func posted(m Member, days int) Member {
	m.Posted = m.Posted.AddDate(0, 0, days)
	return m
}

func reversed(list []Member) []Member {
	list = slices.Clone(list)
	slices.Reverse(list)
	return list
}

// A firm that lists a city's worth of openings of one name is not one opening, and
// comparing each with each would take the night.
func TestWhatACrowdHasInCommonIdentifiesNothing(t *testing.T) {
	x := NewIndex(nil, nil)
	var all []Change
	for i := range 5000 {
		all = append(all, Change{Member: posting("greenhouse", fmt.Sprint("greenhouse:", 10000+i), "Engineer", "Pune", ""), Open: true})
	}
	double := posting("apify", "a:1", "Engineer", "Pune", "")
	x.Apply(append(all[:Crowd-1:Crowd-1], Change{Member: double, Open: true}))
	if g := x.Group("a:1"); len(g) != 2 || g.Leader().ID != "greenhouse:10000" {
		t.Fatalf("%d postings of it are %v", Crowd, g)
	}
	x.Apply(all[Crowd-1 : Crowd])
	if g := x.Group("a:1"); len(g) != 1 {
		t.Errorf("one more, and they are %v", g)
	}
	x.Apply([]Change{{Member: all[0].Member}})
	if g := x.Group("a:1"); len(g) != 2 {
		t.Errorf("one less, and they are %v", g)
	}
	p := x.Apply(append(all[Crowd:], all[0]))
	if g := x.Group("a:1"); len(g) != 1 {
		t.Errorf("5000 postings of it are still %v", g)
	}
	if i := slices.IndexFunc(p.Publish, func(a Act) bool { return a.ID == "a:1" }); i < 0 || p.Publish[i].As != Leader {
		t.Error("who stands alone again is not shown")
	}
	var gone []Change
	for _, c := range all[Crowd-1:] {
		gone = append(gone, Change{Member: Member{ID: c.ID}})
	}
	x.Apply(gone)
	if g := x.Group("a:1"); len(g) != 2 {
		t.Errorf("%d postings of it are %v again", Crowd, g)
	}
}

// listed is what a source lists that is no job.
func listed(bucket event.Bucket, entry, id, title, url string) Member {
	return NewMember(event.Opportunity{ID: id, Bucket: bucket, Title: title, Organisation: "Harbor", Remote: true, URL: url}, entry, entry)
}

func TestWhatIsOneBesidesJobs(t *testing.T) {
	const page = "https://harbor.example/blog/ferries"
	article := func(entry, id, title, url string) Member { return listed(event.Content, entry, id, title, url) }
	hackathon := func(entry, id, title, url string) Member { return listed(event.Hackathons, entry, id, title, url) }
	for name, c := range map[string]struct {
		members []Member
		want    string
	}{
		"a page that two sources list":        {[]Member{article("hackernews", "hn:1", "Ferries (2025)", page+"/?utm_source=x"), article("feed", "feed:1", "Our ferries", page)}, "feed:1 hn:1(url)"},
		"a course that others list":           {[]Member{article("courses", "course:1", "Learn C", "https://youtu.be/abc?t=1"), article("devto", "devto:1", "See this", "https://m.youtube.com/watch?v=abc&feature=x")}, "course:1 devto:1(url)"},
		"two videos":                          {[]Member{article("courses", "course:1", "Learn C", "https://youtube.com/watch?v=abc"), article("devto", "devto:1", "Learn C", "https://youtube.com/watch?v=abd")}, "course:1; devto:1"},
		"two pages of one script":             {[]Member{article("courses", "course:1", "Learn C", "https://c.example/?page=1"), article("devto", "devto:1", "Learn C", "https://c.example/?page=2")}, "course:1; devto:1"},
		"listed twice":                        {[]Member{article("hackernews", "hn:1", "Ferries", page), article("hackernews", "hn:2", "Ferries!", page)}, "hn:1 hn:2(url)"},
		"a feed whose items lead to its site": {[]Member{article("feed", "feed:1", "Ferries", "https://harbor.example/"), article("feed", "feed:2", "Boats", "https://harbor.example/")}, "feed:1; feed:2"},
		"one name of two pages":               {[]Member{article("hackernews", "hn:1", "Ferries", page), article("feed", "feed:1", "Ferries", page+"-2")}, "feed:1; hn:1"},
		"a hackathon of two sites":            {[]Member{hackathon("devpost", "devpost:1", "Ferry Hack 2026", "https://ferry.devpost.com/"), hackathon("unstop", "unstop:1", "Ferry Hack, 2026", "https://unstop.com/hackathons/ferry-1234")}, "devpost:1 unstop:1(opening)"},
		"a hackathon's page":                  {[]Member{hackathon("devpost", "devpost:1", "Ferry Hack", "https://ferry.devpost.com/"), hackathon("json", "list:1", "Harbor's hack", "http://ferry.devpost.com?ref=list")}, "devpost:1 list:1(url)"},
		"another year":                        {[]Member{hackathon("devpost", "devpost:1", "Ferry Hack 2026", "https://ferry.devpost.com/"), hackathon("unstop", "unstop:1", "Ferry Hack 2025", "https://unstop.com/hackathons/ferry-1234")}, "devpost:1; unstop:1"},
		"a job and an article about it":       {[]Member{article("hackernews", "hn:1", "Engineer", "https://harbor.example/jobs/12345"), listed(event.Jobs, "json", "list:1", "Engineer", "https://harbor.example/jobs/12345")}, "hn:1; list:1"},
	} {
		for _, order := range [][]Member{c.members, reversed(c.members)} {
			if got := told(NewIndex(order, nil)); got != c.want {
				t.Errorf("%s: %s, want %s", name, got, c.want)
			}
		}
	}
}

func TestLikenessOnlySuggests(t *testing.T) {
	text := " You build the ferries' booking service in Go with five others, on call one week in six, near the harbour; we pay the move."
	x := NewIndex([]Member{
		posting("greenhouse", "greenhouse:10001", "Backend Engineer"+text, "Pune", ""),
		posting("apify", "b:1", "Backend Developer"+text, "Pune", ""),
		posting("apify", "b:2", "Accountant", "Pune", ""),
		listed(event.Hackathons, "json", "b:3", "Backend Hack"+text, ""),
	}, nil)
	if got := x.Suggest("greenhouse:10001"); len(got) != 1 || got[0].ID != "b:1" || got[0].Likeness < alike {
		t.Errorf("%v", got)
	}
	if got := told(x); got != "b:1; b:2; b:3; greenhouse:10001" {
		t.Errorf("merged: %s", got)
	}
}

// drawn are members with few keys, so that they meet.
func drawn(t *rapid.T) []Member {
	var list []Member
	for i := range rapid.IntRange(1, 9).Draw(t, "members") {
		entry := rapid.SampledFrom([]string{"greenhouse", "apify", "json", "jsonld"}).Draw(t, "entry")
		m := posting(entry, fmt.Sprintf("%s:x%d", entry, i), rapid.SampledFrom([]string{"Engineer", "Analyst"}).Draw(t, "title"),
			rapid.SampledFrom([]string{"Pune", ""}).Draw(t, "city"), rapid.SampledFrom([]string{
				"", "https://boards.greenhouse.io/h/jobs/10001", "https://boards.greenhouse.io/h/jobs/10002", "https://h.example/12345", "https://h.example/12346", "https://l.example/12345",
			}).Draw(t, "url"))
		list = append(list, m)
	}
	return list
}

// together gives, by id, the ids of its group.
func together(x *Index) map[string]string {
	found := map[string]string{}
	for id := range x.members {
		var ids []string
		for _, m := range x.Group(id) {
			ids = append(ids, m.ID)
		}
		slices.Sort(ids)
		found[id] = strings.Join(ids, " ")
	}
	return found
}

// world follows plans as a run carries them out, and may be cut off.
type world struct {
	stored map[string]Member
	splits map[string]Split
	topic  map[string]string // id to leader, closed or open; what it is published with
	crowd  int
}

func newWorld(crowd int) *world {
	return &world{map[string]Member{}, map[string]Split{}, map[string]string{}, crowd}
}

// fresh is an index of a world.
func (w *world) fresh(members []Member, splits []Split) *Index {
	x := NewIndex(members, splits)
	x.crowd = w.crowd
	return x
}

func (w *world) carryOut(p Plan, steps int) {
	for _, m := range p.Before {
		w.stored[m.ID] = m
	}
	if steps == 1 {
		return
	}
	for _, a := range p.Publish {
		switch a.As {
		case Leader:
			w.topic[a.ID] = fmt.Sprint("open ", a.Also)
		default:
			w.topic[a.ID] = "closed"
		}
	}
	if steps == 2 {
		return
	}
	for _, m := range p.After {
		w.stored[m.ID] = m
	}
	for _, id := range p.Drop {
		delete(w.stored, id)
	}
}

func (w *world) index() *Index {
	var members []Member
	for _, m := range w.stored {
		members = append(members, m)
	}
	var splits []Split
	for _, s := range w.splits {
		splits = append(splits, s)
	}
	return w.fresh(members, splits)
}

// check says what is wrong with what stands on the topic: every opening is shown
// exactly once, by its leader, with all others.
func (w *world) check(x *Index) error {
	for id := range x.members {
		g := x.Group(id)
		want := "closed"
		if g.Leader().ID == id {
			want = fmt.Sprint("open ", g.also())
		}
		if got, ok := w.topic[id]; got != want && (ok || want != "closed") {
			return fmt.Errorf("%s stands as %q, want %q", id, got, want)
		}
	}
	for id, state := range w.topic {
		if !x.Has(id) && state != "closed" {
			return fmt.Errorf("%s is gone and stands as %q", id, state)
		}
	}
	return nil
}

// However postings come and go, in whatever batches, also when runs are cut off and
// done again, what is merged is what a fresh look at all of them merges, and students
// see each opening once.
func TestOrderAndCrashesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		members := drawn(t)
		w := newWorld(rapid.SampledFrom([]int{1, 2, 3, Crowd}).Draw(t, "crowd"))
		x := w.index()
		live := map[string]Member{}
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			if rapid.IntRange(0, 5).Draw(t, "act") == 0 {
				id := rapid.SampledFrom(members).Draw(t, "split").ID
				if s, p, ok := x.Split(id); ok {
					w.splits[id] = s
					w.carryOut(p, 3)
				}
				continue
			}
			var changes []Change
			taken := map[string]bool{}
			for _, m := range rapid.SliceOfN(rapid.SampledFrom(members), 1, 4).Draw(t, "batch") {
				if taken[m.ID] {
					continue
				}
				taken[m.ID] = true
				open := rapid.Bool().Draw(t, "open")
				if open {
					live[m.ID] = m
				} else {
					delete(live, m.ID)
				}
				changes = append(changes, Change{Member: m, Open: open})
			}
			if steps := rapid.IntRange(1, 3).Draw(t, "cut off after"); steps < 3 {
				w.carryOut(x.Apply(changes), steps)
				x = w.index() // another process
			}
			w.carryOut(x.Apply(changes), 3)
		}
		if err := w.check(x); err != nil {
			t.Fatal(err)
		}
		var all []Member
		for _, m := range live {
			all = append(all, m)
		}
		var splits []Split
		for _, s := range w.splits {
			splits = append(splits, s)
		}
		want := together(w.fresh(all, splits))
		if got := together(x); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("came to %v, at once %v", got, want)
		}
		if got := together(w.index()); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Fatalf("stored is %v, at once %v", got, want)
		}
		if p := x.Apply(nil); len(p.Publish)+len(p.Before)+len(p.After) > 0 {
			t.Fatalf("of nothing follows %v", p)
		}
	})
}

func TestASplitIsRememberedAndMayBeTakenBack(t *testing.T) {
	a := posting("greenhouse", "greenhouse:10001", "Engineer", "Pune", "")
	b := posting("apify", "b:1", "Engineer", "Pune", "")
	x := NewIndex(nil, nil)
	if p := x.Apply([]Change{{Member: a, Open: true}, {Member: b, Open: true}}); len(p.Publish) != 1 || p.Publish[0].Also[0].ID != "b:1" {
		t.Fatalf("%+v", p.Publish)
	}
	s, p, ok := x.Split("b:1")
	if !ok || len(p.Publish) != 2 || told(x) != "b:1; greenhouse:10001" || !slices.Equal(s.From, []string{"greenhouse:10001"}) {
		t.Errorf("%v %+v %s", ok, p.Publish, told(x))
	}
	x.Apply([]Change{{Member: b, Open: true}, {Member: a, Open: true}})
	x.Apply([]Change{{Member: b}})
	x.Apply([]Change{{Member: b, Open: true}})
	if told(x) != "b:1; greenhouse:10001" {
		t.Errorf("merged again: %s", told(x))
	}
	p, ok = x.Rejoin("b:1")
	if !ok || told(x) != "greenhouse:10001 b:1(opening)" || len(p.Publish) != 2 || p.Publish[1].As != Double || p.Publish[1].Into != "greenhouse:10001" {
		t.Errorf("%v %+v %s", ok, p.Publish, told(x))
	}
	if _, _, ok := x.Split("unknown"); ok {
		t.Error("what is not known was split")
	}
	if _, ok := x.Rejoin("b:1"); ok {
		t.Error("what was not split was joined")
	}
}

func TestADoubleTakesOver(t *testing.T) {
	a := posting("greenhouse", "greenhouse:10001", "Engineer", "Pune", "")
	b := posting("apify", "b:1", "Engineer", "Pune", "")
	x := NewIndex(nil, nil)
	acts := func(p Plan) (list []string) {
		for _, a := range p.Publish {
			list = append(list, fmt.Sprint(a.ID, " ", a.As, " ", a.Into))
		}
		return list
	}
	for n, step := range []struct {
		change Change
		want   string
	}{
		{Change{Member: b, Open: true}, "[b:1 1 ]"},
		{Change{Member: a, Open: true}, "[greenhouse:10001 1  b:1 2 greenhouse:10001]"}, // the first party
		{Change{Member: b, Open: true}, "[]"},                                           // a double that says something new
		{Change{Member: a}, "[greenhouse:10001 0  b:1 1 ]"},                             // takes over
		{Change{Member: b}, "[b:1 0 ]"},                                                 // and goes
		{Change{Member: a, Open: true, Quiet: true}, "[]"},                              // published before
		{Change{Member: b, Open: true}, "[greenhouse:10001 1 ]"},                        // one more lists it
		{Change{Member: b}, "[greenhouse:10001 1 ]"},                                    // and not any more
	} {
		if got := fmt.Sprint(acts(x.Apply([]Change{step.change}))); got != step.want {
			t.Errorf("step %d: %s, want %s", n, got, step.want)
		}
	}
}

func TestWhoTakesOverIsPublishedAlsoWhenThatIsCutOff(t *testing.T) {
	a := posting("greenhouse", "greenhouse:10001", "Engineer", "Pune", "")
	b := posting("apify", "b:1", "Engineer", "Pune", "")
	w := newWorld(Crowd)
	w.carryOut(w.index().Apply([]Change{{Member: a, Open: true}, {Member: b, Open: true}}), 3)
	w.carryOut(w.index().Apply([]Change{{Member: a}}), 1) // stored, and not published
	x := w.index()
	w.carryOut(x.Apply([]Change{{Member: a}}), 3)
	if err := w.check(x); err != nil || w.topic["b:1"] != "open []" {
		t.Errorf("%v: %v", err, w.topic)
	}
}
