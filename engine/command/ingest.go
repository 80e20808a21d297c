package command

import (
	"context"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"tideline/streams"
	"tideline/streams/sources"
	"tideline/streams/sources/registry"
)

func ingestCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use: "ingest --format FORMAT FILE...", Short: "Put recorded postings or students through the topics",
		Long: "Formats: " + strings.Join(registry.Names(), ", ") + ". Files are read in the order given; gzip is recognised.",
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 {
				return usageError{fmt.Errorf("name at least one file")}
			}
			newFormat, ok := registry.Formats()[format]
			if !ok {
				return usageError{fmt.Errorf("--format %q is not one of %s", format, strings.Join(registry.Names(), ", "))}
			}
			for _, path := range files { // before anything is published
				if _, err := os.Stat(path); err != nil {
					return fmt.Errorf("ingest: %w", err)
				}
			}
			producer, err := publisher(cmd)
			if err != nil {
				return err
			}
			defer producer.Close()
			report, err := ingest(cmd.Context(), producer, newFormat(), files)
			printReport(cmd.OutOrStdout(), format, report)
			return err
		},
	}
	cmd.Flags().StringVar(&format, "format", "", strings.Join(registry.Names(), ", "))
	return cmd
}

// ingest publishes everything a format finds in some files, in order.
func ingest(ctx context.Context, producer *streams.Producer, format sources.Format, files []string) (sources.Report, error) {
	var total sources.Report
	for _, path := range files {
		report, err := ingestFile(ctx, producer, format, path)
		total.Add(report)
		if err != nil {
			return total, fmt.Errorf("ingest %s: %w", path, err)
		}
	}
	return total, nil
}

func ingestFile(ctx context.Context, producer *streams.Producer, format sources.Format, path string) (sources.Report, error) {
	file, err := os.Open(path)
	if err != nil {
		return sources.Report{}, err
	}
	defer file.Close()
	var batch []streams.Record
	flush := func() error {
		err := producer.Send(ctx, batch...)
		batch = batch[:0]
		return err
	}
	report, err := format.Read(ctx, file, path, func(r sources.Record) error {
		switch {
		case r.Profile != nil:
			batch = append(batch, streams.Profile(*r.Profile))
		case r.Deleted:
			batch = append(batch, streams.NoOpportunity(r.ID))
		default:
			batch = append(batch, streams.Opportunity(*r.Opportunity))
		}
		if len(batch) < 500 {
			return nil
		}
		return flush()
	})
	if err != nil {
		return report, err
	}
	return report, flush()
}

func printReport(w io.Writer, name string, r sources.Report) {
	fmt.Fprintf(w, "%-12s read %6d  kept %6d  unchanged %6d  rejected %d", name, r.Read, r.Kept, r.Unchanged, r.Read-r.Kept-r.Unchanged)
	for _, reason := range slices.Sorted(maps.Keys(r.Rejected)) {
		fmt.Fprintf(w, "  %s %d", reason, r.Rejected[reason])
	}
	fmt.Fprintln(w)
}
