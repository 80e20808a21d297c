package application

import (
	"testing"
	"time"

	"tideline/engine/event"
)

func TestRefusalsOfMovesNameTheRuleAndWhatIs(t *testing.T) {
	expired := hours(3)
	for _, c := range []struct {
		name    string
		stage   event.Stage
		move    Move
		by      Actor
		rule    Rule
		message string
	}{
		{"no application", "", Move{To: "applied"}, recruiter, NotApplied, "there is no application yet"},
		{"unknown stage", event.Applied, Move{To: "limbo"}, recruiter, UnknownStage, `"limbo" is neither a stage nor a step of this job's pipeline`},
		{"moved meanwhile", event.Shortlisted, Move{From: "applied", To: "rejected", Reason: "skills"}, recruiter, StageChanged, "the application no longer stands at applied; it stands at shortlisted since 2026-03-02T11:00:00Z"},
		{"there already", event.Shortlisted, Move{To: "shortlisted"}, recruiter, AlreadyThere, "the application stands at shortlisted already"},
		{"no way", event.Applied, Move{To: "offer_accepted"}, ops, NoTransition, "an application cannot go from applied to offer_accepted"},
		{"not theirs", event.Applied, Move{To: "shortlisted"}, student, NotForRole, "a student may not move an application from applied to shortlisted"},
		{"no reason", event.Applied, Move{To: "rejected"}, recruiter, ReasonRequired, "a rejection says why: name a reason of the organisation's list"},
		{"no such reason", event.Applied, Move{To: "rejected", Reason: "mood"}, ops, UnknownReason, `"mood" is no reason of the organisation's list`},
		{"offer over", event.OfferExtended, Move{To: "offer_accepted", At: hours(4)}, student, OfferExpired, "the offer ended at 2026-03-02T12:00:00Z; ask the recruiter to extend it"},
		{"future", event.Applied, Move{To: "shortlisted", At: hours(10).Add(5*time.Minute + time.Second)}, recruiter, InTheFuture, "2026-03-02T19:05:01Z is in the future; a step is recorded when it has happened"},
		{"before the last", event.Shortlisted, Move{To: "offer_extended", At: hours(1)}, recruiter, BeforeTheLast, "2026-03-02T10:00:00Z is before 2026-03-02T11:00:00Z, when the application came to shortlisted"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := &Record{}
			if c.stage != "" {
				r = stands(t, c.stage, 2)
			}
			r.OfferEnds = &expired
			before := r.Version
			_, err := r.Move(c.move, c.by, Pipeline{}, hours(10))
			refused(t, err, c.rule, c.message)
			if r.Version != before || r.Stage != c.stage {
				t.Error("a refusal changed the record")
			}
		})
	}
}

func TestJustWithinTheLimitsIsAllowed(t *testing.T) {
	ends := hours(4)
	r := stands(t, event.OfferExtended, 2)
	r.OfferEnds = &ends
	for _, m := range []Move{
		{To: "offer_accepted", At: hours(4)},                       // at the very end of the offer
		{To: "offer_rejected", At: hours(9)},                       // declining has no end
		{To: "offer_rejected", At: hours(2)},                       // in the second of the offer
		{To: "offer_rejected", At: hours(10).Add(5 * time.Minute)}, // a clock that goes before ours
	} {
		if _, err := r.Move(m, student, Pipeline{}, hours(10)); err != nil {
			t.Errorf("%+v: %v", m, err)
		}
	}
	if _, err := r.Move(Move{To: "offer_accepted", At: hours(9)}, ops, Pipeline{}, hours(10)); err != nil {
		t.Errorf("ops may accept an offer that ended: %v", err)
	}
}

func TestRefusalsOfFeedbackMessagesAndInterviews(t *testing.T) {
	planned := event.Interview{ID: "i1", State: event.InterviewPlanned, Starts: hours(5)}
	open, over := stands(t, event.Shortlisted, 1), stands(t, event.Rejected, 1)
	submit := func(f event.Feedback, by Actor) error {
		_, err := open.Submit(f, "x", "", by, nil, hours(2))
		return err
	}
	refused(t, submit(event.Feedback{Kind: event.Shortlisting}, student), NotForRole, "feedback is given by recruiters")
	refused(t, submit(event.Feedback{Kind: event.Scorecard, Interview: "i9"}, recruiter), UnknownInterview, `this application has no interview "i9"`)
	refused(t, submit(event.Feedback{Kind: event.Rejection, Side: event.WeDeclined, Reason: "mood"}, recruiter), UnknownReason, `"mood" is no reason of the side we_declined; the list is at /organisations/{organisation}/rejection-reasons`)
	refused(t, submit(event.Feedback{Kind: event.Rejection, Side: event.TheyDeclined, Reason: "skills"}, recruiter), UnknownReason, `"skills" is no reason of the side they_declined; the list is at /organisations/{organisation}/rejection-reasons`)
	refused(t, submit(event.Feedback{Kind: event.OfferNote}, recruiter), WrongStage, "an offer note belongs to an application with an offer; this one stands at shortlisted")
	_, err := open.Say(Said{Body: "hi", Interview: "i9"}, event.ForRecruiters, "x", "", student, hours(2), hours(2))
	refused(t, err, UnknownInterview, `this application has no interview "i9"`)
	_, err = open.Meet(planned, "x", "", student, hours(2))
	refused(t, err, NotForRole, "interviews are planned by recruiters; write a message to ask for another time")
	_, err = over.Meet(planned, "x", "", recruiter, hours(2))
	refused(t, err, Ended, "the application ended at rejected; no interview can be planned")
	if _, err := over.Meet(event.Interview{ID: "i1", State: event.InterviewCancelled}, "x", "", recruiter, hours(2)); err != nil {
		t.Errorf("an interview can be cancelled after the end: %v", err)
	}
}

func TestAFullLogTakesNoMore(t *testing.T) {
	r := stands(t, event.Shortlisted, 1)
	r.Version = maxItems
	const full = "the application has 5000 entries; no more can be added"
	_, err := r.Submit(event.Feedback{Kind: event.Shortlisting}, "x", "", recruiter, nil, hours(2))
	refused(t, err, TooLong, full)
	_, err = r.Say(Said{Body: "hi"}, event.ForStudent, "x", "", student, hours(2), hours(2))
	refused(t, err, TooLong, full)
	_, err = r.Meet(event.Interview{ID: "i1"}, "x", "", recruiter, hours(2))
	refused(t, err, TooLong, full)
	_, err = r.Move(Move{To: "rejected", Reason: "skills"}, recruiter, Pipeline{}, hours(2))
	refused(t, err, TooLong, "the application has 2 steps and 5000 entries; no more can be added")
	long := begun(t, Pipeline{})
	for n := 1; n < maxChanges; n++ {
		move(t, long, []string{"applied", "shortlisted"}[n%2], recruiter, Pipeline{}, n)
	}
	_, err = long.Move(Move{To: "applied"}, recruiter, Pipeline{}, hours(500))
	refused(t, err, TooLong, "the application has 200 steps and 200 entries; no more can be added")
}

func TestARepeatedRequestIsAnsweredAsBefore(t *testing.T) {
	r := begun(t, Pipeline{})
	i, err := r.Move(Move{EventID: "k", Request: "digest", To: "shortlisted"}, recruiter, Pipeline{}, hours(1))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := r.Repeat("k", "digest"); got != nil || err != nil {
		t.Fatalf("a new key is known: %v %v", got, err)
	}
	r.Append(i)
	if got, err := r.Repeat("k", "digest"); err != nil || got == nil || got.N != 2 {
		t.Errorf("repeat: %v %v", got, err)
	}
	_, err = r.Repeat("k", "other")
	refused(t, err, OtherRequest, "this Idempotency-Key stands for another request; use a new one")
}

func TestApplyingAgainNeedsAWithdrawal(t *testing.T) {
	r := begun(t, Pipeline{})
	_, err := r.Again(Move{}, student, Pipeline{}, hours(1))
	refused(t, err, AlreadyThere, "there is an application already; it stands at applied since 2026-03-02T09:00:00Z")
	move(t, r, "withdrawn", student, Pipeline{}, 2)
	_, err = r.Again(Move{}, recruiter, Pipeline{}, hours(3))
	refused(t, err, NotForRole, "a recruiter may not move an application from withdrawn to applied")
	i, err := r.Again(Move{}, student, Pipeline{}, hours(3))
	if err != nil {
		t.Fatal(err)
	}
	r.Append(i)
	at(t, r, event.Applied, "", 3)
	if i.Change.Kind != event.Reopen || !r.AppliedAt.Equal(start) {
		t.Errorf("%s; applied at %s: the first time counts", i.Change.Kind, r.AppliedAt)
	}
	move(t, r, "rejected", recruiter, Pipeline{}, 4)
	_, err = r.Again(Move{}, student, Pipeline{}, hours(5))
	refused(t, err, AlreadyThere, "there is an application already; it stands at rejected since 2026-03-02T13:00:00Z")
}

func TestAnApplicationDoesNotBeginInTheFuture(t *testing.T) {
	_, err := Begin("s1", job, Origin{}, Move{At: hours(2)}, student, Pipeline{}, hours(1))
	refused(t, err, InTheFuture, "2026-03-02T11:00:00Z is in the future; a step is recorded when it has happened")
}
