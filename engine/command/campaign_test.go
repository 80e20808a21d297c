//go:build !noembed

package command

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"tideline/api"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/streams"
)

// A campaign is a season of hiring by script: two organisations, forty jobs, and
// as many applications as are asked for. What happens to an application follows
// from the seed and its number alone; how the clients come in between one another
// does not. Every client notes what it was told.
type campaign struct {
	seed   uint64
	base   string // of the API
	auth   api.AuthConfig
	jobs   []campaignJob
	facts  func(context.Context, ...streams.Record) error // tells the topics what happened elsewhere
	begun  time.Time
	next   atomic.Int64 // number of the next application
	quit   chan struct{}
	tokens sync.Map

	mu     sync.Mutex
	claims map[string][]claim  // by application
	of     map[string][]string // applications by job, in the order in which they began
	counts map[string]int      // of answers, for people
	wrong  []string
}

type campaignJob struct {
	id, organisation, recruiter, source string
	own                                 []ownStep
}

type ownStep struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Stage string `json:"stage"`
	Days  int    `json:"days,omitempty"`
}

const (
	campaignJobs     = 40
	campaignStudents = 300
	ownReasons       = "Kiln" // the organisation that has reasons of its own
)

// ownSides says whose decision the reasons of that organisation are.
var ownSides = map[string]string{"too_cold": "we_declined", "too_far": "they_declined", "lost": "other"}

func newCampaign(seed uint64, base string, auth api.AuthConfig, facts func(context.Context, ...streams.Record) error) *campaign {
	c := &campaign{
		seed: seed, base: base, auth: auth, facts: facts, begun: time.Now().UTC(), quit: make(chan struct{}),
		claims: map[string][]claim{}, of: map[string][]string{}, counts: map[string]int{},
	}
	for i := range campaignJobs {
		j := campaignJob{
			id: fmt.Sprintf("job-%02d", i), organisation: []string{"Oven", ownReasons}[i%2], recruiter: fmt.Sprintf("rec-%d", i%5),
			source: []string{"greenhouse", "lever", ""}[i%3],
		}
		if i%4 == 0 {
			j.own = []ownStep{
				{"screening", "Screening", "applied", 0},
				{"call", "A call", "shortlisted", 3},
				{"panel", "The panel", "shortlisted", 0},
				{"onsite", "On site", "interview_scheduled", 0},
			}
		}
		c.jobs = append(c.jobs, j)
	}
	return c
}

// open publishes the jobs and the students, and how recruiters cut the stages up.
func (c *campaign) open(ctx context.Context) error {
	var records []streams.Record
	for i, j := range c.jobs {
		records = append(records, streams.Opportunity(event.Opportunity{
			ID: j.id, Bucket: event.Jobs, Title: "Baker of " + j.id, Organisation: j.organisation, Recruiter: j.recruiter, Source: j.source,
			Status: event.Open, PostedAt: c.begun.Add(-time.Hour).Truncate(time.Second),
			Skills: []event.RequiredSkill{{Name: demo.Skills[i%7], Level: 2, Weight: 1}, {Name: demo.Skills[i%11], Level: 3, Weight: 2}},
		}))
	}
	for p := range demo.New(c.seed, demo.Sizes{Students: campaignStudents}, c.begun, demo.Skills[:20]).Students() {
		records = append(records, streams.Profile(p))
	}
	if err := c.facts(ctx, records...); err != nil {
		return err
	}
	ops := person{api.Ops, "ops"}
	for _, j := range c.jobs {
		there := func() bool { return c.ask(ctx, ops, "GET", "/jobs/"+j.id+"/stages", "", nil).status == 200 }
		if err := await(ctx, there); err != nil {
			return fmt.Errorf("the job %s never came: %w", j.id, err)
		}
		if j.own != nil {
			if a := c.ask(ctx, ops, "PUT", "/jobs/"+j.id+"/stages", "", map[string]any{"steps": j.own}); a.status != 200 {
				return fmt.Errorf("put stages: %d %s", a.status, a.body)
			}
		}
	}
	var reasons []map[string]string
	for code, side := range ownSides {
		reasons = append(reasons, map[string]string{"code": code, "side": side, "text": "It was " + code + "."})
	}
	if a := c.ask(ctx, ops, "PUT", "/organisations/"+ownReasons+"/rejection-reasons", "", map[string]any{"reasons": reasons}); a.status != 200 {
		return fmt.Errorf("put reasons: %d %s", a.status, a.body)
	}
	return nil
}

// run lets so many clients work until there are so many applications, or quit is closed.
func (c *campaign) run(ctx context.Context, clients, applications int) {
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for {
				select {
				case <-c.quit:
					return
				default:
				}
				i := int(c.next.Add(1)) - 1
				if i >= applications || ctx.Err() != nil {
					c.next.Add(-1)
					return
				}
				c.life(ctx, i)
			}
		})
	}
	all.Wait()
}

func (c *campaign) complain(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wrong = append(c.wrong, fmt.Sprintf(format, args...))
}

// summary says what the clients were told.
func (c *campaign) summary() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprintf("%d applications; answers %v", len(c.claims), c.counts)
}

// The whole of it runs with `make season`; see campaign_season_test.go.
func TestASeasonThroughTheAPIEqualsARecomputationFromTheTopics(t *testing.T) {
	ctx, a := running(t)
	playSeason(ctx, t, a, 24)
}

func playSeason(ctx context.Context, t *testing.T, a *app, applications int) {
	t.Helper()
	c := newCampaign(2026, "http://"+a.apiAddr, a.auth, a.engine.Producer().Send)
	if err := await(ctx, a.applications.loaded.Load); err != nil {
		t.Fatal(err)
	}
	if err := c.open(ctx); err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	c.run(ctx, 24, applications)
	t.Logf("%s in %s", c.summary(), time.Since(start).Round(time.Second))
	k := campaignCheck{campaign: c, kafka: a.backend.kafka(a.config), metrics: "http://" + a.adminAddr + "/metrics"}
	if err := errors.Join(k.settle(ctx), a.scoresHold(ctx)); err != nil {
		t.Fatal(err)
	}
	t.Log(k.found)
}

// scoresHold compares feeds and scores with the oracle.
func (a *app) scoresHold(ctx context.Context) error {
	var said lastLines
	v := verifier{
		kafka: a.backend.kafka(a.config), store: a.store, partitions: a.partitions, config: a.config, log: a.log, lag: a.lag,
	}
	if err := v.run(ctx, &said, time.Minute); err != nil {
		return fmt.Errorf("%w: %s", err, said.text)
	}
	return nil
}

type lastLines struct{ text []byte }

func (l *lastLines) Write(b []byte) (int, error) {
	l.text = append(l.text, b...)
	return len(b), nil
}

// draw is where the choices of one application come from.
func (c *campaign) draw(i int) *rand.Rand { return rand.New(rand.NewPCG(c.seed, uint64(i))) }

// pair gives who applies for what in the i-th application: each pair comes once.
func (c *campaign) pair(i int) (student string, job campaignJob) {
	s, k := i%campaignStudents, i/campaignStudents
	return demo.StudentID(s), c.jobs[(s+13*k)%campaignJobs]
}

func oneOf[T any](r *rand.Rand, list ...T) T { return list[r.IntN(len(list))] }

var openStages = []string{"applied", "shortlisted", "interview_scheduled", "interview_completed", "offer_extended"}

func isOpen(stage string) bool { return slices.Contains(openStages, stage) }
