package partition

import (
	"slices"
	"testing"
	"time"

	"tideline/engine/event"
	"tideline/engine/evidence"
)

// moved is a step of s's application for o1.
func moved(b *bench, seq int, to event.Stage, at time.Time) func(*Effects) {
	return func(out *Effects) {
		b.StageChange(event.StageChange{Application: "a", Student: "s", Opportunity: "o1", Seq: seq, Kind: event.Advance, To: to, At: at, RecordedAt: &at}, out)
	}
}

func judgedAt(b *bench, at time.Time, r event.Recommendation) func(*Effects) {
	return func(out *Effects) {
		b.Evaluation(event.Evaluation{
			Application: "a", Student: "s", Opportunity: "o1", N: 5, SubmittedAt: at,
			Feedback: event.Feedback{Kind: event.Scorecard, Interview: "i", Recommendation: r},
		}, out)
	}
}

// able is a bench with a student of career score 50 and two jobs as fresh as
// each other, one easy and one hard; of these the student's feed tells which
// suits them better.
func able(t *testing.T) *bench {
	b := newBench(t, Config{})
	b.do(func(out *Effects) { b.Tick(start, out) })
	for i, difficulty := range []float64{40, 61} {
		o := opportunity(1)
		o.ID, o.Difficulty = []string{"easy", "hard"}[i], &difficulty
		r := b.publish(o.ID, &o)
		b.do(func(out *Effects) { b.Range(r, out) })
	}
	b.do(func(out *Effects) {
		p := profile("s")
		p.AIProfile = event.AIProfile{CareerScore: new(50.0), InterviewScore: new(48.0), ActivityScore: new(7.0)}
		b.Profile(p, start, out)
	})
	return b
}

// best is what stands first in the feed of s that was written, or nothing.
func best(out Effects) string {
	for _, op := range out.Feeds {
		if op.Student == "s" && op.Bucket == event.Jobs && op.Replace {
			e := slices.MaxFunc(op.Add, func(x, y event.Entry) int { return int(x.Key - y.Key) })
			return map[event.Member]string{event.MemberOf("easy"): "easy", event.MemberOf("hard"): "hard"}[e.Member]
		}
	}
	return ""
}

func TestWhatInterviewsSayRanksTheFeedAnew(t *testing.T) {
	b := able(t)
	if out := b.do(moved(b, 1, event.Applied, start)); len(out.Scores) != 1 || out.Scores[0].Activity != 18 || out.Scores[0].Interview != nil || best(out) != "" {
		t.Fatalf("an application makes %+v and ranks %q first", out.Scores, best(out))
	}
	out := b.do(moved(b, 2, event.InterviewCompleted, start), judgedAt(b, start, event.StrongYes), moved(b, 3, event.OfferExtended, start))
	if last := out.Scores[len(out.Scores)-1]; last.Interview == nil || *last.Interview != 75 || best(out) != "hard" {
		t.Fatalf("an offer makes %+v and ranks %q first", out.Scores, best(out)) // ability (3x50+75+2)/4 = 56
	}
	if v := b.View("s"); *v.Profile.AIProfile.CareerScore != 50 || *v.Profile.AIProfile.InterviewScore != 75 || *v.Profile.AIProfile.ActivityScore != 45 {
		t.Errorf("the student is shown with %+v", v.Profile.AIProfile)
	}
	if again := b.do(moved(b, 3, event.OfferExtended, start), judgedAt(b, start, event.StrongYes)); len(again.Scores)+len(again.Facts) > 1 { // the partition's own record
		t.Errorf("what is told again makes %+v and %d facts", again.Scores, len(again.Facts))
	}
}

func TestAProfileThatComesLaterDoesNotUndoWhatApplicationsSay(t *testing.T) {
	b := able(t)
	b.do(moved(b, 1, event.Applied, start), moved(b, 2, event.OfferExtended, start))
	p := profile("s")
	p.AIProfile = event.AIProfile{InterviewScore: new(1.0)}
	b.do(func(out *Effects) { b.Profile(p, start, out) })
	if got := *b.View("s").Profile.AIProfile.InterviewScore; got != 67 {
		t.Errorf("the profile's own score of %v counts", got)
	}
	next := b.restarted(p)
	if got := *next.View("s").Profile.AIProfile.InterviewScore; got != 67 {
		t.Errorf("after a restart %v counts", got)
	}
	out := next.do(func(out *Effects) {
		next.StageChange(event.StageChange{Application: "a", Student: "s", Opportunity: "o1", Seq: 3, Kind: event.Erased, To: event.Applied}, out)
	})
	if len(out.Scores) != 1 || !out.Scores[0].Erased || *next.View("s").Profile.AIProfile.InterviewScore != 1 {
		t.Errorf("the erased application leaves %+v and %+v", out.Scores, next.View("s").Profile.AIProfile)
	}
}

func TestScoresAgeAtTheStudentsSecondOfTheDay(t *testing.T) {
	b := able(t)
	for i, to := range []event.Stage{event.Applied, event.InterviewCompleted, event.OfferExtended, event.OfferAccepted} { // 8 points
		b.do(moved(b, i+1, to, start))
	}
	turn := evidence.AsOf("s", start).Add(10 * day)
	b.do(func(out *Effects) { b.Tick(turn.Add(-23*time.Hour), out) })
	if out := b.do(func(out *Effects) { b.Tick(turn.Add(-time.Second), out) }); len(out.Scores) > 0 {
		t.Errorf("they age before their second: %+v", out.Scores)
	}
	if out := b.do(func(out *Effects) { b.Tick(turn, out) }); len(out.Scores) != 1 || out.Scores[0].Activity != 48 || !out.Scores[0].AsOf.Equal(turn) {
		t.Errorf("at their second they become %+v", out.Scores)
	}
	next := b.restarted(profile("s"))
	if out := next.do(func(out *Effects) { next.Tick(turn.Add(40*day), out) }); len(out.Scores) != 1 || out.Scores[0].Activity != 23 {
		t.Errorf("forty days later, in one leap after a restart, they become %+v", out.Scores)
	}
}

func TestWhatIsSaidOfAnApplicationCountsFromItsFirstStepOn(t *testing.T) {
	b := able(t)
	if out := b.do(judgedAt(b, start, event.Yes)); len(out.Scores) > 0 {
		t.Errorf("feedback without an application makes %+v", out.Scores)
	}
	if out := b.do(moved(b, 1, event.Applied, start)); *out.Scores[0].Interview != 56 { // (4x500+2x667)/6
		t.Errorf("feedback that came before its application makes %+v", out.Scores)
	}
	b.do(func(out *Effects) {
		b.StageChange(event.StageChange{Application: "a", Student: "s", Seq: 2, Kind: event.Erased}, out)
	}, judgedAt(b, start, event.No))
	if out := b.do(moved(b, 1, event.Applied, start.Add(time.Hour))); out.Scores[0].Interview != nil {
		t.Errorf("feedback about an erased application makes %+v of the next", out.Scores)
	}
}

func TestWhatWasSaidOfAnErasedApplicationIsForgottenWithinTwoDays(t *testing.T) {
	b := able(t)
	b.do(judgedAt(b, start, event.Yes))
	if b.state[appKey("s", "a")] == nil {
		t.Fatal("it is not kept until the first step comes")
	}
	b.do(func(out *Effects) { b.Tick(start.Add(time.Hour), out) })
	if b.state[appKey("s", "a")] == nil {
		t.Error("it is forgotten at once")
	}
	for d := range 2 {
		b.do(func(out *Effects) { b.Tick(start.Add(time.Duration(d+1)*day+time.Hour), out) })
	}
	if b.state[appKey("s", "a")] != nil {
		t.Error("it is kept for good")
	}
}
