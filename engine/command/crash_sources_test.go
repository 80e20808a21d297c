//go:build crash

package command

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/streams"
)

// outside are a board of an applicant tracking system and a list that has every
// third of its postings too. What they list changes; their answers break off.
type outside struct {
	*httptest.Server

	mu      sync.Mutex
	random  *rand.Rand
	jobs    map[int]string // number to title
	removed map[int]bool   // ever
	next    int            // number
	trouble bool
}

const (
	firstJob = 10_000
	someJobs = 600 // of the first listing, and what each change adds: several batches of a run
)

func newOutside(t *testing.T, r *rand.Rand) *outside {
	o := &outside{random: r, jobs: map[int]string{}, removed: map[int]bool{}, next: firstJob, trouble: true}
	o.add()
	o.Server = httptest.NewServer(http.HandlerFunc(o.serve))
	t.Cleanup(o.Close)
	return o
}

func (o *outside) serve(w http.ResponseWriter, r *http.Request) {
	o.mu.Lock()
	defer o.mu.Unlock()
	answer := map[string]any{}
	var jobs, again []any
	for _, id := range slices.Sorted(maps.Keys(o.jobs)) {
		jobs = append(jobs, map[string]any{
			"id": id, "title": o.jobs[id], "company_name": "Harbor", "location": map[string]any{"name": "Pune"}, "first_published": "2026-04-01T00:00:00Z",
			"absolute_url": fmt.Sprint("https://boards.greenhouse.io/harbor/jobs/", id), "content": strings.Repeat("You write Go. ", 50),
		})
		if listedTwice(id) {
			again = append(again, map[string]any{"id": fmt.Sprint(id), "role": o.jobs[id], "link": fmt.Sprint("https://harbor.example/careers?gh_jid=", id)})
		}
	}
	answer["jobs"], answer["meta"] = jobs, map[string]any{"total": len(jobs)}
	var body []byte
	if strings.HasSuffix(r.URL.Path, "/list.json") {
		body, _ = json.Marshal(again)
	} else {
		body, _ = json.Marshal(answer)
	}
	w.Header().Set("Content-Type", "application/json")
	if kind := o.random.IntN(6); o.trouble && kind == 0 {
		w.WriteHeader(http.StatusInternalServerError)
		return
	} else if o.trouble && kind == 1 {
		w.Header().Set("Content-Length", fmt.Sprint(len(body)))
		body = body[:len(body)/2]
	}
	_, _ = w.Write(body)
}

func listedTwice(id int) bool { return id%3 == 0 }

func (o *outside) add() {
	for range someJobs {
		o.jobs[o.next] = "Engineer"
		o.next++
	}
}

// change takes postings away, half of those that came last, brings some back, and
// renames some. Every fourth stays.
func (o *outside) change() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := firstJob; id < o.next; id++ {
		if id%4 == 0 {
			continue
		}
		switch kind := o.random.IntN(20); {
		case kind == 0, kind < 10 && id >= o.next-someJobs:
			delete(o.jobs, id)
			o.removed[id] = true
		case kind == 10:
			o.jobs[id] = fmt.Sprint("Engineer of version ", o.random.IntN(5))
		}
	}
	o.add()
}

// sources writes the file that names both.
func (o *outside) sources(dir string) (string, error) {
	path := filepath.Join(dir, "sources.yaml")
	return path, os.WriteFile(path, fmt.Appendf(nil, `contact: mailto:ops@campus.example
sources:
  - {name: board, kind: greenhouse, allow_private: true, pause: 1ms, with: {board: harbor, base_url: %q}}
  - name: list
    kind: json
    allow_private: true
    robots: false
    pause: 1ms
    with: {url: %q, mapping: {source: list, bucket: jobs, fields: {id: id, title: role, url: link}}}
`, o.URL, o.URL+"/list.json"), 0o600)
}

// remote runs a command against the process.
func (v *victim) remote(args ...string) string {
	out, err := exec.Command(v.binary, append(args, v.args...)...).CombinedOutput()
	if err != nil {
		v.t.Fatalf("%v: %v\n%s", args, err, out)
	}
	return string(out)
}

// How something was said to be gone.
const (
	asClosed  = "closed"
	asDeleted = "deleted"
)

// published gives what stands on the topic, and every id that was ever said to be
// gone, and how, also those of which only that is left.
func (v *victim) published() (standing map[string]event.Opportunity, gone map[string]string) {
	standing, gone = map[string]event.Opportunity{}, map[string]string{}
	err := streams.ReadLog(v.t.Context(), streams.Config{Brokers: v.brokers(), Group: config.Default().Kafka.Group}, quietly, streams.Opportunities, func(in streams.Input) error {
		id := string(in.Key)
		if len(in.Value) == 0 {
			delete(standing, id)
			gone[id] = cmp.Or(gone[id], asDeleted)
			return nil
		}
		o, err := event.DecodeOpportunity(in.Value, time.Time{})
		if err != nil {
			return err
		}
		if standing[id] = o; o.Status == event.Closed && o.MergedInto == "" {
			gone[id] = asClosed
		}
		return nil
	})
	if err != nil {
		v.t.Fatal(err)
	}
	return standing, gone
}

// whenPublished lets the sources be read and returns when so many records have come
// of it, or after a while: answers that broke off may bring none. What is published
// last is not remembered yet then, more often than not.
func (v *victim) whenPublished(n int, read func()) {
	ctx, cancel := context.WithTimeout(v.t.Context(), 3*time.Second)
	defer cancel()
	count := func(streams.Input) error {
		if n--; n <= 0 {
			cancel()
		}
		return nil
	}
	tail, err := streams.NewTail(ctx, streams.Config{Brokers: v.brokers()}, streams.Opportunities, count, prometheus.NewRegistry(), quietly)
	if err != nil {
		v.t.Fatal(err)
	}
	defer tail.Close()
	read()
	if err := tail.Run(ctx); err != nil {
		v.t.Fatal(err)
	}
}

// compare says what students see otherwise than it is listed. A double may be deleted
// when its leader comes: the run that published it was killed before it remembered
// what it says, so nobody can say that it was merged.
func (o *outside) compare(standing map[string]event.Opportunity, gone map[string]string) (wrong []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for number := firstJob; number < o.next; number++ {
		id, double := fmt.Sprint("greenhouse:", number), fmt.Sprint("list:", number)
		title, listed := o.jobs[number]
		leader, shown := standing[id]
		shown = shown && leader.Status == event.Open
		also := shown && len(leader.Also) == 1 && leader.Also[0].ID == double
		if listed != shown || listed && (leader.Title != title || also != listedTwice(number)) {
			wrong = append(wrong, fmt.Sprintf("%s: listed %t as %q, shown %t: %+v", id, listed, title, shown, leader))
		}
		if standing[double].Status == event.Open {
			wrong = append(wrong, double+" is shown beside its leader")
		}
		if (gone[id] != "" || gone[double] == asClosed) && !o.removed[number] {
			wrong = append(wrong, fmt.Sprintf("%s was always listed, and %s; its double %s", id, gone[id], gone[double]))
		}
	}
	return wrong
}

// The process is killed among runs of two sources that list the same, whose answers
// break off: nothing is closed that was listed all the time, and in the end what is
// shown is what is listed.
func TestACrashWhileSourcesAreReadLosesNothing(t *testing.T) {
	r := newRandom()
	out := newOutside(t, r)
	v := newVictim(t)
	file, err := out.sources(v.dir)
	if err != nil {
		t.Fatal(err)
	}
	v.args = append(v.args, "--sources.files", file)
	for round := range howOften(t, 12) {
		v.start()
		v.whenPublished(r.IntN(2*someJobs), func() {
			for _, name := range []string{"board", "list"} {
				v.remote("sources", "run", name)
			}
		})
		v.kill()
		t.Logf("round %d", round+1)
		out.change()
	}
	v.start()
	out.mu.Lock()
	out.trouble = false
	out.mu.Unlock()
	for range 3 { // what was absent once, twice, and once more for what a killed run had begun
		for _, name := range []string{"board", "list"} {
			v.remote("sources", "run", name, "--wait")
		}
	}
	standing, gone := v.published()
	if wrong := out.compare(standing, gone); len(wrong) > 0 {
		t.Fatalf("%d are wrong:\n%s\nits log:\n%s", len(wrong), strings.Join(wrong[:min(len(wrong), 10)], "\n"), v.log())
	}
	t.Logf("%d stand on the topic, %d were gone at some time", len(standing), len(gone))
	v.verify()
}
