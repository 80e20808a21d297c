package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"tideline/engine/harvest"
	"tideline/streams/breaker"
	"tideline/streams/sources"
	"tideline/streams/sources/fetch"
	"tideline/streams/sources/manifest"
)

func sourcesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "sources", Short: "Outside sources of opportunities", Args: noArgs}
	cmd.AddCommand(sourcesListCommand(), sourcesRunCommand(), sourcesCheckCommand(), sourcesMergeCommand(), sourcesSplitCommand(), sourcesRejoinCommand(), sourcesRemoveCommand())
	return cmd
}

func sourcesListCommand() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "list", Short: "How the sources of a running Tideline stand", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := r.connect(cmd); err != nil {
				return err
			}
			var list struct{ Items []harvest.Status }
			if _, err := r.call(cmd.Context(), http.MethodGet, "/sources", nil, nil, &list); err != nil {
				return err
			}
			return printSources(cmd.OutOrStdout(), list.Items)
		},
	}
	remoteFlags(cmd, &r)
	return cmd
}

func printSources(out io.Writer, list []harvest.Status) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "SOURCE\tKIND\tNEXT RUN\tLAST RUN\tOUTCOME\tNEW\tCHANGED\tCLOSED\tLEFT OPEN")
	for _, s := range list {
		next, row := "off", "\t\t\t\t"
		if s.Next != nil {
			next = s.Next.UTC().Format(time.RFC3339)
		}
		if s.Running != nil {
			next = fmt.Sprintf("running, %d read", s.Running.Read)
		}
		if l := s.Last; l != nil {
			row = fmt.Sprintf("%s\t%s\t%d\t%d\t%d", l.Started.UTC().Format(time.RFC3339), l.Outcome, l.New, l.Changed, l.Closed)
		}
		left := ""
		if s.Open != nil {
			left = strconv.Itoa(*s.Open)
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", s.Name, s.Kind, next, row, left)
	}
	return table.Flush()
}

func sourcesRunCommand() *cobra.Command {
	var r remote
	var wait bool
	cmd := &cobra.Command{
		Use: "run SOURCE", Short: "Let a running Tideline read a source now", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.connect(cmd); err != nil {
				return err
			}
			before, err := r.lastRun(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if _, err := r.call(cmd.Context(), http.MethodPost, "/sources/"+url.PathEscape(args[0])+"/run", nil, nil, nil); err != nil {
				return err
			}
			if !wait {
				fmt.Fprintf(cmd.OutOrStdout(), "%s will be read; `tideline sources list` shows how far it is\n", args[0])
				return nil
			}
			for {
				if err := (fetch.SystemClock{}).Sleep(cmd.Context(), 500*time.Millisecond); err != nil {
					return err
				}
				run, err := r.lastRun(cmd.Context(), args[0])
				if err != nil {
					return err
				}
				if run.ID != before.ID {
					return printRun(cmd.OutOrStdout(), run)
				}
			}
		},
	}
	remoteFlags(cmd, &r)
	cmd.Flags().BoolVar(&wait, "wait", false, "wait until it has been read and print the record")
	return cmd
}

// lastRun is the last run of a source that ended and gave the source back; the zero
// value when there is none.
func (r *remote) lastRun(ctx context.Context, name string) (run harvest.Run, err error) {
	var list struct{ Items []harvest.Status }
	_, err = r.call(ctx, http.MethodGet, "/sources", nil, nil, &list)
	for _, s := range list.Items {
		if s.Name == name && s.Last != nil {
			run = *s.Last
		}
	}
	return run, err
}

func printRun(out io.Writer, run harvest.Run) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(run); err != nil {
		return err
	}
	if run.Outcome == harvest.Failed {
		return fmt.Errorf("the run failed: %s", run.Error)
	}
	return nil
}

func sourcesCheckCommand() *cobra.Command {
	var ask bool
	var show int
	cmd := &cobra.Command{
		Use: "check [FILE...]", Short: "Say everything that is wrong with files of sources; with --fetch, poll them and publish nothing",
		RunE: func(cmd *cobra.Command, files []string) error {
			if len(files) == 0 {
				loaded, _, err := load(cmd)
				if err != nil {
					return err
				}
				files = loaded.Sources.Files
			}
			if len(files) == 0 {
				return usageError{fmt.Errorf("name a file, or set sources.files")}
			}
			entries, err := manifest.Load(files)
			if err != nil {
				fmt.Fprintln(cmd.OutOrStdout(), err)
				return errFindings
			}
			hosts := fetch.NewHosts(fetch.SystemClock{})
			defer hosts.Close()
			failed := false
			for _, e := range entries {
				if !ask || !e.Enabled {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %s, %s\n", e.Name, e.Kind, map[bool]string{true: "on", false: "off"}[e.Enabled])
					continue
				}
				failed = checkSource(cmd.Context(), cmd.OutOrStdout(), hosts, e, show) || failed
			}
			if failed {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&ask, "fetch", false, "poll every source that is on, and publish nothing")
	cmd.Flags().IntVar(&show, "show", 3, "with --fetch, opportunities to print of each")
	return cmd
}

// checkSource polls a source once and says what came of it.
func checkSource(ctx context.Context, out io.Writer, hosts *fetch.Hosts, e manifest.Entry, show int) (failed bool) {
	web := fetch.New(hosts, e.Limits, &breaker.Breaker{}, nil)
	var first [][]byte
	sink := sources.NewPoll(web.Now(), func(r sources.Record) error {
		if len(first) < show {
			first = append(first, r.Opportunity.Encode())
		}
		return nil
	})
	coverage, err := e.Source.Poll(ctx, web, sink)
	printReport(out, e.Name, sink.Report)
	usage := web.Usage()
	fmt.Fprintf(out, "  %d requests, %d bytes; complete: %v %s\n", usage.Requests, usage.Bytes, err == nil && coverage.Complete, coverage.Why)
	for _, s := range sink.Report.Samples {
		fmt.Fprintf(out, "  rejected %s: %s\n", s.Where, strings.Join(strings.Fields(s.Detail), " "))
	}
	for _, line := range first {
		fmt.Fprintf(out, "  %s\n", line)
	}
	if err != nil {
		fmt.Fprintf(out, "  failed: %v\n", err)
	}
	return err != nil
}
