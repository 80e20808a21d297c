package api

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"tideline/engine/event"
	"tideline/engine/harvest/same"
)

// mergeWorld has a merge of two, of-sam and of-kim; split says whether it is split.
// Double is merged into whatever into says; asked counts who wanted to know.
type mergeWorld struct {
	split bool
	into  string
	asked int
	err   error
}

func (w *mergeWorld) Double(_ context.Context, id string) (event.Opportunity, error) {
	w.asked++
	if w.err != nil {
		return event.Opportunity{}, w.err
	}
	if w.into == "" || id != "double" {
		return event.Opportunity{}, fmt.Errorf("%w: %q", same.ErrUnknown, id)
	}
	o := job(id)
	o.Status, o.MergedInto = event.Closed, w.into
	return o, nil
}

func (w *mergeWorld) Merged(_ context.Context, id string) (same.Merge, error) {
	if id != "of-sam" {
		return same.Merge{}, fmt.Errorf("%w: %q", same.ErrUnknown, id)
	}
	v := same.Merge{ID: id, Leader: id, Members: []same.Listed{{ID: id, Source: "board", Kind: "greenhouse", By: same.ByATS}}}
	if !w.split {
		v.Members = append(v.Members, same.Listed{ID: "of-kim", Source: "list", Kind: "apify", By: same.ByATS})
	}
	return v, w.err
}

func (w *mergeWorld) Split(ctx context.Context, id string) (same.Merge, error) {
	if id == "alone" {
		return same.Merge{}, same.ErrAlone
	}
	w.split = true
	return w.Merged(ctx, id)
}

func (w *mergeWorld) Rejoin(ctx context.Context, id string) (same.Merge, error) {
	if !w.split {
		return same.Merge{}, same.ErrNotSplit
	}
	w.split = false
	return w.Merged(ctx, id)
}

func TestOpsSeeAndSplitMerges(t *testing.T) {
	w := newWorld(t)
	ops := w.token(Ops, "o")
	if got := get[same.Merge](w, "/opportunities/of-sam/merge", ops); got.Leader != "of-sam" || len(got.Members) != 2 || got.Members[1].By != same.ByATS {
		t.Errorf("%+v", got)
	}
	w.do("DELETE", "/opportunities/of-sam/split", ops, "").problem(t, 409)
	if a := w.do("POST", "/opportunities/of-sam/split", ops, ""); a.status != 200 || !w.merges.split {
		t.Errorf("%+v", a)
	}
	if a := w.do("DELETE", "/opportunities/of-sam/split", ops, ""); a.status != 200 || w.merges.split {
		t.Errorf("%+v", a)
	}
	w.do("POST", "/opportunities/alone/split", ops, "").problem(t, 409)
	w.do("GET", "/opportunities/other/merge", ops, "").problem(t, 404)
	w.merges.err = fmt.Errorf("%w: away", ErrUnavailable)
	w.do("GET", "/opportunities/of-sam/merge", ops, "").problem(t, 503)
}

func TestADoubleAnswersAlikePublishedOrNot(t *testing.T) {
	w := newWorld(t)
	w.merges.into = "of-sam"
	check := func(step string) {
		t.Helper()
		for _, role := range Roles {
			if got := get[event.Opportunity](w, "/opportunities/double", w.token(role, "sam")); got.ID != "double" || got.Status != event.Closed || got.MergedInto != w.merges.into || got.Title == "" {
				t.Errorf("%s, as %s: %+v", step, role, got)
			}
		}
	}
	check("never published")
	o := job("double")
	o.Status, o.MergedInto = event.Closed, "of-sam"
	w.apply(o.ID, &o)
	check("published")
	w.merges.into = "of-kim"
	check("another leads")

	ops := w.token(Ops, "o")
	w.merges.err = fmt.Errorf("%w: away", ErrUnavailable)
	if got := get[event.Opportunity](w, "/opportunities/double", ops); got.MergedInto != "of-sam" {
		t.Errorf("what was published is known without the store: %+v", got)
	}
	w.do("GET", "/opportunities/other", ops, "").problem(t, 503) // it may be a double
	w.merges.err = nil
	w.do("GET", "/opportunities/other", ops, "").problem(t, 404)
	asked := w.merges.asked
	o = job("plain")
	o.Also = []event.Listing{{ID: "apify:1", Source: "apify", URL: "https://list.example/1", By: "url"}}
	w.apply(o.ID, &o)
	if got := get[event.Opportunity](w, "/opportunities/plain", ops); len(got.Also) != 1 || got.Also[0] != o.Also[0] || w.merges.asked != asked {
		t.Errorf("a leader: %+v, asked the store %d times", got, w.merges.asked-asked)
	}
	fresh := newWorld(t)
	fresh.ready, fresh.merges.into = false, "of-sam"
	fresh.do("GET", "/opportunities/double", fresh.token(Ops, "o"), "").problem(t, 503)
	if fresh.merges.asked != 0 {
		t.Error("what may be published was looked for elsewhere")
	}
	without := newWorld(t, func(_ *Config, p *Ports) { p.Doubles = nil })
	without.do("GET", "/opportunities/double", without.token(Ops, "o"), "").problem(t, 404)
}

func TestFeedsShowWhatElseListsAnOpportunityAtOnce(t *testing.T) {
	w := newWorld(t)
	o := job("o1")
	o.Skills = nil // then a version shares nothing to be told apart by
	w.apply(o.ID, &o)
	w.feed("sam", o.ID)
	token := w.token(Student, "sam")
	get[feedPage](w, "/recommendations/jobs", token) // fills the cache
	o.Also = []event.Listing{{ID: "apify:1", Source: "apify", URL: "https://list.example/1", By: "url"}}
	w.apply(o.ID, new(o))
	if a := w.do("GET", "/recommendations/jobs", token, ""); !strings.Contains(a.body, "https://list.example/1") {
		t.Errorf("%s", a.body)
	}
}
