package command

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"tideline/bench/oracle"
	"tideline/engine/event"
	"tideline/streams"
	"tideline/streams/sources"
)

// asOf is when "now" is for the data sets: noon of the day of the newest recording
// of hackathons. Devpost's deadlines are noons, so some close in two days exactly.
func asOf(data string) (time.Time, error) {
	files, err := filepath.Glob(filepath.Join(data, "devpost", "*.json"))
	if err != nil || len(files) == 0 {
		return time.Time{}, fmt.Errorf("no recordings of hackathons in %s", data)
	}
	day, err := time.Parse(time.DateOnly, strings.TrimSuffix(filepath.Base(slices.Max(files)), ".json"))
	if err != nil {
		return time.Time{}, fmt.Errorf("the newest recording of hackathons: %w", err)
	}
	return day.Add(12 * time.Hour), nil
}

// recruiting gives jobs without a recruiter one per organisation: the recordings
// name none, and nobody else could be told of candidates.
type recruiting struct{ sources.Format }

func (r recruiting) Read(ctx context.Context, in io.Reader, file string, emit sources.Emit) (sources.Report, error) {
	return r.Format.Read(ctx, in, file, func(record sources.Record) error {
		if o := record.Opportunity; o != nil && o.Bucket == event.Jobs && o.Recruiter == "" {
			o.Recruiter = recruiterOf(o.Organisation)
		}
		return emit(record)
	})
}

func recruiterOf(organisation string) string {
	words := strings.Fields(strings.ToLower(organisation))
	if len(words) == 0 {
		return ""
	}
	id := "recruiter:" + strings.Join(words, "-")
	return strings.ToValidUTF8(id[:min(len(id), 128)], "")
}

// noticedBefore is how long before "now" the learning service found the gaps.
const noticedBefore = 20 * 24 * time.Hour

// learn plays the learning service, of which there is no recording: of the ten
// jobs that suit a student best, it takes the skills that they ask for and the
// student lacks. How severe that is, is the share of these jobs that ask for it.
// The two most severe are published with the profile.
func (r *realRun) learn(ctx context.Context, v verifier, now time.Time) error {
	if err := r.caughtUp(ctx); err != nil {
		return err
	}
	feeds := feedsPort{r.app.store, r.app.partitions}
	var profiles []event.Profile
	err := streams.ReadLog(ctx, v.kafka, v.log, streams.Profiles, func(in streams.Input) error {
		p, err := event.DecodeProfile(in.Value)
		profiles = append(profiles, p)
		return err
	})
	if err != nil {
		return err
	}
	var records []streams.Record
	for _, p := range profiles {
		best, err := feeds.Page(ctx, p.ID, event.Jobs, 10)
		if err != nil {
			return err
		}
		if p.Gaps = r.gaps(p, best, now.Add(-noticedBefore)); len(p.Gaps) > 0 {
			records = append(records, streams.Profile(p))
		}
	}
	fmt.Fprintf(r.out, "gaps of %d students\n", len(records))
	for chunk := range slices.Chunk(records, 500) {
		if err := r.app.engine.Producer().Send(ctx, chunk...); err != nil {
			return err
		}
	}
	return nil
}

// caughtUp waits until the engine has worked off everything that was published.
func (r *realRun) caughtUp(ctx context.Context) error {
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		behind, err := r.app.lag.Behind(ctx)
		if err != nil || behind == 0 && r.app.engine.Settled() {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
}

func (r *realRun) gaps(p event.Profile, jobs []event.Entry, since time.Time) (gaps []event.Gap) {
	has := map[string]bool{}
	for _, s := range p.Skills {
		has[r.dict.Canonical(s.Name)] = true
	}
	asked := map[string]int{}
	for _, job := range jobs {
		o, known := r.app.engine.Catalog().ByMember(job.Member)
		if !known {
			continue
		}
		lacking := map[string]bool{}
		for _, s := range o.Skills {
			if name := r.dict.Canonical(s.Name); !has[name] {
				lacking[name] = true
			}
		}
		for name := range lacking {
			asked[name]++
		}
	}
	skills := slices.SortedFunc(maps.Keys(asked), func(a, b string) int { return cmp.Or(asked[b]-asked[a], cmp.Compare(a, b)) })
	for _, name := range skills[:min(2, len(skills))] {
		gaps = append(gaps, event.Gap{Skill: name, Severity: float64(asked[name]) / float64(len(jobs)), Since: &since})
	}
	return gaps
}

// ruleCount is what became of one rule.
type ruleCount struct {
	fired, sent int
	suppressed  map[event.Reason]int
}

// summary prints what became of every rule, and fails when one of the four that
// the data must set off has been silent.
func (r *realRun) summary(ctx context.Context, v verifier) error {
	counts := map[string]*ruleCount{}
	of := func(rule string) *ruleCount {
		if counts[rule] == nil {
			counts[rule] = &ruleCount{suppressed: map[event.Reason]int{}}
		}
		return counts[rule]
	}
	state, _, err := v.state(ctx)
	if err != nil {
		return err
	}
	for key, value := range state {
		var raw struct{ Rule, State string }
		if _, what, _ := fact(key); (what == "rule" || what == "alert") && json.Unmarshal(value, &raw) == nil && raw.State == "fired" {
			of(raw.Rule).fired++
		}
	}
	err = streams.ReadLog(ctx, v.kafka, v.log, streams.Notifications, func(in streams.Input) error {
		n, err := event.DecodeNotification(in.Value)
		switch c := of(n.Ruleset + "/" + n.Rule); n.Outcome {
		case event.Sent:
			c.sent++
		case event.Suppressed:
			c.suppressed[n.Reason]++
		}
		return err
	})
	if err != nil {
		return err
	}
	for _, rule := range slices.Sorted(maps.Keys(counts)) {
		c := counts[rule]
		fmt.Fprintf(r.out, "%-26s fired %6d  sent %6d", rule, c.fired, c.sent)
		for _, reason := range slices.Sorted(maps.Keys(c.suppressed)) {
			fmt.Fprintf(r.out, "  suppressed by %s %d", reason, c.suppressed[reason])
		}
		fmt.Fprintln(r.out)
	}
	var silent []error
	for _, rule := range []string{oracle.JobMatch, oracle.HackathonClosing, oracle.GapReminder, oracle.TopCandidate} {
		if of(rule).sent == 0 {
			silent = append(silent, fmt.Errorf("%s told nobody anything", rule))
		}
	}
	return errors.Join(silent...)
}
