package api

import (
	"errors"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"tideline/engine/event"
)

func itemIDs(p inboxPage) string {
	var list []string
	for _, i := range p.Items {
		list = append(list, i.ID)
	}
	return strings.Join(list, " ")
}

func TestAnInboxIsReadInPages(t *testing.T) {
	w := newWorld(t)
	for seq := range int64(7) {
		w.inbox("sam", inboxItemOf(seq))
	}
	sam := w.token(Student, "sam")
	first := get[inboxPage](w, "/notifications?limit=3", sam)
	w.inbox("sam", inboxItemOf(9)) // moves nothing of what follows
	second := get[inboxPage](w, "/notifications?limit=3&cursor="+first.NextCursor, sam)
	third := get[inboxPage](w, "/notifications?limit=3&cursor="+second.NextCursor, sam)
	if got := itemIDs(first) + "," + itemIDs(second) + "," + itemIDs(third); got != "n6 n5 n4,n3 n2 n1,n0" || third.NextCursor != "" {
		t.Errorf("%s, then %q", got, third.NextCursor)
	}
	if first.Unread != 7 || third.Unread != 8 {
		t.Errorf("unread %d, then %d", first.Unread, third.Unread)
	}
	for _, other := range []struct{ path, token string }{
		{"/notifications?unread=true&cursor=", sam},
		{"/notifications?category=jobs&cursor=", sam},
		{"/notifications?archived=true&cursor=", sam},
		{"/notifications?cursor=", w.token(Student, "kim")},
		{"/notifications?cursor=x", sam},
	} {
		p := w.do("GET", other.path+first.NextCursor, other.token, "").problem(t, 400)
		if got := p.locations(); !slices.Equal(got, []string{"query.cursor bad_cursor"}) {
			t.Errorf("%s: %v", other.path, got)
		}
	}
	if got := get[inboxPage](w, "/notifications", w.token(Student, "kim")); got.Items == nil || len(got.Items) != 0 {
		t.Errorf("an empty inbox is %v", got)
	}
}

func TestAnInboxIsFiltered(t *testing.T) {
	w := newWorld(t)
	offer := inboxItemOf(2)
	offer.Category = "applications"
	read, away := inboxItemOf(3), inboxItemOf(4)
	read.Flags, away.Flags = event.Seen|event.Read, event.Archived
	w.inbox("sam", inboxItemOf(1), offer, read, away)
	for query, want := range map[string]string{
		"": "n3 n2 n1", "category=applications": "n2", "unread=true": "n2 n1", "unread=true&category=jobs": "n1", "archived=true": "n4", "unread=false": "n3 n2 n1",
	} {
		got := get[inboxPage](w, "/notifications?"+query, w.token(Student, "sam"))
		if itemIDs(got) != want || got.Unread != 2 {
			t.Errorf("%s: %s, %d unread; want %s, 2", query, itemIDs(got), got.Unread, want)
		}
	}
	p := w.do("GET", "/notifications?unread=yes&archived=1&limit=0", w.token(Student, "sam"), "").problem(t, 422)
	if got := strings.Join(p.locations(), ","); got != "query.limit out_of_range,query.unread unknown_value,query.archived unknown_value" {
		t.Error(got)
	}
	w.notify.trouble = fmt.Errorf("x: %w", ErrRebuilding)
	w.do("GET", "/notifications", w.token(Student, "sam"), "").problem(t, 503) // rather than an empty inbox
}

func TestAMarkShowsAtOnceAndIsPublished(t *testing.T) {
	w := newWorld(t)
	sam := w.token(Student, "sam")
	for i, c := range []struct {
		verb string
		want event.MarkFlags
	}{
		{"seen", event.Seen}, {"read", event.Seen | event.Read}, {"clicked", event.Seen | event.Read | event.Clicked}, {"archive", event.Seen | event.Archived},
	} {
		w.inbox("sam", inboxItemOf(int64(i)))
		a := w.do("POST", fmt.Sprintf("/notifications/n%d/%s", i, c.verb), sam, "")
		if got := decoded[marked](w, a, 202); got.ID != fmt.Sprintf("n%d", i) {
			t.Errorf("%v", got)
		}
		want := event.Mark{Recipient: "sam", ID: fmt.Sprintf("n%d", i), Flags: c.want, At: now}
		if len(w.notify.marks) != i+1 || w.notify.marks[i] != want {
			t.Errorf("%s published %+v", c.verb, w.notify.marks)
		}
		if got := w.notify.inboxes["sam"][i].Flags; got != c.want {
			t.Errorf("%s shows %b", c.verb, got)
		}
	}
	w.do("POST", "/notifications/unknown/read", sam, "").problem(t, 404)
	if len(w.notify.marks) != 4 {
		t.Error("a mark of nothing was published")
	}
}

func TestReadAllStopsAtTheNewestItem(t *testing.T) {
	w := newWorld(t)
	sam := w.token(Student, "sam")
	decoded[marked](w, w.do("POST", "/notifications/read-all", sam, ""), 202)
	if len(w.notify.marks) > 0 {
		t.Errorf("of an empty inbox it published %v", w.notify.marks)
	}
	w.inbox("sam", inboxItemOf(3), inboxItemOf(8))
	decoded[marked](w, w.do("POST", "/notifications/read-all", sam, ""), 202)
	want := event.Mark{Recipient: "sam", All: true, UpTo: 8, Flags: event.Seen | event.Read, At: now}
	if len(w.notify.marks) != 1 || w.notify.marks[0] != want {
		t.Errorf("published %+v", w.notify.marks)
	}
	if got := get[inboxPage](w, "/notifications", sam); got.Unread != 0 || !got.Items[0].Read {
		t.Errorf("%+v", got)
	}
}

func TestMarksAreAcceptedWhileTheStoreIsAway(t *testing.T) {
	w := newWorld(t)
	w.inbox("sam", inboxItemOf(1), inboxItemOf(2))
	w.notify.trouble = fmt.Errorf("%w: connection refused", ErrUnavailable)
	for _, path := range []string{"/notifications/n1/read", "/notifications/read-all"} {
		decoded[marked](w, w.do("POST", path, w.token(Student, "sam"), ""), 202)
	}
	if m := w.notify.marks; len(m) != 2 || m[0].ID != "n1" || !m[1].All || m[1].UpTo != 2 {
		t.Errorf("published %+v", m)
	}
	w.refuse = errors.New("no broker")
	w.do("POST", "/notifications/n1/read", w.token(Student, "sam"), "").problem(t, 503)
}

func TestPreferencesAreTheCallersOwn(t *testing.T) {
	w := newWorld(t)
	sam := w.token(Student, "sam")
	if got := get[event.Preferences](w, "/preferences", sam); got.Recipient != "sam" {
		t.Errorf("without a record: %+v", got)
	}
	for _, body := range []string{
		`{"language":"hi"}`, `{"recipient":"kim","language":"hi"}`, `{"recipient":"sam","Recipient":"kim","language":"hi"}`, `{"RECIPIENT":"kim","language":"hi"}`,
	} {
		w.notify.wishes = map[string]event.Preferences{}
		decoded[accepted](w, w.do("PUT", "/preferences", sam, body), 202)
		if got := w.notify.wishes; len(got) != 1 || got["sam"].Recipient != "sam" || got["sam"].Language != "hi" {
			t.Errorf("%s: %+v", body, got)
		}
	}
	if got := get[event.Preferences](w, "/preferences", sam); got.Language != "hi" {
		t.Errorf("%+v", got)
	}
}

func TestPreferencesThatAreNotValidSayWhere(t *testing.T) {
	w := newWorld(t)
	for _, c := range []struct {
		body   string
		status int
		want   string
	}{
		{`{`, 400, "body malformed_json"},
		{`[]`, 422, "body wrong_type"},
		{`{"email":7}`, 422, "body.email wrong_type"},
		{`{"time_zone":"Mars/Olympus","quiet_hours":{"from":"25:00","to":"7"}}`, 422, "body.time_zone unknown_value,body.quiet_hours.from unknown_value,body.quiet_hours.to unknown_value"},
		{`{"email":"Sam <sam@x.org>","categories":{"jobs":{"fax":true}}}`, 422, "body.email unknown_value,body.categories.jobs unknown_value"},
	} {
		p := w.do("PUT", "/preferences", w.token(Student, "sam"), c.body).problem(t, c.status)
		if got := strings.Join(p.locations(), ","); got != c.want {
			t.Errorf("%s: %s, want %s", c.body, got, c.want)
		}
	}
	if len(w.published) > 0 {
		t.Errorf("published %v", w.published)
	}
}

func TestUnsubscribingEndsTheEmailsOfACategoryAndNothingElse(t *testing.T) {
	w := newWorld(t)
	before := event.Preferences{
		Recipient: "sam", Language: "hi", Email: "sam@x.org", Consent: event.Consent{Email: true},
		Categories: map[string]map[event.Channel]bool{"jobs": {event.Email: true, event.Webhook: false}, "learning": {event.InApp: false}},
	}
	w.notify.wishes["sam"] = before
	for _, bad := range []string{"", "?token=forged"} {
		for _, method := range []string{"GET", "POST"} {
			p := w.do(method, "/unsubscribe"+bad, "", "").problem(t, 400)
			if got := p.locations(); !slices.Equal(got, []string{"query.token bad_token"}) {
				t.Errorf("%s %s: %v", method, bad, got)
			}
		}
	}
	w.notify.trouble = ErrRebuilding
	w.do("POST", "/unsubscribe?token=good", "", "").problem(t, 503) // or everything else would be forgotten
	w.notify.trouble = nil
	if len(w.published) > 0 {
		t.Fatalf("published %v", w.published)
	}
	if got := decoded[marked](w, w.do("POST", "/unsubscribe?token=good", "", "List-Unsubscribe=One-Click"), 200); got.Status != "no more emails about jobs" {
		t.Errorf("%v", got)
	}
	after := w.notify.wishes["sam"]
	if after.Wants("jobs", event.Email) || after.Wants("jobs", event.Webhook) || !after.Wants("jobs", event.InApp) || after.Wants("learning", event.InApp) ||
		!after.Wants("learning", event.Email) || after.Language != "hi" || after.Email != before.Email || after.Consent != before.Consent {
		t.Errorf("%+v", after)
	}
}

func TestAPersonWhoFollowsTheLinkIsAskedFirst(t *testing.T) {
	w := newWorld(t)
	a := w.do("GET", "/unsubscribe?token=good", "", "")
	if a.status != 200 || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") || a.header.Get("Content-Security-Policy") != unsubscribePolicy ||
		a.header.Get("Cache-Control") != "no-store" || !strings.Contains(a.body, `<form method="post" action="?token=good"><button>`) || !strings.Contains(a.body, "about jobs?") {
		t.Errorf("%+v", a)
	}
	if strings.Contains(a.body, "<script") || len(w.published) > 0 {
		t.Errorf("a look changed %v: %s", w.published, a.body)
	}
	r := httptest.NewRequest("POST", "/unsubscribe?token=good", nil)
	r.Header.Set("Accept", "text/html,application/xhtml+xml")
	if a := w.send(r); a.status != 200 || !strings.Contains(a.body, "<h1>No more emails about jobs</h1>") || !strings.HasPrefix(a.header.Get("Content-Type"), "text/html") {
		t.Errorf("%+v", a)
	}
	if !slices.Equal(w.published, []string{"put preferences sam"}) {
		t.Errorf("published %v", w.published)
	}
}

func TestCandidatesAreExplained(t *testing.T) {
	w := newWorld(t)
	w.apply("j1", new(job("j1")))
	w.views["ana"] = event.View{Profile: event.Profile{ID: "ana", Skills: []event.Skill{{Name: "go", Level: 4}}}}
	w.notify.lists = []Shortlist{{"test/tops", []event.Candidate{{Student: "ana", Score: 2}, {Student: "erased", Score: 1}}}}
	got := get[shortlists](w, "/jobs/j1/candidates", w.token(Recruiter, "rita"))
	if got.Opportunity != "j1" || len(got.Lists) != 1 || len(got.Lists[0].Candidates) != 2 {
		t.Fatalf("%+v", got)
	}
	ana, erased := got.Lists[0].Candidates[0], got.Lists[0].Candidates[1]
	if ana.Rank != 1 || ana.Student != "ana" || ana.Explanation == nil || len(ana.Explanation.Matched) != 1 || ana.Explanation.Matched[0].Skill != "go" {
		t.Errorf("%+v", ana)
	}
	if erased.Rank != 2 || erased.Explanation != nil {
		t.Errorf("%+v", erased)
	}
	w.do("GET", "/jobs/j1/candidates", w.token(Recruiter, "rob"), "").problem(t, 403)
	w.do("GET", "/jobs/none/candidates", w.token(Recruiter, "rita"), "").problem(t, 404)
	w.notify.lists = nil
	if got := w.do("GET", "/jobs/j1/candidates", w.token(Recruiter, "rita"), ""); !strings.Contains(got.body, `"lists":[]`) {
		t.Error(got.body)
	}
}
