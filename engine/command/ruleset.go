package command

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"tideline/engine/match"
	"tideline/engine/rehearsal"
	"tideline/engine/skills"
	"tideline/rulesets"
	"tideline/rulesets/campus"
	"tideline/rulesets/templates"
)

// readRuleset reads a file; without one, the shipped ruleset. File is what
// problems call it.
func readRuleset(args []string) (file, source string, err error) {
	if len(args) == 0 {
		data, err := campus.FS.ReadFile("campus.yaml")
		return "campus.yaml", string(data), err
	}
	data, err := os.ReadFile(args[0])
	if err != nil {
		return "", "", usageError{fmt.Errorf("read the ruleset: %w", err)}
	}
	return args[0], string(data), nil
}

// compileRuleset compiles and prints what is wrong or questionable.
func compileRuleset(out io.Writer, name, source string, texts *templates.Texts) (*rulesets.Set, error) {
	set, problems := rulesets.Compile(name, []byte(source), compileOptions(texts))
	for _, p := range problems {
		fmt.Fprintln(out, p)
	}
	if set == nil {
		return nil, errFindings
	}
	return set, nil
}

func checkCommand() *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "check [FILE...]", Short: "Say everything that is wrong with rulesets, with positions; without a file, check the shipped one",
		RunE: func(cmd *cobra.Command, args []string) error {
			files := [][]string{nil}
			if len(args) > 0 {
				files = nil
				for _, file := range args {
					files = append(files, []string{file})
				}
			}
			texts, err := loadTexts(dir)
			if err != nil {
				return usageError{err}
			}
			var failed error
			for _, file := range files {
				name, source, err := readRuleset(file)
				if err != nil {
					return err
				}
				set, err := compileRuleset(cmd.OutOrStdout(), name, source, texts)
				if err != nil {
					failed = errors.Join(failed, err)
					continue
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%s: ruleset %s, %d rules, digest %.12s\n", name, set.Name, len(set.Rules), set.Digest)
			}
			return failed
		},
	}
	cmd.Flags().StringVar(&dir, "texts", "", "folder with texts of your own, as rulesets.texts; default the shipped ones")
	return cmd
}

func testCommand() *cobra.Command {
	var junit, testsFile string
	cmd := &cobra.Command{
		Use: "test [FILE]", Short: "Run a ruleset's tests: those in FILE_test.yaml beside it; without a file, the shipped ones", Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			name, source, err := readRuleset(args)
			if err != nil {
				return err
			}
			set, err := compileRuleset(cmd.ErrOrStderr(), name, source, nil)
			if err != nil {
				return err
			}
			tests, err := readTests(args, testsFile)
			if err != nil {
				return usageError{err}
			}
			suite, err := rehearsal.ParseSuite(tests)
			if err != nil {
				return usageError{err}
			}
			results := suite.Run(match.Default(), skills.Normalize, rehearsal.Ruleset{Name: set.Name, Source: source})
			failed := printResults(cmd.OutOrStdout(), results)
			if junit != "" {
				if err := writeJUnit(junit, set.Name, results); err != nil {
					return err
				}
			}
			if failed > 0 {
				return errFindings
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&junit, "junit", "", "also write the results as JUnit XML to this file")
	cmd.Flags().StringVar(&testsFile, "tests", "", "file of the tests, when they are not beside the ruleset")
	return cmd
}

// readTests reads the tests that belong to a ruleset.
func readTests(args []string, file string) ([]byte, error) {
	switch {
	case file != "":
	case len(args) == 0:
		return campus.FS.ReadFile("campus_test.yaml")
	default:
		file = strings.TrimSuffix(args[0], filepath.Ext(args[0])) + "_test.yaml"
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the tests: %w", err)
	}
	return data, nil
}

func printResults(out io.Writer, results []rehearsal.Result) (failed int) {
	for _, r := range results {
		mark := "ok  "
		if len(r.Failures) > 0 {
			mark = "FAIL"
			failed++
		}
		fmt.Fprintf(out, "%s %s\n", mark, r.Name)
		for _, f := range r.Failures {
			fmt.Fprintf(out, "       %s\n", f)
		}
	}
	fmt.Fprintf(out, "%d passed, %d failed\n", len(results)-failed, failed)
	return failed
}

// The part of JUnit's format that build servers read.
type junitSuite struct {
	XMLName  xml.Name    `xml:"testsuite"`
	Name     string      `xml:"name,attr"`
	Tests    int         `xml:"tests,attr"`
	Failures int         `xml:"failures,attr"`
	Cases    []junitCase `xml:"testcase"`
}

type junitCase struct {
	Name    string        `xml:"name,attr"`
	Class   string        `xml:"classname,attr"`
	Failure *junitFailure `xml:"failure,omitempty"`
}

type junitFailure struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func writeJUnit(file, name string, results []rehearsal.Result) error {
	suite := junitSuite{Name: name, Tests: len(results)}
	for _, r := range results {
		c := junitCase{Name: r.Name, Class: "rulesets." + name}
		if len(r.Failures) > 0 {
			suite.Failures++
			c.Failure = &junitFailure{r.Failures[0], strings.Join(r.Failures, "\n")}
		}
		suite.Cases = append(suite.Cases, c)
	}
	data, err := xml.MarshalIndent(suite, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	if err := os.WriteFile(file, append([]byte(xml.Header), append(data, '\n')...), 0o600); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	return nil
}
