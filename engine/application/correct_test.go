package application

import (
	"testing"

	"tideline/engine/event"
)

func TestACorrectionPutsBackWhatWasBefore(t *testing.T) {
	r := begun(t, Pipeline{})
	move(t, r, "shortlisted", recruiter, Pipeline{}, 1)
	move(t, r, "offer_extended", recruiter, Pipeline{}, 2)
	undo(t, r, 3, 5)
	at(t, r, event.Shortlisted, "", 1)
	undo(t, r, 2, 6) // the step before the one that was taken back
	at(t, r, event.Applied, "", 0)
	if c := r.Path[4]; c.Kind != event.Correction || c.Corrects != 2 || c.From != event.Shortlisted || c.To != event.Applied {
		t.Errorf("the second correction is %+v", c)
	}
	if got := InForce(r.Path); len(got) != 1 || got[0].Seq != 1 {
		t.Errorf("in force: %+v", got)
	}
	move(t, r, "shortlisted", recruiter, Pipeline{}, 7)
	at(t, r, event.Shortlisted, "", 7)
}

func TestWhatCannotBeTakenBack(t *testing.T) {
	r := begun(t, Pipeline{})
	move(t, r, "shortlisted", recruiter, Pipeline{}, 1)
	move(t, r, "offer_extended", recruiter, Pipeline{}, 2)
	try := func(seq int, by Actor) error {
		_, err := r.Correct(Move{}, seq, by, hours(9))
		return err
	}
	refused(t, try(9, ops), NothingToCorrect, "step 9 is not in force")
	refused(t, try(2, ops), NotTheLast, "step 2 is not the last one; take back step 3 first")
	refused(t, try(3, student), NotForRole, "a student may not take back what a recruiter did")
	undo(t, r, 3, 3)
	refused(t, try(3, ops), NothingToCorrect, "step 3 is not in force")
	refused(t, try(4, ops), NothingToCorrect, "step 4 is not in force")
	undo(t, r, 2, 4)
	refused(t, try(1, ops), NothingToCorrect, "that a student applied is not taken back; the student can withdraw")
	move(t, r, "withdrawn", student, Pipeline{}, 5)
	refused(t, try(6, recruiter), NotForRole, "a recruiter may not take back what a student did")
	if err := try(6, ops); err != nil {
		t.Errorf("ops may take back a withdrawal: %v", err)
	}
}

func TestTimesOfWhatNeverHappenedAreForgotten(t *testing.T) {
	r := begun(t, Pipeline{})
	step := func(m Move, hour int) {
		i, err := r.Move(m, recruiter, Pipeline{}, hours(hour))
		if err != nil {
			t.Fatal(err)
		}
		r.Append(i)
	}
	step(Move{To: "interview_scheduled", InterviewAt: new(hours(30))}, 1)
	undo(t, r, 2, 2)
	if r.InterviewAt != nil {
		t.Errorf("an interview that never was is at %s", r.InterviewAt)
	}
	step(Move{To: "offer_extended", OfferEnds: new(hours(4))}, 3)
	undo(t, r, 4, 4)
	if r.OfferEnds != nil {
		t.Errorf("an offer that never was ends at %s", r.OfferEnds)
	}
	step(Move{To: "offer_extended", OfferEnds: new(hours(6))}, 5)
	step(Move{To: "shortlisted"}, 7)
	step(Move{To: "offer_extended"}, 8) // without an end
	if _, err := r.Move(Move{To: "offer_accepted"}, student, Pipeline{}, hours(9)); err != nil {
		t.Errorf("the end of the old offer holds for the new one: %v", err)
	}
}

func TestAnEvaluationHasTheStageOfItsTime(t *testing.T) {
	r := begun(t, Pipeline{})
	i, err := r.Submit(event.Feedback{Kind: event.Shortlisting, Summary: "good"}, "x", "", recruiter, nil, hours(1))
	if err != nil {
		t.Fatal(err)
	}
	r.Append(i)
	move(t, r, "shortlisted", recruiter, Pipeline{}, 2)
	told := r.Unpublished()
	if len(told) != 3 || told[1].Evaluation == nil || told[1].Evaluation.Stage != event.Applied {
		t.Errorf("told %+v", told)
	}
	if told[0].Change.Stage != event.Applied || told[2].Change.Stage != event.Shortlisted {
		t.Error("a step is told with the stage after it")
	}
	r.Published = 2
	if told := r.Unpublished(); len(told) != 1 || told[0].Change.Seq != 2 {
		t.Errorf("told again: %+v", told)
	}
}

func TestInterviewsAreKeptAsLastPlanned(t *testing.T) {
	r := stands(t, event.Shortlisted, 1)
	meet := func(i event.Interview) {
		item, err := r.Meet(i, "x", "", recruiter, hours(2))
		if err != nil {
			t.Fatal(err)
		}
		r.Append(item)
	}
	meet(event.Interview{ID: "a", State: event.InterviewPlanned, Starts: hours(20)})
	meet(event.Interview{ID: "b", State: event.InterviewPlanned, Starts: hours(30)})
	meet(event.Interview{ID: "b", State: event.InterviewCancelled, Starts: hours(30)})
	if len(r.Interviews) != 2 || r.Interviews[1].State != event.InterviewCancelled || !r.InterviewAt.Equal(hours(20)) {
		t.Errorf("%+v, next at %s", r.Interviews, r.InterviewAt)
	}
	if _, err := r.Submit(event.Feedback{Kind: event.Scorecard, Interview: "a"}, "x", "", recruiter, nil, hours(3)); err != nil {
		t.Errorf("a scorecard of a known interview: %v", err)
	}
	said, err := r.Say(Said{Body: "hi"}, event.ForRecruiters, "x", "", student, hours(3), hours(3))
	if err != nil || said.Visibility != event.ForStudent {
		t.Errorf("students may read what they wrote: %q %v", said.Visibility, err)
	}
}
