package command

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/spf13/cobra"

	"tideline/engine/harvest"
)

func sourcesRemoveCommand() *cobra.Command {
	var r remote
	cmd := &cobra.Command{
		Use: "remove SOURCE", Short: "Close everything that a source still has open that is off or in no file any more, and forget it", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.connect(cmd); err != nil {
				return err
			}
			for {
				var run harvest.Run
				if _, err := r.call(cmd.Context(), http.MethodDelete, "/sources/"+url.PathEscape(args[0]), nil, nil, &run); err != nil {
					return fmt.Errorf("%s: %w", args[0], err)
				}
				if run.Outcome == harvest.Whole {
					fmt.Fprintf(cmd.OutOrStdout(), "%s: %d closed, %d forgotten\n", args[0], run.Closed, run.Dropped)
					return nil
				}
				fmt.Fprintf(cmd.ErrOrStderr(), "%s: %d closed, %d forgotten so far\n", args[0], run.Closed, run.Dropped)
			}
		},
	}
	remoteFlags(cmd, &r)
	return cmd
}
