package application

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"tideline/engine/event"
)

var (
	start     = time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	student   = Actor{"s1", Student}
	recruiter = Actor{"r1", Recruiter}
	ops       = Actor{"o1", Ops}
	job       = Job{ID: "j1", Title: "Intern", Organisation: "acme", Recruiter: "r1", Source: "lever"}
)

func hours(n int) time.Time { return start.Add(time.Duration(n) * time.Hour) }

// begun is an application of hour 0.
func begun(t testing.TB, p Pipeline) *Record {
	t.Helper()
	r, err := Begin("s1", job, Origin{Via: "feed", Position: 2}, Move{EventID: "e0"}, student, p, start)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// stands is an application that was put into a stage at an hour, by the log alone.
func stands(t testing.TB, s event.Stage, hour int) *Record {
	t.Helper()
	r := begun(t, Pipeline{})
	if s != event.Applied {
		i, err := r.step(Move{EventID: "put"}, Change{Kind: event.Skip, To: s, At: hours(hour)}, recruiter, hours(hour))
		if err != nil {
			t.Fatal(err)
		}
		r.Append(i)
	}
	return r
}

// move moves, or ends the test.
func move(t testing.TB, r *Record, to string, by Actor, p Pipeline, hour int) {
	t.Helper()
	i, err := r.Move(Move{EventID: fmt.Sprintf("%s@%d", to, hour), To: to, Reason: "skills"}, by, p, hours(hour))
	if err != nil {
		t.Fatalf("move to %s: %v", to, err)
	}
	r.Append(i)
}

func undo(t testing.TB, r *Record, seq, hour int) {
	t.Helper()
	i, err := r.Correct(Move{EventID: fmt.Sprintf("undo%d@%d", seq, hour)}, seq, recruiter, hours(hour))
	if err != nil {
		t.Fatalf("take back step %d: %v", seq, err)
	}
	r.Append(i)
}

// tell tells a fact, and says whether it was appended.
func tell(t testing.TB, r *Record, f event.StageChange, p Pipeline) bool {
	t.Helper()
	i, err := r.Fact(f, p, hours(1000))
	if err != nil {
		t.Fatalf("fact %s at %s: %v", f.To, f.At, err)
	}
	if i != nil {
		r.Append(*i)
	}
	return i != nil
}

func fact(to event.Stage, hour int) event.StageChange {
	return event.StageChange{EventID: fmt.Sprintf("f:%s@%d", to, hour), Student: "s1", Opportunity: "j1", To: to, At: hours(hour), Actor: "ats"}
}

func refused(t *testing.T, err error, rule Rule, message string) {
	t.Helper()
	no, ok := errors.AsType[*Refusal](err)
	if !ok {
		t.Fatalf("got %v, want the refusal %s", err, rule)
	}
	if no.Rule != rule || no.Error() != message {
		t.Errorf("got  %s: %s\nwant %s: %s", no.Rule, no.Message, rule, message)
	}
}

func at(t *testing.T, r *Record, stage event.Stage, step string, since int) {
	t.Helper()
	if r.Stage != stage || r.Step != step || !r.Since.Equal(hours(since)) {
		t.Errorf("stands at %s/%s since %s, want %s/%s since %s", r.Stage, r.Step, r.Since, stage, step, hours(since))
	}
}
