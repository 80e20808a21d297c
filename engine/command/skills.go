package command

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"tideline/engine/skills"
)

func skillsCommand() *cobra.Command {
	return &cobra.Command{
		Use: "skills [TEXT]", Short: "Show which skills a text yields and why; without TEXT, of standard input",
		Long: `Show which skills a text yields: each spelling, where it stands (line:column) and
what became of it, then what the text asks for in all. Without TEXT the text is
read from standard input.`,
		RunE: func(cmd *cobra.Command, args []string) error {
			text := strings.Join(args, " ")
			if len(args) == 0 {
				read, err := io.ReadAll(cmd.InOrStdin())
				if err != nil {
					return fmt.Errorf("standard input: %w", err)
				}
				text = string(read)
			}
			return showSkills(cmd.OutOrStdout(), text)
		},
	}
}

func showSkills(out io.Writer, text string) error {
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, f := range skills.Explain(text) {
		name := f.Skill
		if name == "" {
			name = "-"
		}
		line := fmt.Sprintf("%s\t%s\t%s\t%q\t%s", place(text, f.Start), f.Verdict, name, f.Spelling, f.Why())
		fmt.Fprintln(table, strings.TrimRight(line, "\t"))
	}
	if err := table.Flush(); err != nil {
		return err
	}
	asked := skills.Requirements(text)
	if len(asked) == 0 {
		_, err := fmt.Fprintln(out, "no skills")
		return err
	}
	fmt.Fprintln(out, "skills:")
	for _, r := range asked {
		fmt.Fprintf(out, "  %s, %s", r.Skill, r.Need)
		if r.Level > 0 {
			fmt.Fprintf(out, ", level %d", r.Level)
		}
		if r.Years > 0 {
			fmt.Fprintf(out, ", years %d", r.Years)
		}
		fmt.Fprintln(out)
	}
	return nil
}

// place gives a byte's line and column, both from 1.
func place(text string, at int) string {
	line := strings.Count(text[:at], "\n") + 1
	column := len([]rune(text[strings.LastIndex(text[:at], "\n")+1:at])) + 1
	return fmt.Sprintf("%d:%d", line, column)
}
