package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"tideline/engine/command"
	"tideline/engine/event"
	shipped "tideline/rulesets/campus"
	"tideline/streams"
)

// probeRules is in force beside the shipped rules. Nothing holds its firings
// back, no digest, no budget, no quiet hours: what is measured is the way.
const probeRules = `apiVersion: tideline/v1
ruleset: probing
rules:
  - id: probe
    audience: student
    on: [opportunities, profiles]
    when: opp.bucket == "jobs" && opp.kind == "probe" && match.overlap >= 0.75
    once_per: [student.id, opp.id]
    notify: {category: jobs, priority: high, template: job-match, channels: [inapp]}
`

// inboxed is the way of an event that makes a rule fire from the producer to the
// recipient's inbox in Redis, under load, through everything that tideline serve
// runs. It is held against the same bare round trip as the feeds. The way does not
// lead through MongoDB: it is away, so that it takes nothing from the processors.
func (l *lab) inboxed() row {
	// Nobody listens on the port that no service is given.
	return l.inboxRow("event to inbox, p99 at 1000 events/s", "--mongo.uri", "mongodb://127.0.0.1:1")
}

// inboxedBeside is the same with the embedded MongoDB, which keeps every job and
// every notification of the load on the same processors.
func (l *lab) inboxedBeside() row {
	return l.inboxRow("the same, the embedded MongoDB beside it")
}

func (l *lab) inboxRow(name string, flags ...string) row {
	r := &inboxRun{lab: l, flags: flags}
	return row{
		name: name, unit: "ms", against: "bare Kafka round trip, p99", shown: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			if err := r.open(ctx, server); err != nil {
				r.close()
				return nil, nil, err
			}
			return func() (sample, error) { return r.sample(ctx) }, r.close, nil
		},
		note: func() string { return r.summary },
	}
}

type inboxRun struct {
	lab     *lab
	flags   []string // of serve, beside those that every process has
	kafka   streams.Config
	metrics string // where the process serves them
	probing probing
	summary string
	closers []func()
}

func (r *inboxRun) defers(f func()) { r.closers = append(r.closers, f) }

func (r *inboxRun) close() {
	for i := range r.closers {
		r.closers[len(r.closers)-1-i]()
	}
}

// open starts a broker and all of tideline serve, with the shipped rules and
// those of the probes in force, and loads the campus.
func (r *inboxRun) open(ctx context.Context, server *redisServer) error {
	source, err := shipped.FS.ReadFile("campus.yaml")
	if err != nil {
		return fmt.Errorf("read the shipped rules: %w", err)
	}
	kafka, stop, err := startKafka(ctx)
	if err != nil {
		return err
	}
	r.defers(stop)
	r.kafka = kafka
	producer, err := streams.NewProducer(kafka, studentPartitions, troubles())
	if err != nil {
		return err
	}
	r.defers(producer.Close)
	if err := r.serve(ctx, server); err != nil {
		return err
	}
	for name, source := range map[string]string{"campus": string(source), "probing": probeRules} {
		digest := fmt.Sprintf("%x", sha256.Sum256([]byte(source)))
		if err := producer.PutRuleset(ctx, event.Activation{Name: name, Version: 1, Digest: digest, Source: source, By: "bench", At: benchNow}); err != nil {
			return fmt.Errorf("put rules in force: %w", err)
		}
	}
	if err := r.await(ctx, `tideline_rulesets_info{digest="[^"]*",ruleset="campus",[^}]*} 1`, `tideline_rulesets_info{digest="[^"]*",ruleset="probing",[^}]*} 1`); err != nil {
		return fmt.Errorf("wait for the rules: %w", err)
	}
	load, records := newLoad(r.lab.seed, inboxProbe)
	for i := range probers {
		records = append(records, streams.Opportunity(probeJob(wantedJob(i), probers+i, benchNow)))
	}
	if err := producer.Send(ctx, records...); err != nil {
		return fmt.Errorf("load the campus: %w", err)
	}
	r.probing = probing{redis: server, producer: producer, load: load, span: r.lab.span}
	if err := r.await(ctx, fmt.Sprintf(`tideline_engine_students %d`, visibleStudents+probers)); err != nil {
		return fmt.Errorf("wait for the campus: %w", err)
	}
	return nil
}

// serve runs the process as its main function does, but for the signals.
func (r *inboxRun) serve(ctx context.Context, server *redisServer) error {
	dir, err := os.MkdirTemp("", "tideline-bench-serve-")
	if err != nil {
		return fmt.Errorf("make a directory for tideline serve: %w", err)
	}
	r.defers(func() { _ = os.RemoveAll(dir) })
	serve := command.New()
	serve.SetArgs(append([]string{
		"serve", "--data_dir", dir, "--rulesets.dir", dir, "--instance", "bench", "--log.level", "error",
		"--kafka.brokers", strings.Join(r.kafka.Brokers, ","), "--redis.addrs", server.addr,
		"--http.addr", "127.0.0.1:0", "--admin.addr", "127.0.0.1:0",
	}, r.flags...))
	read, write := io.Pipe()
	serve.SetOut(write)
	ctx, cancel := context.WithCancel(ctx)
	var serving sync.WaitGroup
	serving.Go(func() { write.CloseWithError(errors.Join(serve.ExecuteContext(ctx), io.EOF)) })
	r.defers(func() { cancel(); serving.Wait() })
	if r.metrics, err = metricsAddress(read); err != nil {
		return fmt.Errorf("start tideline serve: %w", err)
	}
	go func() { _, _ = io.Copy(io.Discard, read) }() // ends with serve
	return nil
}

var metricsLine = regexp.MustCompile(`metrics +(http://\S+)`)

// metricsAddress reads what a process says when it serves, up to where its metrics are.
func metricsAddress(out io.Reader) (string, error) {
	var said bytes.Buffer
	for chunk := make([]byte, 1024); ; {
		n, err := out.Read(chunk)
		said.Write(chunk[:n])
		if found := metricsLine.FindSubmatch(said.Bytes()); found != nil {
			return string(found[1]), nil
		}
		if err != nil {
			return "", fmt.Errorf("it ended after saying %q: %w", said.String(), err)
		}
	}
}

// await waits until the metrics of the process say all that is asked for.
func (r *inboxRun) await(ctx context.Context, patterns ...string) error {
	var failed error
	err := until(ctx, 2*time.Minute, func() bool {
		var said []byte
		if said, failed = get(ctx, r.metrics); failed != nil {
			return true
		}
		for _, p := range patterns {
			if !regexp.MustCompile(`(?m)^` + p + `$`).Match(said) {
				return false
			}
		}
		return true
	})
	return errors.Join(err, failed)
}

func get(ctx context.Context, url string) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	return io.ReadAll(response.Body)
}

func (r *inboxRun) sample(ctx context.Context) (s sample, err error) {
	bare, err := roundTrips(ctx, r.kafka.Brokers, visibleRate, r.lab.span)
	if err != nil {
		return sample{}, fmt.Errorf("bare round trip: %w", err)
	}
	seen, err := r.probing.run(ctx)
	if err != nil {
		return sample{}, err
	}
	s, r.summary = against(seen, bare)
	return s, nil
}

func wantedJob(i int) string { return fmt.Sprint("wanted", i) }

// inboxProbe is in turn a job that one student waits for, and a new student who
// fits a job that is there: the rule tells either student.
func inboxProbe(serial int, now time.Time) (streams.Record, *probe) {
	i := serial % probers
	if serial%2 == 0 {
		job := fmt.Sprint("probe", serial)
		return streams.Opportunity(probeJob(job, i, now)), itemProbe(proberID(i), job)
	}
	student := fmt.Sprint("seeker", serial)
	return streams.Profile(prober(student, probers+i)), itemProbe(student, wantedJob(i))
}

// itemProbe is the item that tells a student of a job.
func itemProbe(student, job string) *probe {
	id := event.NotificationID(event.NotificationKey("probing/probe", student, []string{student, job}), 0, 0)
	return &probe{
		what: "the inbox of " + student + " and " + job,
		key:  fmt.Sprintf("inbox:{p%03d}:%s", event.Partition(student, studentPartitions), student), member: fmt.Sprint(uint64(event.MemberOf(id))),
	}
}
