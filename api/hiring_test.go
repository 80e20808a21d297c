package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
)

func TestApplyingTwiceIsOneApplication(t *testing.T) {
	w := newWorld(t)
	w.job("j", "rita")
	w.views["sam"] = event.View{Profile: event.Profile{ID: "sam", Skills: []event.Skill{{Name: "Go", Level: 3}}}}
	const body = `{"opportunity":"j","via":"feed","position":3}`
	sam := w.token(Student, "sam")
	first := w.ask("POST", "/applications", sam, body, "Idempotency-Key", "k1").must(w, 201)
	again := w.ask("POST", "/applications", sam, body, "Idempotency-Key", "k1").must(w, 200)
	if first.body != again.body || first.header.Get("Location") != applicationOf("sam", "j") || first.header.Get("ETag") != `"1"` {
		t.Errorf("first %v\nagain %v", first, again)
	}
	w.ask("POST", "/applications", sam, `{"opportunity":"j"}`, "Idempotency-Key", "k1").problem(t, 422) // another request
	p := w.ask("POST", "/applications", sam, body).problem(t, 409)
	if p.Current == nil || p.Current.Stage != event.Applied || p.Current.Since == nil || !p.Current.Since.Equal(now) || p.Errors[0].Code != "already_there" {
		t.Errorf("it does not say where it stands: %+v", p)
	}
	seen := get[shownApplication](w, applicationOf("sam", "j"), w.token(Recruiter, "rita"))
	if seen.Match < 600 || seen.Match > 700 { // Go of Go (2) and SQL (1)
		t.Errorf("match %d", seen.Match)
	}
}

func TestWhatTheTopicCannotTakeIsRefused(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	w.job("k", "rita")
	sam, rita := w.token(Student, "sam"), w.token(Recruiter, "rita")
	long := strings.Repeat("x", 201)
	for _, c := range []struct{ path, token, body string }{
		{"/applications", sam, `{"opportunity":"k","position":-1}`},
		{"/applications", sam, `{"opportunity":"k","position":10001}`},
		{"/applications", sam, `{"opportunity":"k","via":"magic"}`},
		{"/applications", sam, `{"opportunity":"k","rule":"` + long + `"}`},
		{"/applications", sam, `{}`},
		{path + "/withdraw", sam, `{"reason":"` + long + `"}`},
		{path + "/move-stage", rita, `{"from":"applied"}`},
		{path + "/move-stage", rita, `{"from":"applied","to":"shortlisted","offer_ends":"1999-01-01T00:00:00Z"}`},
		{path + "/move-stage", rita, `{"from":"applied","to":"shortlisted","interview_at":"2101-01-01T00:00:00Z"}`},
		{path + "/move-stage", rita, `{"from":"applied","to":"shortlisted","reason":"` + long + `"}`},
		{path + "/messages", rita, `{"body":" "}`},
		{path + "/messages", rita, `{"body":"x","visibility":"all"}`},
	} {
		w.do("POST", c.path, c.token, c.body).problem(t, 422)
	}
	w.do("POST", "/applications", sam, `{"opportunity":"unknown"}`).problem(t, 404)
	w.ready = false // it may exist
	w.server.loaded.Store(false)
	w.do("POST", "/applications", sam, `{"opportunity":"unknown"}`).problem(t, 503)
}

func TestOfTwoRecruitersTheSecondLearnsWhereItStands(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	rita := w.token(Recruiter, "rita")
	w.do("POST", path+"/move-stage", rita, `{"to":"shortlisted"}`).problem(t, 428)
	moved := decoded[moved](w, w.do("POST", path+"/move-stage", rita, toShort), 200)
	if moved.Stage != event.Shortlisted || moved.Version != 2 || moved.Seq != 2 {
		t.Errorf("%+v", moved)
	}
	w.now = now.Add(time.Hour)
	p := w.do("POST", path+"/move-stage", w.token(Ops, "olga"), `{"from":"applied","to":"rejected","reason":"skills"}`).problem(t, 409)
	if p.Errors[0].Code != "stage_changed" || p.Current == nil || p.Current.Stage != event.Shortlisted || !p.Current.Since.Equal(now) || p.Current.Version != 2 {
		t.Errorf("the second is told %+v", p)
	}
	p = w.ask("POST", path+"/move-stage", rita, `{"to":"rejected","reason":"skills"}`, "If-Match", `"1"`).problem(t, 412)
	if p.Current == nil || p.Current.Version != 2 {
		t.Errorf("an old version is told %+v", p)
	}
	w.ask("POST", path+"/move-stage", rita, `{"to":"rejected"}`, "If-Match", `"2"`).problem(t, 422) // without a reason
	w.ask("POST", path+"/move-stage", rita, `{"to":"rejected","reason":"skills"}`, "If-Match", `"2"`).must(w, 200)
}

func TestAMoveUnderAKeyHappensOnce(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	rita := w.token(Recruiter, "rita")
	headers := []string{"Idempotency-Key", "k", "If-Match", `"1"`}
	first := w.ask("POST", path+"/move-stage", rita, `{"to":"shortlisted"}`, headers...).must(w, 200)
	again := w.ask("POST", path+"/move-stage", rita, `{"to":"shortlisted"}`, headers...).must(w, 200)
	if first.body != again.body || again.header.Get("ETag") != `"2"` {
		t.Errorf("first %s\nagain %s", first.body, again.body)
	}
	p := w.ask("POST", path+"/move-stage", rita, `{"to":"rejected","reason":"skills"}`, headers...).problem(t, 422)
	if p.Errors[0].Code != "other_request" {
		t.Errorf("%+v", p)
	}
	// Another person's key of the same text is another.
	w.ask("POST", path+"/move-stage", w.token(Ops, "olga"), `{"from":"applied","to":"shortlisted"}`, headers[:2]...).problem(t, 409)

	key := []string{"Idempotency-Key", "m"}
	one := decoded[added](w, w.ask("POST", path+"/messages", rita, `{"body":"hi"}`, key...), 201)
	two := decoded[added](w, w.ask("POST", path+"/messages", rita, `{"body":"hi"}`, key...), 200)
	if one != two || one.N != 3 {
		t.Errorf("%+v and %+v", one, two)
	}
	key[1] = "i"
	planned := decoded[added](w, w.ask("POST", path+"/interviews", rita, interview, key...), 201)
	if again := decoded[added](w, w.ask("POST", path+"/interviews", rita, interview, key...), 200); planned.ID == "" || again != planned {
		t.Errorf("%+v and %+v", planned, again)
	}
}

func TestAnOfferThatIsOverIsNotAcceptedByNamingAnEarlierTime(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	body := `{"from":"applied","to":"offer_extended","offer_ends":"2026-05-11T00:00:00Z"}`
	w.do("POST", path+"/move-stage", w.token(Recruiter, "rita"), body).must(w, 200)
	w.now = now.Add(48 * time.Hour)
	sam, early := w.token(Student, "sam"), w.now.Add(-47*time.Hour).Format(time.RFC3339)
	w.do("POST", path+"/move-stage", sam, `{"from":"offer_extended","to":"offer_accepted","at":"`+early+`"}`).problem(t, 403)
	if p := w.do("POST", path+"/accept-offer", sam, `{"at":"`+early+`"}`).problem(t, 422); p.Errors[0].Code != "offer_expired" {
		t.Errorf("%+v", p)
	}
	for _, field := range []string{`"note":"x"`, `"offer_ends":"2027-01-01T00:00:00Z"`, `"interview_at":"2027-01-01T00:00:00Z"`} {
		w.do("POST", path+"/move-stage", sam, `{"from":"offer_extended","to":"withdrawn",`+field+`}`).problem(t, 403)
	}
	w.do("POST", path+"/reject-offer", sam, "").must(w, 200)
}

// talked is an application with something of everything.
func (w *world) talked() string {
	w.t.Helper()
	path := w.applied("sam", "j")
	rita := w.token(Recruiter, "rita")
	stages := `{"steps":[{"id":"screen-a","name":"Screen A","stage":"shortlisted"},{"id":"screen-b","name":"Screen B","stage":"shortlisted","days":1}]}`
	w.do("PUT", "/jobs/j/stages", rita, stages).must(w, 200)
	w.now = now.Add(2 * time.Hour)
	w.do("POST", path+"/move-stage", rita, `{"from":"applied","to":"screen-a","note":"a secret note"}`).must(w, 200)
	w.do("POST", path+"/move-stage", rita, `{"from":"screen-a","to":"screen-b"}`).must(w, 200)
	w.do("POST", path+"/feedback", rita, `{"kind":"shortlisting","summary":"a secret opinion"}`).must(w, 201)
	w.do("POST", path+"/feedback", rita, `{"kind":"shortlisting","summary":"open praise","interviewer":"ivan","visibility":"student"}`).must(w, 201)
	w.do("POST", path+"/messages", rita, `{"body":"a secret message","visibility":"recruiters"}`).must(w, 201)
	w.do("POST", path+"/messages", rita, `{"body":"an open message"}`).must(w, 201)
	w.do("POST", path+"/messages", w.token(Student, "sam"), `{"body":"my answer","visibility":"recruiters"}`).must(w, 201)
	w.do("POST", path+"/interviews", rita, `{"starts":"2026-05-12T09:00:00Z","interviewers":["ivan"]}`).must(w, 201)
	return path
}

func TestStudentsSeeTheirSideAlone(t *testing.T) {
	w := newWorld(t)
	path := w.talked()
	sam := w.token(Student, "sam")
	var all strings.Builder
	for _, part := range []string{"", "/timeline", "/feedback", "/messages", "/interviews"} {
		all.WriteString(w.do("GET", path+part, sam, "").must(w, 200).body)
	}
	all.WriteString(w.do("GET", "/applications/my", sam, "").must(w, 200).body)
	all.WriteString(w.do("POST", path+"/move-stage", sam, `{"from":"applied","to":"withdrawn"}`).must(w, 409).body)
	all.WriteString(w.do("POST", "/applications", sam, `{"opportunity":"j"}`).must(w, 409).body)
	for _, internal := range []string{"secret", "rita", "ivan", "screen", "hours", "event_id", "match", "stuck"} {
		if strings.Contains(all.String(), internal) {
			t.Errorf("a student sees %q in %s", internal, all.String())
		}
	}
	page := get[timelinePage](w, path+"/timeline", sam)
	var told []string
	for _, e := range page.Items {
		told = append(told, e.Type+" "+e.By+" "+e.Words)
	}
	want := []string{
		"step student You have applied.", "step recruiter You are on the shortlist.", "feedback recruiter Feedback on your application:", "message recruiter The recruiter wrote:",
		"message student You wrote:", "interview recruiter The interview is planned for 12 May 2026, 09:00 UTC.",
	}
	if !slices.Equal(told, want) || page.Next == "" || !slices.Equal(page.Application.Next, []event.Stage{event.Withdrawn}) {
		t.Errorf("told %q, next %q %q", told, page.Next, page.Application.Next)
	}
}

func TestRecruitersSeeEverythingAndItIsWrittenDown(t *testing.T) {
	w := newWorld(t)
	path := w.talked()
	w.now = w.now.Add(25 * time.Hour)
	rita := w.token(Recruiter, "rita")
	w.hiring.reads = nil
	page := get[timelinePage](w, path+"/timeline", rita)
	if len(page.Items) != 9 || page.Items[1].Note != "a secret note" || page.Items[1].Actor != "rita" || *page.Items[1].Hours != 2 || !page.Application.Stuck {
		t.Errorf("%+v", page)
	}
	if n := len(get[timelinePage](w, path+"/feedback", rita).Items); n != 2 {
		t.Errorf("%d pieces of feedback", n)
	}
	if n := len(get[timelinePage](w, path+"/messages", rita).Items); n != 3 {
		t.Errorf("%d messages", n)
	}
	get[interviewList](w, path+"/interviews", rita)
	get[shownApplication](w, path, rita)
	get[shownApplication](w, path, w.token(Student, "sam"))
	w.do("GET", path, w.token(Recruiter, "other"), "").problem(t, 404)
	var actions []string
	for _, r := range w.hiring.reads {
		if r.Actor != "rita" || r.Role != "recruiter" || "/applications/"+strings.Join(r.Applications, " ") != path || !slices.Equal(r.Students, []string{"sam"}) || r.Job != "j" || !r.At.Equal(w.now) {
			t.Errorf("written down: %+v", r)
		}
		actions = append(actions, r.Action)
	}
	if want := []string{"read timeline", "read feedback", "read message", "read interviews", "read application"}; !slices.Equal(actions, want) {
		t.Errorf("written down: %q", actions)
	}
	w.hiring.trouble = errors.New("no disk")
	for _, part := range []string{"", "/timeline", "/feedback", "/messages", "/interviews"} {
		w.do("GET", path+part, rita, "").problem(t, 503)
		w.do("GET", path+part, w.token(Student, "sam"), "").must(w, 200)
	}
}

func TestATimelineComesInPages(t *testing.T) {
	w := newWorld(t)
	path := w.talked()
	for who, want := range map[string]string{w.token(Recruiter, "rita"): "[1 2 3 4 5 6 7 8 9]", w.token(Student, "sam"): "[1 2 5 7 8 9]"} {
		var places []int
		for cursor := ""; ; {
			page := get[timelinePage](w, path+"/timeline?limit=2"+cursor, who)
			for _, e := range page.Items {
				places = append(places, e.N)
			}
			if page.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + page.NextCursor
		}
		if fmt.Sprint(places) != want {
			t.Errorf("places %v, want %s", places, want)
		}
	}
	page := get[timelinePage](w, path+"/timeline?limit=2", w.token(Student, "sam"))
	w.do("GET", path+"/messages?cursor="+page.NextCursor, w.token(Student, "sam"), "").problem(t, 400)
}

func TestAStudentsListNeitherRepeatsNorSkipsWhenSomethingMoves(t *testing.T) {
	w := newWorld(t)
	for i := range 5 {
		w.now = now.Add(time.Duration(i) * time.Hour)
		w.applied("sam", fmt.Sprintf("j%d", i))
	}
	sam := w.token(Student, "sam")
	jobs := func(p applicationPage) (list []string) {
		for _, i := range p.Items {
			list = append(list, i.Opportunity)
		}
		return list
	}
	first := get[applicationPage](w, "/applications/my?limit=2", sam)
	w.now = now.Add(24 * time.Hour)
	w.move(applicationOf("sam", "j3"), "shortlisted") // the last one shown comes first now
	second := get[applicationPage](w, "/applications/my?limit=2&cursor="+first.NextCursor, sam)
	third := get[applicationPage](w, "/applications/my?limit=2&cursor="+second.NextCursor, sam)
	if got := fmt.Sprint(jobs(first), jobs(second), jobs(third), third.NextCursor); got != "[j4 j3] [j2 j1] [j0]" {
		t.Error(got)
	}
	only := get[applicationPage](w, "/applications/my?stage=shortlisted", sam)
	if got := jobs(only); !slices.Equal(got, []string{"j3"}) || only.Items[0].Words == "" || only.Items[0].Title == "" || only.Items[0].Organisation != "Umbra" {
		t.Errorf("%+v", only)
	}
	w.do("GET", "/applications/my?stage=applied&cursor="+first.NextCursor, sam, "").problem(t, 400)
	w.hiring.loading = true
	w.do("GET", "/applications/my", sam, "").problem(t, 503)
}

func TestAJobsRecruiterIsTheOneOfTheCatalog(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	w.job("j", "nora") // handed over
	w.do("GET", path, w.token(Recruiter, "rita"), "").problem(t, 404)
	w.do("GET", path, w.token(Recruiter, "nora"), "").must(w, 200)
	w.apply("j", nil) // gone: as was known when the student applied
	w.do("GET", path, w.token(Recruiter, "rita"), "").must(w, 200)
	w.ready = false // or not loaded yet
	w.server.loaded.Store(false)
	w.do("GET", path, w.token(Recruiter, "rita"), "").problem(t, 503)
	w.do("GET", path, w.token(Student, "sam"), "").must(w, 200)
}

func TestStagesAndReasonsAreCheckedAndKept(t *testing.T) {
	w := newWorld(t)
	w.job("j", "rita")
	rita := w.token(Recruiter, "rita")
	w.do("PUT", "/jobs/j/stages", rita, `{"job":"other","steps":[{"id":"a","name":"A","stage":"applied"}]}`).must(w, 200)
	if p := get[application.Pipeline](w, "/jobs/j/stages", rita); p.Job != "j" || len(p.Steps) != 1 {
		t.Errorf("%+v", p)
	}
	w.do("PUT", "/jobs/j/stages", rita, `{"steps":[{"id":"a","name":"A","stage":"rejected"}]}`).problem(t, 422)
	const at = "/organisations/Umbra/rejection-reasons"
	if list := get[reasonList](w, at, rita); len(list.Reasons) != len(application.DefaultReasons) {
		t.Errorf("%+v", list)
	}
	w.do("PUT", at, rita, oneReason).must(w, 200)
	if list := get[reasonList](w, at, rita); len(list.Reasons) != 1 || list.Reasons[0].Code != "visa" {
		t.Errorf("%+v", list)
	}
	twice := strings.Replace(oneReason, "[", `[{"code":"visa","side":"other","text":"x"},`, 1)
	for _, wrong := range []string{twice, `{}`, strings.Replace(oneReason, "we_declined", "us", 1), strings.Replace(oneReason, "No work permit.", "", 1)} {
		w.do("PUT", at, rita, wrong).problem(t, 422)
	}
	path := w.applied("sam", "j")
	w.do("POST", path+"/move-stage", rita, `{"from":"applied","to":"rejected","reason":"skills"}`).problem(t, 422)
	w.do("POST", path+"/move-stage", rita, `{"from":"applied","to":"rejected","reason":"visa"}`).must(w, 200)
}

func TestACorrectionTakesTheLastStepBack(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	rita := w.token(Recruiter, "rita")
	w.do("POST", path+"/move-stage", rita, toShort).must(w, 200)
	w.do("POST", path+"/correct", rita, `{"seq":1}`).problem(t, 409)
	back := decoded[moved](w, w.do("POST", path+"/correct", rita, `{"seq":2,"note":"wrong card"}`), 200)
	if back.Stage != event.Applied || back.Seq != 3 {
		t.Errorf("%+v", back)
	}
	page := get[timelinePage](w, path+"/timeline", rita)
	if !page.Items[1].Void || page.Items[2].Note != "wrong card" {
		data, _ := json.Marshal(page)
		t.Errorf("%s", data)
	}
}

func TestRecruitersSeeHowAWaitCompares(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	rita := w.token(Recruiter, "rita")
	for wait, want := range map[time.Duration]application.SLA{
		0: application.OnTime, 125 * time.Hour: application.OnTime, 126 * time.Hour: application.DueSoon, 168 * time.Hour: application.Overdue,
	} {
		w.now = now.Add(wait)
		one := get[shownApplication](w, path, rita)
		page := get[timelinePage](w, path+"/timeline", rita)
		card := get[shownPipeline](w, "/jobs/j/pipeline", rita).Columns[0].Cards[0]
		for _, a := range []shownApplication{one, page.Application, card} {
			if a.SLA != want || a.Waited == nil || *a.Waited != int64(wait/time.Second) || a.Stuck != (want == application.Overdue) {
				t.Errorf("after %s: %+v", wait, a)
			}
		}
	}
	for _, a := range []string{path, path + "/timeline", "/applications/my"} {
		if body := w.do("GET", a, w.token(Student, "sam"), "").must(w, 200).body; strings.Contains(body, "sla") || strings.Contains(body, "seconds") {
			t.Errorf("a student sees %s", body)
		}
	}
	w.now = now.Add(10 * time.Hour)
	step := decoded[moved](w, w.do("POST", path+"/move-stage", rita, toShort), 200)
	if step.SLA != application.OnTime || step.Waited == nil || *step.Waited != 0 {
		t.Errorf("a move is answered with %+v", step)
	}
	w.now = w.now.Add(6 * 24 * time.Hour)
	again := decoded[moved](w, w.do("POST", path+"/correct", rita, `{"seq":2}`), 200)
	if again.SLA != application.DueSoon || again.Waited == nil {
		t.Errorf("a correction is answered with %+v", again)
	}
	if body := w.do("POST", path+"/withdraw", w.token(Student, "sam"), "").must(w, 200).body; strings.Contains(body, "sla") {
		t.Errorf("a student is answered with %s", body)
	}
	w.do("POST", "/applications", w.token(Student, "sam"), `{"opportunity":"j"}`)
	w.move(path, "rejected")
	if a := get[shownApplication](w, path, rita); a.SLA != "" || a.Waited != nil || a.Stuck {
		t.Errorf("nobody waits any more: %+v", a)
	}
}

func TestATimelineReadsWellToAStudent(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	rita, sam := w.token(Recruiter, "rita"), w.token(Student, "sam")
	for _, one := range [][3]string{
		{rita, "/interviews", `{"id":"i","title":"A talk","starts":"2026-03-04T10:00:00Z","mode":"video"}`},
		{rita, "/messages", `{"body":"Does that suit you?"}`},
		{sam, "/messages", `{"body":"It does."}`},
		{rita, "/interviews", `{"id":"i","title":"A talk","starts":"2026-03-04T10:00:00Z","state":"completed"}`},
		{rita, "/feedback", `{"kind":"scorecard","interview":"i","recommendation":"yes","visibility":"student"}`},
		{rita, "/feedback", `{"kind":"shortlisting","recommendation":"yes","visibility":"student"}`},
		{rita, "/interviews", `{"starts":"2026-03-09T10:00:00+01:00","state":"cancelled"}`},
	} {
		w.do("POST", path+one[1], one[0], one[2]).must(w, 201)
	}
	w.move(path, "offer_extended")
	w.do("POST", path+"/feedback", rita, `{"kind":"offer","visibility":"student","offer":{"amount":1500.5,"currency":"EUR","period":"month","starts":"2026-05-01","expires":"2026-03-20T12:00:00Z"}}`).must(w, 201)
	w.do("PUT", "/organisations/Umbra/rejection-reasons", rita, oneReason).must(w, 200)
	w.do("POST", path+"/move-stage", rita, `{"from":"offer_extended","to":"rejected","reason":"visa"}`).must(w, 200)
	w.do("POST", path+"/feedback", rita, `{"kind":"rejection","side":"we_declined","reason":"visa","visibility":"student"}`).must(w, 201)
	var got []string
	for _, e := range get[timelinePage](w, path+"/timeline", sam).Items {
		got = append(got, e.Words)
	}
	want := []string{
		"You have applied.", `The interview "A talk" is planned for 4 March 2026, 10:00 UTC, by video.`, "The recruiter wrote:", "You wrote:",
		`The interview "A talk" was held.`, "Feedback on your interview:", "Feedback on your application:", "The interview was cancelled.", "You have an offer.",
		"The offer: 1500.5 EUR a month, from 1 May 2026; it stands until 20 March 2026, 12:00 UTC.", "You were not chosen. No work permit.",
		"Why it ended: No work permit.",
	}
	if !slices.Equal(got, want) {
		t.Errorf("sam reads\n%q\nwant\n%q", got, want)
	}
}
