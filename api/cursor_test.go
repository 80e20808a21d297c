package api

import (
	"fmt"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"tideline/engine/event"
)

func TestCursorsThatAreNotOfThisFeed(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", numbered("o", 50)...)
	w.feed("kim", numbered("o", 50)...)
	w.feeds["sam/content"] = w.feeds["sam/jobs"]
	sam := w.token(Student, "sam")
	cursor := get[feedPage](w, "/recommendations/jobs?limit=2", sam).NextCursor
	swapped := []byte(cursor)
	swapped[3] ^= 1
	for name, c := range map[string]struct{ path, token, cursor string }{
		"of another student": {"/recommendations/jobs", w.token(Student, "kim"), cursor},
		"of another bucket":  {"/recommendations/content", sam, cursor},
		"tampered":           {"/recommendations/jobs", sam, string(swapped)},
		"cut":                {"/recommendations/jobs", sam, cursor[:len(cursor)-8]},
		"short":              {"/recommendations/jobs", sam, "abc"},
		"no base64":          {"/recommendations/jobs", sam, "!!!"},
		"of another key":     {"/recommendations/jobs", sam, newCursors("other").write(scope{"sam", event.Jobs}, nil)},
		"far too long":       {"/recommendations/jobs", sam, w.server.cursors.write(scope{"sam", event.Jobs}, make([]seen, maxReturned+1))},
	} {
		p := w.do("GET", c.path+"?cursor="+url.QueryEscape(c.cursor), c.token, "").problem(t, 400)
		if got := strings.Join(p.locations(), ","); got != "query.cursor bad_cursor" {
			t.Errorf("a cursor %s: %s", name, got)
		}
	}
	// Where one part ends and the next begins is part of what is signed.
	if c := w.server.cursors; string(c.mac(nil, scope{"a", "jobs"}, nil)) == string(c.mac(nil, scope{"aj", "obs"}, nil)) {
		t.Error("different feeds have the same signature")
	}
}

func TestTheLongestCursorAndALongTokenFit(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", "o1")
	cursor := w.server.cursors.write(scope{"sam", event.Jobs}, make([]seen, maxReturned))
	r := httptest.NewRequest("GET", "/recommendations/jobs?cursor="+cursor, nil)
	r.Header.Set("Authorization", w.token(Student, "sam"))
	r.Header.Set("X-Other", strings.Repeat("x", 4096))
	if a := w.send(r); a.status != 200 {
		t.Errorf("%d %s", a.status, a.body)
	}
}

func TestNothingComesTwiceAndNothingThatStayedIsSkipped(t *testing.T) {
	w := newWorld(t)
	pool := numbered("o", 160)
	w.feed("nobody", pool...)
	token := w.token(Student, "sam")
	rapid.Check(t, func(t *rapid.T) {
		feed := map[string]int64{}
		for _, id := range rapid.SliceOfNDistinct(rapid.SampledFrom(pool), 0, 120, rapid.ID).Draw(t, "feed") {
			feed[id] = int64(rapid.IntRange(0, 50).Draw(t, "key"))
		}
		stayed := map[string]bool{}
		for id := range w.store(feed) {
			stayed[id] = true
		}
		returned := map[string]bool{}
		path := fmt.Sprint("/recommendations/jobs?limit=", rapid.IntRange(1, 30).Draw(t, "limit"))
		for cursor := ""; ; {
			p := get[feedPage](w, path+"&cursor="+cursor, token)
			for _, id := range ids(p) {
				if returned[id] {
					t.Fatalf("%s came twice", id)
				}
				returned[id] = true
			}
			if cursor = p.NextCursor; cursor == "" {
				break
			}
			for range rapid.IntRange(0, 8).Draw(t, "changes") {
				id := rapid.SampledFrom(pool).Draw(t, "id")
				if _, in := feed[id]; in && rapid.Bool().Draw(t, "leaves") {
					delete(feed, id)
				} else {
					feed[id] = int64(rapid.IntRange(0, 50).Draw(t, "key"))
				}
			}
			shown := w.store(feed)
			for id := range stayed {
				if !shown[id] {
					delete(stayed, id)
				}
			}
		}
		for id := range stayed {
			if !returned[id] {
				t.Fatalf("%s was in the feed all the time and never came", id)
			}
		}
	})
}

// store makes these keys the feed of sam and says which of them it shows.
func (w *world) store(keys map[string]int64) map[string]bool {
	entries := []event.Entry{}
	name := map[event.Member]string{}
	for id, key := range keys {
		m := event.MemberOf(id)
		entries, name[m] = append(entries, event.Entry{Member: m, Key: key}), id
	}
	slices.SortFunc(entries, byKey)
	entries = entries[:min(len(entries), event.FeedShow)]
	shown := map[string]bool{}
	for _, e := range entries {
		shown[name[e.Member]] = true
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.feeds["sam/jobs"] = entries
	return shown
}

func TestAWalkThroughAFeedThatNeverRestsEnds(t *testing.T) {
	w := newWorld(t)
	token := w.token(Student, "sam")
	path, pages := "/recommendations/jobs?limit=100", 0
	for cursor := ""; pages == 0 || cursor != ""; pages++ {
		if pages > maxReturned/event.FeedShow+1 {
			t.Fatal("it goes on and on")
		}
		w.feed("sam", numbered(fmt.Sprint("p", pages, "-"), 101)...)
		cursor = get[feedPage](w, path+"&cursor="+cursor, token).NextCursor
	}
}
