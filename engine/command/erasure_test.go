//go:build !noembed

package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/api"
	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/streams"
	"tideline/timelines"
)

// zoe is the student who is erased. Whatever they say, or is said of them, has
// the word in it, so that a search finds it.
const zoe = "zoe-unmistakable"

const gathering = `apiVersion: tideline/v1
ruleset: gathering
rules:
  - id: on-the-list
    audience: recruiter
    on: [stage-changes]
    when: app.stage == "shortlisted"
    once_per: [app.id]
    notify: {category: pipeline, priority: normal, template: stage-stuck, channels: [inapp], digest: {window: 1m, max: 5, wait: true}}
`

// past is a campus on which zoe has left something everywhere.
type past struct {
	*app
	t                 *testing.T
	ctx               context.Context
	ahead             *atomic.Int64 // of the clock
	service, ops, rob caller
	zoe, bob          caller
	ids               []string // of zoe's applications
	texts             []string // that must not be found
}

func livedThrough(t *testing.T) *past {
	p := &past{t: t, ahead: &atomic.Int64{}}
	p.ctx, p.app = runningAt(t, testConfig(t), func() time.Time { return time.Now().Add(time.Duration(p.ahead.Load())) }, patience)
	p.service, p.ops, p.rob = p.as(p.ctx, t, api.Service, "platform"), p.as(p.ctx, t, api.Ops, "olga"), p.as(p.ctx, t, api.Recruiter, "rob")
	p.zoe, p.bob = p.as(p.ctx, t, api.Student, zoe), p.as(p.ctx, t, api.Student, "bob")
	p.rules()
	p.people()
	p.hiring()
	p.settle()
	return p
}

func (p *past) rules() {
	p.service.until("the shipped rules", func() bool { active, _ := p.engine.Rules(); return active["campus"].Ruleset != nil })
	file := filepath.Join(p.t.TempDir(), "gathering.yaml")
	if err := os.WriteFile(file, []byte(gathering), 0o600); err != nil {
		p.t.Fatal(err)
	}
	if out, err := p.app.ops(p.ctx, p.t, "activate", file); err != nil {
		p.t.Fatal(out, err)
	}
	p.service.until("the rule of the test", func() bool { active, _ := p.engine.Rules(); return active["gathering"].Ruleset != nil })
}

func (p *past) people() {
	for _, job := range []string{"baker", "cook", "fryer"} {
		body := fmt.Sprintf(`{"bucket":"jobs","title":"A %s","organisation":"Oven","recruiter":"rob","posted_at":%q,"skills":[{"name":"go","level":3},{"name":"sql","level":2}]}`, job, time.Now().UTC().Format(time.RFC3339))
		p.service.must(202, "PUT", "/opportunities/"+job, body, nil)
		p.ops.until("the job", func() bool { return p.ops.do("GET", "/opportunities/"+job, "", nil) == 200 })
	}
	p.ops.until("the board", p.applications.loaded.Load)
	for _, who := range []string{zoe, "bob"} {
		p.service.must(202, "PUT", "/profiles/"+who, fmt.Sprintf(`{"name":"%s","open_to_work":true,"skills":[{"name":"go","level":4},{"name":"sql","level":4}],"gaps":[{"skill":"aws","severity":0.9}],"ai_profile":{"career_score":60}}`, who), nil)
	}
	p.zoe.must(202, "PUT", "/preferences", `{"email":"zoe@unmistakable.example","channels":{"email":true}}`, nil)
	p.ops.must(202, "PUT", "/silences/s1", `{"student":"`+zoe+`","rule":"campus/gap-reminder","until":"2099-01-01T00:00:00Z","comment":"of zoe-unmistakable"}`, nil)
	p.zoe.until("zoe's feed", func() bool { _, ids := p.zoe.jobs(); return len(ids) == 3 })
	p.zoe.must(202, "POST", "/signals", `{"signals":[{"id":"1","kind":"save","opportunity":"baker"},{"id":"2","kind":"ignore","opportunity":"fryer"}]}`, nil)
}

func (p *past) hiring() {
	t := p.t
	for name, who := range map[string]caller{zoe: p.zoe, "bob": p.bob} {
		for _, job := range []string{"baker", "cook"} {
			var one tracked
			who.must(201, "POST", "/applications", `{"opportunity":"`+job+`","via":"feed","position":2,"rule":"of `+name+`"}`, &one)
			if name == zoe {
				p.ids = append(p.ids, one.ID)
			}
			p.rob.must(200, "POST", "/applications/"+one.ID+"/move-stage", `{"from":"applied","to":"shortlisted","note":"of `+name+`"}`, nil)
		}
	}
	baker, cook := "/applications/"+p.ids[0], "/applications/"+p.ids[1]
	p.texts = append([]string{"unmistakable"}, p.ids...)
	p.rob.must(201, "POST", baker+"/feedback", `{"kind":"shortlisting","recommendation":"yes","summary":"unmistakable talent"}`, nil)
	p.rob.must(201, "POST", baker+"/interviews", `{"id":"i-unmistakable","starts":"2099-01-01T09:00:00Z","title":"Meet unmistakable zoe","interviewers":["rob"]}`, nil)
	p.chatter(p.ids[0])
	p.zoe.must(201, "POST", baker+"/messages", `{"body":"unmistakable message"}`, nil)
	p.rob.must(200, "POST", cook+"/move-stage", `{"from":"shortlisted","to":"offer_extended","offer_ends":"2099-01-01T00:00:00Z"}`, nil)
	p.rob.must(201, "POST", cook+"/feedback", `{"kind":"offer","summary":"unmistakable pay","offer":{"amount":1,"currency":"EUR","period":"year"}}`, nil)
	fact := event.StageChange{EventID: "unmistakable fact", Student: zoe, Opportunity: "fryer", To: event.Rejected, Reason: "skills", Actor: "ats", At: time.Now().UTC()}
	if err := p.engine.Producer().Send(p.ctx, streams.StageChange(fact)); err != nil {
		t.Fatal(err)
	}
	third := event.ApplicationID(zoe, "fryer")
	p.rob.until("the application that began elsewhere", func() bool { return p.rob.do("GET", "/applications/"+third, "", nil) == 200 })
	p.ids, p.texts = append(p.ids, third), append(p.texts, third)
}

// chatter makes the log of an application so long that it goes to buckets with
// the next message. It is written at once: one by one takes too long.
func (p *past) chatter(id string) {
	p.t.Helper()
	p.ops.until("the topics are told", func() bool {
		r, _, err := p.timelines.Application(p.ctx, id)
		return err == nil && r.Published == r.Version
	})
	r, revision, err := p.timelines.Application(p.ctx, id)
	if err != nil {
		p.t.Fatal(err)
	}
	for n := range 140 {
		by := application.Actor{ID: zoe, Role: application.Student}
		i, err := r.Say(application.Said{Body: fmt.Sprint("unmistakable message ", n)}, event.ForStudent, fmt.Sprint("unmistakable ", n), "", by, time.Now(), time.Now())
		if err != nil {
			p.t.Fatal(err)
		}
		r.Append(i)
	}
	if err := p.timelines.ReplaceApplication(p.ctx, r, revision); err != nil {
		p.t.Fatal(err)
	}
	if err := p.timelines.MarkPublished(p.ctx, map[string]int{id: r.Version}); err != nil {
		p.t.Fatal(err)
	}
}

// settle waits until everything has reached the stores.
func (p *past) settle() {
	p.await()
	p.ahead.Store(int64(2 * time.Minute)) // the digest is due
	p.rob.until("the digest", func() bool {
		var page struct{ Items []event.InboxItem }
		p.rob.must(200, "GET", "/notifications?limit=50", "", &page)
		return slices.ContainsFunc(page.Items, func(i event.InboxItem) bool { return len(i.Items) > 1 })
	})
	p.await()
}

func (p *past) await() {
	p.t.Helper()
	if err := (erasureTopics{p.app}).Await(p.ctx); err != nil {
		p.t.Fatal(err)
	}
}

// counted is what must be the same afterwards.
func (p *past) counted() map[string]any {
	p.t.Helper()
	all := map[string]any{}
	for _, path := range []string{
		"/jobs/baker/analytics", "/jobs/cook/analytics", "/jobs/fryer/analytics", "/recruiters/me/analytics",
	} {
		var answer map[string]any
		p.rob.must(200, "GET", path+"?from=2020-01-01&to=2090-01-01", "", &answer)
		delete(answer, "at")
		all[path] = answer
	}
	for _, job := range []string{"baker", "cook", "fryer"} {
		var pipeline struct {
			Columns []struct {
				Stage event.Stage
				Count int
			}
		}
		p.rob.must(200, "GET", "/jobs/"+job+"/pipeline", "", &pipeline)
		all[job] = fmt.Sprint(pipeline.Columns)
	}
	return all
}

// answers is everything that ops and the recruiter are told over HTTP.
func (p *past) answers() (found []string) {
	p.t.Helper()
	paths := []string{
		"/applications/my?student=" + zoe, "/students/" + zoe, "/saved?student=" + zoe, "/recommendations/jobs?student=" + zoe,
		"/notifications?recipient=" + zoe, "/preferences?recipient=" + zoe, "/notifications?limit=100", "/rulesets", "/audit?limit=100",
		"/students/" + zoe + "/erasure",
	}
	for _, job := range []string{"baker", "cook", "fryer"} {
		paths = append(paths, "/jobs/"+job+"/pipeline", "/jobs/"+job+"/candidates", "/jobs/"+job+"/analytics")
		for _, row := range p.applications.board.OfJob(job) {
			for _, part := range []string{"", "/timeline", "/feedback", "/messages", "/interviews"} {
				paths = append(paths, "/applications/"+row.ID+part)
			}
		}
	}
	for _, id := range p.ids {
		paths = append(paths, "/applications/"+id, "/applications/"+id+"/timeline")
	}
	const echo = `{"recipient":"` + zoe + `"}` // nothing is known of the recipient that was asked about
	for _, who := range []caller{p.ops, p.rob} {
		for _, path := range paths {
			r, err := http.NewRequestWithContext(p.ctx, "GET", who.base+path, nil)
			if err != nil {
				p.t.Fatal(err)
			}
			r.Header.Set("Authorization", "Bearer "+who.token)
			resp, err := http.DefaultClient.Do(r)
			if err != nil {
				p.t.Fatal(err)
			}
			text, err := io.ReadAll(resp.Body)
			if err = errors.Join(err, resp.Body.Close()); err != nil {
				p.t.Fatal(err)
			}
			for _, wanted := range p.texts {
				if strings.Contains(strings.ToLower(strings.Replace(string(text), echo, "", 1)), wanted) {
					found = append(found, path+": "+string(text))
					break
				}
			}
		}
	}
	return found
}

// left is where zoe is found, but for what keeps a repetition from bringing
// something back: the hashes of the ids of signals, for 30 days, and, for a week,
// the hashes that are the ids of applications.
func (p *past) left() []string {
	p.t.Helper()
	return slices.DeleteFunc(p.everywhere(p.ctx, p.t, p.texts...), func(s string) bool {
		return strings.HasPrefix(s, streams.State+`: "`+zoe+`\x1fsignal\x1f`) || strings.HasPrefix(s, streams.State+`: "\x1fgone\x1f`)
	})
}

type erasureReport struct {
	Hash, State string
	Counts      map[string]int
}

func (p *past) erase() (report erasureReport) {
	p.t.Helper()
	if status := p.ops.do("DELETE", "/students/"+zoe, "", &report); status != 200 && status != 202 {
		p.t.Fatalf("DELETE: %d", status)
	}
	p.ops.until("the erasure", func() bool {
		return p.ops.do("GET", "/students/"+zoe+"/erasure", "", &report) == 200 && report.State == "done"
	})
	return report
}

func short(list []string) string {
	var out strings.Builder
	for _, s := range list {
		fmt.Fprintf(&out, "\n  %.300s", s)
	}
	return out.String()
}

func TestAnErasedStudentIsFoundNowhere(t *testing.T) {
	p := livedThrough(t)
	stores := map[string]bool{}
	for _, where := range p.left() {
		store, _, _ := strings.Cut(where, ":")
		stores[store] = true
	}
	for _, store := range []string{
		"redis", "mongo applications", "mongo application_overflow", "mongo notifications", "mongo audit",
		"profiles", "preferences", "profile-scores", "engine-state", "candidates", "rulesets",
	} {
		if !stores[store] {
			t.Errorf("the test puts nothing into %s", store)
		}
	}
	if len(p.answers()) < 20 {
		t.Error("the test asks for nothing that answers with the student")
	}
	before := p.counted()

	report := p.erase()
	if left := p.left(); len(left) > 0 {
		t.Errorf("found in the stores:%s", short(left))
	}
	if told := p.answers(); len(told) > 0 {
		t.Errorf("told over HTTP:%s", short(told))
	}
	if diff := cmp.Diff(before, p.counted()); diff != "" {
		t.Errorf("what is counted has changed: %s", diff)
	}
	for _, what := range []string{"applications", "notifications", "inboxes_of_others", "audit", "silences"} {
		if report.Counts[what] == 0 {
			t.Errorf("the report says nothing of %s: %v", what, report.Counts)
		}
	}
	p.loadedAnew()
	p.lateEvents()
	p.again(report)
	p.comesBack()
	var out strings.Builder
	v := verifier{
		kafka: p.backend.kafka(p.config), store: p.store, partitions: p.partitions, config: p.config, log: p.log, record: p.timelines,
		lag: p.lag, rules: false, ahead: time.Duration(p.ahead.Load()),
	}
	if err := v.run(p.ctx, &out, 20*time.Second); err != nil {
		t.Errorf("verify: %v: %s", err, out.String())
	}
}

// loadedAnew holds the board of the next process against that of this one.
func (p *past) loadedAnew() {
	p.t.Helper()
	fresh := board.New()
	err := p.timelines.EachApplication(p.ctx, func(r *application.Record) error { fresh.Put(board.RowOf(r)); return nil })
	if err != nil || fresh.Len() != p.applications.board.Len() {
		p.t.Fatalf("%d rows after a restart, %d before, %v", fresh.Len(), p.applications.board.Len(), err)
	}
	if diff := cmp.Diff(p.applications.board.CountAll(), fresh.CountAll()); diff != "" {
		p.t.Error(diff)
	}
}

// lateEvents is what is still on its way when somebody is erased.
func (p *past) lateEvents() {
	p.t.Helper()
	at := time.Now().Add(-time.Minute).UTC()
	var again []streams.Record
	err := streams.ReadLog(p.ctx, p.backend.kafka(p.config), p.log, streams.StageChanges, func(in streams.Input) error {
		if s, err := event.DecodeStageChange(in.Value); err == nil && s.Student == zoe && s.Kind != event.Erased {
			again = append(again, streams.StageChange(s)) // the outbox of a process that was cut off
		}
		return nil
	})
	if err != nil || len(again) < 6 {
		p.t.Fatal(len(again), err)
	}
	again = append(again,
		streams.StageChange(event.StageChange{EventID: "late", Student: zoe, Opportunity: "baker", To: event.InterviewCompleted, At: at}),
		streams.Message(event.Message{EventID: "late", Student: zoe, Opportunity: "baker", Author: zoe, AuthorRole: "student", Body: "unmistakable", At: at}),
		streams.Evaluation(event.Evaluation{
			EventID: "late", Application: p.ids[0], Student: zoe, Opportunity: "baker", N: 3, Stage: event.Applied, Submitter: "rob", SubmittedAt: at,
			Feedback: event.Feedback{Kind: event.Shortlisting, Recommendation: event.Yes, Visibility: event.ForRecruiters},
		}))
	if err := p.engine.Producer().Send(p.ctx, again...); err != nil {
		p.t.Fatal(err)
	}
	p.rob.until("what other services say is read", func() bool {
		for _, topic := range []string{streams.StageChanges, streams.Messages} {
			if n, err := p.lag.Projected(p.ctx, "applications", topic); err != nil || n > 0 {
				return false
			}
		}
		return true
	})
	p.await()
	if left := p.left(); len(left) > 0 {
		p.t.Errorf("late events bring back:%s", short(left))
	}
	if n := len(p.applications.board.OfStudent(zoe)); n > 0 {
		p.t.Errorf("late events bring %d cards back", n)
	}
}

func (p *past) again(first erasureReport) {
	p.t.Helper()
	before := p.counted()
	if report := p.erase(); report.Hash != first.Hash || report.Counts["applications"] != 0 {
		p.t.Errorf("a second time: %+v", report)
	}
	if diff := cmp.Diff(before, p.counted()); diff != "" {
		p.t.Errorf("what is counted has changed: %s", diff)
	}
	var actions []string
	for _, actor := range []string{"olga", "rob"} {
		var page struct {
			Items []struct{ Actor, Action string }
		}
		p.ops.must(200, "GET", "/audit?limit=100&student="+first.Hash+"&actor="+actor, "", &page)
		for _, e := range page.Items {
			actions = append(actions, e.Actor+" "+e.Action)
		}
	}
	for _, want := range []string{
		"olga erase student", "olga student erased", "rob advance: from applied to shortlisted", "rob read pipeline", "rob read candidates", "rob gave feedback: shortlisting",
	} {
		if !slices.Contains(actions, want) {
			p.t.Errorf("%q is not in the audit: %q", want, slices.Compact(actions))
		}
	}
}

// comesBack lets zoe begin anew: with nothing of before.
func (p *past) comesBack() {
	p.t.Helper()
	p.service.must(202, "PUT", "/profiles/"+zoe, `{"skills":[{"name":"go","level":4}]}`, nil)
	p.zoe.until("a feed", func() bool { _, ids := p.zoe.jobs(); return len(ids) == 3 }) // what was hidden is back
	if saved := p.zoe.saved(); len(saved) > 0 {
		p.t.Errorf("saved: %q", saved)
	}
	var one tracked
	p.zoe.must(201, "POST", "/applications", `{"opportunity":"baker"}`, &one)
	var view struct {
		Applications map[string]struct{ Stage event.Stage }
	}
	p.zoe.until("the application", func() bool {
		return p.zoe.do("GET", "/students/"+zoe, "", &view) == 200 && view.Applications[one.ID].Stage == event.Applied
	})
	var line timeline
	p.zoe.must(200, "GET", "/applications/"+one.ID+"/timeline", "", &line)
	if len(line.Items) != 1 || len(view.Applications) != 1 {
		data, _ := json.Marshal(line)
		p.t.Errorf("%s, %+v", data, view)
	}
}

// An erasure that was written down by a process that ended is carried out by the next.
func TestAnErasureThatWasBegunIsFinishedByTheNextProcess(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	a, err := openApp(ctx, testConfig(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.prepare(ctx); err != nil {
		t.Fatal(err)
	}
	at := time.Now().UTC().Truncate(time.Second)
	begun, err := a.timelines.BeginErasure(ctx, timelines.Erasure{Student: zoe, By: "olga", Role: "ops", At: at, Void: at})
	if err != nil {
		t.Fatal(err)
	}
	run, stop := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- a.run(run, nil) }()
	last, err := a.applications.erasures.Wait(ctx, erasureOf(begun))
	if err != nil || last.Running() || last.Hash != begun.Hash {
		t.Errorf("%+v, %v", last, err)
	}
	stop()
	if err := errors.Join(<-ended, a.close()); err != nil {
		t.Error(err)
	}
}
