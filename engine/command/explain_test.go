//go:build !noembed

package command

import (
	"context"
	"strings"
	"testing"
	"time"

	"tideline/api"
	"tideline/engine/event"
)

// ops runs a command against a running Tideline and gives what it prints.
func (a *app) ops(ctx context.Context, t *testing.T, args ...string) (string, error) {
	t.Helper()
	var out strings.Builder
	cmd := New()
	cmd.SetOut(&out)
	cmd.SetErr(&out)
	cmd.SetArgs(append(args, "--server=http://"+a.apiAddr, "--token="+a.as(ctx, t, api.Ops, "olga").token))
	err := cmd.ExecuteContext(ctx)
	return out.String(), err
}

// An application's way: a stage change, the rule, the gates, and why.
func TestARuleAboutApplicationsExplainsItself(t *testing.T) {
	ctx, a := running(t)
	service := a.as(ctx, t, api.Service, "platform")
	service.until("the shipped rules", func() bool { active, _ := a.engine.Rules(); return active["campus"].Ruleset != nil })
	service.must(202, "PUT", "/opportunities/job", `{"bucket":"jobs","title":"Intern","posted_at":"2026-01-05T00:00:00Z","skills":[{"name":"Go"}]}`, nil)
	service.must(202, "PUT", "/profiles/ann", `{"skills":[{"name":"go","level":4}]}`, nil)
	at := time.Now().UTC().Truncate(time.Second)
	var steps []event.StageChange
	for i, stage := range []event.Stage{event.Applied, event.OfferExtended} {
		steps = append(steps, event.StageChange{EventID: string(stage), Application: "app", Student: "ann", Opportunity: "job", Seq: i + 1, To: stage, At: at})
	}
	if err := a.engine.Producer().StageChanges(ctx, steps); err != nil {
		t.Fatal(err)
	}
	why := func() string {
		out, err := a.ops(ctx, t, "rules", "explain", "campus/offer-received", "--student=ann", "--application=app")
		if err != nil {
			return err.Error()
		}
		return out
	}
	service.until("it was told", func() bool { return strings.Contains(why(), "last: sent to ann\n") })
	for _, want := range []string{"its condition is true\n", "app.stage = offer_extended\n", "app.stage is offer_extended; would end with "} {
		if got := why(); !strings.Contains(got, want) {
			t.Errorf("no %q in\n%s", want, got)
		}
	}
	if out, err := a.ops(ctx, t, "rules", "explain", "campus/offer-received", "--student=ann", "--application=other"); err == nil || !strings.Contains(err.Error(), "no such application") {
		t.Errorf("of another: %v\n%s", err, out)
	}
	if out, err := a.ops(ctx, t, "rules", "explain", "campus/offer-received"); err != nil || !strings.Contains(out, "scope application, on [stage-changes evaluations messages]") {
		t.Errorf("of the rule: %v\n%s", err, out)
	}
}
