package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tideline/engine/config"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/streams/sources/registry"
)

// dataSets are the real data sets, in the order in which they are loaded:
// students last, so that their feeds are built once.
var dataSets = []struct{ format, files string }{
	{"internships", "internships/summer2025-events.jsonl.gz"},
	{"greenhouse", "greenhouse/early-career.jsonl"},
	{"devpost", "devpost/*.json"},
	{"hackernews", "trending/hackernews-items.jsonl"},
	{"students", "students/students.jsonl"},
}

func realdataCommand() *cobra.Command {
	var data string
	cmd := &cobra.Command{
		Use: "realdata --data DIR", Short: "Ingest the real data sets, say what happened, check all feeds against the oracle", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if data == "" {
				return usageError{errors.New("say where the data is: --data DIR")}
			}
			loaded, log, err := load(cmd)
			if err != nil {
				return err
			}
			dir, err := os.MkdirTemp("", "tideline-realdata-")
			if err != nil {
				return err
			}
			defer os.RemoveAll(dir)
			return (&realRun{config: isolated(loaded.Config, dir), log: log, data: data, out: cmd.OutOrStdout()}).run(cmd.Context())
		},
	}
	cmd.Flags().StringVar(&data, "data", "", "directory of the data sets")
	return cmd
}

// isolated keeps of a configuration how things are ranked, logged and batched,
// and nothing of where: the data must not reach servers that others use, and
// the run must not disturb a Tideline beside it.
func isolated(c config.Config, dir string) config.Config {
	own := config.Default()
	own.DataDir, own.HTTP.Addr, own.Admin.Addr, own.Tick = dir, "127.0.0.1:0", "127.0.0.1:0", time.Hour
	own.Instance, own.Partitions = c.Instance, c.Partitions
	own.Scoring, own.Batch, own.Log = c.Scoring, c.Batch, c.Log
	return own
}

// realRun is one run over the data sets, in a Tideline of its own.
type realRun struct {
	config config.Config
	log    *slog.Logger
	data   string
	out    io.Writer
	app    *app
	dict   *match.Dictionary
	hired  []demo.Application
}

func (r *realRun) run(ctx context.Context) (err error) {
	start, err := asOf(r.data)
	if err != nil {
		return err
	}
	opened := time.Now()
	clock := func() time.Time { return start.Add(time.Since(opened)) }
	r.dict = match.NewDictionary(skills.Normalize)
	if r.app, err = openAppAt(ctx, r.config, r.log, clock); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, r.app.close()) }()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var failed error
	err = r.app.run(ctx, func(ctx context.Context) {
		failed = r.steps(ctx)
		cancel()
	})
	return errors.Join(failed, err)
}

func (r *realRun) steps(ctx context.Context) error {
	// Rules adopt what they find: the data comes after them, so that they have something to say.
	there := func() bool {
		ready, _ := r.app.engine.Ready()
		active, known := r.app.engine.Rules()
		return ready && known && len(active) > 0
	}
	if err := await(ctx, there); err != nil {
		return err
	}
	v := verifier{
		kafka: r.app.backend.kafka(r.config), store: r.app.store, partitions: r.app.partitions, config: r.config, log: r.log,
		record: r.app.timelines, rules: true, ahead: time.Until(r.app.now()),
	}
	if err := r.replaySources(ctx); err != nil {
		return err
	}
	if _, err := r.mergeRecordings(ctx); err != nil {
		return err
	}
	if err := r.publish(ctx, v); err != nil {
		return err
	}
	if err := r.caughtUp(ctx); err != nil {
		return err
	}
	failed := v.run(ctx, r.out, 5*time.Minute)
	failed = errors.Join(failed, r.summary(ctx, v))
	want, err := v.recompute(ctx)
	if err != nil {
		return errors.Join(failed, err)
	}
	matched := map[string]int{}
	for _, feeds := range want.Feeds {
		for bucket, entries := range feeds {
			if len(entries) > 0 {
				matched[bucket]++
			}
		}
	}
	counts := r.app.engine.Catalog().Count()
	fmt.Fprintf(r.out, "opportunities kept: %d jobs, %d hackathons, %d content; students with a feed: %d, %d, %d of %d\n",
		counts[0], counts[1], counts[2], matched["jobs"], matched["hackathons"], matched["content"], len(want.Feeds))
	students := want.Students()
	for _, i := range []int{0, len(students) / 2, len(students) - 1} {
		if err := r.show(ctx, students[i]); err != nil {
			return errors.Join(failed, err)
		}
	}
	return errors.Join(failed, r.timelines(ctx))
}

// publish puts the data sets through the topics, and the gaps that follow from
// them; then a little time passes, so that nothing lies at the edge of the clock.
func (r *realRun) publish(ctx context.Context, v verifier) error {
	start := time.Now()
	for _, set := range dataSets {
		files, err := filepath.Glob(filepath.Join(r.data, set.files))
		if err != nil || len(files) == 0 {
			return fmt.Errorf("no files %s in %s", set.files, r.data)
		}
		slices.Sort(files)
		report, err := ingest(ctx, r.app.engine.Producer(), recruiting{registry.Formats()[set.format]()}, files)
		printReport(r.out, set.format, report)
		if err != nil {
			return err
		}
	}
	if err := r.learn(ctx, v, r.app.now()); err != nil {
		return err
	}
	if err := r.hire(ctx, r.app.now()); err != nil {
		return err
	}
	fmt.Fprintf(r.out, "published and worked off in %.1f s\n", time.Since(start).Seconds())
	var all []int32
	for n := range int32(r.app.partitions) {
		all = append(all, n)
	}
	// The days that follow, so that what closes then is told; in steps that no rule takes for late.
	for ahead := 10 * time.Minute; ahead <= daysAhead; ahead += 6 * time.Hour {
		if err := r.app.engine.Producer().Tick(ctx, r.app.now().Add(ahead), all...); err != nil {
			return err
		}
	}
	return nil
}

// daysAhead is how far the clock runs on after everything is published.
const daysAhead = 13*24*time.Hour + 10*time.Minute

// show prints a student's ten best jobs, and why.
func (r *realRun) show(ctx context.Context, student string) error {
	port := feedsPort{r.app.store, r.app.partitions}
	entries, err := port.Page(ctx, student, event.Jobs, 10)
	if err != nil {
		return err
	}
	view, err := port.View(ctx, student)
	if err != nil {
		return err
	}
	has, err := json.Marshal(view.Profile.Skills)
	if err != nil {
		return err
	}
	fmt.Fprintf(r.out, "\n%s in %q has %s\n", student, view.Profile.Locations, has)
	scorer := match.NewScorer(matchConfig(r.config.Scoring), skills.Normalize)
	for i, e := range entries {
		o, ok := r.app.engine.Catalog().ByMember(e.Member)
		if !ok {
			continue
		}
		why := scorer.Explain(view, o, view.Now)
		fmt.Fprintf(r.out, "%3d. %s, %s (posted %s)\n     match %.0f%%, fit %.2f, interest %.2f; has", i+1, o.Title, o.Organisation,
			o.PostedAt.Format(time.DateOnly), 100*why.Overlap, why.Fit, why.Interest)
		for _, m := range why.Matched {
			fmt.Fprintf(r.out, " %s %d/%d", m.Skill, m.Level, m.Required)
		}
		for _, m := range why.Missing {
			fmt.Fprintf(r.out, " -%s", m.Skill)
		}
		fmt.Fprintln(r.out)
	}
	return nil
}
