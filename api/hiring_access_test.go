package api

import (
	"fmt"
	"strings"
	"testing"

	"tideline/engine/event"
)

const (
	note      = `{"kind":"shortlisting","summary":"good"}`
	interview = `{"starts":"2026-05-12T09:00:00Z"}`
	toShort   = `{"from":"applied","to":"shortlisted"}`
	withdrawn = `{"from":"applied","to":"withdrawn"}`
)

// hiringMatrix says who may do what with applications. Every caller's subject is
// sam: OWN is sam's application for a job of the recruiter sam, KIM another
// student's for another recruiter, HIS sam's for another recruiter, HERS another
// student's for the recruiter sam. EXTENDED is OWN with an offer. Each cell has a world of its own.
var hiringMatrix = []cell{
	{"apply", "POST", "/applications", `{"opportunity":"new"}`, 201, 403, 400, 403},
	{"apply", "POST", "/applications?student=sam", `{"opportunity":"new"}`, 201, 403, 201, 403},
	{"apply", "POST", "/applications?student=kim", `{"opportunity":"new"}`, 403, 403, 201, 403},
	{"my-applications", "GET", "/applications/my", "", 200, 403, 400, 403},
	{"my-applications", "GET", "/applications/my?student=sam", "", 200, 403, 200, 403},
	{"my-applications", "GET", "/applications/my?student=kim", "", 403, 403, 200, 403},
	{"application", "GET", "OWN", "", 200, 200, 200, 403},
	{"application", "GET", "HIS", "", 200, 404, 200, 403},
	{"application", "GET", "HERS", "", 404, 200, 200, 403},
	{"application", "GET", "KIM", "", 404, 404, 200, 403},
	{"application", "GET", "/applications/unknown", "", 404, 404, 404, 403},
	{"timeline", "GET", "OWN/timeline", "", 200, 200, 200, 403},
	{"timeline", "GET", "HIS/timeline", "", 200, 404, 200, 403},
	{"timeline", "GET", "HERS/timeline", "", 404, 200, 200, 403},
	{"timeline", "GET", "KIM/timeline", "", 404, 404, 200, 403},
	{"move-stage", "POST", "OWN/move-stage", toShort, 403, 200, 200, 403},
	{"move-stage", "POST", "HIS/move-stage", toShort, 403, 404, 200, 403},
	{"move-stage", "POST", "HERS/move-stage", toShort, 404, 200, 200, 403},
	{"move-stage", "POST", "KIM/move-stage", toShort, 404, 404, 200, 403},
	{"move-stage", "POST", "OWN/move-stage", withdrawn, 200, 403, 200, 403},
	{"move-stage", "POST", "KIM/move-stage", withdrawn, 404, 404, 200, 403},
	{"correct", "POST", "EXTENDED/correct", `{"seq":3}`, 403, 403, 200, 403}, // the student accepted
	{"correct", "POST", "KIM/correct", `{"seq":2}`, 403, 404, 422, 403},
	{"withdraw", "POST", "OWN/withdraw", "", 200, 403, 200, 403},
	{"withdraw", "POST", "HERS/withdraw", "", 404, 403, 200, 403},
	{"withdraw", "POST", "KIM/withdraw", "", 404, 403, 200, 403},
	{"accept-offer", "POST", "EXTENDED/accept-offer", "", 200, 403, 200, 403},
	{"accept-offer", "POST", "OWN/accept-offer", "", 422, 403, 422, 403}, // no offer
	{"accept-offer", "POST", "KIM/accept-offer", "", 404, 403, 422, 403},
	{"reject-offer", "POST", "EXTENDED/reject-offer", "", 200, 403, 200, 403},
	{"reject-offer", "POST", "KIM/reject-offer", "", 404, 403, 422, 403},
	{"give-feedback", "POST", "OWN/feedback", note, 403, 201, 201, 403},
	{"give-feedback", "POST", "HIS/feedback", note, 403, 404, 201, 403},
	{"give-feedback", "POST", "KIM/feedback", note, 403, 404, 201, 403},
	{"feedback", "GET", "OWN/feedback", "", 200, 200, 200, 403},
	{"feedback", "GET", "HIS/feedback", "", 200, 404, 200, 403},
	{"feedback", "GET", "KIM/feedback", "", 404, 404, 200, 403},
	{"send-message", "POST", "OWN/messages", `{"body":"hello"}`, 201, 201, 201, 403},
	{"send-message", "POST", "HIS/messages", `{"body":"hello"}`, 201, 404, 201, 403},
	{"send-message", "POST", "KIM/messages", `{"body":"hello"}`, 404, 404, 201, 403},
	{"messages", "GET", "OWN/messages", "", 200, 200, 200, 403},
	{"messages", "GET", "HERS/messages", "", 404, 200, 200, 403},
	{"messages", "GET", "KIM/messages", "", 404, 404, 200, 403},
	{"read-messages", "POST", "OWN/messages/read", "", 200, 200, 403, 403}, // ops is neither side
	{"read-messages", "POST", "HIS/messages/read", "", 200, 404, 403, 403},
	{"read-messages", "POST", "HERS/messages/read", "", 404, 200, 403, 403},
	{"read-messages", "POST", "KIM/messages/read", "", 404, 404, 403, 403},
	{"plan-interview", "POST", "OWN/interviews", interview, 403, 201, 201, 403},
	{"plan-interview", "POST", "KIM/interviews", interview, 403, 404, 201, 403},
	{"interviews", "GET", "OWN/interviews", "", 200, 200, 200, 403},
	{"interviews", "GET", "KIM/interviews", "", 404, 404, 200, 403},
	{"move-many", "POST", "/applications/move-stage", `{"applications":["x"],"to":"shortlisted"}`, 403, 200, 200, 403},
	{"pipeline", "GET", "/jobs/of-sam/pipeline", "", 403, 200, 200, 403},
	{"pipeline", "GET", "/jobs/of-kim/pipeline", "", 403, 403, 200, 403},
	{"pipeline-stream", "HEAD", "/jobs/of-sam/pipeline/stream", "", 403, 200, 200, 403},
	{"pipeline-stream", "HEAD", "/jobs/of-kim/pipeline/stream", "", 403, 403, 200, 403},
	{"job-analytics", "GET", "/jobs/of-sam/analytics", "", 403, 200, 200, 403},
	{"job-analytics", "GET", "/jobs/of-kim/analytics", "", 403, 404, 200, 403},
	{"job-analytics", "GET", "/jobs/unknown/analytics", "", 403, 404, 404, 403},
	{"job-analytics", "GET", "/jobs/of-sam/analytics?format=csv&table=snapshot", "", 403, 200, 200, 403},
	{"job-analytics", "GET", "/jobs/of-kim/analytics?format=csv&table=snapshot", "", 403, 404, 200, 403},
	{"recruiter-analytics", "GET", "/recruiters/me/analytics", "", 403, 200, 400, 403},
	{"recruiter-analytics", "GET", "/recruiters/me/analytics?organisation=Umbra", "", 403, 200, 200, 403},
	{"recruiter-analytics", "GET", "/recruiters/me/analytics?recruiter=sam", "", 403, 200, 200, 403},
	{"recruiter-analytics", "GET", "/recruiters/me/analytics?recruiter=kim", "", 403, 403, 200, 403},
	{"recruiter-analytics", "GET", "/recruiters/me/analytics?recruiter=kim&organisation=Umbra", "", 403, 403, 200, 403},
	{"stages", "GET", "/jobs/of-sam/stages", "", 403, 200, 200, 403},
	{"stages", "GET", "/jobs/of-kim/stages", "", 403, 403, 200, 403},
	{"put-stages", "PUT", "/jobs/of-sam/stages", `{"steps":[]}`, 403, 200, 200, 403},
	{"put-stages", "PUT", "/jobs/of-kim/stages", `{"steps":[]}`, 403, 403, 200, 403},
	{"reasons", "GET", "/organisations/Umbra/rejection-reasons", "", 403, 200, 200, 403},
	{"reasons", "GET", "/organisations/Other/rejection-reasons", "", 403, 403, 200, 403},
	{"put-reasons", "PUT", "/organisations/Umbra/rejection-reasons", oneReason, 403, 200, 200, 403},
	{"put-reasons", "PUT", "/organisations/Other/rejection-reasons", oneReason, 403, 403, 200, 403},
	{"erase-student", "DELETE", "/students/sam", "", 200, 403, 200, 403},
	{"erase-student", "DELETE", "/students/kim", "", 403, 403, 200, 403},
	{"erasure", "GET", "/students/sam/erasure", "", 404, 403, 404, 403}, // never erased
	{"erasure", "GET", "/students/kim/erasure", "", 403, 403, 404, 403},
	{"audit", "GET", "/audit", "", 403, 403, 200, 403},
	{"audit", "GET", "/audit?actor=sam", "", 403, 403, 200, 403},
}

const oneReason = `{"reasons":[{"code":"visa","side":"we_declined","text":"No work permit."}]}`

// hiringPath makes the world of a cell, and its path.
func (w *world) hiringPath(path string) string {
	for _, who := range []string{"sam", "kim"} {
		w.job("of-"+who, who)
		w.applied(who, "of-"+who)
	}
	w.applied("sam", "of-kim")
	w.applied("kim", "of-sam")
	w.job("new", "zoe")
	if strings.HasPrefix(path, "EXTENDED") {
		w.move(applicationOf("sam", "of-sam"), "offer_extended")
		if strings.HasSuffix(path, "/correct") {
			w.ask("POST", applicationOf("sam", "of-sam")+"/accept-offer", w.token(Student, "sam"), "").must(w, 200)
		}
	}
	return strings.NewReplacer("OWN", applicationOf("sam", "of-sam"), "EXTENDED", applicationOf("sam", "of-sam"),
		"KIM", applicationOf("kim", "of-kim"), "HIS", applicationOf("sam", "of-kim"), "HERS", applicationOf("kim", "of-sam")).Replace(path)
}

func (w *world) versions() string {
	var all []string
	for _, pair := range [][2]string{{"sam", "of-sam"}, {"sam", "of-kim"}, {"kim", "of-sam"}, {"kim", "of-kim"}, {"sam", "new"}, {"kim", "new"}} {
		id := event.ApplicationID(pair[0], pair[1])
		all = append(all, fmt.Sprint(w.hiring.revisions[id]))
	}
	return strings.Join(all, " ")
}

func TestWhoMayDoWhatWithApplications(t *testing.T) {
	for _, c := range hiringMatrix {
		for role, want := range map[Role]int{Student: c.student, Recruiter: c.recruiter, Ops: c.ops, Service: c.svc, "": 401} {
			w := newWorld(t)
			path, token := w.hiringPath(c.path), ""
			if role != "" {
				token = w.token(role, "sam")
			}
			before := w.versions()
			got := w.do(c.method, path, token, c.body)
			if got.status != want {
				t.Errorf("%s %s %s as %s: %d, want %d: %s", c.method, c.path, c.body, role, got.status, want, got.body)
			}
			if want < 400 {
				continue
			}
			if c.method != "HEAD" {
				got.problem(t, want)
			}
			if after := w.versions(); after != before || len(w.hiring.pipelines)+len(w.hiring.lists) > 0 {
				t.Errorf("%s %s as %s was refused and yet changed something", c.method, c.path, role)
			}
		}
	}
}

func TestABulkMoveLooksAtEachForItself(t *testing.T) {
	w := newWorld(t)
	w.hiringPath("")
	own, hers, kims := event.ApplicationID("sam", "of-sam"), event.ApplicationID("kim", "of-sam"), event.ApplicationID("kim", "of-kim")
	w.move("/applications/"+hers, "shortlisted")
	body := fmt.Sprintf(`{"applications":[%q,%q,%q,"unknown"],"from":"applied","to":"shortlisted"}`, hers, own, kims)
	got := decoded[movedMany](w, w.do("POST", "/applications/move-stage", w.token(Recruiter, "sam"), body), 200)
	var all []string
	for _, r := range got.Results {
		all = append(all, fmt.Sprintf("%s %d %s %s", r.ID, r.Status, r.Code, r.Stage))
	}
	want := []string{hers + " 409 stage_changed shortlisted", own + " 200  shortlisted", kims + " 404  ", "unknown 404  "}
	if strings.Join(all, "\n") != strings.Join(want, "\n") {
		t.Errorf("got %q", all)
	}
	if r := got.Results[0]; r.Since == nil || r.Version != 2 {
		t.Errorf("the refused one does not say since when it stands where: %+v", r)
	}
	many := `{"to":"shortlisted","applications":["` + strings.Repeat(`x","`, 200) + `x"]}`
	w.do("POST", "/applications/move-stage", w.token(Recruiter, "sam"), many).problem(t, 422)
	w.do("POST", "/applications/move-stage", w.token(Recruiter, "sam"), `{"to":"shortlisted","applications":[]}`).problem(t, 422)
}

func TestNothingIsServedWithoutApplications(t *testing.T) {
	w := newWorld(t, func(_ *Config, p *Ports) { p.Hiring = HiringPorts{} })
	w.do("GET", "/applications/my", w.token(Student, "sam"), "").problem(t, 404)
}
