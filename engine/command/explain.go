package command

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"

	"github.com/spf13/cobra"

	"tideline/api"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/rulesets"
)

// rulesCommand groups what is asked about single rules.
func rulesCommand() *cobra.Command {
	cmd := &cobra.Command{Use: "rules", Short: "Ask about the rules in force"}
	cmd.AddCommand(explainCommand())
	return cmd
}

func explainCommand() *cobra.Command {
	var r remote
	about := map[string]*string{"student": nil, "opportunity": nil, "application": nil, "gap": nil}
	cmd := &cobra.Command{
		Use: "explain RULE", Args: usage(cobra.ExactArgs(1)),
		Short: "Say what of a rule's condition the indexes answer, and how selective that is; with --student, why the rule speaks of somebody or does not",
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.connect(cmd); err != nil {
				return err
			}
			query := url.Values{"rule": {args[0]}}
			for name, value := range about {
				if *value != "" {
					query.Set(name, *value)
				}
			}
			if len(query) > 1 {
				return r.explainSubject(cmd, query)
			}
			return r.explainPlan(cmd, args[0])
		},
	}
	remoteFlags(cmd, &r)
	for name, text := range map[string]string{
		"student": "the student", "opportunity": "of a rule about opportunities, or of the student's only application for it",
		"application": "of a rule about applications", "gap": "the skill, of a rule about gaps",
	} {
		about[name] = cmd.Flags().String(name, "", text)
	}
	return cmd
}

func (r *remote) explainPlan(cmd *cobra.Command, rule string) error {
	var plan struct {
		Rule, Digest, Title, Scope string
		On                         []string
		PushedDown                 []string `json:"pushed_down"`
		Rest                       []string
		Overlap                    float64
		Opportunities, Admitted    int
		Counts                     api.RuleCounts
	}
	if _, err := r.call(cmd.Context(), http.MethodGet, "/rules/"+url.PathEscape(rule), nil, nil, &plan); err != nil {
		return err
	}
	out := cmd.OutOrStdout()
	fmt.Fprintf(out, "%s (%s), scope %s, on %v, digest %.12s\n", plan.Rule, plan.Title, plan.Scope, plan.On, plan.Digest)
	fmt.Fprintf(out, "pushed down into the indexes:\n")
	for _, part := range plan.PushedDown {
		fmt.Fprintf(out, "  %s\n", part)
	}
	fmt.Fprintf(out, "worked out for what they find:\n")
	for _, part := range plan.Rest {
		fmt.Fprintf(out, "  %s\n", part)
	}
	fmt.Fprintf(out, "live: %d of %d opportunities can fire it, for students with an overlap of at least %.2f\n", plan.Admitted, plan.Opportunities, plan.Overlap)
	fmt.Fprintf(out, "since the process started: evaluated %d, matched %d, unknown %d, fired %d, late %d, nobody to tell %d\n",
		plan.Counts.Evaluated, plan.Counts.Matched, plan.Counts.Unknown, plan.Counts.Fired, plan.Counts.Late, plan.Counts.Unaddressed)
	return nil
}

// reason is what GET /explain answers.
type reason struct {
	Rule, Digest, Recipient string
	Fires, Eligible         bool
	Gate                    match.Gate
	Conjuncts               []rulesets.Conjunct
	Flip                    *rulesets.Flip
	Last                    *event.Decision
	Unrecorded              string
}

func (r *remote) explainSubject(cmd *cobra.Command, query url.Values) error {
	var raw json.RawMessage
	if _, err := r.call(cmd.Context(), http.MethodGet, "/explain?"+query.Encode(), nil, nil, &raw); err != nil {
		return err
	}
	var why reason
	if err := json.Unmarshal(raw, &why); err != nil {
		return fmt.Errorf("read the explanation: %w", err)
	}
	printReason(cmd.OutOrStdout(), why)
	return nil
}

func printReason(out io.Writer, why reason) {
	truth := "is not true"
	if why.Fires {
		truth = "is true"
	}
	fmt.Fprintf(out, "%s, digest %.12s: its condition %s\n", why.Rule, why.Digest, truth)
	if !why.Eligible {
		fmt.Fprintf(out, "not looked at: %s\n", why.Gate)
	}
	for _, c := range why.Conjuncts {
		fmt.Fprintf(out, "  %-7s %d:%d %s\n", c.Truth, c.Line, c.Column, c.Text)
		for _, field := range slices.Sorted(maps.Keys(c.Values)) {
			fmt.Fprintf(out, "            %s = %s\n", field, c.Values[field])
		}
	}
	if why.Flip != nil {
		fmt.Fprintf(out, "%s\n", why.Flip.Text)
	}
	switch {
	case why.Last != nil && why.Last.Reason != "":
		fmt.Fprintf(out, "last: %s (%s) to %s\n", why.Last.Outcome, why.Last.Reason, why.Recipient)
	case why.Last != nil:
		fmt.Fprintf(out, "last: %s to %s\n", why.Last.Outcome, why.Recipient)
	case why.Unrecorded != "":
		fmt.Fprintln(out, why.Unrecorded)
	case why.Recipient == "":
		fmt.Fprintln(out, "there is nobody to tell")
	default:
		fmt.Fprintf(out, "nothing was decided yet for %s\n", why.Recipient)
	}
}
