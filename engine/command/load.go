package command

import (
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"tideline/engine/application"
	"tideline/engine/demo"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/skills"
	"tideline/streams"
)

const demoSeed = 2026

func demoCommand() *cobra.Command {
	return &cobra.Command{
		Use: "demo", Short: "Load the demonstration campus into a running Tideline", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			producer, err := publisher(cmd)
			if err != nil {
				return err
			}
			defer producer.Close()
			return campusLoad{producer, cmd.ErrOrStderr(), demo.Default()}.run(cmd.Context())
		},
	}
}

// publisher opens a producer beside a running process.
func publisher(cmd *cobra.Command) (*streams.Producer, error) {
	loaded, log, err := load(cmd)
	if err != nil {
		return nil, err
	}
	b, err := findBackend(loaded.Config)
	if err != nil {
		return nil, err
	}
	partitions, err := b.topics(cmd.Context(), loaded.Config, log)
	if err != nil {
		return nil, err
	}
	return streams.NewProducer(b.kafka(loaded.Config), partitions, log)
}

// campusLoad publishes the campus through the real topics. It may be cut off
// anywhere and run again: every record is of the same id each time.
type campusLoad struct {
	producer *streams.Producer
	progress io.Writer
	sizes    demo.Sizes
}

func (l campusLoad) run(ctx context.Context) error {
	now := time.Now()
	records, _ := l.made(now)
	return send(ctx, l.producer, l.progress, "demonstration campus", append(records, loadedRecord(now)))
}

// loadedID is of the record that a load writes last: a closed opportunity, which
// stands in no feed, but every process knows it, and it lasts as long as the
// campus does.
const loadedID = "demo:loaded"

func loadedRecord(now time.Time) streams.Record {
	return streams.Opportunity(event.Opportunity{
		ID: loadedID, Bucket: event.Content, Kind: "notice", Source: "demo", Status: event.Closed,
		Title: "The demonstration campus is loaded", PostedAt: now.UTC().Truncate(time.Second),
	})
}

// made gives the campus as of now, and the applications of its students.
func (l campusLoad) made(now time.Time) (records []streams.Record, applications []demo.Application) {
	campus := demo.New(demoSeed, l.sizes, now, demo.Skills)
	var opportunities []event.Opportunity
	byID := map[string]event.Opportunity{}
	// Opportunities first: then each student's feeds are built once, not grown.
	for o := range campus.Opportunities() {
		opportunities = append(opportunities, o)
		byID[o.ID] = o
		records = append(records, streams.Opportunity(o))
	}
	for p := range campus.Students() {
		records = append(records, streams.Profile(p))
	}
	for s := range campus.Signals(opportunities) {
		s.Features = match.Features(byID[s.Opportunity], skills.Normalize)
		records = append(records, streams.Signal(s))
	}
	return records, slices.Collect(campus.Applications(opportunities))
}

// loadCampus loads the campus unless it is there, whole, and waits until its
// students have their feeds, here or in another process.
func (a *app) loadCampus(ctx context.Context, l campusLoad) error {
	loaded := func() bool {
		_, ok := a.engine.Catalog().Opportunity(loadedID)
		return ok
	}
	if loaded() {
		return nil
	}
	now := time.Now()
	records, applications := l.made(now)
	// Before the rest, which keeps the embedded MongoDB busy for a while.
	if err := a.hire(ctx, applications); err != nil && ctx.Err() == nil {
		a.log.Warn("the demonstration campus goes without its applications", "error", err)
	}
	err := send(ctx, l.producer, l.progress, "demonstration campus", records)
	if err == nil {
		err = l.producer.Send(ctx, loadedRecord(now))
	}
	if err != nil {
		return err
	}
	last := map[int32]string{} // student of each partition
	for i := range l.sizes.Students {
		id := demo.StudentID(i)
		last[event.Partition(id, a.partitions)] = id
	}
	return await(ctx, func() bool {
		for _, id := range last {
			if _, err := (feedsPort{a.store, a.partitions}).View(ctx, id); err != nil {
				return false
			}
		}
		return loaded()
	})
}

// hireWithin is how long the applications of the demonstration may take. They
// are worth a wait, but a campus can be looked at without.
const hireWithin = time.Minute

// hire takes applications with their histories into the store.
func (a *app) hire(ctx context.Context, list []demo.Application) error {
	ctx, cancel := context.WithTimeout(ctx, hireWithin)
	defer cancel()
	if err := await(ctx, a.applications.loaded.Load); err != nil {
		return fmt.Errorf("wait for the applications that are there: %w", err)
	}
	records := make([]*application.Record, len(list))
	for i, one := range list {
		var err error
		if records[i], err = one.Record(); err != nil {
			return err
		}
	}
	return a.applications.service.Add(ctx, records)
}

// send publishes records in runs, with a progress bar.
func send(ctx context.Context, producer *streams.Producer, progress io.Writer, what string, records []streams.Record) error {
	const run, width = 500, 40
	for done := 0; done < len(records); {
		n := min(run, len(records)-done)
		if err := producer.Send(ctx, records[done:done+n]...); err != nil {
			return fmt.Errorf("load the %s: %w", what, err)
		}
		done += n
		filled := width * done / len(records)
		fmt.Fprintf(progress, "\r%s [%-*s] %d of %d", what, width, bar[:filled], done, len(records))
	}
	fmt.Fprintln(progress)
	return nil
}

const bar = "########################################"
