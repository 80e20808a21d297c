package command

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tideline/api"
	"tideline/engine/rehearsal"
)

// remote speaks to a running Tideline's API as ops.
type remote struct {
	base, token string
}

// remoteFlags are those of every command that speaks to a running Tideline.
func remoteFlags(cmd *cobra.Command, r *remote) {
	cmd.Flags().StringVar(&r.base, "server", "", "address of a running Tideline; the configured http.addr when left out")
	cmd.Flags().StringVar(&r.token, "token", "", "token of ops; made from the configured secret when left out")
}

// connect fills in what the flags leave out.
func (r *remote) connect(cmd *cobra.Command) error {
	loaded, _, err := load(cmd)
	if err != nil {
		return err
	}
	if r.base == "" {
		r.base = "http://" + loaded.HTTP.Addr
	}
	if r.token != "" {
		return nil
	}
	auth := api.AuthConfig{Secret: loaded.Auth.HS256Secret, Issuer: loaded.Auth.Issuer, Audience: loaded.Auth.Audience}
	if auth.Secret == "" {
		if loaded.Auth.JWKSURL != "" {
			return usageError{errors.New("say --token: tokens for auth.jwks_url are made by its owner")}
		}
		if auth.Secret, err = localSecret(loaded.DataDir); err != nil {
			return err
		}
	}
	r.token, err = api.Mint(auth, api.Ops, "command-line", time.Now(), time.Hour)
	return err
}

// call sends one request and decodes the answer; a problem becomes an error.
func (r *remote) call(ctx context.Context, method, path string, header http.Header, body []byte, into any) (http.Header, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.base+path, bytes.NewReader(body))
	if err != nil {
		return nil, usageError{err}
	}
	for name := range header {
		request.Header.Set(name, header.Get(name))
	}
	request.Header.Set("Authorization", "Bearer "+r.token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("is Tideline running at %s? %w", r.base, err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(io.LimitReader(response.Body, 64<<20))
	if err != nil {
		return nil, fmt.Errorf("read the answer of %s: %w", path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		var p api.Problem
		if json.Unmarshal(data, &p) != nil {
			return nil, fmt.Errorf("%s %s: %s", method, path, response.Status)
		}
		return response.Header, &refused{p}
	}
	if into == nil {
		return response.Header, nil
	}
	if raw, ok := into.(*json.RawMessage); ok {
		*raw = data
		return response.Header, nil
	}
	return response.Header, json.Unmarshal(data, into)
}

// refused is a problem that the server answered with.
type refused struct{ problem api.Problem }

func (r *refused) Error() string {
	var text strings.Builder
	text.WriteString(r.problem.Detail)
	for _, c := range r.problem.Errors {
		fmt.Fprintf(&text, "\n  %s: %s", c.Location, c.Message)
	}
	return text.String()
}

func planCommand() *cobra.Command {
	var r remote
	var days int
	var asJSON bool
	cmd := &cobra.Command{
		Use: "plan [FILE]", Short: "Replay the recorded past under the rules in force and under FILE, and say who would be told", Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, source, err := readRuleset(args)
			if err != nil {
				return err
			}
			set, err := compileRuleset(cmd.ErrOrStderr(), file, source, nil)
			if err != nil {
				return err
			}
			name := set.Name
			if err := r.connect(cmd); err != nil {
				return err
			}
			body, err := json.Marshal(map[string]any{"source": source, "days": days})
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := r.call(cmd.Context(), http.MethodPost, "/rulesets/"+url.PathEscape(name)+"/plan", nil, body, &raw); err != nil {
				return err
			}
			if asJSON {
				fmt.Fprintln(cmd.OutOrStdout(), string(raw))
				return nil
			}
			var report rehearsal.Report
			if err := json.Unmarshal(raw, &report); err != nil {
				return fmt.Errorf("read the plan: %w", err)
			}
			printPlan(cmd.OutOrStdout(), report)
			return nil
		},
	}
	remoteFlags(cmd, &r)
	cmd.Flags().IntVar(&days, "days", 7, "of the past, at most 90")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the whole report")
	return cmd
}

func printPlan(out io.Writer, r rehearsal.Report) {
	fmt.Fprintf(out, "%s to %s: %d notifications would have been sent, %d under the rules in force\n\n",
		r.From.Format(time.DateTime), r.Until.Format(time.DateTime), r.After, r.Before)
	fmt.Fprintf(out, "%-28s %8s %8s %8s %8s  suppressed\n", "rule", "now", "then", "starts", "stops")
	for _, rule := range r.Rules {
		fmt.Fprintf(out, "%-28s %8d %8d %8d %8d  %v\n", rule.Rule, rule.Before, rule.After, rule.Starts, rule.Stops, rule.Suppressed)
	}
	if len(r.Busiest) > 0 {
		fmt.Fprintf(out, "\nbusiest: ")
		for _, l := range r.Busiest[:min(5, len(r.Busiest))] {
			fmt.Fprintf(out, "%s %d (now %d)  ", l.Recipient, l.After, l.Before)
		}
		fmt.Fprintln(out)
	}
	for _, rule := range r.Rules {
		for _, s := range rule.Samples[:min(3, len(rule.Samples))] {
			fmt.Fprintf(out, "  %s %s: %s %s", rule.Rule, s.Change, s.Recipient, s.Facts.Title)
			if s.Facts.Overlap > 0 {
				fmt.Fprintf(out, " (%.0f%%)", 100*s.Facts.Overlap)
			}
			if s.Instead != "" {
				fmt.Fprintf(out, ", otherwise %s", s.Instead)
			}
			fmt.Fprintln(out)
		}
	}
}

func activateCommand() *cobra.Command {
	var r remote
	var version, send int
	var comment string
	cmd := &cobra.Command{
		Use: "activate [FILE]", Short: "Store FILE as a new version, unless it is the latest, and put it in force once its tests pass", Args: usage(cobra.MaximumNArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			file, source, err := readRuleset(args)
			if err != nil {
				return err
			}
			set, err := compileRuleset(cmd.ErrOrStderr(), file, source, nil)
			if err != nil {
				return err
			}
			name := set.Name
			if err := r.connect(cmd); err != nil {
				return err
			}
			if version == 0 {
				tests, err := readTests(args, "")
				if err != nil && !errors.Is(err, os.ErrNotExist) {
					return err
				}
				if version, err = r.store(cmd.Context(), api.RulesetVersion{Name: name, Source: source, Tests: string(tests), Comment: comment}); err != nil {
					return err
				}
			}
			return r.activate(cmd, name, "activate", version, send)
		},
	}
	remoteFlags(cmd, &r)
	cmd.Flags().IntVar(&version, "version", 0, "activate this stored version instead of the file")
	cmd.Flags().IntVar(&send, "send", 0, "how many that match already may be told, per rule and partition; 0: they are adopted silently")
	cmd.Flags().StringVar(&comment, "comment", "", "why, kept with the version")
	return cmd
}

// store makes a version the latest, unless it is, and gives its number.
func (r *remote) store(ctx context.Context, v api.RulesetVersion) (int, error) {
	path := "/rulesets/" + url.PathEscape(v.Name)
	var latest api.RulesetVersion
	header := http.Header{"Content-Type": {"application/json"}}
	answered, err := r.call(ctx, http.MethodGet, path, nil, nil, &latest)
	if problem, ok := errors.AsType[*refused](err); ok && problem.problem.Status == http.StatusNotFound {
		header.Set("If-None-Match", "*")
	} else if err != nil {
		return 0, err
	} else if latest.Source == v.Source && latest.Tests == v.Tests {
		return latest.Version, nil
	} else {
		header.Set("If-Match", answered.Get("ETag"))
	}
	body, err := json.Marshal(map[string]string{"source": v.Source, "tests": v.Tests, "comment": v.Comment})
	if err != nil {
		return 0, err
	}
	var stored api.RulesetVersion
	_, err = r.call(ctx, http.MethodPut, path, header, body, &stored)
	return stored.Version, err
}

func (r *remote) activate(cmd *cobra.Command, name, how string, version, send int) error {
	body, err := json.Marshal(map[string]int{"version": version, "send": send})
	if err != nil {
		return err
	}
	var done struct {
		Version int
		Digest  string
	}
	if _, err := r.call(cmd.Context(), http.MethodPost, "/rulesets/"+url.PathEscape(name)+"/"+how, nil, body, &done); err != nil {
		return err
	}
	state := "is in force"
	if !r.inForce(cmd.Context(), name, done.Version) {
		state = "is accepted, and not in force yet"
	}
	fmt.Fprintf(cmd.OutOrStdout(), "%s version %d, digest %.12s, %s\n", name, done.Version, done.Digest, state)
	return nil
}

// switchWithin is how long a process may take to come to where the streams switch.
const switchWithin = 15 * time.Second

// inForce waits until the process that was asked has switched.
func (r *remote) inForce(ctx context.Context, name string, version int) bool {
	ctx, cancel := context.WithTimeout(ctx, switchWithin)
	defer cancel()
	return await(ctx, func() bool {
		var all struct {
			Rulesets []struct {
				Name   string
				Active int `json:"active_version"`
			}
		}
		_, err := r.call(ctx, http.MethodGet, "/rulesets", nil, nil, &all)
		for _, set := range all.Rulesets {
			if set.Name == name && set.Active == version {
				return err == nil
			}
		}
		return false
	}) == nil
}

func rollbackCommand() *cobra.Command {
	var r remote
	var version int
	cmd := &cobra.Command{
		Use: "rollback NAME", Short: "Put the version that was in force before, or --version, in force again", Args: usage(cobra.ExactArgs(1)),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := r.connect(cmd); err != nil {
				return err
			}
			return r.activate(cmd, args[0], "rollback", version, 0)
		},
	}
	remoteFlags(cmd, &r)
	cmd.Flags().IntVar(&version, "version", 0, "go to this version")
	return cmd
}
