package command

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

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
			return campusLoad{producer, cmd.ErrOrStderr()}.run(cmd.Context())
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

// campusLoad publishes the campus through the real topics.
type campusLoad struct {
	producer *streams.Producer
	progress io.Writer
}

func (l campusLoad) run(ctx context.Context) error {
	campus := demo.New(demoSeed, demo.Default(), time.Now(), demo.Skills)
	var opportunities []event.Opportunity
	byID := map[string]event.Opportunity{}
	for o := range campus.Opportunities() {
		opportunities = append(opportunities, o)
		byID[o.ID] = o
	}
	// Opportunities first: then each student's feeds are built once, not grown.
	var records []streams.Record
	for _, o := range opportunities {
		records = append(records, streams.Opportunity(o))
	}
	for p := range campus.Students() {
		records = append(records, streams.Profile(p))
	}
	for s := range campus.Signals(opportunities) {
		s.Features = match.Features(byID[s.Opportunity], skills.Normalize)
		records = append(records, streams.Signal(s))
	}
	return send(ctx, l.producer, l.progress, "demonstration campus", records)
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
