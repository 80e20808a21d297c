package oracle

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/cespare/xxhash/v2"
)

// Score is what a student's applications say about them.
type Score struct {
	Activity  int
	Interview int // -1: nothing is known of interviews
}

type rawStep struct {
	Application, Student, Kind, To, At string

	Seq, Corrects int
	RecordedAt    string `json:"recorded_at"`
}

// recorded is when a step was written down; some do not say, they took effect then.
func (s rawStep) recorded() time.Time {
	if s.RecordedAt == "" {
		return date(s.At)
	}
	return date(s.RecordedAt)
}

type rawEvaluation struct {
	Application, Student string

	N           int
	SubmittedAt string `json:"submitted_at"`
	Feedback    struct {
		Kind, Recommendation string

		InterviewedAt string `json:"interviewed_at"`
		Attributes    []struct{ Rating int }
	}
}

// applied is one application: its steps by seq, and what was said of it by
// place in its log.
type applied struct {
	steps  []rawStep
	judged map[int]rawEvaluation
}

// readApplications gives every application that has steps and was not erased
// after them, by student.
func readApplications(steps, evaluations []Record) map[string]map[string]*applied {
	all := map[string]map[string]*applied{}
	gone := map[string]time.Time{} // by application: what was recorded before is void
	for _, r := range steps {
		var s rawStep
		if json.Unmarshal(r.Value, &s) != nil || s.Student != r.Key || s.Seq == 0 {
			continue
		}
		if s.Kind == "erased" {
			delete(all[s.Student], s.Application)
			gone[s.Application] = s.recorded()
			continue
		}
		if s.recorded().Before(gone[s.Application]) {
			continue // it is told again
		}
		if all[s.Student] == nil {
			all[s.Student] = map[string]*applied{}
		}
		a := all[s.Student][s.Application]
		if a == nil {
			a = &applied{judged: map[int]rawEvaluation{}}
			all[s.Student][s.Application] = a
		}
		if s.Seq > len(a.steps) { // else it is told again
			a.steps = append(a.steps, s)
		}
	}
	for _, r := range evaluations {
		var e rawEvaluation
		if json.Unmarshal(r.Value, &e) != nil || e.Student != r.Key {
			continue
		}
		if a := all[e.Student][e.Application]; a != nil {
			if date(e.SubmittedAt).Before(a.steps[0].recorded()) {
				continue // it was about an application that was erased
			}
			if _, again := a.judged[e.N]; !again {
				a.judged[e.N] = e
			}
		}
	}
	return all
}

// readScores works everybody's scores out, and what follows for their ability.
func (w *world) readScores(logs Logs) map[string]Score {
	home := map[string]int32{}
	for _, r := range logs.StageChanges {
		home[r.Key] = r.Partition
	}
	scores := map[string]Score{}
	for student, applications := range readApplications(logs.StageChanges, logs.Evaluations) {
		if len(applications) > 0 {
			scores[student] = score(student, applications, w.config.Now(home[student]))
		}
	}
	for id, s := range w.students {
		if own, ok := scores[id]; ok && own.Interview >= 0 {
			s.interview = own.Interview
		}
		s.ability = ability(s.career, s.interview)
	}
	return scores
}

// score recomputes a student's scores as of the last time they aged.
func score(student string, applications map[string]*applied, now time.Time) Score {
	slot := int64(xxhash.Sum64String(student) % 86400)
	asOf := now.Unix()
	for asOf%86400 != slot {
		asOf--
	}
	fade := func(at string, half float64) float64 {
		t, _ := parseDate(at)
		days := math.Floor(float64(asOf-t.Unix()) / 86400)
		return math.Round(1048576 * math.Pow(2, -math.Max(days, 0)/half))
	}
	worth := map[string]float64{
		"applied": 2, "shortlisted": 1, "interview_scheduled": 1, "interview_completed": 3, "offer_extended": 1,
		"offer_accepted": 2, "offer_rejected": 2, "rejected": 1, "withdrawn": 1,
	}
	active, sum, weight := 0.0, 0.0, 0.0
	for _, a := range applications {
		met, offered, stands, last := false, false, "", ""
		for _, s := range a.steps {
			if s.Kind == "correction" || slices.ContainsFunc(a.steps, func(c rawStep) bool { return c.Kind == "correction" && c.Corrects == s.Seq }) {
				continue
			}
			active += worth[s.To] * fade(s.At, 30)
			met = met || s.To == "interview_completed"
			offered = offered || s.To == "offer_extended" || s.To == "offer_accepted" || s.To == "offer_rejected"
			if s.Kind != "late" {
				stands = s.To
			}
			if last == "" || later(date(s.At), date(last)).Equal(date(s.At)) {
				last = s.At
			}
		}
		if met || offered {
			value := 500.0
			if stands == "rejected" {
				value = 250
			}
			if offered {
				value = 1000
			}
			sum += 2 * fade(last, 180) * value
			weight += 2 * fade(last, 180)
		}
		for _, e := range a.judged {
			share, at := 1.0, e.SubmittedAt
			if e.Feedback.Kind == "scorecard" {
				share = 2
				if e.Feedback.InterviewedAt != "" {
					at = e.Feedback.InterviewedAt
				}
			} else if e.Feedback.Kind != "shortlisting" {
				continue
			}
			value, known := map[string]int{"definitely_no": 0, "no": 333, "yes": 667, "strong_yes": 1000}[e.Feedback.Recommendation]
			if !known {
				continue
			}
			if n := len(e.Feedback.Attributes); n > 0 {
				rated := 0
				for _, r := range e.Feedback.Attributes {
					rated += 250 * (r.Rating - 1)
				}
				value = (value + rated/n) / 2
			}
			sum += share * fade(at, 180) * float64(value)
			weight += share * fade(at, 180)
		}
	}
	result := Score{Activity: int(math.Round(100 - 100*math.Exp(-active/10485760))), Interview: -1}
	if weight > 0 {
		sum += 4 * 1048576 * 500
		weight += 4 * 1048576
		result.Interview = int(math.Floor((sum/weight)/10 + 0.5))
	}
	return result
}

func date(text string) time.Time {
	t, _ := parseDate(text)
	return t
}

// ability is what an opportunity's difficulty is compared with; nil: unknown.
func ability(career *float64, interview int) *float64 {
	switch {
	case interview < 0:
		return career
	case career == nil:
		return new(float64(interview))
	}
	return new(math.Floor((3*math.Round(*career)+float64(interview))/4 + 0.5))
}

// DiffScores compares the scores that were told of a student with what they
// should be; told is false when none were, or they were taken back.
func (r Result) DiffScores(student string, got Score, told bool) []Difference {
	want, known := r.Scores[student]
	if want == got && known == told || !known && !told {
		return nil
	}
	say := func(s Score, is bool) string {
		if !is {
			return "nothing"
		}
		return fmt.Sprintf("activity %d, interview %d", s.Activity, s.Interview)
	}
	return []Difference{{Student: student, Bucket: "scores", Want: say(want, known), Got: say(got, told)}}
}
