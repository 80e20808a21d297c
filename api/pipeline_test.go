package api

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

// crowd has 5 applicants of a job: a to e, each an hour later, with matches 100 to 500.
func (w *world) crowd() {
	w.job("j", "rita")
	for i, student := range []string{"a", "b", "c", "d", "e"} {
		w.card(student, i)
	}
}

func (w *world) card(student string, i int) {
	at := now.Add(time.Duration(i) * time.Hour)
	c := application.Change{Seq: 1, Kind: event.Advance, To: event.Applied, At: at, Role: application.Student}
	w.hiring.Put(board.RowOf(&application.Record{
		ID: event.ApplicationID(student, "j"), Student: student, Opportunity: "j", Organisation: "Umbra", Recruiter: "rita",
		Origin: application.Origin{Match: 100 * (i + 1)}, Path: []application.Change{c},
	}))
}

func students(c shownColumn) string {
	var list []string
	for _, card := range c.Cards {
		list = append(list, card.Student)
	}
	return strings.Join(list, "")
}

func TestAPipelineShowsCountsAndEachColumnPageByPage(t *testing.T) {
	w := newWorld(t)
	w.crowd()
	rita := w.token(Recruiter, "rita")
	whole := get[shownPipeline](w, "/jobs/j/pipeline?limit=2", rita)
	if c := whole.Columns[0]; len(whole.Columns) != len(event.Stages) || c.Column != "applied" || c.Count != 5 || students(c) != "ed" || c.NextCursor == "" {
		t.Errorf("%+v", whole)
	}
	for sort, want := range map[string]string{"recent": "ed cb a ", "match": "ed cb a ", "wait": "ab cd e "} {
		got, cursor := "", ""
		for {
			c := get[shownPipeline](w, "/jobs/j/pipeline?limit=2&column=applied&sort="+sort+cursor, rita).Columns[0]
			got += students(c) + " "
			if c.NextCursor == "" {
				break
			}
			cursor = "&cursor=" + c.NextCursor
		}
		if got != want {
			t.Errorf("by %s: %s, want %s", sort, got, want)
		}
	}
	// What comes on top between two pages does not bring others again.
	cursor := "&cursor=" + whole.Columns[0].NextCursor
	w.card("f", 9)
	if c := get[shownPipeline](w, "/jobs/j/pipeline?limit=2&column=applied"+cursor, rita).Columns[0]; students(c) != "cb" || c.Count != 6 {
		t.Errorf("%+v", c)
	}
	w.do("GET", "/jobs/j/pipeline?limit=2"+cursor, rita, "").problem(t, 422)                          // of which column?
	w.do("GET", "/jobs/j/pipeline?limit=2&column=shortlisted"+cursor, rita, "").problem(t, 400)       // of another
	w.do("GET", "/jobs/j/pipeline?limit=2&column=applied&sort=wait"+cursor, rita, "").problem(t, 400) // in another order
	for _, wrong := range []string{"sort=x", "stuck=x", "min_match=1001", "min_match=x", "column=x", "limit=0"} {
		w.do("GET", "/jobs/j/pipeline?"+wrong, rita, "").problem(t, 422)
	}
	w.hiring.loading = true
	w.do("GET", "/jobs/j/pipeline", rita, "").problem(t, 503)
}

func TestAPipelineIsFiltered(t *testing.T) {
	w := newWorld(t)
	w.crowd()
	rita := w.token(Recruiter, "rita")
	w.now = now.Add(7*24*time.Hour + time.Hour + time.Minute) // a and b have waited a week
	c := get[shownPipeline](w, "/jobs/j/pipeline?column=applied", rita).Columns[0]
	if c.Count != 5 || c.Stuck != 2 || !c.Cards[4].Stuck || c.Cards[0].Stuck || c.Cards[4].Match != 100 {
		t.Errorf("%+v", c)
	}
	for filter, want := range map[string]string{"stuck=true": "ba", "min_match=400": "ed", "stuck=true&min_match=200": "b"} {
		if c := get[shownPipeline](w, "/jobs/j/pipeline?column=applied&"+filter, rita).Columns[0]; students(c) != want || c.Count != len(want) {
			t.Errorf("%s: %+v", filter, c)
		}
	}
	w.do("PUT", "/jobs/j/stages", rita, `{"steps":[{"id":"inbox","name":"Inbox","stage":"applied"},{"id":"later","name":"Later","stage":"applied"}]}`).must(w, 200)
	for _, name := range []string{"inbox", "applied"} { // a stage means its first step
		if p := get[shownPipeline](w, "/jobs/j/pipeline?column="+name, rita); len(p.Columns) != 1 || p.Columns[0].Column != "inbox" || p.Columns[0].Count != 5 {
			t.Errorf("%s: %+v", name, p)
		}
	}
}

func TestMovesOfAJobArriveAsTheyHappen(t *testing.T) {
	w := newWorld(t)
	w.server.heartbeat = time.Hour
	w.job("j", "rita")
	w.job("other", "rita")
	address, _ := w.listen()
	sent := w.follow(address, "/jobs/j/pipeline/stream", w.token(Recruiter, "rita"), "")
	if got := next(t, sent); got != "retry: 3000" {
		t.Errorf("it begins with %s", got)
	}
	w.applied("kim", "other")
	path := w.applied("sam", "j")
	w.move(path, "shortlisted")
	for _, want := range []string{`"stage":"applied"`, `"stage":"shortlisted"`} {
		got := next(t, sent)
		for _, want := range []string{"event: move\ndata: {", want, `"student":"sam"`, `"sla":"on_time"`, `"seconds_in_stage":0`} {
			if !strings.Contains(got, want) {
				t.Errorf("want %s, got %s", want, got)
			}
		}
	}
	w.server.hub.close()
	if got, open := <-sent; open {
		t.Errorf("after the end: %s", got)
	}
}

func TestAStreamLearnsThatAStepHasBecomeUrgent(t *testing.T) {
	w := newWorld(t)
	w.server.heartbeat = time.Millisecond
	w.job("j", "rita")
	address, _ := w.listen()
	sent := w.follow(address, "/jobs/j/pipeline/stream", w.token(Recruiter, "rita"), "")
	next(t, sent)
	w.do("PUT", "/jobs/j/stages", w.token(Recruiter, "rita"), `{"steps":[{"id":"inbox","name":"Inbox","stage":"applied","days":1}]}`).must(w, 200)
	for range 2 { // after the second, the stream has read the steps anew
		next(t, sent)
	}
	c := application.Change{Seq: 1, To: event.Applied, ToStep: "inbox", At: now.Add(-25 * time.Hour), Role: application.Service}
	w.hiring.Put(board.RowOf(&application.Record{ID: "a", Student: "sam", Opportunity: "j", Path: []application.Change{c}}))
	got := next(t, sent)
	for got == ": still here" {
		got = next(t, sent)
	}
	if !strings.Contains(got, `"sla":"late"`) || !strings.Contains(got, `"stuck":true`) {
		t.Errorf("the stream sends %s", got)
	}
}

func TestAPipelineStreamShowsThatItLives(t *testing.T) {
	w := newWorld(t)
	w.server.heartbeat = time.Millisecond
	w.job("j", "rita")
	address, _ := w.listen()
	sent := w.follow(address, "/jobs/j/pipeline/stream", w.token(Recruiter, "rita"), "")
	next(t, sent)
	if got := next(t, sent); got != ": still here" {
		t.Error(got)
	}
}

func TestASlowWatcherIsToldToReadAgainAndMissesNothingAfterThat(t *testing.T) {
	w := newWorld(t)
	watch := w.hiring.Watch("j")
	for i := range 300 { // more than wait for one watcher
		w.card(fmt.Sprint("s", i), i)
	}
	r, pipe := io.Pipe()
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.server.sendMoves(bufio.NewWriter(pipe), nil, principal{role: Recruiter}, event.Opportunity{ID: "j"}, application.Pipeline{}, watch)
	}()
	var kinds []string
	for lines := bufio.NewScanner(r); lines.Scan(); {
		kind, ok := strings.CutPrefix(lines.Text(), "event: ")
		if !ok {
			continue
		}
		kinds = append(kinds, kind)
		if kind == "reset" {
			w.card("after", 400)
		} else if slices.Contains(kinds, "reset") {
			break
		}
	}
	if n := len(kinds); n < 3 || kinds[n-2] != "reset" || kinds[n-1] != "move" {
		t.Errorf("sent %q", kinds)
	}
	_ = r.Close() // of a pipe, which never fails
	w.server.hub.close()
	<-ended
}

func BenchmarkPipelineOfTenThousand(b *testing.B) {
	w := newWorld(b)
	w.job("j", "rita")
	for i := range 10_000 {
		w.went(fmt.Sprint("s", i), "j", i%500, application.Origin{Match: i % 1000}, event.Stages[:1+i%len(event.Stages)]...)
	}
	w.now = now.Add(600 * time.Hour)
	rita := w.token(Recruiter, "rita")
	for b.Loop() {
		w.do("GET", "/jobs/j/pipeline?limit=20", rita, "").must(w, 200)
	}
}
