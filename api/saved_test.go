package api

import (
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

func savedIDs(l savedList) []string {
	var list []string
	for _, it := range l.Items {
		list = append(list, it.ID)
	}
	return list
}

func TestSavedComesInPagesThatNeitherRepeatNorSkip(t *testing.T) {
	w := newWorld(t)
	saved := map[string]time.Time{}
	ids := numbered("o", 45)
	for i, id := range ids {
		saved[id] = now.Add(-time.Duration(i/3) * time.Minute) // by threes at the same moment
	}
	w.views["sam"] = event.View{Saved: saved}
	sam := w.token(Student, "sam")
	first := get[savedList](w, "/saved", sam)
	if len(first.Items) != defaultLimit || first.NextCursor == "" {
		t.Errorf("%d items without a limit, next %q", len(first.Items), first.NextCursor)
	}
	var got []string
	cursor := ""
	for range 5 {
		page := get[savedList](w, "/saved?limit=10&cursor="+cursor, sam)
		got = append(got, savedIDs(page)...)
		if cursor = page.NextCursor; cursor == "" {
			break
		}
		delete(saved, got[len(got)-1])                // the item the cursor is of
		saved["new "+cursor[:8]] = now.Add(time.Hour) // stands before
	}
	if !slices.Equal(got, ids) {
		t.Errorf("got %v", got)
	}
	if cursor != "" {
		t.Error("the last page has a cursor")
	}
}

func TestCursorsThatAreNotOfThisListOfSavedThings(t *testing.T) {
	w := newWorld(t)
	w.feed("sam", numbered("o", 50)...)
	w.views["sam"] = event.View{Saved: map[string]time.Time{"a": now, "b": now}}
	w.views["kim"] = w.views["sam"]
	sam := w.token(Student, "sam")
	cursor := get[savedList](w, "/saved?limit=1", sam).NextCursor
	feed := get[feedPage](w, "/recommendations/jobs?limit=2", sam).NextCursor
	for name, c := range map[string]struct{ path, token, cursor string }{
		"of another student": {"/saved", w.token(Student, "kim"), cursor},
		"of a feed":          {"/saved", sam, feed},
		"too short":          {"/saved", sam, w.server.cursors.seal(savedScope("sam"), []byte("1234567"))},
		"no base64":          {"/saved", sam, "!!!"},
		"of saved things":    {"/recommendations/jobs", sam, cursor},
	} {
		p := w.do("GET", c.path+"?cursor="+url.QueryEscape(c.cursor), c.token, "").problem(t, 400)
		if got := strings.Join(p.locations(), ","); got != "query.cursor bad_cursor" {
			t.Errorf("a cursor %s: %s", name, got)
		}
	}
	for _, limit := range []string{"0", "101", "x"} {
		w.do("GET", "/saved?limit="+limit, sam, "").problem(t, 422)
	}
}
