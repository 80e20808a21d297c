package api

import (
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/match"
)

func TestWhyAndWhyNot(t *testing.T) {
	w := newWorld(t)
	golang := event.Profile{ID: "sam", Skills: []event.Skill{{Name: "golang", Level: 3}}}
	w.views["sam"] = event.View{Profile: golang, Ignored: map[string]time.Time{"hidden": now}}
	w.feed("sam", "top", "second")
	for id, change := range map[string]func(*event.Opportunity){
		"hidden": func(*event.Opportunity) {}, "on its way": func(*event.Opportunity) {},
		"closed":  func(o *event.Opportunity) { o.Status = event.Closed },
		"over":    func(o *event.Opportunity) { o.Deadline = new(now) },
		"rust":    func(o *event.Opportunity) { o.Skills = []event.RequiredSkill{{Name: "Rust", Level: 3, Weight: 1}} },
		"elder":   func(o *event.Opportunity) { o.PostedAt = now.AddDate(-2, 0, 0) },
		"content": func(o *event.Opportunity) { o.Bucket = event.Content },
	} {
		o := job(id)
		change(&o)
		w.apply(id, &o)
	}
	token := w.token(Student, "sam")
	why := func(id string) reason {
		return get[reason](w, "/recommendations/jobs/"+strings.ReplaceAll(id, " ", "%20")+"/why", token)
	}
	if r := why("second"); !r.InFeed || r.Rank != 2 || r.Floor != nil || !r.Explanation.Eligible || len(r.Explanation.Matched) != 1 || len(r.Explanation.Missing) != 1 {
		t.Errorf("in the feed: %+v", r)
	}
	for id, gate := range map[string]match.Gate{
		"hidden": match.IgnoredGate, "closed": match.ClosedGate, "over": match.ExpiredGate, "rust": match.NoSkillGate,
	} {
		r := why(id)
		if r.InFeed || r.Explanation.Eligible || r.Explanation.Gate != gate || r.Floor != nil || !strings.Contains(r.Summary, r.Explanation.GateDetail) {
			t.Errorf("%s: %+v", id, r)
		}
	}
	if r := why("on its way"); r.InFeed || !r.Explanation.Eligible || !strings.Contains(r.Summary, "on its way") {
		t.Errorf("eligible, with room left: %+v", r)
	}

	w.feed("sam", numbered("o", 100)...)
	floor := why("second").Explanation.Key
	for i := range w.feeds["sam/jobs"] { // as the engine scores them
		w.feeds["sam/jobs"][i].Key = floor
	}
	r := why("elder")
	if r.InFeed || r.Floor == nil || *r.Floor != floor || *r.Short != floor-r.Explanation.Key || *r.Short <= 0 || !strings.Contains(r.Summary, "a hundred others") {
		t.Errorf("below the floor: %+v", r)
	}

	w.do("GET", "/recommendations/jobs/nothing/why", token, "").problem(t, 404)
	if p := w.do("GET", "/recommendations/jobs/content/why", token, "").problem(t, 404); !strings.Contains(p.Detail, "content") {
		t.Errorf("another bucket: %v", p)
	}
}

func TestWhatIsOverIsNotInTheFeedEvenWhileTheStoreHasIt(t *testing.T) {
	w := newWorld(t)
	w.views["sam"] = event.View{Profile: event.Profile{ID: "sam", Skills: []event.Skill{{Name: "go", Level: 3}}}}
	w.feed("sam", "o1", "o2")
	o := job("o1")
	o.Deadline = new(now)
	w.apply("o1", &o)
	if r := get[reason](w, "/recommendations/jobs/o1/why", w.token(Student, "sam")); r.InFeed || r.Explanation.Gate != match.ExpiredGate {
		t.Errorf("%+v", r)
	}
	if r := get[reason](w, "/recommendations/jobs/o2/why", w.token(Student, "sam")); r.Rank != 1 {
		t.Errorf("rank %d, where the feed shows 1", r.Rank)
	}
}

func TestSavedIsNewestFirstAndKeepsWhatWasDeleted(t *testing.T) {
	w := newWorld(t)
	w.apply("old", new(job("old")))
	w.apply("new", new(job("new")))
	w.views["sam"] = event.View{Saved: map[string]time.Time{"old": now.Add(-time.Hour), "new": now, "gone": now.Add(-time.Minute)}}
	list := get[savedList](w, "/saved", w.token(Student, "sam")).Items
	if len(list) != 3 || list[0].ID != "new" || list[1].ID != "gone" || list[2].ID != "old" || list[1].Opportunity != nil || list[0].Opportunity == nil {
		t.Errorf("%+v", list)
	}
	w.views["kim"] = event.View{}
	if a := w.do("GET", "/saved", w.token(Student, "kim"), ""); a.body != `{"items":[]}` {
		t.Errorf("nothing saved: %s", a.body)
	}
}
