package api

import (
	"strings"
	"testing"

	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

func explainedWorld(t *testing.T) *world {
	w := newWorld(t)
	w.inForce(testRules, 1)
	w.apply("j1", new(job("j1")))
	w.views["sam"] = event.View{Profile: event.Profile{
		ID: "sam", Skills: []event.Skill{{Name: "go", Level: 4}}, Gaps: []event.Gap{{Skill: "sql", Severity: 0.9}, {Skill: "git", Severity: 0.1}},
	}}
	return w
}

func TestAPairRuleIsExplained(t *testing.T) {
	w := explainedWorld(t)
	sam := w.token(Student, "sam")
	key := event.NotificationKey("test/fits", "sam", []string{"sam", "j1"})
	w.notify.decisions["sam/"+key] = event.Decision{Key: key, Outcome: event.Suppressed, Reason: event.ByBudget}
	got := get[ruleReason](w, "/explain?rule=test/fits&opportunity=j1", sam)
	if got.Rule != "test/fits" || got.Digest != digestOf(testRules) || got.Fires || !got.Eligible || got.Gate != match.NoGate || got.Recipient != "sam" || got.Key != key {
		t.Errorf("%+v", got)
	}
	c := got.Conjuncts
	if len(c) != 2 || c[0].Truth != rulesets.True || c[1].Truth != rulesets.False || c[1].Values["match.overlap"] != "0.6667" || c[1].Line != 7 {
		t.Errorf("%+v", c)
	}
	if got.Flip == nil || got.Flip.Field != "match.overlap" || got.Flip.Want != "0.75" {
		t.Errorf("%+v", got.Flip)
	}
	if got.Last == nil || got.Last.Reason != event.ByBudget || got.Explanation == nil || got.Explanation.Missing[0].Skill != "sql" {
		t.Errorf("%+v, %+v", got.Last, got.Explanation)
	}
	w.views["sam"].Profile.Skills[0].Level = 5
	o := job("j1")
	o.Skills = o.Skills[:1]
	w.apply("j1", &o)
	if got := get[ruleReason](w, "/explain?rule=fits&opportunity=j1&student=sam", w.token(Ops, "olga")); !got.Fires {
		t.Errorf("%+v", got)
	}
	o.Status = event.Closed
	w.apply("j1", &o)
	if got := get[ruleReason](w, "/explain?rule=fits&opportunity=j1", sam); got.Fires || got.Eligible || got.Gate != match.ClosedGate {
		t.Errorf("%+v", got)
	}
}

func TestAGapRuleIsExplained(t *testing.T) {
	w := explainedWorld(t)
	sam := w.token(Student, "sam")
	if got := get[ruleReason](w, "/explain?rule=lacks&gap=sql", sam); got.Unrecorded != "Nothing is decided about it: it was true already when the rule came into force." || !got.Fires || got.Flip == nil || got.Conjuncts[0].Values["gap.severity"] != "0.9" || got.Last != nil {
		t.Errorf("%+v", got)
	}
	if got := get[ruleReason](w, "/explain?rule=lacks&gap=git", sam); got.Fires || got.Flip.Text == "" {
		t.Errorf("%+v", got)
	}
	for path, status := range map[string]int{
		"?rule=lacks&gap=cobol": 404, "?rule=lacks": 404, "?rule=none": 404, "": 400, "?rule=fits": 400, "?rule=fits&opportunity=none": 404,
	} {
		w.do("GET", "/explain"+path, sam, "").problem(t, status)
	}
	w.do("GET", "/explain?rule=fits&opportunity=j1&student=unknown", w.token(Ops, "olga"), "").problem(t, 404)
	loading := explainedWorld(t)
	loading.ready = false
	loading.do("GET", "/explain?rule=fits&opportunity=loading", sam, "").problem(t, 503)
}

func TestAStudentIsNotToldWhoRecruits(t *testing.T) {
	w := explainedWorld(t)
	key := event.NotificationKey("test/tops", "rita", []string{"sam", "j1"})
	w.notify.decisions["rita/"+key] = event.Decision{Key: key, Outcome: event.Sent}
	whole := get[ruleReason](w, "/explain?rule=tops&opportunity=j1&student=sam", w.token(Ops, "olga"))
	if whole.Recipient != "rita" || whole.Conjuncts[0].Values[recruiterField] != "rita" || whole.Last == nil {
		t.Errorf("ops: %+v", whole)
	}
	a := w.do("GET", "/explain?rule=tops&opportunity=j1", w.token(Student, "sam"), "")
	own := decoded[ruleReason](w, a, 200)
	if own.Recipient != "" || own.Key != "" || own.Last != nil || own.Conjuncts[0].Values[recruiterField] != "hidden" || !own.Fires {
		t.Errorf("student: %s", a.body)
	}
	if strings.Contains(a.body, "rita") {
		t.Errorf("it names the recruiter: %s", a.body)
	}
}

func TestARuleAboutApplicationsIsExplained(t *testing.T) {
	applied := func() *world {
		w := explainedWorld(t)
		view := w.views["sam"]
		view.Applications = map[string]event.Application{
			"a1": {ID: "a1", Student: "sam", Opportunity: "j1", Stage: event.Shortlisted, StageSeq: 2},
			"a2": {ID: "a2", Student: "sam", Opportunity: "gone", Stage: event.Shortlisted, StageSeq: 2},
			"a3": {ID: "a3", Student: "sam", Opportunity: "gone", Stage: event.Applied, StageSeq: 1},
		}
		w.views["sam"] = view
		return w
	}
	w := applied()
	sam, olga := w.token(Student, "sam"), w.token(Ops, "olga")
	key := event.NotificationKey("test/stuck", "rita", []string{"a1", "2"})
	w.notify.decisions["rita/"+key] = event.Decision{Key: key, Outcome: event.Suppressed, Reason: event.BySilence}
	for _, named := range []string{"application=a1", "opportunity=j1", "application=a1&opportunity=j1"} {
		got := get[ruleReason](w, "/explain?rule=test/stuck&student=sam&"+named, olga)
		c := got.Conjuncts
		if !got.Fires || !got.Eligible || got.Recipient != "rita" || got.Key != key || got.Last == nil || got.Last.Reason != event.BySilence {
			t.Errorf("%s: %+v", named, got)
		}
		if len(c) != 2 || c[0].Truth != rulesets.True || c[0].Values["app.stage"] != "shortlisted" || c[1].Values["opp.skills"] == "unknown" {
			t.Errorf("%s: %+v", named, c)
		}
		if got.Flip == nil || got.Flip.Field != "app.stage" || got.Flip.Have != "shortlisted" {
			t.Errorf("%s: %+v", named, got.Flip)
		}
	}
	if got := get[ruleReason](w, "/explain?rule=stuck&student=sam&application=a2", olga); got.Fires || got.Recipient != "" || got.Conjuncts[1].Truth != rulesets.Unknown {
		t.Errorf("of a job that is no more: %+v", got)
	}
	if own := get[ruleReason](w, "/explain?rule=stuck&application=a1", sam); own.Recipient != "" || own.Last != nil || !own.Fires {
		t.Errorf("the student: %+v", own)
	}
	for query, status := range map[string]int{
		"": 400, "&opportunity=gone": 400, "&application=none": 404, "&application=a1&opportunity=gone": 404, "&opportunity=none": 404,
	} {
		w.do("GET", "/explain?rule=stuck"+query, sam, "").problem(t, status)
	}
	loading := applied()
	loading.ready = false
	loading.do("GET", "/explain?rule=stuck&application=a2", sam, "").problem(t, 503)
}

// What waits is no record yet; whoever asks is told that it may be so.
func TestWhatIsNotDecidedIsExplained(t *testing.T) {
	w := explainedWorld(t)
	source := strings.Replace(testRules, "template: job-match, channels: [inapp]", "template: job-match, channels: [inapp], digest: {window: 6h, max: 5}", 1)
	source = strings.Replace(source, "match.overlap >= 0.75\n", "match.overlap >= 0.5\n    held_for: 1d\n", 1)
	w.inForce(source, 2)
	sam := w.token(Student, "sam")
	got := get[ruleReason](w, "/explain?rule=fits&opportunity=j1", sam)
	if got.Unrecorded != "Nothing is decided about it: it waits for the rule's next digest, which comes 6h0m0s after the last, "+
		"or it has not been true for 24h0m0s yet, or it was true already when the rule came into force." {
		t.Errorf("it says %q", got.Unrecorded)
	}
	w.notify.decisions["sam/"+got.Key] = event.Decision{Key: got.Key, Outcome: event.Sent}
	if got := get[ruleReason](w, "/explain?rule=fits&opportunity=j1", sam); got.Unrecorded != "" || got.Last == nil {
		t.Errorf("what was sent is said to be undecided: %+v", got)
	}
}
