package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/event"
)

func TestBodiesThatAreNotValidSayWhere(t *testing.T) {
	w := newWorld(t)
	const ok = `"bucket":"jobs","title":"x","posted_at":"2026-05-01"`
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"PUT", "/opportunities/o1", `{`, 400, "body malformed_json"},
		{"PUT", "/opportunities/o1", ``, 400, "body malformed_json"},
		{"PUT", "/opportunities/o1", `[]`, 422, "body wrong_type"},
		{"PUT", "/opportunities/o1", `{` + ok + `,"skills":[{"name":"a"},{"name":"b"},{"name":"c"},{"name":"d","level":9}]}`, 422, "body.skills[3].level out_of_range"},
		{"PUT", "/opportunities/o1", `{"title":"x"}`, 422, "body.posted_at missing,body.bucket missing"},
		{"PUT", "/opportunities/o1", `{"id":"o2",` + ok + `}`, 422, "body.id key_mismatch"},
		{"PUT", "/opportunities/o1", `{"id":7,` + ok + `}`, 422, "body.id wrong_type"},
		{"PUT", "/opportunities/o1", `{"bucket":"jobs","title":"x","posted_at":"2026-06-01"}`, 422, "body.posted_at bad_date"},
		{"PUT", "/opportunities/" + strings.Repeat("x", 129), `{` + ok + `}`, 422, "path.opportunity unknown_value"},
		{"PUT", "/opportunities/a%00b", `{` + ok + `}`, 422, "path.opportunity unknown_value"},
		{"PUT", "/profiles/s1", `{"skills":"go"}`, 422, "body.skills wrong_type"},
		{"PUT", "/profiles/s1", `{"id":"s2"}`, 422, "body.id key_mismatch"},
		{"PUT", "/profiles/s1", `not json`, 400, "body malformed_json"},
		{"POST", "/signals", `{`, 400, "body malformed_json"},
		{"POST", "/signals", `[]`, 422, "body wrong_type"},
		{"POST", "/signals", `{"signals":5}`, 422, "body.signals wrong_type"},
		{"POST", "/signals", `{}`, 422, "body.signals missing"},
		{"POST", "/signals", `{"signals":[` + strings.Repeat(`{},`, 100) + `{}]}`, 422, "body.signals too_many"},
	} {
		p := w.do(c.method, c.path, w.token(Service, "platform"), c.body).problem(t, c.status)
		if got := strings.Join(p.locations(), ","); got != c.want {
			t.Errorf("%s %.40s %.80s: %s, want %s", c.method, c.path, c.body, got, c.want)
		}
	}
	if len(w.published) > 0 {
		t.Errorf("published %v", w.published)
	}
}

func TestPositionsAreThoseOfTheBody(t *testing.T) {
	w := newWorld(t)
	p := w.do("PUT", "/profiles/a-rather-long-id", w.token(Ops, "o"), `{"skills":"go"}`).problem(t, 422)
	if !strings.Contains(p.Errors[0].Message, "at byte 14") {
		t.Errorf("%v", p.Errors)
	}
}

func TestTheIDComesFromThePathOrAgreesWithIt(t *testing.T) {
	w := newWorld(t)
	for _, body := range []string{`{}`, ` { } `, `{"name":"Sam"}`, "{\"name\":\"Sam\"}\n", `{"id":null}`, `{"id":"s/1 ü"}`, `{"unknown":{"id":"x"}}`} {
		w.published = nil
		if a := w.do("PUT", "/profiles/s%2F1%20%C3%BC", w.token(Ops, "o"), body); a.status != 202 || !slices.Equal(w.published, []string{"put profile s/1 ü"}) {
			t.Errorf("%s: %d %s, published %v", body, a.status, a.body, w.published)
		}
	}
}

func TestIDsMayHoldAnythingPrintable(t *testing.T) {
	w := newWorld(t)
	for path, id := range map[string]string{
		"greenhouse:acme-labs%2F42.1%20x": "greenhouse:acme-labs/42.1 x", "100%25": "100%", "a+b": "a+b", "%C3%BCber": "über", "why": "why",
	} {
		o := job(id)
		w.apply(id, &o)
		if got := get[event.Opportunity](w, "/opportunities/"+path, w.token(Student, "sam")); got.ID != id || got.Description == "" {
			t.Errorf("%s: %+v", path, got)
		}
		w.views["sam"] = event.View{}
		w.feed("sam", id)
		if r := get[reason](w, "/recommendations/jobs/"+path+"/why", w.token(Student, "sam")); !r.InFeed {
			t.Errorf("%s: %+v", path, r)
		}
	}
}

func TestTroubleOfTheTopicsIs503(t *testing.T) {
	w := matrixWorld(t)
	w.refuse = errors.New("broker kafka-3.internal is away")
	for _, c := range matrix {
		if c.svc != 202 {
			continue
		}
		a := w.do(c.method, c.path, w.token(Service, "sam"), c.body)
		a.problem(t, 503)
		if a.header.Get("Retry-After") == "" || strings.Contains(a.body, "kafka-3") {
			t.Errorf("%s %s: %s", c.method, c.path, a.body)
		}
	}
}

func TestSignalsAreCompletedAndCheckedOneByOne(t *testing.T) {
	w := newWorld(t)
	w.apply("o1", new(job("o1")))
	a := w.do("POST", "/signals", w.token(Student, "sam"), `{"signals":[
		{"id":"1","kind":"save","opportunity":"o1","position":3,"propensity":0.5,"features":["forged"]},
		{"id":"2","kind":"like","opportunity":"o1"},
		{"id":"3","kind":"save","opportunity":"nothing"},
		{"id":"4","kind":"unsave","opportunity":"nothing"},
		{"id":"5","kind":"click","opportunity":"o1","at":"2026-05-09T10:00:00Z","student":"sam"},
		{"id":"6","kind":"click","opportunity":"o1","at":"2026-05-12"},
		{"id":"7","kind":"click","opportunity":"o1","at":null},
		null, 5, {"kind":"save","opportunity":"o1"}, {"id":8,"kind":"save","opportunity":"o1"}
	]}`)
	var out signalResults
	if err := json.Unmarshal([]byte(a.body), &out); err != nil || a.status != 202 {
		t.Fatalf("%d %s", a.status, a.body)
	}
	want := []string{
		"1 accepted", "2 rejected body.signals[1].kind unknown_value", "3 rejected body.signals[2].opportunity unknown_opportunity",
		"4 accepted", "5 accepted", "6 rejected body.signals[5].at bad_date", "7 accepted",
		" rejected body.signals[7] wrong_type", " rejected body.signals[8] wrong_type",
		" rejected body.signals[9].id missing", " rejected body.signals[10].id wrong_type",
	}
	var got []string
	for _, r := range out.Results {
		var line strings.Builder
		line.WriteString(r.ID + " " + r.Status)
		for _, c := range r.Errors {
			line.WriteString(" " + c.Location + " " + c.Code)
		}
		got = append(got, line.String())
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if out.Accepted != 4 || len(w.signals) != 4 {
		t.Fatalf("accepted %d, published %v", out.Accepted, w.signals)
	}
	first := w.signals[0]
	if first.Student != "sam" || !first.At.Equal(now) || first.Position != 3 || !slices.Equal(first.Features, []string{"org:umbra", "skill:go", "skill:sql"}) {
		t.Errorf("published %+v", first)
	}
	if at := w.signals[2].At; !at.Equal(time.Date(2026, 5, 9, 10, 0, 0, 0, time.UTC)) {
		t.Errorf("at %s", at)
	}
}

func TestABatchOfNothingButMistakesPublishesNothing(t *testing.T) {
	w := newWorld(t)
	if a := w.do("POST", "/signals", w.token(Student, "sam"), `{"signals":[{}]}`); a.status != 202 || len(w.published) > 0 {
		t.Errorf("%d %s, published %v", a.status, a.body, w.published)
	}
}

func TestAHundredSignalsAreOneCall(t *testing.T) {
	w := newWorld(t)
	w.apply("o1", new(job("o1")))
	var list []string
	for i := range 100 {
		list = append(list, fmt.Sprintf(`{"id":"%d","kind":"click","opportunity":"o1","student":"s%d"}`, i, i))
	}
	w.do("POST", "/signals", w.token(Service, "p"), `{"signals":[`+strings.Join(list, ",")+`]}`)
	if !slices.Equal(w.published, []string{"signals 100"}) {
		t.Errorf("published %v", w.published)
	}
	if a := w.do("POST", "/signals", w.token(Service, "p"), `{"signals":[{"id":"1","kind":"click","opportunity":"o1"}]}`); !strings.Contains(a.body, "body.signals[0].student") {
		t.Errorf("a service names no student: %s", a.body)
	}
}
