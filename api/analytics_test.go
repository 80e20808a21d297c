package api

import (
	"encoding/csv"
	"fmt"
	"strings"
	"testing"
	"time"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

// went puts an application on the board that took these steps, an hour each,
// beginning some hours from now.
func (w *world) went(student, job string, begin int, origin application.Origin, stages ...event.Stage) {
	r := &application.Record{
		ID: event.ApplicationID(student, job), Student: student, Opportunity: job, Organisation: "Umbra", Recruiter: "rita", Source: "=1+1", Origin: origin,
	}
	for i, s := range stages {
		r.Path = append(r.Path, application.Change{
			Seq: i + 1, Kind: event.Advance, To: s, At: now.Add(time.Duration(begin+i) * time.Hour), Reason: map[bool]string{true: "skills"}[s == event.Rejected],
		})
	}
	w.hiring.Put(board.RowOf(r))
}

// counted has two jobs of rita and one of zoe.
func (w *world) counted() {
	for job, recruiter := range map[string]string{"j": "rita", "k": "rita", "z": "zoe"} {
		w.job(job, recruiter)
	}
	feed := application.Origin{Via: "feed", Position: 2}
	w.went("a", "j", 0, feed, event.Applied, event.Shortlisted, event.Rejected)
	w.went("b", "j", 10, feed, event.Applied, event.OfferExtended, event.OfferAccepted)
	w.went("c", "j", 20, application.Origin{}, event.Applied)
	w.went("d", "k", 30, application.Origin{Via: "search"}, event.Applied, event.Withdrawn)
	w.went("e", "z", 0, feed, event.Applied)
	w.now = now.Add(48 * time.Hour)
}

func reached(a analytics) string {
	var list []string
	for _, r := range a.Cohort.Stages {
		list = append(list, fmt.Sprint(r.Reached))
	}
	return strings.Join(list, " ")
}

func TestAnalyticsOfAJobARecruiterAndAnOrganisation(t *testing.T) {
	w := newWorld(t)
	w.counted()
	rita, olga := w.token(Recruiter, "rita"), w.token(Ops, "olga")
	for _, c := range []struct {
		path, token, reached string
		total, jobs          int
	}{
		{"/jobs/j/analytics", rita, "3 2 1 1 1 1", 3, 0},
		{"/jobs/j/analytics?from=2026-05-10T13:00:00Z&to=2026-05-11T08:00:00Z", rita, "1 1 1 1 1 1", 3, 0}, // b; c at 08:00 is too late
		{"/jobs/j/analytics?from=2026-05-11", rita, "1 0 0 0 0 0", 3, 0},
		{"/jobs/j/analytics?from=2027-01-01", rita, "0 0 0 0 0 0", 3, 0},
		{"/recruiters/me/analytics", rita, "4 2 1 1 1 1", 4, 2},
		{"/recruiters/me/analytics?organisation=Umbra", rita, "4 2 1 1 1 1", 4, 2},
		{"/recruiters/me/analytics?organisation=Other", rita, "0 0 0 0 0 0", 0, 0},
		{"/recruiters/me/analytics?recruiter=rita", olga, "4 2 1 1 1 1", 4, 2},
		{"/recruiters/me/analytics?recruiter=zoe&organisation=Umbra", olga, "1 0 0 0 0 0", 1, 1},
		{"/recruiters/me/analytics?organisation=Umbra", olga, "5 2 1 1 1 1", 5, 3},
	} {
		a := get[analytics](w, c.path, c.token)
		if reached(a) != c.reached || a.Snapshot.Total != c.total || len(a.Jobs) != c.jobs || !a.At.Equal(w.now) {
			t.Errorf("%s: reached %s of %d, %d jobs; want %s of %d, %d", c.path, reached(a), a.Snapshot.Total, len(a.Jobs), c.reached, c.total, c.jobs)
		}
		sum := map[event.Stage]int{}
		for _, j := range a.Jobs {
			one := get[analytics](w, "/jobs/"+j.Job+"/analytics", olga)
			if fmt.Sprint(one.Snapshot) != fmt.Sprint(j.Snapshot) || j.Title == "" || j.Organisation != "Umbra" {
				t.Errorf("%s: the job says %+v, the list %+v", c.path, one.Snapshot, j)
			}
			for _, s := range j.Snapshot.Stages {
				sum[s.Stage] += s.Count
			}
		}
		for _, s := range a.Snapshot.Stages {
			if len(a.Jobs) > 0 && s.Count != sum[s.Stage] {
				t.Errorf("%s: %d at %s, the jobs have %d", c.path, s.Count, s.Stage, sum[s.Stage])
			}
		}
	}
	a := get[analytics](w, "/jobs/j/analytics", rita)
	if e := a.Cohort.Ended; e.Rejected != 1 || e.Accepted != 1 || e.Open != 1 {
		t.Errorf("%+v", e)
	}
	if d := a.Durations[0]; d.Cases != 3 || d.Open != 1 || *d.Median != 3600 || d.P90 != nil {
		t.Errorf("%+v", d)
	}
	if len(a.Reasons) != 1 || a.Reasons[0].Code != "skills" || a.Reasons[0].Side != event.WeDeclined {
		t.Errorf("%+v", a.Reasons)
	}
}

// Every move is in the next answer, a correction and a regression, too.
func TestAnalyticsFollowTheMoves(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	w.move(path, "shortlisted")
	w.move(path, "interview_scheduled")
	rita := w.token(Recruiter, "rita")
	if got := reached(get[analytics](w, "/jobs/j/analytics", rita)); got != "1 1 1 0 0 0" {
		t.Error(got)
	}
	w.do("POST", path+"/correct", w.token(Ops, "olga"), `{"seq":3}`).must(w, 200)
	if got := reached(get[analytics](w, "/jobs/j/analytics", rita)); got != "1 1 0 0 0 0" {
		t.Errorf("after a correction %s", got)
	}
	w.move(path, "applied")
	a := get[analytics](w, "/jobs/j/analytics", rita)
	if reached(a) != "1 1 0 0 0 0" || a.Snapshot.Stages[0].Count != 1 {
		t.Errorf("after a regression %+v", a)
	}
}

func TestAnalyticsFollowTheJobToItsNewRecruiter(t *testing.T) {
	w := newWorld(t)
	w.counted()
	w.job("k", "zoe")
	rita, zoe := w.token(Recruiter, "rita"), w.token(Recruiter, "zoe")
	w.do("GET", "/jobs/k/analytics", rita, "").problem(t, 404)
	if a, b := get[analytics](w, "/recruiters/me/analytics", rita), get[analytics](w, "/recruiters/me/analytics", zoe); a.Snapshot.Total != 3 || b.Snapshot.Total != 2 {
		t.Errorf("rita has %d, zoe %d", a.Snapshot.Total, b.Snapshot.Total)
	}
	w.apply("j", nil) // taken back: who recruited last
	get[analytics](w, "/jobs/j/analytics", rita)
	w.do("GET", "/jobs/j/analytics", zoe, "").problem(t, 404)
	if a := get[analytics](w, "/recruiters/me/analytics", rita); a.Snapshot.Total != 3 {
		t.Errorf("rita has %d", a.Snapshot.Total)
	}
	w.ready = false // it may be another's
	w.server.loaded.Store(false)
	w.do("GET", "/jobs/j/analytics", rita, "").problem(t, 503)
	w.do("GET", "/recruiters/me/analytics", rita, "").problem(t, 503)
}

func TestAnalyticsSayWhatIsWrongWithTheQuery(t *testing.T) {
	w := newWorld(t)
	w.counted()
	rita := w.token(Recruiter, "rita")
	for query, want := range map[string]string{
		"from=yesterday":                    "query.from bad_date",
		"from=1.5.2026&to=x":                "query.from bad_date query.to bad_date",
		"from=2026-05-02&to=2026-05-02":     "query.to out_of_range",
		"format=xml":                        "query.format unknown_value",
		"format=csv":                        "query.table missing",
		"format=csv&table=x&from=yesterday": "query.from bad_date query.table unknown_value",
	} {
		for _, path := range []string{"/jobs/j/analytics?", "/recruiters/me/analytics?"} {
			p := w.do("GET", path+query, rita, "").problem(t, 422)
			if got := strings.Join(p.locations(), " "); got != want {
				t.Errorf("%s%s: %s, want %s", path, query, got, want)
			}
		}
	}
	p := w.do("GET", "/recruiters/me/analytics?organisation=%01&recruiter=%01", w.token(Ops, "olga"), "").problem(t, 422)
	if got := strings.Join(p.locations(), " "); got != "query.organisation unknown_value query.recruiter unknown_value" {
		t.Error(got)
	}
	content := job("blog")
	content.Bucket = event.Content
	w.apply("blog", &content)
	w.do("GET", "/jobs/blog/analytics", w.token(Ops, "olga"), "").problem(t, 404)
	w.hiring.loading = true
	w.do("GET", "/jobs/j/analytics", rita, "").problem(t, 503)
	w.do("GET", "/recruiters/me/analytics", rita, "").problem(t, 503)
}

func TestAnalyticsAsCSV(t *testing.T) {
	w := newWorld(t)
	w.counted()
	rita := w.token(Recruiter, "rita")
	for table, want := range map[string]string{
		"durations": "stage,cases,open,median_seconds,p90_seconds|applied,3,1,3600,|shortlisted,1,0,3600,3600|" +
			"interview_scheduled,0,0,,|interview_completed,0,0,,|offer_extended,1,0,3600,3600|",
		"sources": "by,value,applications,interviews,offers,accepted|source,'=1+1,3,1,1,1|via,feed,2,1,1,1|via,unknown,1,0,0,0|position,2-3,2,1,1,1|position,unknown,1,0,0,0|",
		"ended":   "job,end,count|j,rejected,1|j,declined,0|j,withdrawn,0|j,accepted,1|j,open,1|",
		"reasons": "side,stage,code,count|we_declined,rejected,skills,1|",
		"snapshot": "job,stage,count|j,applied,1|j,shortlisted,0|j,interview_scheduled,0|j,interview_completed,0|j,offer_extended,0|" +
			"j,offer_accepted,1|j,offer_rejected,0|j,rejected,1|j,withdrawn,0|",
		"cohort": "job,stage,reached,stood,from_prior,from_start,pending|j,applied,3,3,1.0000,1.0000,1|j,shortlisted,2,1,0.6667,0.6667,0|j,interview_scheduled,1,0,0.5000,0.3333,0|" +
			"j,interview_completed,1,0,1.0000,0.3333,0|j,offer_extended,1,1,1.0000,0.3333,0|j,offer_accepted,1,1,1.0000,0.3333,0|",
	} {
		a := w.do("GET", "/jobs/j/analytics?format=csv&table="+table, rita, "").must(w, 200)
		if got := strings.ReplaceAll(a.body, "\r\n", "|"); got != want {
			t.Errorf("%s:\ngot  %s\nwant %s", table, got, want)
		}
		if a.header.Get("Content-Type") != "text/csv; charset=utf-8" || !strings.Contains(a.header.Get("Content-Disposition"), table+".csv") {
			t.Errorf("%v", a.header)
		}
	}
	sum := w.ask("GET", "/recruiters/me/analytics?table=snapshot", rita, "", "Accept", "text/csv").must(w, 200)
	if lines, err := csv.NewReader(strings.NewReader(sum.body)).ReadAll(); err != nil || len(lines) != 1+3*9 || strings.Join(lines[19], ",") != ",applied,1" || lines[10][0] != "k" {
		t.Errorf("%v %q", err, sum.body)
	}
	for _, accept := range []string{"*/*", "application/json", "text/csv;q=0.1, application/json"} {
		if a := w.ask("GET", "/jobs/j/analytics?table=snapshot", rita, "", "Accept", accept); a.header.Get("Content-Type") != "application/json" || a.header.Get("Vary") == "" {
			t.Errorf("%s: %v", accept, a.header)
		}
	}
	w.ask("GET", "/jobs/j/analytics?format=json", rita, "", "Accept", "text/csv").must(w, 200)
}

func TestNoCellIsAFormula(t *testing.T) {
	for text, want := range map[string]string{
		"=1+1": "'=1+1", "+1": "'+1", "-1": "'-1", "@SUM(A1)": "'@SUM(A1)", "\t=1": "'\t=1", "\r=1": "'\r=1", "\n=1": "'\n=1", " =1": "' =1", "|x": "'|x",
		"'=1": "''=1", "lever": "lever", "a=1": "a=1", "": "", "Ü-Bank": "Ü-Bank", "2-3": "2-3",
	} {
		if got := cellOf(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

func TestStudentsLearnHowLongItUsuallyTakes(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	sam := w.token(Student, "sam")
	usually := func() string {
		w.now = w.now.Add(2 * time.Minute) // so that it is counted anew
		return get[timelinePage](w, path+"/timeline", sam).Usually
	}
	w.went("w", "other", -200, application.Origin{}, event.Applied, event.Withdrawn) // had no answer
	for i := range 4 {
		w.went(fmt.Sprint("s", i), "other", -200, application.Origin{}, event.Applied, event.Rejected)
	}
	if got := usually(); got != "" {
		t.Errorf("of four: %s", got)
	}
	w.went("s4", "other", -200, application.Origin{}, event.Applied, event.Rejected)
	if got := usually(); got != "Umbra usually answers within a day." {
		t.Errorf("of five: %q", got)
	}
	if page := get[timelinePage](w, path+"/timeline", w.token(Recruiter, "rita")); page.Usually != "" {
		t.Errorf("a recruiter reads %q", page.Usually)
	}
	for i := range 20 { // who answers late now
		w.went(fmt.Sprint("late", i), "other", -200-48*i, application.Origin{}, event.Applied)
	}
	if page := get[timelinePage](w, path+"/timeline", sam); page.Usually == "" {
		t.Error("within a minute it was counted again")
	}
	if got := usually(); got != "" {
		t.Errorf("most are still there: %s", got)
	}
}

func TestWhatIsUsualIsSaidInDaysOfWhoIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	path := w.applied("sam", "j")
	for i := range 5 {
		r := &application.Record{ID: fmt.Sprint(i), Student: fmt.Sprint(i), Opportunity: "k", Organisation: "Umbra"}
		for n, s := range event.Stages[:6] {
			r.Path = append(r.Path, application.Change{Seq: n + 1, To: s, At: now.Add(time.Duration(n*(24*5+1)) * time.Hour)})
		}
		w.hiring.Put(board.RowOf(r))
	}
	for _, c := range []struct{ to, want string }{
		{"", "Umbra usually answers within 6 days."},
		{"shortlisted", "Umbra usually answers within 6 days."},
		{"interview_scheduled", "At Umbra, the interview usually takes place within 6 days of the invitation."},
		{"interview_completed", "Umbra usually answers within 6 days of the interview."},
		{"offer_extended", ""}, // it waits for the student
		{"rejected", ""},
	} {
		if c.to != "" {
			w.move(path, c.to)
		}
		if got := get[timelinePage](w, path+"/timeline", w.token(Student, "sam")).Usually; got != c.want {
			t.Errorf("at %s: %q, want %q", c.to, got, c.want)
		}
	}
	w.hiring.loading = true
	if got := w.server.usually("Umbra", event.Applied); got != "" {
		t.Errorf("of a board that is not loaded: %q", got)
	}
}

func BenchmarkAnalyticsOfTenThousand(b *testing.B) {
	w := newWorld(b)
	w.job("j", "rita")
	for i := range 10_000 {
		w.went(fmt.Sprint("s", i), "j", i%500, application.Origin{Via: "feed", Position: i % 20}, event.Applied, event.Shortlisted, event.InterviewScheduled, event.Rejected)
	}
	w.now = now.Add(600 * time.Hour)
	rita := w.token(Recruiter, "rita")
	for b.Loop() {
		w.do("GET", "/jobs/j/analytics", rita, "").must(w, 200)
	}
}
