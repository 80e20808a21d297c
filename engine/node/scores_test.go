package node

import (
	"fmt"
	"time"

	"pgregory.net/rapid"

	"tideline/bench/oracle"
	"tideline/engine/event"
	"tideline/streams"
)

// tracking is one application as a test drives it.
type tracking struct {
	seq, log int
	void     map[int]bool        // steps that were taken back, and the corrections that did
	told     []event.StageChange // since it began, or began anew after an erasure
}

// application lets something happen to one: a step, a correction, feedback, an
// erasure, or a step that is told again.
func (w *world) application() {
	student, p := w.student()
	job := fmt.Sprint("o", rapid.IntRange(0, 2).Draw(w.t, "applied for"))
	id := event.ApplicationID(student, job)
	a := w.apps[id]
	if a == nil {
		a = &tracking{void: map[int]bool{}}
		w.apps[id] = a
	}
	s := event.StageChange{Application: id, Student: student, Opportunity: job, At: w.now(), RecordedAt: new(w.clock)}
	switch kind := rapid.IntRange(0, 11).Draw(w.t, "happens"); {
	case kind < 3:
		w.evaluation(p, a, s)
		return
	case kind == 3 && len(a.told) > 0:
		s = rapid.SampledFrom(a.told).Draw(w.t, "told again")
	case kind == 4 && a.seq > 1 && !a.void[a.seq]:
		a.void[a.seq], a.void[a.seq+1] = true, true
		s.Kind, s.Corrects, s.To = event.Correction, a.seq, event.Applied
		w.number(a, &s)
	case kind == 5 && a.seq > 0:
		s.Kind, s.To, s.Seq = event.Erased, event.Applied, a.seq+1
		s.EventID = fmt.Sprint("erased ", w.serial)
		w.apps[id] = &tracking{void: map[int]bool{}, told: a.told} // one of before may be told again
	default:
		s.Kind = rapid.SampledFrom([]event.ChangeKind{event.Advance, event.Advance, event.Regress, event.Late}).Draw(w.t, "kind")
		s.To = rapid.SampledFrom(event.Stages[:]).Draw(w.t, "to")
		if s.Kind == event.Late {
			s.At = s.At.Add(-time.Duration(rapid.IntRange(1, 400).Draw(w.t, "hours")) * time.Hour)
		}
		w.number(a, &s)
	}
	w.logs.StageChanges = append(w.logs.StageChanges, w.tell(p, stages, student, s.Encode(), s.At))
}

func (w *world) number(a *tracking, s *event.StageChange) {
	a.seq++
	w.serial++
	s.Seq, s.EventID = a.seq, fmt.Sprint("step ", w.serial)
	a.told = append(a.told, *s)
}

func (w *world) evaluation(p *part, a *tracking, s event.StageChange) {
	a.log++
	f := event.Feedback{
		Kind:           rapid.SampledFrom([]event.FeedbackKind{event.Scorecard, event.Scorecard, event.Shortlisting}).Draw(w.t, "feedback"),
		Recommendation: rapid.SampledFrom(event.Recommendations[:]).Draw(w.t, "recommends"), Visibility: event.ForRecruiters,
	}
	if f.Kind == event.Scorecard {
		f.Interview = "first"
		for i := range rapid.IntRange(0, 3).Draw(w.t, "rated") {
			f.Attributes = append(f.Attributes, event.Rating{Name: fmt.Sprint(i), Rating: rapid.IntRange(1, 5).Draw(w.t, "rating")})
		}
		if rapid.Bool().Draw(w.t, "dated") {
			f.InterviewedAt = new(s.At.Add(-50 * time.Hour))
		}
	}
	e := event.Evaluation{
		EventID: "e", Application: s.Application, Student: s.Student, Opportunity: s.Opportunity, N: a.log, Stage: event.Applied,
		Submitter: "r", SubmittedAt: s.At, Feedback: f,
	}
	for range rapid.IntRange(1, 2).Draw(w.t, "times") {
		w.logs.Evaluations = append(w.logs.Evaluations, w.tell(p, evaluations, s.Student, e.Encode(), s.At))
	}
}

func (w *world) tell(p *part, topic int, key string, value []byte, at time.Time) oracle.Record {
	p.add(topic, streams.Input{Key: []byte(key), Value: value, Time: at})
	return oracle.Record{Partition: p.number, Key: key, Value: value, Time: at}
}

func (w *world) compareScores(want oracle.Result) {
	for n := range 6 {
		student := fmt.Sprint("s", n)
		var got oracle.Score
		value, told := w.scores[student]
		if told = told && value != nil; told {
			s, err := event.DecodeProfileScores(value)
			if err != nil {
				w.t.Fatal(err)
			}
			got = oracle.Score{Activity: int(s.Activity), Interview: -1}
			if s.Interview != nil {
				got.Interview = int(*s.Interview)
			}
		}
		if diff := want.DiffScores(student, got, told); len(diff) > 0 {
			w.t.Fatal(diff[0])
		}
	}
}
