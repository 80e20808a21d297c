package api

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// readers gives, of each message of a page, its place and who has read it.
func (w *world) readers(path, token string) (list []string) {
	w.t.Helper()
	for _, e := range get[timelinePage](w, path, token).Items {
		if e.Type != "message" {
			continue
		}
		var by []string
		for _, r := range e.ReadBy {
			by = append(by, fmt.Sprintf("%s/%s@%s", r.Role, r.Reader, r.At.Sub(now)))
		}
		list = append(list, fmt.Sprint(e.N, by))
	}
	return list
}

func TestEachSideSeesWhatTheOtherHasRead(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	sam, rita := w.token(Student, "sam"), w.token(Recruiter, "rita")
	say := func(token, body string) { w.do("POST", path+"/messages", token, body).must(w, 201) }
	read := func(token, body string) readUpTo {
		return decoded[readUpTo](w, w.do("POST", path+"/messages/read", token, body), 200)
	}
	say(rita, `{"body":"one"}`)                                // 2
	say(rita, `{"body":"among us","visibility":"recruiters"}`) // 3
	say(sam, `{"body":"two"}`)                                 // 4
	if got := read(sam, `{"up_to":3}`); got.UpTo != 2 || got.Version != 5 {
		t.Errorf("%+v", got)
	}
	if got := read(sam, ""); got.UpTo != 2 || got.Version != 5 {
		t.Errorf("read again: %+v", got)
	}
	say(rita, `{"body":"three"}`) // 6
	w.now = now.Add(time.Hour)
	w.job("j", "rob") // who has taken the job over
	rob := w.token(Recruiter, "rob")
	read(rob, "")
	for token, want := range map[string][]string{
		sam: {"2 [student/@0s]", "4 [recruiter/@1h0m0s]", "6 []"},
		rob: {"2 [student/sam@0s recruiter/rob@1h0m0s]", "3 [recruiter/rob@1h0m0s]", "4 [recruiter/rob@1h0m0s]", "6 [recruiter/rob@1h0m0s]"},
	} {
		for _, part := range []string{"/messages", "/timeline"} {
			if got := w.readers(path+part, token); !slices.Equal(got, want) {
				t.Errorf("%s: got %q, want %q", part, got, want)
			}
		}
	}
	if all := w.do("GET", path+"/timeline", sam, "").body; strings.Contains(all, "rob") {
		t.Errorf("the student is told who has read it: %s", all)
	}
	w.do("POST", path+"/messages/read", sam, `{"up_to":99}`).problem(t, 422)
	w.do("POST", path+"/messages/read", sam, `{"up_to":-1}`).problem(t, 422)
}

func TestAReceiptUnderAKeyIsOne(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	w.do("POST", path+"/messages", w.token(Recruiter, "rita"), `{"body":"one"}`).must(w, 201)
	for range 2 {
		a := w.ask("POST", path+"/messages/read", w.token(Student, "sam"), `{}`, "Idempotency-Key", "k").must(w, 200)
		if !strings.Contains(a.body, `"up_to":2`) || !strings.Contains(a.body, `"version":3`) {
			t.Error(a.body)
		}
	}
	w.ask("POST", path+"/messages/read", w.token(Student, "sam"), `{"up_to":1}`, "Idempotency-Key", "k").problem(t, 422)
}
