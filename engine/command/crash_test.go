//go:build crash

package command

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"golang.org/x/time/rate"

	"tideline/engine/config"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/streams"
)

// How often the process is killed, with a Redis that survives it and with one
// that forgets everything.
const (
	rounds         = 20
	embeddedRounds = 5
)

// victimPartitions is the number of student partitions.
const victimPartitions = 8

// loadRate is how many events a second are published while it runs. A broker
// beside the process would take many times as many, and each start has them all
// to read again.
const loadRate = 2000

// victim is a Tideline process that will be killed.
type victim struct {
	t         *testing.T
	binary    string
	dir       string
	args      []string
	verifying []string // further arguments of verify
	api       string
	cmd       *exec.Cmd
}

func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	return l.Addr().String()
}

// realRedis starts a Redis that survives the process; without one on this machine the test is skipped.
func realRedis(t *testing.T) string {
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("no redis-server on the PATH")
	}
	addr := freeAddr(t)
	_, port, _ := net.SplitHostPort(addr)
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--zset-max-listpack-entries", "256", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return addr
}

func (v *victim) start() {
	v.cmd = exec.Command(v.binary, append([]string{"serve"}, v.args...)...)
	log, err := os.OpenFile(filepath.Join(v.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		v.t.Fatal(err)
	}
	defer log.Close()
	v.cmd.Stderr = log
	if err := v.cmd.Start(); err != nil {
		v.t.Fatal(err)
	}
	deadline := time.Now().Add(time.Minute)
	for !v.ready() {
		if time.Now().After(deadline) {
			_ = v.cmd.Process.Signal(syscall.SIGQUIT) // it writes down where it stands
			_ = v.cmd.Wait()
			v.t.Fatalf("not ready in time; its log:\n%s", v.log())
		}
		time.Sleep(20 * time.Millisecond) // another process: nothing to wait on but its answer
	}
	v.ruled()
}

// log is the end of what the processes have logged.
func (v *victim) log() []byte {
	all, _ := os.ReadFile(filepath.Join(v.dir, "log"))
	return all[max(0, len(all)-3_000_000):]
}

func (v *victim) ready() bool {
	resp, err := http.Get("http://" + v.api + "/readyz")
	if err != nil {
		return false
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode == http.StatusOK
}

// kill ends the process, unless it was never started or has been stopped; it must
// not have ended by itself, of a panic say.
func (v *victim) kill() {
	if v.cmd == nil {
		return
	}
	_ = v.cmd.Process.Kill()
	died := v.cmd.Wait()
	status, known := v.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if !known || !status.Signaled() || status.Signal() != syscall.SIGKILL {
		v.t.Fatalf("it ended before it was killed: %v; its log:\n%s", died, v.log())
	}
}

// verify compares feeds, rules and notifications with the oracle once the process has caught up: on a
// busy machine the load of seconds may take minutes to work off.
func (v *victim) verify() {
	v.caughtUp()
	out, err := exec.Command(v.binary, slices.Concat([]string{"verify", "--patience", "60s"}, v.verifying, v.args)...).CombinedOutput()
	if err != nil {
		v.t.Fatalf("verify: %v\n%s", err, out)
	}
	if !slices.Contains(v.verifying, "--rules=false") && !bytes.Contains(out, []byte(" firings, ")) {
		v.t.Fatalf("verify has not looked at the rules:\n%s", out)
	}
	v.t.Logf("%s", out[max(0, len(out)-200):])
}

func (v *victim) caughtUp() {
	reader, err := streams.NewLagReader(streams.Config{Brokers: v.brokers(), Group: config.Default().Kafka.Group}, nil, quietly)
	if err != nil {
		v.t.Fatal(err)
	}
	defer reader.Close()
	for deadline := time.Now().Add(10 * time.Minute); ; time.Sleep(100 * time.Millisecond) { // another process: it has to be asked
		behind, err := reader.Behind(v.t.Context())
		if err == nil && behind == 0 {
			return
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("it does not catch up: %d, %v", behind, err)
		}
	}
}

// ruled waits until the shipped rules are in force in every partition: what is
// there before them, they adopt.
func (v *victim) ruled() {
	kafka := streams.Config{Brokers: v.brokers(), Group: config.Default().Kafka.Group}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) { // another process: it has to be asked
		in := map[int32]bool{}
		err := streams.ReadLog(v.t.Context(), kafka, quietly, streams.State, func(record streams.Input) error {
			if string(record.Key) == "\x1fruleset\x1fcampus" {
				in[record.Partition] = true
			}
			return nil
		})
		if err == nil && len(in) == victimPartitions {
			return
		}
		if time.Now().After(deadline) {
			v.t.Fatalf("the rules are in force in %d partitions: %v; its log:\n%s", len(in), err, v.log())
		}
	}
}

// howOften is the number of rounds, unless the environment names another.
func howOften(t *testing.T, rounds int) int {
	return fromEnvironment(t, "TIDELINE_TEST_ROUNDS", rounds)
}

// fromEnvironment is a number that the environment may set.
func fromEnvironment(t *testing.T, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}

var quietly = slog.New(slog.DiscardHandler)

func (v *victim) brokers() []string {
	b, err := findBackend(config.Config{DataDir: v.dir})
	if err != nil {
		v.t.Fatal(err)
	}
	return b.Brokers
}

// disturb publishes random events until ctx ends.
func (v *victim) disturb(ctx context.Context, r *rand.Rand, campus *season) error {
	b, err := findBackend(config.Config{DataDir: v.dir})
	if err != nil {
		return err
	}
	producer, err := streams.NewProducer(streams.Config{Brokers: b.Brokers}, victimPartitions, quietly)
	if err != nil {
		return err
	}
	// A record that may have reached the dead broker would be tried for ever.
	defer context.AfterFunc(ctx, producer.Close)()
	limit := rate.NewLimiter(loadRate, 100)
	for {
		n := 1 + r.IntN(40)
		if limit.WaitN(ctx, n) != nil {
			return nil
		}
		var records []streams.Record
		for range n {
			records = append(records, campus.next(r))
		}
		_ = producer.Send(ctx, records...) // fails when the process is killed, as it should
	}
}

// season is what may happen on a small campus.
type season struct {
	students      []event.Profile
	opportunities []event.Opportunity
	serial        int
}

func newSeason() *season {
	campus := demo.New(1, demo.Sizes{Students: 250, Opportunities: 700}, time.Now(), demo.Skills[:40])
	s := &season{}
	for p := range campus.Students() {
		s.students = append(s.students, p)
	}
	for o := range campus.Opportunities() {
		s.opportunities = append(s.opportunities, o)
	}
	return s
}

func (s *season) next(r *rand.Rand) streams.Record {
	o := s.opportunities[r.IntN(len(s.opportunities))]
	p := s.students[r.IntN(len(s.students))]
	kind := r.IntN(20)
	if kind < 3 && steady(o.ID) {
		kind = 19 // it is only written again
	}
	switch kind {
	case 0:
		return streams.NoOpportunity(o.ID)
	case 1:
		o.Status = event.Closed
	case 2:
		o.Skills = o.Skills[:1]
	case 3, 4, 5:
		p.Skills = p.Skills[:1+r.IntN(len(p.Skills))]
		return streams.Profile(p)
	case 10:
		return streams.NoProfile(p.ID)
	case 6, 7, 8, 9:
		s.serial++
		kinds := []event.SignalKind{event.Save, event.Ignore, event.Unignore, event.Unsave, event.ApplyClick, event.Impression}
		return streams.Signal(event.Signal{
			ID: fmt.Sprint("x", s.serial), Student: p.ID, Kind: kinds[r.IntN(len(kinds))], Opportunity: o.ID, At: time.Now().UTC(),
			Features: match.Features(o, skills.Normalize),
		})
	}
	return streams.Opportunity(o)
}

// steady says whether an opportunity stays as it is, so that there are pairs of
// which the oracle knows without doubt what they must have made fire.
func steady(id string) bool { return xxhash.Sum64String(id)%3 > 0 }

// newVictim builds the program and says how it is to be run.
func newVictim(t *testing.T) *victim {
	v := &victim{t: t, binary: filepath.Join(t.TempDir(), "tideline")}
	if out, err := exec.Command("go", "build", "-o", v.binary, "tideline").CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	v.args = []string{"--tick", "1s", "--batch.max_entries", "500", "--partitions", strconv.Itoa(victimPartitions)}
	if addrs := os.Getenv("TIDELINE_TEST_BROKERS"); addrs != "" { // without topics of ours
		v.args = append(v.args, "--kafka.brokers", addrs)
	}
	return v.another()
}

// another is a process of the same installation, with a place of its own.
func (v *victim) another() *victim {
	w := &victim{t: v.t, binary: v.binary, dir: v.t.TempDir(), api: freeAddr(v.t)}
	w.args = append(slices.Clone(v.args), "--data_dir", w.dir, "--http.addr", w.api, "--admin.addr", freeAddr(v.t))
	v.t.Cleanup(w.kill)
	return w
}

// under publishes random events while do runs.
func (v *victim) under(r *rand.Rand, campus *season, do func()) {
	load, stop := context.WithCancel(v.t.Context())
	done := make(chan error, 1)
	go func() { done <- v.disturb(load, r, campus) }()
	do()
	stop()
	if err := <-done; err != nil {
		v.t.Fatalf("publish: %v", err)
	}
}

func newRandom() *rand.Rand { return rand.New(rand.NewPCG(uint64(time.Now().UnixNano()), 0)) }

// onRealRedis lets the process use a Redis that survives it.
func (v *victim) onRealRedis() *victim {
	if addr := realRedis(v.t); addr != "" {
		v.args = append(v.args, "--redis.addrs", addr)
	}
	return v
}

// survive kills the process again and again under load, and compares what it
// makes of it after each restart.
func (v *victim) survive(rounds int) {
	r, campus := newRandom(), newSeason()
	for round := range rounds {
		v.start()
		if round == 0 {
			v.ruled()
			time.Sleep(1100 * time.Millisecond) // what is written in the same second, the oracle says nothing about
		} else {
			v.verify()
		}
		v.under(r, campus, func() {
			time.Sleep(time.Duration(200+rand.IntN(1800)) * time.Millisecond) // the kill comes at any moment
			v.kill()
		})
		v.t.Logf("round %d", round+1)
	}
	v.start()
	v.verify()
}

func TestCrashUnderLoadLosesNothing(t *testing.T) {
	newVictim(t).onRealRedis().survive(howOften(t, rounds))
}

func TestCrashThatEmptiesRedisLosesNothing(t *testing.T) {
	newVictim(t).survive(howOften(t, embeddedRounds))
}
