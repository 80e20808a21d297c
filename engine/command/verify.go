package command

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tideline/bench/oracle"
	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/engine/skills"
	"tideline/feeds"
	"tideline/streams"
	"tideline/timelines"
)

func verifyCommand() *cobra.Command {
	var patience time.Duration
	var rules bool
	cmd := &cobra.Command{
		Use: "verify", Short: "Recompute everything that students are shown naively from the logs, and compare", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, log, err := load(cmd)
			if err != nil {
				return err
			}
			b, err := findBackend(loaded.Config)
			if err != nil {
				return err
			}
			store := feeds.New(b.feeds(loaded.Config), nil, log)
			defer store.Close()
			partitions, err := b.topics(cmd.Context(), loaded.Config, log)
			if err != nil {
				return err
			}
			record, err := timelines.New(timelines.Config{URI: b.MongoURI, Database: loaded.Mongo.Database}, nil, log)
			if err != nil {
				return err
			}
			defer record.Close()
			lag, err := streams.NewLagReader(b.kafka(loaded.Config), nil, log)
			if err != nil {
				return err
			}
			defer lag.Close()
			v := verifier{
				kafka: b.kafka(loaded.Config), store: store, partitions: partitions, config: loaded.Config, log: log,
				record: record, lag: lag, rules: rules,
			}
			return v.run(cmd.Context(), cmd.OutOrStdout(), patience)
		},
	}
	cmd.Flags().DurationVar(&patience, "patience", time.Minute, "how long what differs may be on its way")
	cmd.Flags().BoolVar(&rules, "rules", true, "check the shipped rules too, if they are in force")
	return cmd
}

// verifier compares what is served with what the logs say should be.
type verifier struct {
	kafka      streams.Config
	store      *feeds.Store
	partitions int
	config     config.Config
	log        *slog.Logger
	record     *timelines.Store
	lag        *streams.LagReader // nil: whoever asks has waited
	rules      bool               // check them too
	ahead      time.Duration      // how far the engine's clock is ahead of the time it is
}

// run compares until nothing differs or patience is over: whoever reads the
// logs of a running system reads a moving thing.
func (v verifier) run(ctx context.Context, out io.Writer, patience time.Duration) error {
	deadline := time.Now().Add(patience)
	for {
		if err := v.catchUp(ctx, deadline); err != nil {
			return err
		}
		v.log.Info("reading the logs")
		logs, config, err := v.read(ctx)
		if err != nil {
			return err
		}
		v.log.Info("recomputing and comparing feeds", "profiles", len(logs.Profiles), "opportunities", len(logs.Opportunities), "signals", len(logs.Signals))
		want := oracle.Compute(logs, config)
		differences, entries, err := v.compare(ctx, want)
		if err != nil {
			return err
		}
		scores, err := v.compareScores(ctx, want)
		if err != nil {
			return err
		}
		differences = append(differences, scores...)
		found := []finding{{fmt.Sprintf("%d students, %d feed entries", len(want.Feeds), entries), differences}}
		if v.rules {
			v.log.Info("recomputing and comparing rules and notifications")
			more, err := v.compareRules(ctx, logs, config, len(want.Feeds))
			if err != nil {
				return err
			}
			found = append(found, more...)
		}
		all := slices.Concat(found[0].differences, found[len(found)-1].differences)
		if len(all) == 0 || time.Now().After(deadline) {
			return report(out, found)
		}
		v.log.Info("something differs; compared again, as it may have been under way", "differences", len(all), "until", deadline.Format(time.TimeOnly))
		timer := time.NewTimer(500 * time.Millisecond)
		select {
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		case <-timer.C:
		}
	}
}

// finding is what a comparison was of, and what it found.
type finding struct {
	what        string
	differences []oracle.Difference
}

func report(out io.Writer, found []finding) (err error) {
	for _, f := range found {
		for _, d := range f.differences[:min(10, len(f.differences))] {
			fmt.Fprintln(out, d)
		}
		if len(f.differences) > 0 {
			err = errFindings
		}
		fmt.Fprintf(out, "verified %s: %d differences from the oracle\n", f.what, len(f.differences))
	}
	return err
}

// recompute reads the logs and asks the oracle.
func (v verifier) recompute(ctx context.Context) (oracle.Result, error) {
	logs, config, err := v.read(ctx)
	if err != nil {
		return oracle.Result{}, err
	}
	return oracle.Compute(logs, config), nil
}

// read gives everything that feeds and rules are made of.
func (v verifier) read(ctx context.Context) (logs oracle.Logs, config oracle.Config, err error) {
	for topic, into := range map[string]*[]oracle.Record{
		streams.Opportunities: &logs.Opportunities, streams.Profiles: &logs.Profiles, streams.Signals: &logs.Signals,
		streams.StageChanges: &logs.StageChanges, streams.Evaluations: &logs.Evaluations,
		streams.Rulesets: &logs.Rulesets,
	} {
		err := streams.ReadLog(ctx, v.kafka, v.log, topic, func(in streams.Input) error {
			*into = append(*into, oracle.Record{
				Partition: in.Partition, Offset: in.Offset, Key: string(in.Key), Value: in.Value, Time: in.Time.Add(v.ahead),
			})
			return nil
		})
		if err != nil {
			return logs, config, err
		}
	}
	ticks := map[int32]time.Time{}
	err = streams.ReadLog(ctx, v.kafka, v.log, streams.Fanout, func(in streams.Input) error {
		if f, err := event.DecodeFanout(in.Value); err == nil && f.Tick != nil && f.Tick.After(ticks[in.Partition]) {
			ticks[in.Partition] = *f.Tick
		}
		return nil
	})
	return logs, oracle.Config{
		AliasTable: skills.Table(), Weights: oracleWeights(v.config.Scoring),
		Now: func(n int32) time.Time { return ticks[n] },
	}, err
}

func oracleWeights(s config.Scoring) map[string]oracle.Weights {
	of := func(w config.Weights) oracle.Weights {
		return oracle.Weights{Overlap: w.Overlap, Fit: w.Fit, Interest: w.Interest, Sigma: w.Sigma, HalfLife: w.HalfLife}
	}
	return map[string]oracle.Weights{"jobs": of(s.Jobs), "hackathons": of(s.Hackathons), "content": of(s.Content)}
}

// compare lists what differs; a store that does not answer differs too.
func (v verifier) compare(ctx context.Context, want oracle.Result) (differences []oracle.Difference, entries int, err error) {
	for _, student := range want.Students() {
		partition := event.Partition(student, v.partitions)
		for _, b := range event.Buckets {
			stored, err := v.store.Page(ctx, partition, student, b, event.FeedShow)
			if err != nil {
				differences = append(differences, oracle.Difference{Student: student, Bucket: string(b), Want: "a feed", Got: err.Error()})
				continue
			}
			got := make([]oracle.Place, len(stored))
			for i, e := range stored {
				got[i] = oracle.Place{Member: uint64(e.Member), Key: e.Key}
			}
			entries += len(got)
			differences = append(differences, oracle.Diff(student, string(b), want.Feeds[student][string(b)], got)...)
		}
		view, err := v.store.View(ctx, partition, student)
		if err != nil {
			differences = append(differences, oracle.Difference{Student: student, Bucket: "view", Want: "a view", Got: err.Error()})
			continue
		}
		differences = append(differences, want.DiffKnown(student, oracle.Known{
			Saved: slices.Collect(maps.Keys(view.Saved)), Ignored: slices.Collect(maps.Keys(view.Ignored)), Weights: view.Weights,
		})...)
	}
	for n := range int32(v.partitions) {
		differences = append(differences, v.surplus(ctx, n, want)...)
	}
	return differences, entries, ctx.Err()
}

// compareScores compares what profile-scores says last of each student.
func (v verifier) compareScores(ctx context.Context, want oracle.Result) (differences []oracle.Difference, err error) {
	told := map[string]oracle.Score{}
	err = streams.ReadLog(ctx, v.kafka, v.log, streams.ProfileScores, func(in streams.Input) error {
		delete(told, string(in.Key))
		if in.Value == nil {
			return nil
		}
		s, err := event.DecodeProfileScores(in.Value)
		if err != nil {
			return err
		}
		score := oracle.Score{Activity: int(s.Activity), Interview: -1}
		if s.Interview != nil {
			score.Interview = int(*s.Interview)
		}
		told[string(in.Key)] = score
		return nil
	})
	for student := range told {
		if _, known := want.Scores[student]; !known {
			differences = append(differences, want.DiffScores(student, told[student], true)...)
		}
	}
	for student := range want.Scores {
		score, is := told[student]
		differences = append(differences, want.DiffScores(student, score, is)...)
	}
	return differences, err
}

// surplus lists the students of a partition who are in the store and should not be.
func (v verifier) surplus(ctx context.Context, partition int32, want oracle.Result) (differences []oracle.Difference) {
	found := map[string]bool{}
	for walk := (feeds.Scan{}); !walk.Done(); {
		students, err := v.store.Students(ctx, partition, &walk)
		if err != nil {
			return append(differences, oracle.Difference{
				Student: fmt.Sprintf("partition %d", partition), Bucket: "keys", Want: "a list", Got: err.Error(),
			})
		}
		for _, student := range students {
			if want.Feeds[student] == nil && !found[student] {
				found[student] = true
				differences = append(differences, oracle.Difference{Student: student, Bucket: "keys", Want: "nothing", Got: "a view or feeds"})
			}
		}
	}
	return differences
}
