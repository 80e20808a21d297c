//go:build !noembed

package timelines

import (
	"testing"

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
