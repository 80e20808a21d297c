package command

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"tideline/engine/skills"
	"tideline/streams/sources"
)

func skillsCommand() *cobra.Command {
	var title string
	cmd := &cobra.Command{
		Use: "skills TEXT...", Short: "Show which skills a text asks for, by the vocabulary", Args: usage(cobra.MinimumNArgs(1)),
		Long: "Prints each skill with its level and weight: as of a posting with this title (--title) and this text, which may be HTML.",
		RunE: func(cmd *cobra.Command, args []string) error {
			text := sources.PlainText(strings.Join(args, " "))
			fmt.Fprintf(cmd.ErrOrStderr(), "vocabulary version %d, %d skills\n", skills.Version, len(skills.Names()))
			for _, s := range sources.Asked(sources.SeniorityOf(title).Level, title, text) {
				fmt.Fprintf(cmd.OutOrStdout(), "%-30s level %d  weight %d\n", s.Name, s.Level, s.Weight)
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&title, "title", "", "title of the posting")
	return cmd
}
