package api

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/erasure"
	"tideline/engine/event"
)

func TestAnErasureIsReportedWithoutTheStudentsName(t *testing.T) {
	w := newWorld(t)
	ops, sam := w.token(Ops, "olga"), w.token(Student, "sam")
	w.hiring.slow = true
	a := w.do("DELETE", "/students/sam", sam, "").must(w, 202)
	if e := decoded[shownErasure](w, a, 202); e.State != "running" || e.Done != nil || a.header.Get("Location") != "/students/sam/erasure" {
		t.Errorf("under way: %+v", e)
	}
	w.hiring.slow = false
	e := decoded[shownErasure](w, w.do("DELETE", "/students/sam", ops, ""), 200)
	if e.State != "done" || e.Done == nil || e.Counts["applications"] != 2 || e.Hash != "hash of sam" || e.By != "olga" {
		t.Errorf("done: %+v", e)
	}
	last := w.hiring.erasures["sam"]
	last.Student = ""
	w.hiring.erasures["sam"] = last
	if e := get[shownErasure](w, "/students/sam/erasure", sam); e.State != "done" {
		t.Errorf("asked later: %+v", e)
	}
	w.do("DELETE", "/students/%20", ops, "").problem(t, 422)
	w.hiring.trouble = fmt.Errorf("%w: no disk", ErrUnavailable)
	w.do("DELETE", "/students/sam", ops, "").problem(t, 503)
}

func TestWhoIsBeingErasedCannotApply(t *testing.T) {
	w := newWorld(t)
	w.job("j", "rita")
	w.hiring.erasures["sam"] = erasure.Erasure{Student: "sam", Void: now}
	a := w.do("POST", "/applications", w.token(Student, "sam"), `{"opportunity":"j"}`)
	if a.problem(t, 503); a.header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
	w.hiring.erasures["sam"] = erasure.Erasure{Void: now.Add(time.Second)}
	w.do("POST", "/applications", w.token(Student, "sam"), `{"opportunity":"j"}`).must(w, 201)
	r, _, err := w.hiring.Application(t.Context(), event.ApplicationID("sam", "j"))
	if err != nil || !r.Path[0].RecordedAt.Equal(now.Add(time.Second)) {
		t.Errorf("recorded as if it were void: %+v, %v", r, err)
	}
}

func TestEveryReadOfCandidatesIsWrittenDownBeforeItIsAnswered(t *testing.T) {
	w := newWorld(t)
	one, two := w.applied("sam", "j"), w.applied("kim", "j")
	rita, olga := w.token(Recruiter, "rita"), w.token(Ops, "olga")
	w.notify.lists = []Shortlist{{Rule: "test/top", Candidates: []event.Candidate{{Student: "sam"}, {Student: "zoe"}}}}
	w.hiring.reads = nil
	get[shownPipeline](w, "/jobs/j/pipeline?sort=wait", rita)
	get[shortlists](w, "/jobs/j/candidates", rita)
	get[applicationPage](w, "/applications/my?student=kim", olga)
	get[applicationPage](w, "/applications/my", w.token(Student, "sam"))
	var got []string
	for _, r := range w.hiring.reads {
		slices.Sort(r.Students)
		got = append(got, fmt.Sprintf("%s %s %s %v %d", r.Actor, r.Action, r.Job, r.Students, len(r.Applications)))
	}
	want := []string{"rita read pipeline j [kim sam] 2", "rita read candidates j [sam zoe] 0", "olga read applications  [kim] 1"}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	for _, id := range []string{one, two} {
		if !slices.Contains(w.hiring.reads[0].Applications, strings.TrimPrefix(id, "/applications/")) {
			t.Errorf("%s is not in %q", id, w.hiring.reads[0].Applications)
		}
	}
	w.hiring.trouble = errors.New("no disk")
	for path, token := range map[string]string{
		"/jobs/j/pipeline": rita, "/jobs/j/candidates": rita, "/applications/my?student=kim": olga, "/jobs/j/pipeline/stream": rita,
	} {
		w.do("GET", path, token, "").problem(t, 503)
	}
}

func TestTheAuditComesInPages(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	for range 3 {
		w.do("GET", path, w.token(Recruiter, "rita"), "").must(w, 200)
		w.do("GET", path, w.token(Ops, "olga"), "").must(w, 200)
	}
	var ids []string
	for cursor := ""; ; {
		page := get[auditPage](w, "/audit?limit=2&actor=rita"+cursor, w.token(Ops, "olga"))
		for _, e := range page.Items {
			if ids = append(ids, e.ID); e.Actor != "rita" || e.Students[0] != "sam" {
				t.Errorf("%+v", e)
			}
		}
		if page.NextCursor == "" {
			break
		}
		cursor = "&cursor=" + page.NextCursor
		w.do("GET", "/audit?actor=olga"+cursor, w.token(Ops, "olga"), "").problem(t, 400)
	}
	if !slices.Equal(ids, []string{"004", "002", "000"}) {
		t.Errorf("page by page: %q", ids)
	}
}
