package partition

import (
	"testing"
	"time"

	"tideline/engine/event"
)

func stepped(b *bench, student, id string, seq int, to event.Stage) func(*Effects) {
	return func(out *Effects) {
		b.StageChange(event.StageChange{
			Student: student, Application: id, Opportunity: "o1", Seq: seq, To: to, At: start.Add(time.Duration(seq) * time.Hour),
		}, out)
	}
}

func TestAViewHasTheStudentsApplications(t *testing.T) {
	b := newBench(t, Config{})
	if out := b.do(stepped(b, "ann", "a", 1, event.Applied)); len(out.Views) != 0 {
		t.Errorf("a view of a student without a profile: %+v", out.Views)
	}
	out := b.do(putProfile(b, "ann"))
	if app := out.Views[0].View.Applications["a"]; app.Stage != event.Applied || app.StageSeq != 1 {
		t.Errorf("what came before the profile: %+v", app)
	}
	out = b.do(stepped(b, "ann", "a", 2, event.Shortlisted))
	if len(out.Views) != 1 || out.Views[0].View.Applications["a"].Stage != event.Shortlisted || out.Views[0].View.Applications["a"].Previous != event.Applied {
		t.Errorf("after a step: %+v", out.Views)
	}
	if out := b.do(stepped(b, "ann", "a", 2, event.Withdrawn)); len(out.Views) != 0 {
		t.Errorf("a step that was taken before: %+v", out.Views)
	}
	if app := b.restarted(profile("ann")).View("ann").Applications["a"]; app.Stage != event.Shortlisted {
		t.Errorf("after a restart: %+v", app)
	}
	out = b.do(func(out *Effects) {
		b.StageChange(event.StageChange{Student: "ann", Application: "a", Opportunity: "o1", Seq: 3, Kind: event.Erased, To: event.Applied}, out)
	})
	if len(out.Views) != 1 || len(out.Views[0].View.Applications) != 0 {
		t.Errorf("after an erasure: %+v", out.Views)
	}
}

func TestALateStepMovesNothing(t *testing.T) {
	b := newBench(t, Config{})
	b.do(putProfile(b, "ann"), stepped(b, "ann", "a", 1, event.Applied), stepped(b, "ann", "a", 2, event.InterviewScheduled))
	out := b.do(func(out *Effects) {
		b.StageChange(event.StageChange{
			Student: "ann", Application: "a", Opportunity: "o1", Seq: 3, Kind: event.Late, To: event.Shortlisted, At: start.Add(90 * time.Minute),
		}, out)
	})
	app := out.Views[0].View.Applications["a"]
	if app.Stage != event.InterviewScheduled || app.Previous != event.Applied || app.StageSeq != 2 || !app.StageSince.Equal(start.Add(2*time.Hour)) {
		t.Errorf("it stands at %+v", app)
	}
	if out := b.do(stepped(b, "ann", "a", 3, event.Rejected)); len(out.Views) != 0 {
		t.Error("a step of the same number counts again")
	}
}

func TestThatAMessageWasReadIsNoNews(t *testing.T) {
	b := newBench(t, Config{})
	b.do(putProfile(b, "ann"), stepped(b, "ann", "a", 1, event.Applied))
	b.do(func(out *Effects) {
		m := event.Message{Student: "ann", Application: "a", N: 3, At: start.Add(3 * time.Hour), AuthorRole: "recruiter", Visibility: event.ForStudent, ReadUpTo: 2}
		if b.Message(m, out) || len(out.Facts) > 0 {
			t.Errorf("it changes %+v", out.Facts)
		}
	})
}
