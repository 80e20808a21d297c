package api

import (
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

func TestPagesFollowTheFeed(t *testing.T) {
	w := newWorld(t)
	all := numbered("o", 45)
	w.feed("sam", all...)
	token := w.token(Student, "sam")
	var got []string
	path, rank := "/recommendations/jobs?limit=20", 0
	for n, want := range []int{20, 20, 5} {
		p := get[feedPage](w, path, token)
		if len(p.Items) != want {
			t.Fatalf("page %d has %d items, want %d", n, len(p.Items), want)
		}
		for _, it := range p.Items {
			if rank++; it.Rank != rank {
				t.Errorf("%s has rank %d, want %d", it.Opportunity.ID, it.Rank, rank)
			}
		}
		got = append(got, ids(p)...)
		if (p.NextCursor == "") != (n == 2) {
			t.Fatalf("page %d: next_cursor %q", n, p.NextCursor)
		}
		path = "/recommendations/jobs?limit=20&cursor=" + p.NextCursor
	}
	if !slices.Equal(got, all) {
		t.Errorf("got %v", got)
	}
}

func TestTheFirstPageReadsTheFeedOnce(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", numbered("o", 100)...)
	for _, query := range []string{"", "?limit=1", "?limit=100", "?limit=99"} {
		w.reads = 0
		get[feedPage](w, "/recommendations/jobs"+query, w.token(Student, "sam"))
		if w.reads != 1 {
			t.Errorf("%q: %d reads", query, w.reads)
		}
	}
}

func TestDefaultLimitIsTwenty(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", numbered("o", 30)...)
	if n := len(get[feedPage](w, "/recommendations/jobs", w.token(Student, "sam")).Items); n != 20 {
		t.Errorf("%d items", n)
	}
}

func TestWhatIsGoneOrOverIsNeverShown(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", numbered("o", 30)...)
	token := w.token(Student, "sam")
	get[feedPage](w, "/recommendations/jobs", token) // fills the cache

	closed, over := job("o001"), job("o002")
	closed.Status, over.Deadline = event.Closed, new(now.Add(time.Minute))
	w.apply("o000", nil)
	w.apply("o001", &closed)
	w.apply("o002", &over)
	w.now = now.Add(time.Minute) // the deadline itself is too late
	p := get[feedPage](w, "/recommendations/jobs?limit=20", token)
	if want := numbered("o", 30)[3:23]; !slices.Equal(ids(p), want) {
		t.Errorf("got %v", ids(p))
	}
	if p.Items[0].Rank != 1 {
		t.Errorf("the first shown has rank %d", p.Items[0].Rank)
	}
	if p.NextCursor == "" {
		t.Fatal("seven more are hidden behind three that are not shown")
	}
	rest := get[feedPage](w, "/recommendations/jobs?cursor="+p.NextCursor, token)
	if want := numbered("o", 30)[23:]; !slices.Equal(ids(rest), want) || rest.NextCursor != "" {
		t.Errorf("then %v, %q", ids(rest), rest.NextCursor)
	}
}

func TestChangesOfAnOpportunityShowAtOnce(t *testing.T) {
	for _, known := range []bool{true, false} {
		w := newWorld(t, func(_ *Config, p *Ports) {
			if !known {
				p.CatalogVersion = nil
			}
		})
		w.feed("sam", "o1")
		token := w.token(Student, "sam")
		for _, change := range []func(*event.Opportunity){
			func(o *event.Opportunity) { o.Title = "Staff Engineer" },
			func(o *event.Opportunity) { o.Skills = []event.RequiredSkill{{Name: "Rust", Level: 5, Weight: 2}} },
			func(o *event.Opportunity) { o.Deadline = new(now.Add(time.Hour)) },
			func(o *event.Opportunity) { o.Difficulty = new(40.0) },
			func(o *event.Opportunity) { o.Remote = true },
			func(o *event.Opportunity) { o.Locations = []string{"Oslo"} },
			func(o *event.Opportunity) { o.GraduationYears = []int{2027} },
			func(o *event.Opportunity) { o.PostedAt = now },
			func(o *event.Opportunity) { o.URL, o.Kind, o.Source, o.Organisation = "u", "k", "s", "g" },
		} {
			get[feedPage](w, "/recommendations/jobs", token)
			o := job("o1")
			change(&o)
			w.apply("o1", &o)
			got := get[feedPage](w, "/recommendations/jobs", token).Items[0].Opportunity
			o.Description = ""
			if string(got.Encode()) != string(o.Encode()) {
				t.Errorf("version known %v: got %s, want %s", known, got.Encode(), o.Encode())
			}
		}
	}
}

func TestAnUnchangedCatalogIsNotAsked(t *testing.T) {
	counted := &countingCatalog{}
	w := newWorld(t, func(_ *Config, p *Ports) { counted.Catalog, p.Catalog = p.Catalog, counted })
	w.feed("sam", numbered("o", 20)...)
	token := w.token(Student, "sam")
	get[feedPage](w, "/recommendations/jobs", token)
	before := counted.looks
	get[feedPage](w, "/recommendations/jobs", token)
	if counted.looks != before {
		t.Errorf("%d look-ups", counted.looks-before)
	}
}

type countingCatalog struct {
	Catalog
	looks int
}

func (c *countingCatalog) ByMember(m event.Member) (event.Opportunity, bool) {
	c.looks++
	return c.Catalog.ByMember(m)
}

func TestExplainedPagesNameFactorsAndSkills(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", "o1")
	w.views["sam"] = event.View{Profile: event.Profile{ID: "sam", Skills: []event.Skill{{Name: "golang", Level: 3}}}}
	token := w.token(Student, "sam")
	if e := get[feedPage](w, "/recommendations/jobs", token).Items[0].Explanation; e != nil {
		t.Errorf("explained without being asked: %+v", e)
	}
	e := get[feedPage](w, "/recommendations/jobs?explain=true", token).Items[0].Explanation
	if e == nil || !e.Eligible || e.Overlap != 2.0/3 || len(e.Matched) != 1 || len(e.Missing) != 1 {
		t.Errorf("got %+v", e)
	}
}

func TestQueriesThatAreNotValid(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", "o1")
	for query, want := range map[string]string{
		"limit=0": "query.limit out_of_range", "limit=101": "query.limit out_of_range", "limit=ten": "query.limit out_of_range",
		"limit=-1": "query.limit out_of_range", "explain=maybe": "query.explain unknown_value",
		"limit=0&explain=maybe": "query.limit out_of_range,query.explain unknown_value",
	} {
		p := w.do("GET", "/recommendations/jobs?"+query, w.token(Student, "sam"), "").problem(t, 422)
		if got := strings.Join(p.locations(), ","); got != want {
			t.Errorf("%s: %s", query, got)
		}
	}
	p := w.do("GET", "/recommendations/gigs", w.token(Student, "sam"), "").problem(t, 404)
	if got := strings.Join(p.locations(), ","); got != "path.bucket unknown_value" {
		t.Error(got)
	}
	p = w.do("GET", "/recommendations/jobs?student="+strings.Repeat("x", 129), w.token(Ops, "o"), "").problem(t, 422)
	if got := strings.Join(p.locations(), ","); got != "query.student unknown_value" {
		t.Error(got)
	}
}
