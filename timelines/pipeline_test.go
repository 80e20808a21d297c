//go:build !noembed

package timelines

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"tideline/engine/application"
	"tideline/engine/event"
)

func TestTheLastPipelineOfAJobCounts(t *testing.T) {
	s := open(t)
	has := func(job string, want application.Pipeline) {
		t.Helper()
		got, err := s.Pipeline(t.Context(), job)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	has("job", application.Pipeline{})
	p := application.Pipeline{Job: "job", Steps: []application.Step{
		{ID: "phone", Name: "Telefon", Stage: event.InterviewScheduled, Days: 3}, {ID: "onsite", Name: "On site", Stage: event.InterviewScheduled},
	}}
	for _, steps := range [][]application.Step{p.Steps, p.Steps[:1]} {
		p.Steps = steps
		p.Reasons = application.DefaultReasons
		if err := s.PutPipeline(t.Context(), p); err != nil {
			t.Fatal(err)
		}
		p.Reasons = nil // the organisation's, kept apart
		has("job", p)
	}
	has("other", application.Pipeline{})
}

func TestTheLastReasonsOfAnOrganisationCount(t *testing.T) {
	s := open(t)
	has := func(organisation string, want application.Reasons) {
		t.Helper()
		got, err := s.Reasons(t.Context(), organisation)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
	has("acme", nil)
	for _, reasons := range []application.Reasons{application.DefaultReasons, application.DefaultReasons[:2]} {
		if err := s.PutReasons(t.Context(), "acme", reasons); err != nil {
			t.Fatal(err)
		}
		has("acme", reasons)
	}
	has("other", nil)
}

func TestTheAuditKeepsWhoDidWhat(t *testing.T) {
	s := open(t)
	entries := []AuditEntry{
		{Actor: "r1", Role: "recruiter", Action: "read", Application: "a", Job: "j", At: noon},
		{Actor: "r2", Role: "recruiter", Action: "move", Application: "a", Job: "j", At: noon.Add(time.Second)},
		{Actor: "r1", Role: "recruiter", Action: "read", Application: "b", Job: "j", At: noon.Add(2 * time.Second)},
		{Actor: "r1", Role: "recruiter", Action: "read", Application: "a", Job: "j", At: noon}, // as the first, and an entry of its own
		{Actor: "ops", Role: "ops", Action: "pipeline", Job: "j", At: noon},
	}
	for _, e := range entries {
		if err := s.Audit(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	for limit, want := range map[int][]AuditEntry{10: {entries[1], entries[3], entries[0]}, 1: {entries[1]}} {
		got, err := s.AuditTrail(t.Context(), "a", limit)
		if diff := cmp.Diff(want, got); err != nil || diff != "" {
			t.Error(err, diff)
		}
	}
}
