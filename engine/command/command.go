// Package command is the command line: it reads the configuration, wires the
// adapters to the engine and runs what was asked for. Results go to standard
// output, logs to standard error.
package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"tideline/engine/config"
)

// Exit codes beside 0.
const (
	exitFailed   = 1
	exitUsage    = 2
	exitFindings = 3
	exitConfig   = 78
)

// errFindings says that a check ran and found differences; they have been printed.
var errFindings = errors.New("differences found")

type usageError struct{ error }

type configError struct{ error }

func (e configError) Unwrap() error { return e.error }

// Run carries out what the process's arguments say and gives its exit code; an
// error is written to standard error.
func Run(ctx context.Context) int {
	err := New().ExecuteContext(ctx)
	if err != nil {
		fmt.Fprintln(os.Stderr, "tideline:", err)
	}
	return ExitCode(err)
}

// ExitCode gives the process's exit code for what a command returned.
func ExitCode(err error) int {
	if err == nil {
		return 0
	}
	if errors.Is(err, errFindings) {
		return exitFindings
	}
	if _, ok := errors.AsType[configError](err); ok {
		return exitConfig
	}
	if _, ok := errors.AsType[usageError](err); ok || strings.HasPrefix(err.Error(), "unknown command") {
		return exitUsage
	}
	return exitFailed
}

// New builds the command tree.
func New() *cobra.Command {
	root := &cobra.Command{
		Use: "tideline", Short: "Ranked feeds of jobs, hackathons and content for every student, from streams",
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	root.PersistentFlags().String("config", os.Getenv("TIDELINE_CONFIG"), "YAML file")
	for _, key := range config.Keys() {
		root.PersistentFlags().String(key, "", "see `tideline config`")
		if err := root.PersistentFlags().MarkHidden(key); err != nil {
			panic(err) // the flag was defined on the line before
		}
	}
	root.AddCommand(serveCommand(), demoCommand(), ingestCommand(), deliverCommand(), verifyCommand(), realdataCommand(), tokenCommand(), configCommand(),
		checkCommand(), testCommand(), planCommand(), activateCommand(), rollbackCommand(), rulesCommand(), previewCommand(),
		sourcesCommand(), skillsCommand())
	return root
}

// load reads the configuration of a command.
func load(cmd *cobra.Command) (config.Loaded, *slog.Logger, error) {
	flags := map[string]string{}
	for _, key := range config.Keys() {
		if f := cmd.Flags().Lookup(key); f != nil && f.Changed {
			flags[key] = f.Value.String()
		}
	}
	file, err := cmd.Flags().GetString("config")
	if err != nil {
		return config.Loaded{}, nil, err
	}
	loaded, err := config.Load(config.Source{File: file, Env: os.Environ(), Flags: flags})
	if err != nil {
		return loaded, nil, configError{fmt.Errorf("the configuration is not valid:\n%w", err)}
	}
	return loaded, newLog(cmd.ErrOrStderr(), loaded.Log), nil
}

func newLog(out io.Writer, c config.Log) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		level = slog.LevelInfo // validated before
	}
	opts := &slog.HandlerOptions{Level: level}
	if c.Format == "json" {
		return slog.New(slog.NewJSONHandler(out, opts))
	}
	return slog.New(slog.NewTextHandler(out, opts))
}

func configCommand() *cobra.Command {
	return &cobra.Command{
		Use: "config", Short: "Print the configuration in force, secrets masked", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			loaded, _, err := load(cmd)
			if err != nil {
				return err
			}
			return loaded.Print(cmd.OutOrStdout())
		},
	}
}

// usage makes the complaints of a check of arguments usage errors.
func usage(check cobra.PositionalArgs) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return usageError{fmt.Errorf("%s: %w", cmd.CommandPath(), err)}
		}
		return nil
	}
}

func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usageError{fmt.Errorf("%s takes no arguments, not %q", cmd.CommandPath(), args)}
	}
	return nil
}
