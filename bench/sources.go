package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime/metrics"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"tideline/engine/harvest"
	"tideline/streams"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
	"tideline/streams/sources/runner"
)

const (
	intakeBoards   = 10
	intakePostings = 1_000  // of a board, each with a text of about 5 KB
	intakeLimit    = 40_000 // postings a minute
)

// intake is the first run of ten boards and of a list that has every nth of their
// postings again, from a server of this process to the embedded stores: read,
// brought to the contract, compared, merged, published and remembered.
func (l *lab) intake(nth int) row {
	var peak uint64
	name := "intake of postings, one in ten listed twice"
	if nth == 1 {
		name = "the same, each listed twice"
	}
	return row{
		name: name, unit: "postings/min", against: "limit", bar: 1, atLeast: true, runs: 3,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server := httptest.NewServer(outside(nth))
			return func() (sample, error) {
				in, err := openIntake(ctx, server.URL, nth)
				if err != nil {
					in.close()
					return sample{}, err
				}
				defer in.close()
				var rate float64
				peak = max(peak, peakOf(func() { rate, err = in.run(ctx) }))
				return sample{rate, intakeLimit}, err
			}, server.Close, nil
		},
		note: func() string {
			return fmt.Sprintf("%d boards of %d postings of 5 KB, up to three runs at a time; server, broker and MongoDB in the same process; live heap grew by at most %d MB, stand-ins and all",
				intakeBoards, intakePostings, peak>>20)
		},
	}
}

// outside answers as boards do, /boards/N/jobs, and as a list, /list.json.
func outside(nth int) http.Handler {
	const paragraph = "&lt;p&gt;You build services in Rust with Kafka, Redis and PostgreSQL, write tests, and take part in reviews. No Java needed.&lt;/p&gt;" +
		"&lt;ul&gt;&lt;li&gt;Kubernetes is a plus&lt;/li&gt;&lt;li&gt;You like to explain what you do to others&lt;/li&gt;&lt;/ul&gt;"
	type object = map[string]any
	answers := map[string][]byte{}
	var again []object
	for b := range intakeBoards {
		var jobs []object
		for i := range intakePostings {
			id := 1_000_000*(b+1) + i
			title, firm := fmt.Sprintf("Backend Engineer %d (Go)", i), fmt.Sprint("Harbor ", b)
			jobs = append(jobs, object{
				"id": id, "title": title, "company_name": firm, "location": object{"name": "Pune, India; Remote"},
				"absolute_url": fmt.Sprintf("https://boards.greenhouse.io/harbor%d/jobs/%d", b, id), "first_published": "2026-04-17T12:08:49-04:00",
				"content": strings.Repeat(paragraph, 20),
			})
			if i%nth == 0 {
				again = append(again, object{"id": strconv.Itoa(id), "role": title, "firm": firm, "link": fmt.Sprintf("https://harbor.example/careers?gh_jid=%d&utm_source=list", id)})
			}
		}
		answers[fmt.Sprintf("/boards/harbor%d/jobs", b)], _ = json.Marshal(object{"jobs": jobs, "meta": object{"total": len(jobs)}})
	}
	answers["/list.json"], _ = json.Marshal(again)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer, ok := answers[strings.TrimPrefix(r.URL.Path, "/v1")]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(answer)
	})
}

// intakeRun is a runner on stores of its own.
type intakeRun struct {
	database
	runner   *runner.Runner
	entries  []manifest.Entry
	expected int // postings that are read
}

func openIntake(ctx context.Context, address string, nth int) (*intakeRun, error) {
	in := &intakeRun{expected: intakeBoards * (intakePostings + (intakePostings+nth-1)/nth)}
	if err := in.open(ctx, true); err != nil {
		return in, err
	}
	var err error
	if in.entries, err = intakeSources(in.dir, address); err != nil {
		return in, err
	}
	kafka := streams.Config{Brokers: in.servers.Brokers, Group: "bench", ClientID: "bench", Instance: "bench"}
	if _, err := streams.EnsureTopics(ctx, kafka, studentPartitions, studentPartitions, 1, troubles()); err != nil {
		return in, err
	}
	producer, err := streams.NewProducer(kafka, studentPartitions, troubles())
	if err != nil {
		return in, err
	}
	in.closers = append(in.closers, producer.Close)
	made := runner.Config{Entries: in.entries, Instance: "bench", Clock: fetch.SystemClock{}}
	in.runner = runner.New(made, in.store, topic{producer}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	in.closers = append(in.closers, in.runner.Close)
	return in, nil
}

// intakeSources reads the sources from a file, as the process does.
func intakeSources(dir, address string) ([]manifest.Entry, error) {
	var file strings.Builder
	file.WriteString("contact: mailto:bench@campus.example\nsources:\n")
	for b := range intakeBoards {
		fmt.Fprintf(&file, "  - {name: board-%d, kind: greenhouse, allow_private: true, pause: 1ms, with: {board: harbor%d, base_url: %q}}\n", b, b, address)
	}
	fmt.Fprintf(&file, "  - {name: list, kind: json, allow_private: true, pause: 1ms, with: {url: %q, mapping: {source: list, bucket: jobs, fields: {id: id, title: role, organisation: firm, url: link}}}}\n", address+"/list.json")
	path := filepath.Join(dir, "sources.yaml")
	if err := os.WriteFile(path, []byte(file.String()), 0o600); err != nil {
		return nil, err
	}
	return manifest.Load([]string{path})
}

// topic publishes as the process does.
type topic struct{ producer *streams.Producer }

func (t topic) Publish(ctx context.Context, changes []runner.Change) error {
	records := make([]streams.Record, len(changes))
	for i, c := range changes {
		if c.Opportunity == nil {
			return fmt.Errorf("%s was deleted", c.ID)
		}
		records[i] = streams.Opportunity(*c.Opportunity)
	}
	return t.producer.Send(ctx, records...)
}

// run runs every source once and gives postings a minute.
func (in *intakeRun) run(ctx context.Context) (float64, error) {
	var group sync.WaitGroup
	runs, fails := make([]harvest.Run, len(in.entries)), make([]error, len(in.entries))
	start := time.Now()
	for i, e := range in.entries {
		group.Go(func() { runs[i], fails[i] = in.runner.Once(ctx, e.Name, harvest.ByRequest) })
	}
	group.Wait()
	minutes := time.Since(start).Minutes()
	taken := 0
	for _, r := range runs {
		taken += r.New
		if r.Error != "" {
			fails = append(fails, fmt.Errorf("%s: %s", r.Source, r.Error))
		}
	}
	if err := errors.Join(fails...); err != nil {
		return 0, err
	}
	if taken != in.expected {
		return 0, fmt.Errorf("%d postings were taken in, want %d", taken, in.expected)
	}
	return float64(taken) / minutes, nil
}

// peakOf gives by how much the live heap grew at most while something was done.
func peakOf(do func()) uint64 {
	read := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	live := func() uint64 { metrics.Read(read); return read[0].Value.Uint64() }
	before, most := heap(), uint64(0)
	done := make(chan struct{})
	var watching sync.WaitGroup
	watching.Go(func() {
		ticker := time.NewTicker(20 * time.Millisecond)
		defer ticker.Stop()
		for {
			select {
			case <-done:
				return
			case <-ticker.C:
				most = max(most, live())
			}
		}
	})
	do()
	close(done)
	watching.Wait()
	return most - min(before, most)
}
