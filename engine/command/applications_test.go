//go:build !noembed

package command

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tideline/api"
	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/streams"
)

type tracked struct {
	ID      string
	Stage   event.Stage
	Version int
	Seq     int
}

type timeline struct {
	Items []struct {
		N       int
		Type    string
		Words   string
		Actor   string
		Note    string
		To      event.Stage
		Void    bool
		Message *struct{ Body string }
	}
}

// jobs of two recruiters, and a student who has applied for one of each.
func hiringSeason(t *testing.T) (a *app, ann, rob, ops caller, mine, others string) {
	ctx, a := running(t)
	service := a.as(ctx, t, api.Service, "platform")
	ann, rob, ops = a.as(ctx, t, api.Student, "ann"), a.as(ctx, t, api.Recruiter, "rob"), a.as(ctx, t, api.Ops, "ops")
	for job, recruiter := range map[string]string{"baker": "rob", "cook": "rita"} {
		body := fmt.Sprintf(`{"bucket":"jobs","title":"A %s","organisation":"Oven","recruiter":%q,"posted_at":%q}`, job, recruiter, time.Now().UTC().Format(time.RFC3339))
		service.must(202, "PUT", "/opportunities/"+job, body, nil)
		ops.until("the job", func() bool { return ops.do("GET", "/opportunities/"+job, "", nil) == 200 })
	}
	ops.until("the board", a.applications.loaded.Load)
	var one, other tracked
	ann.must(201, "POST", "/applications", `{"opportunity":"baker","via":"feed","position":3}`, &one)
	ann.must(201, "POST", "/applications", `{"opportunity":"cook"}`, &other)
	return a, ann, rob, ops, one.ID, other.ID
}

func TestTwoRecruitersMoveOneCardAndOneIsToldTheTruth(t *testing.T) {
	_, _, rob, ops, id, _ := hiringSeason(t)
	statuses := make(chan int, 8)
	var all sync.WaitGroup
	for n := range cap(statuses) {
		c := []caller{rob, ops}[n%2]
		all.Go(func() {
			statuses <- c.do("POST", "/applications/"+id+"/move-stage", `{"from":"applied","to":"shortlisted"}`, nil)
		})
	}
	all.Wait()
	close(statuses)
	counts := map[int]int{}
	for s := range statuses {
		counts[s]++
	}
	if counts[200] != 1 || counts[409] != cap(statuses)-1 {
		t.Errorf("answers by status: %v", counts)
	}
	var problem api.Problem
	r, _ := http.NewRequestWithContext(rob.ctx, "POST", rob.base+"/applications/"+id+"/move-stage", strings.NewReader(`{"from":"applied","to":"rejected","reason":"skills"}`))
	r.Header.Set("Authorization", "Bearer "+rob.token)
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if err := json.NewDecoder(resp.Body).Decode(&problem); err != nil || problem.Status != 409 || problem.Current == nil || problem.Current.Stage != event.Shortlisted {
		t.Errorf("the loser is told %+v, %v", problem, err)
	}
}

func TestAStudentSeesOnlyWhatIsForStudents(t *testing.T) {
	_, ann, rob, _, id, _ := hiringSeason(t)
	app := "/applications/" + id
	rob.must(200, "POST", app+"/move-stage", `{"from":"applied","to":"shortlisted","note":"secret"}`, nil)
	rob.must(201, "POST", app+"/feedback", `{"kind":"shortlisting","summary":"internal"}`, nil)
	rob.must(201, "POST", app+"/messages", `{"body":"among us","visibility":"recruiters"}`, nil)
	ann.must(201, "POST", app+"/messages", `{"body":"hello"}`, nil)
	rob.must(200, "POST", app+"/move-stage", `{"from":"shortlisted","to":"offer_extended"}`, nil)
	rob.must(200, "POST", app+"/correct", `{"seq":3}`, nil)
	var hers, his timeline
	ann.must(200, "GET", app+"/timeline", "", &hers)
	rob.must(200, "GET", app+"/timeline", "", &his)
	var words []string
	for _, i := range hers.Items {
		words = append(words, fmt.Sprintf("%s|%s|%s|%s|%t", i.Type, i.Words, i.Actor, i.Note, i.Void))
	}
	want := []string{
		"step|You have applied.|ann||false", "step|You are on the shortlist.|||false", "message|You wrote:|ann||false",
		"step|You have an offer.|||true", "step|A step was taken back: it had been recorded by mistake. You are on the shortlist.|||false",
	}
	if !slices.Equal(words, want) {
		t.Errorf("the student reads %q", words)
	}
	if len(his.Items) != 7 || his.Items[1].Note != "secret" || his.Items[1].Words != "advance: from Applied to Shortlisted" {
		t.Errorf("the recruiter reads %+v", his.Items)
	}
}

// What another service publishes becomes part of the record once, and what
// contradicts it is kept apart.
func TestWhatOtherServicesPublishIsAcceptedOnce(t *testing.T) {
	a, ann, rob, _, id, _ := hiringSeason(t)
	at := time.Now().Add(time.Second).UTC().Truncate(time.Second)
	fact := event.StageChange{EventID: "f1", Student: "ann", Opportunity: "baker", To: event.InterviewCompleted, At: at}
	late := event.StageChange{EventID: "f2", Student: "ann", Opportunity: "baker", To: event.OfferExtended, At: at.Add(-time.Hour)}
	odd := event.StageChange{EventID: "f3", Student: "ann", Opportunity: "baker", To: event.Rejected, At: at.Add(-time.Hour)}
	said := event.Message{EventID: "m1", Student: "ann", Opportunity: "baker", Author: "rob", AuthorRole: "recruiter", Body: "from the messenger", At: at}
	other := event.StageChange{EventID: "f4", Student: "sam", Opportunity: "baker", To: event.Shortlisted, At: at}
	producer := a.engine.Producer()
	err := producer.Send(ann.ctx, streams.StageChange(fact), streams.StageChange(fact), streams.StageChange(late), streams.StageChange(odd), streams.Message(said), streams.Message(said), streams.StageChange(other))
	if err != nil {
		t.Fatal(err)
	}
	shown := func() (stages []string) {
		var line timeline
		ann.must(200, "GET", "/applications/"+id+"/timeline", "", &line)
		for _, i := range line.Items {
			if i.Message != nil {
				stages = append(stages, i.Message.Body)
			} else {
				stages = append(stages, string(i.To))
			}
		}
		slices.Sort(stages)
		return stages
	}
	ann.until("the facts", func() bool {
		return slices.Equal(shown(), []string{"applied", "from the messenger", "interview_completed", "offer_extended"})
	})
	var one tracked
	ann.must(200, "GET", "/applications/"+id, "", &one)
	if one.Stage != event.InterviewCompleted {
		t.Errorf("a late step has moved it to %s", one.Stage)
	}
	var sams tracked
	rob.until("the application that began elsewhere", func() bool {
		return rob.do("GET", "/applications/"+event.ApplicationID("sam", "baker"), "", &sams) == 200 && sams.Stage == event.Shortlisted
	})
	rob.until("what contradicts is in dead-letters", func() bool {
		found := false
		err := streams.ReadLog(rob.ctx, a.backend.kafka(a.config), a.log, streams.DeadLetters, func(in streams.Input) error {
			found = found || strings.Contains(string(in.Value), `"f3"`)
			return nil
		})
		return err == nil && found
	})
}

// The board that a process has grown equals the one that the next process loads.
func TestABoardThatIsLoadedEqualsTheOneThatGrew(t *testing.T) {
	a, ann, rob, _, id, other := hiringSeason(t)
	rob.must(200, "POST", "/applications/"+id+"/move-stage", `{"from":"applied","to":"shortlisted"}`, nil)
	rob.must(200, "POST", "/applications/"+id+"/correct", `{"seq":2}`, nil)
	ann.must(200, "POST", "/applications/"+other+"/withdraw", "", nil)
	fresh := board.New()
	err := a.timelines.EachApplication(rob.ctx, func(r *application.Record) error {
		fresh.Put(board.RowOf(r))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, job := range []string{"baker", "cook"} {
		grown, loaded := board.Count(a.applications.board.OfJob(job)), board.Count(fresh.OfJob(job))
		if len(grown) != 1 || fmt.Sprint(grown) != fmt.Sprint(loaded) {
			t.Errorf("%s: grown %v, loaded %v", job, grown, loaded)
		}
	}
	// Another process sees the same by the topic alone.
	followed := board.New()
	rob.until("the topic", func() bool {
		err := streams.ReadLog(rob.ctx, a.backend.kafka(a.config), a.log, streams.StageChanges, func(in streams.Input) error {
			change, err := event.DecodeStageChange(in.Value)
			if err == nil && !followed.Apply(change) {
				t.Errorf("step %d of %s comes before those before it", change.Seq, change.Application)
			}
			return err
		})
		x, ok1 := followed.Get(id)
		y, ok2 := followed.Get(other)
		return err == nil && ok1 && ok2 && x.Seq() == 3 && x.Stage == event.Applied && y.Stage == event.Withdrawn
	})
}
