package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"tideline/api"
	"tideline/engine/demo"
)

func serveCommand() *cobra.Command {
	var withDemo bool
	cmd := &cobra.Command{
		Use: "serve", Short: "Run the engine and the API", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			loaded, log, err := load(cmd)
			if err != nil {
				return err
			}
			a, err := openApp(cmd.Context(), loaded.Config, log)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, a.close()) }()
			failed := make(chan error, 1)
			run, cancel := context.WithCancel(cmd.Context())
			defer cancel()
			err = a.run(run, func(ctx context.Context) {
				if err := a.welcome(ctx, cmd.OutOrStdout(), cmd.ErrOrStderr(), withDemo); err != nil && ctx.Err() == nil {
					failed <- err
					cancel()
				}
			})
			select {
			case why := <-failed:
				return errors.Join(why, err)
			default:
				return err
			}
		},
	}
	cmd.Flags().BoolVar(&withDemo, "demo", false, "load the demonstration campus unless it is loaded")
	return cmd
}

// welcome waits until feeds can be served, loads the campus if asked to, and
// says where everything is.
func (a *app) welcome(ctx context.Context, out, progress io.Writer, withDemo bool) error {
	if err := await(ctx, func() bool { ok, _ := a.engine.Ready(); return ok && a.engine.Settled() }); err != nil {
		return err
	}
	if withDemo {
		// Rules adopt what they find: the campus comes after them, so that they have something to say.
		rules := func() bool { active, known := a.engine.Rules(); return known && len(active) > 0 }
		if err := await(ctx, rules); err != nil {
			return err
		}
		if err := a.loadCampus(ctx, campusLoad{a.engine.Producer(), progress, demo.Default()}); err != nil {
			return err
		}
	}
	fmt.Fprintf(out, "\nTideline serves http://%s\n", a.apiAddr)
	fmt.Fprintf(out, "  contract   http://%s/docs\n  metrics    http://%s/metrics\n", a.apiAddr, a.adminAddr)
	if a.config.Auth.JWKSURL != "" || !withDemo {
		return nil
	}
	for _, who := range []struct {
		role    api.Role
		subject string
	}{{api.Student, demo.StudentID(0)}, {api.Recruiter, "r01"}, {api.Ops, "ops"}, {api.Service, "platform"}} {
		token, err := api.Mint(a.auth, who.role, who.subject, time.Now(), 30*24*time.Hour)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "\n%s %s:\n  %s\n", who.role, who.subject, token)
		if who.role == api.Student {
			fmt.Fprintf(out, "\n  curl -H 'Authorization: Bearer %s' 'http://%s/recommendations/jobs?limit=5&explain=true'\n", token, a.apiAddr)
		}
	}
	return nil
}

// await looks every 50 ms until done says yes or ctx ends.
func await(ctx context.Context, done func() bool) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-ticker.C:
		}
	}
	return nil
}

func tokenCommand() *cobra.Command {
	var role, subject string
	var life time.Duration
	cmd := &cobra.Command{
		Use: "token --role ROLE --subject ID", Short: "Make a token for the configured HS256 secret", Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case !slices.Contains(api.Roles, api.Role(role)):
				return usageError{fmt.Errorf("--role %q is not one of %s", role, roleNames())}
			case subject == "":
				return usageError{errors.New("say who the token is for: --subject ID")}
			case life <= 0:
				return usageError{fmt.Errorf("--life %s is over before it begins; must be positive", life)}
			}
			loaded, _, err := load(cmd)
			if err != nil {
				return err
			}
			auth := api.AuthConfig{Secret: loaded.Auth.HS256Secret, Issuer: loaded.Auth.Issuer, Audience: loaded.Auth.Audience}
			if auth.Secret == "" {
				if loaded.Auth.JWKSURL != "" {
					return usageError{errors.New("tokens for auth.jwks_url are made by its owner; only auth.hs256_secret can be used here")}
				}
				if auth.Secret, err = localSecret(loaded.DataDir); err != nil {
					return err
				}
			}
			token, err := api.Mint(auth, api.Role(role), subject, time.Now(), life)
			if err != nil {
				return err
			}
			fmt.Fprintln(cmd.OutOrStdout(), token)
			return nil
		},
	}
	cmd.Flags().StringVar(&role, "role", string(api.Student), roleNames())
	cmd.Flags().StringVar(&subject, "subject", "", "user id")
	cmd.Flags().DurationVar(&life, "life", 24*time.Hour, "how long it is good for")
	return cmd
}

func roleNames() string {
	names := make([]string, len(api.Roles))
	for i, r := range api.Roles {
		names[i] = string(r)
	}
	return strings.Join(names, ", ")
}
