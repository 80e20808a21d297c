package command

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tideline/engine/harvest/same"
)

func sourcesMergeCommand() *cobra.Command {
	return aboutMerge("merge ID", "Which postings an opportunity stands for, by what, and which are like it", http.MethodGet, "/merge", nil)
}

func sourcesSplitCommand() *cobra.Command {
	return aboutMerge("split ID", "Take a posting out of its merge for good", http.MethodPost, "/split", func(out io.Writer, m same.Merge) {
		fmt.Fprintf(out, "%s is not merged with %s any more; `tideline sources rejoin %s` takes that back\n\n", m.ID, strings.Join(m.Apart, ", "), m.ID)
	})
}

func sourcesRejoinCommand() *cobra.Command {
	return aboutMerge("rejoin ID", "Take the split of a posting back", http.MethodDelete, "/split", func(out io.Writer, m same.Merge) {
		fmt.Fprintf(out, "the split of %s is taken back\n\n", m.ID)
	})
}

// aboutMerge is a command that asks about one posting's merge, or changes it, and
// prints what it is then.
func aboutMerge(use, short, method, path string, done func(io.Writer, same.Merge)) *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: use, Short: short, Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.connect(cmd); err != nil {
				return err
			}
			var m same.Merge
			if _, err := r.call(cmd.Context(), method, "/opportunities/"+url.PathEscape(args[0])+path, nil, nil, &m); err != nil {
				return mergeError(err, args[0])
			}
			if done != nil {
				done(cmd.OutOrStdout(), m)
			}
			return printMerge(cmd.OutOrStdout(), m)
		},
	}
	remoteFlags(cmd, &r)
	return cmd
}

// mergeError adds to what the server says what can be done.
func mergeError(err error, id string) error {
	refusal, ok := errors.AsType[*refused](err)
	if !ok {
		return err
	}
	switch refusal.problem.Status {
	case http.StatusNotFound:
		return fmt.Errorf("%s: %w; say the id of an open posting that a source lists, such as greenhouse:4012345", id, err)
	case http.StatusConflict:
		return fmt.Errorf("%s: %w; see `tideline sources merge %s`", id, err, id)
	}
	return err
}

func printMerge(out io.Writer, m same.Merge) error {
	table := tabwriter.NewWriter(out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(table, "POSTING\tSHOWN\tSOURCE\tKIND\tBY\tURL")
	for _, l := range m.Members {
		shown := map[bool]string{true: "yes", false: "no"}[l.ID == m.Leader]
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\t%s\n", l.ID, shown, l.Source, l.Kind, cmp.Or(string(l.By), "-"), cmp.Or(l.URL, "-"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if len(m.Apart) > 0 {
		fmt.Fprintf(out, "split from %s\n", strings.Join(m.Apart, ", "))
	}
	for _, s := range m.Similar {
		fmt.Fprintf(out, "like %s (%.0f%%), and not merged\n", s.ID, 100*s.Likeness)
	}
	return nil
}
