package api

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

// put stores a ruleset as ops, with headers.
func (w *world) put(path, body string, headers ...string) answer {
	r := httptest.NewRequest("PUT", path, strings.NewReader(body))
	r.Header.Set("Authorization", w.token(Ops, "olga"))
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return w.send(r)
}

func TestARulesetIsChangedOnlyByWhoHasReadIt(t *testing.T) {
	w := newWorld(t)
	const yaml = "application/yaml"
	w.put("/rulesets/test", testRules, "Content-Type", yaml).problem(t, 428)
	w.put("/rulesets/test", testRules, "If-Match", `"1"`).problem(t, 412)
	w.put("/rulesets/test", testRules, "If-Match", `W/"what"`).problem(t, 412)
	first := w.put("/rulesets/test?comment=begin", testRules, "If-None-Match", "*", "Content-Type", yaml)
	v := decoded[RulesetVersion](w, first, 201)
	if v.Version != 1 || v.By != "olga" || v.Comment != "begin" || v.Digest != digestOf(testRules) || !v.At.Equal(now) || first.header.Get("ETag") != `"1"` {
		t.Errorf("%+v, %s", v, first.header.Get("ETag"))
	}
	w.put("/rulesets/test", testRules, "If-None-Match", "*").problem(t, 412)
	read := w.do("GET", "/rulesets/test", w.token(Ops, "olga"), "")
	body := fmt.Sprintf(`{"source":%s,"tests":"tests: []","comment":"more"}`, quote(testRules+"# more\n"))
	v = decoded[RulesetVersion](w, w.put("/rulesets/test", body, "If-Match", read.header.Get("ETag"), "Content-Type", "application/json"), 201)
	if v.Version != 2 || v.Comment != "more" || v.Tests != "tests: []" || v.Source != testRules+"# more\n" {
		t.Errorf("%+v", v)
	}
	if len(w.published) > 0 {
		t.Errorf("storing changed what is in force: %v", w.published)
	}
	if old := get[RulesetVersion](w, "/rulesets/test?version=1", w.token(Ops, "olga")); old.Version != 1 || old.Comment != "begin" {
		t.Errorf("%+v", old)
	}
	for path, status := range map[string]int{"/rulesets/test?version=3": 404, "/rulesets/test?version=x": 422, "/rulesets/test?version=0": 422, "/rulesets/other": 404} {
		w.do("GET", path, w.token(Ops, "olga"), "").problem(t, status)
	}
}

func TestARulesetThatDoesNotCompileIsNotStored(t *testing.T) {
	w := newWorld(t)
	for body, want := range map[string]string{
		strings.Replace(testRules, "opp.bucket", "opp.bukket", 1):        "body:7:14 invalid_rule",
		strings.Replace(testRules, "ruleset: test", "ruleset: other", 1): "body key_mismatch",
		" ": "body missing",
	} {
		p := w.put("/rulesets/test", body, "If-None-Match", "*").problem(t, 422)
		if got := strings.Join(p.locations(), ","); got != want {
			t.Errorf("%s, want %s: %v", got, want, p.Errors)
		}
	}
	w.put("/rulesets/test", "[", "If-None-Match", "*", "Content-Type", "application/json").problem(t, 400)
	if len(w.notify.versions) > 0 {
		t.Errorf("stored %v", w.notify.versions)
	}
}

func TestACheckListsErrorsAndWarningsAndStoresNothing(t *testing.T) {
	w := newWorld(t)
	check := func(source string) checked {
		return decoded[checked](w, w.do("POST", "/rulesets/test/validate", w.token(Ops, "olga"), source), 200)
	}
	if got := check(testRules); !got.Valid || got.Digest != digestOf(testRules) || got.Problems == nil || len(got.Problems) != 0 {
		t.Errorf("%+v", got)
	}
	questionable := strings.Replace(testRules, `opp.bucket == "jobs" && match.overlap >= 0.75`, `opp.bucket == "jobs" && match.overlap >= 0.75 && match.overlap >= 0.0`, 1)
	if got := check(questionable); !got.Valid || len(got.Problems) != 1 || got.Problems[0].Severity != "warning" || got.Problems[0].Line != 7 {
		t.Errorf("%+v", got)
	}
	broken := strings.Replace(testRules, "opp.bucket", "opp.bukket", 1)
	if got := check(broken); got.Valid || len(got.Problems) != 1 || got.Problems[0].Rule != "fits" || got.Problems[0].Column != 14 || got.Problems[0].Excerpt == "" {
		t.Errorf("%+v", got)
	}
	if got := check(strings.Replace(testRules, "ruleset: test", "ruleset: other", 1)); got.Valid || len(got.Problems) != 1 {
		t.Errorf("another name: %+v", got)
	}
	r := httptest.NewRequest("POST", "/rulesets/test/validate", strings.NewReader(fmt.Sprintf(`{"source":%s}`, quote(testRules))))
	r.Header.Set("Authorization", w.token(Ops, "olga"))
	r.Header.Set("Content-Type", "application/json")
	if got := decoded[checked](w, w.send(r), 200); !got.Valid {
		t.Errorf("within JSON: %+v", got)
	}
	if len(w.notify.versions) > 0 || len(w.published) > 0 {
		t.Error("a check stored something")
	}
}

func TestVersionsAreListedNewestFirst(t *testing.T) {
	w := newWorld(t)
	for range 5 {
		w.keep(testRules, "")
	}
	w.inForce(testRules, 4)
	olga := w.token(Ops, "olga")
	var got []int
	for before := ""; ; {
		page := get[versionPage](w, "/rulesets/test/versions?limit=2"+before, olga)
		for _, v := range page.Versions {
			got = append(got, v.Version)
			if v.Source != "" || v.Active != (v.Version == 4) {
				t.Errorf("%+v", v)
			}
		}
		if page.NextBefore == 0 {
			break
		}
		before = fmt.Sprintf("&before=%d", page.NextBefore)
	}
	if !slices.Equal(got, []int{5, 4, 3, 2, 1}) {
		t.Errorf("%v", got)
	}
	w.do("GET", "/rulesets/test/versions?before=0", olga, "").problem(t, 422)
	list := get[rulesetList](w, "/rulesets", olga)
	if len(list.Rulesets) != 1 || list.Rulesets[0].Version != 5 || list.Rulesets[0].ActiveVersion != 4 || list.Rulesets[0].Active || list.Rulesets[0].Source != "" {
		t.Errorf("%+v", list)
	}
}

func TestAnActivationTestsFirstAndPublishesTheDigest(t *testing.T) {
	w := newWorld(t)
	w.keep(testRules, "some tests")
	olga := w.token(Ops, "olga")
	w.notify.report = TestReport{Failed: 1, Tests: []TestResult{{Name: "good", Passed: true}, {Name: "bad", Failures: []string{"told twice", "and late"}}}}
	p := w.do("POST", "/rulesets/test/activate", olga, "").problem(t, 409)
	if len(p.Errors) != 1 || p.Errors[0] != (Complaint{"bad", codeFailedTest, "told twice; and late"}) || len(w.published) > 0 {
		t.Errorf("%v, published %v", p.Errors, w.published)
	}
	w.notify.report = TestReport{}
	for body, status := range map[string]int{`{"version":9}`: 404, `{"version":-1}`: 422, `{"send":-1}`: 422, `{"send":2000000}`: 422, `[]`: 422} {
		w.do("POST", "/rulesets/test/activate", olga, body).problem(t, status)
	}
	if p := w.do("POST", "/rulesets/test/activate", olga, `{"send":2000000}`).problem(t, 422); !slices.Equal(p.locations(), []string{"body.send out_of_range"}) {
		t.Errorf("%v", p.Errors)
	}
	w.do("POST", "/rulesets/other/activate", olga, "").problem(t, 404)
	if len(w.published) > 0 {
		t.Fatalf("published %v", w.published)
	}
	got := decoded[activated](w, w.do("POST", "/rulesets/test/activate", olga, `{"send":5}`), 202)
	if got.Version != 1 || got.Digest != digestOf(testRules) {
		t.Errorf("%+v", got)
	}
	want := event.Activation{Name: "test", Version: 1, Digest: digestOf(testRules), Source: testRules, By: "olga", At: now, Send: 5}
	if a := w.notify.activations; len(a) != 1 || a[0] != want {
		t.Errorf("%+v", a)
	}
	if want := fmt.Sprintf("test test %.8s some tests", digestOf(testRules)); !slices.Contains(w.notify.rehearsed, want) {
		t.Errorf("%v", w.notify.rehearsed)
	}
}

// The version before is the one that was in force, not the one that was stored
// before: drafts are stored that are never activated.
func TestARollbackPicksWhatWasInForceBefore(t *testing.T) {
	w := newWorld(t)
	olga := w.token(Ops, "olga")
	for range 4 {
		w.keep(testRules, "")
	}
	w.do("POST", "/rulesets/test/rollback", olga, "").problem(t, 409) // nothing is in force
	for _, step := range []struct {
		how, body string
		want      int
	}{
		{"activate", `{"version":1}`, 1},
		{"activate", `{"version":4}`, 4},
		{"activate", `{"version":4}`, 4}, // once more, to tell those who match
		{"rollback", "", 1},
		{"rollback", "", 4}, // undone
		{"rollback", `{"version":2}`, 2},
	} {
		if got := decoded[activated](w, w.do("POST", "/rulesets/test/"+step.how, olga, step.body), 202); got.Version != step.want {
			t.Fatalf("%s %s went to %d, want %d", step.how, step.body, got.Version, step.want)
		}
		w.notify.active["test"] = event.RulesetRecord{Ruleset: &w.notify.activations[len(w.notify.activations)-1]}
		if step.want == 1 && step.how == "activate" {
			w.do("POST", "/rulesets/test/rollback", olga, "").problem(t, 409)
		}
	}
}

func TestSilencesNameWhatAndUntilWhen(t *testing.T) {
	w := newWorld(t)
	olga := w.token(Ops, "olga")
	for body, want := range map[string]string{
		`{"rule":"test/fits"}`: "body.until missing", `{"until":"2026-06-01T00:00:00Z"}`: "body missing", `{}`: "body.until missing,body missing",
		`{"until":"soon"}`: "body wrong_type", `[]`: "body wrong_type",
	} {
		p := w.do("PUT", "/silences/exam", olga, body).problem(t, 422)
		if got := strings.Join(p.locations(), ","); got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
	if len(w.published) > 0 {
		t.Fatalf("published %v", w.published)
	}
	decoded[accepted](w, w.do("PUT", "/silences/exam", olga, `{"ID":"other","by":"kim","student":"sam","until":"2026-06-01T00:00:00Z"}`), 202)
	until := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	if got := w.notify.silences; len(got) != 1 || got[0] != (event.Silence{ID: "exam", Student: "sam", Until: until, By: "olga", At: now}) {
		t.Errorf("%+v", got)
	}
	w.notify.active["silence/exam"] = event.RulesetRecord{Silence: &w.notify.silences[0]}
	w.notify.active["silence/over"] = event.RulesetRecord{Silence: &event.Silence{ID: "over", Until: now}}
	if got := get[rulesetList](w, "/rulesets", olga); len(got.Silences) != 1 || got.Silences[0].ID != "exam" {
		t.Errorf("%+v", got)
	}
	decoded[accepted](w, w.do("DELETE", "/silences/exam", olga, ""), 202)
	if !slices.Contains(w.published, "delete silence exam") {
		t.Errorf("published %v", w.published)
	}
}

func TestRehearsalsGetTheSourceOrTheLatestVersion(t *testing.T) {
	w := newWorld(t)
	w.keep(testRules, "stored tests")
	other := testRules + "# changed\n"
	olga := w.token(Ops, "olga")
	decoded[TestReport](w, w.do("POST", "/rulesets/test/test", olga, ""), 200)
	decoded[TestReport](w, w.do("POST", "/rulesets/test/test", olga, fmt.Sprintf(`{"source":%s,"tests":"mine"}`, quote(other))), 200)
	if got := decoded[map[string]int](w, w.do("POST", "/rulesets/test/plan", olga, ""), 200); got["after"] != 7 {
		t.Errorf("%v", got)
	}
	decoded[map[string]int](w, w.do("POST", "/rulesets/test/plan", olga, `{"days":90}`), 200)
	latest, changed := digestOf(testRules)[:8], digestOf(other)[:8]
	want := []string{"test test " + latest + " stored tests", "test test " + changed + " mine", "plan test " + latest + " 7", "plan test " + latest + " 90"}
	if !slices.Equal(w.notify.rehearsed, want) {
		t.Errorf("%q", w.notify.rehearsed)
	}
	for body, status := range map[string]int{`{"days":91}`: 422, `{"days":-1}`: 422, `{`: 400, `{"source":"rules: 7"}`: 422} {
		w.do("POST", "/rulesets/test/plan", olga, body).problem(t, status)
	}
	w.do("POST", "/rulesets/none/plan", olga, "").problem(t, 404)
}
