package evidence_test

import (
	"testing"
	"time"

	"tideline/engine/application"
	"tideline/engine/event"
	"tideline/engine/evidence"
)

var noon = time.Date(2026, 5, 1, 12, 0, 0, 0, time.UTC)

func path(stages ...event.Stage) []application.Change {
	var list []application.Change
	for i, s := range stages {
		list = append(list, application.Change{Seq: i + 1, Kind: event.Advance, To: s, At: noon})
	}
	return list
}

func of(list ...*evidence.Application) evidence.Scores { return evidence.Of(list, noon) }

func judged(f event.Feedback) *evidence.Application {
	a := &evidence.Application{Path: path(event.Applied)}
	a.Judge(event.Evaluation{N: 2, SubmittedAt: noon, Feedback: f})
	return a
}

// The numbers are worked out by hand from the formulas in ARCHITECTURE.md.
func TestScoresAreThoseOfTheFormulas(t *testing.T) {
	corrected := path(event.Applied, event.InterviewCompleted)
	corrected = append(corrected, application.Change{Seq: 3, Kind: event.Correction, Corrects: 2, To: event.Applied, At: noon})
	for name, c := range map[string]struct {
		got  evidence.Scores
		want evidence.Scores
	}{
		"who applied once":                 {of(&evidence.Application{Path: path(event.Applied)}), evidence.Scores{Activity: 18, Interview: -1}}, // 1-e^-0.2
		"whose interview waits":            {of(&evidence.Application{Path: path(event.Applied, event.InterviewCompleted)}), evidence.Scores{Activity: 39, Interview: 50}},
		"who was interviewed and offered":  {of(&evidence.Application{Path: path(event.Applied, event.InterviewCompleted, event.OfferExtended)}), evidence.Scores{Activity: 45, Interview: 67}}, // (4x500+2x1000)/6
		"who was interviewed and rejected": {of(&evidence.Application{Path: path(event.Applied, event.InterviewCompleted, event.Rejected)}), evidence.Scores{Activity: 45, Interview: 42}},
		"whose interview never happened":   {of(&evidence.Application{Path: corrected}), evidence.Scores{Activity: 18, Interview: -1}},
		"who was judged well":              {of(judged(event.Feedback{Kind: event.Scorecard, Interview: "i", Recommendation: event.StrongYes})), evidence.Scores{Activity: 18, Interview: 67}},
		"who was judged by attributes": {of(judged(event.Feedback{
			Kind: event.Scorecard, Interview: "i", Recommendation: event.StrongYes, Attributes: []event.Rating{{Name: "a", Rating: 1}, {Name: "b", Rating: 1}},
		})), evidence.Scores{Activity: 18, Interview: 50}},
		"who was shortlisted warmly":   {of(judged(event.Feedback{Kind: event.Shortlisting, Recommendation: event.StrongYes})), evidence.Scores{Activity: 18, Interview: 60}}, // (4x500+1000)/5
		"of whom an offer note is all": {of(judged(event.Feedback{Kind: event.OfferNote, Recommendation: event.Yes})), evidence.Scores{Activity: 18, Interview: -1}},
	} {
		if c.got != c.want {
			t.Errorf("%s has %+v, not %+v", name, c.got, c.want)
		}
	}
}

func TestEvidenceFadesAndScoresStayInTheirBounds(t *testing.T) {
	busy := &evidence.Application{Path: path(event.Applied, event.Shortlisted, event.InterviewCompleted, event.OfferExtended, event.OfferAccepted)}
	last := evidence.Scores{Activity: 101, Interview: 101}
	for month := range 60 {
		s := evidence.Of([]*evidence.Application{busy}, noon.AddDate(0, month, 0))
		if s.Activity > last.Activity || s.Interview > last.Interview || s.Activity < 0 || s.Interview < 50 || s.Interview > 100 {
			t.Fatalf("month %d: %+v after %+v", month, s, last)
		}
		last = s
	}
	if last != (evidence.Scores{Activity: 0, Interview: 50}) {
		t.Errorf("after five years %+v is left", last)
	}
	many := make([]*evidence.Application, 1000)
	for i := range many {
		many[i] = busy
	}
	if s := of(many...); s != (evidence.Scores{Activity: 100, Interview: 100}) {
		t.Errorf("a thousand offers make %+v", s)
	}
}

func TestTheSameFeedbackCountsOnceAndWhatWasSaidBeforeTheBeginningNever(t *testing.T) {
	a := &evidence.Application{}
	e := event.Evaluation{N: 2, SubmittedAt: noon, Feedback: event.Feedback{Kind: event.Scorecard, Interview: "i", Recommendation: event.No}}
	if !a.Judge(e) || a.Judge(e) {
		t.Error("feedback that comes twice counts twice, or never")
	}
	e.SubmittedAt, e.Feedback.Recommendation = noon.Add(time.Hour), event.Yes
	if !a.Judge(e) || len(a.Judgements) != 1 || a.Judgements[0].Value != 667 {
		t.Errorf("of two in the same place the later does not count: %+v", a.Judgements)
	}
	if a.Begin(noon.Add(2 * time.Hour)); len(a.Judgements) > 0 {
		t.Errorf("what was said before the application began counts: %+v", a.Judgements)
	}
}

func TestScoresAgeOnceADayEachStudentAtTheirOwnSecond(t *testing.T) {
	slots := map[int64]bool{}
	for _, student := range []string{"ann", "ben", "cas", "s00001"} {
		slots[evidence.Slot(student)] = true
		at := evidence.AsOf(student, noon)
		if at.After(noon) || noon.Sub(at) >= 24*time.Hour || at.Unix()%86400 != evidence.Slot(student) {
			t.Errorf("%s aged last at %s", student, at)
		}
		if again := evidence.AsOf(student, at); !again.Equal(at) {
			t.Errorf("%s ages at %s, not %s", student, again, at)
		}
	}
	if len(slots) < 4 {
		t.Error("different students age at the same second")
	}
}
