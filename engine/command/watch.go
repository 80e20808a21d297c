package command

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/api"
	"tideline/engine/event"
	"tideline/rulesets"
	"tideline/rulesets/campus"
)

// reloadMetrics counts what became of the rulesets of files. Rulesets are
// configuration, so there are few.
type reloadMetrics struct{ reloads *prometheus.CounterVec }

// What becomes of a file that is new.
const (
	reloadActivated = "activated"
	reloadRefused   = "refused" // it is wrong
	reloadFailed    = "failed"  // it could not be read, tested or stored
)

func newReloadMetrics(reg prometheus.Registerer) reloadMetrics {
	m := reloadMetrics{promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
		Name: "tideline_ruleset_reloads_total",
		Help: "New or changed rulesets of files by what became of them: activated, refused (wrong), failed (not read, tested or stored).",
	}, []string{"outcome"})}
	for _, outcome := range []string{reloadActivated, reloadRefused, reloadFailed} {
		m.reloads.WithLabelValues(outcome) // from 0 on, or the first would not be seen as an increase
	}
	return m
}

func (m reloadMetrics) count(outcome string) { m.reloads.WithLabelValues(outcome).Inc() }

// rulesetFile is one ruleset as it lies in a directory, or in the program.
type rulesetFile struct{ name, source, tests string }

// watchRulesets keeps the rulesets of the configured directory in force; without
// a directory, it puts the shipped one in force where there is none yet. A file
// that is wrong is reported and the good version goes on. Contents are compared,
// not times: ConfigMaps change by swapping links, and some file systems tell nobody.
func (a *app) watchRulesets(ctx context.Context) error {
	seen := map[string]string{} // file -> digest of what was last tried
	ticker := time.NewTicker(a.config.Rulesets.Reload)
	defer ticker.Stop()
	first := time.NewTimer(0)
	defer first.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-first.C:
		case <-ticker.C:
		}
		active, known := a.engine.Rules()
		if !known {
			first.Reset(100 * time.Millisecond)
			continue
		}
		for _, file := range a.rulesetFiles(seen) {
			if a.config.Rulesets.Dir == "" && active[file.name].Ruleset != nil {
				continue // the shipped one only begins; what is in force is somebody's choice
			}
			if err := a.adopt(ctx, active, file); err != nil && ctx.Err() == nil {
				a.reloads.count(reloadFailed)
				a.log.Error("a ruleset is not put in force; what was in force goes on", "ruleset", file.name, "error", err)
				delete(seen, file.name) // an outage: try again
			}
		}
	}
}

// rulesetFiles gives what is new since it was last asked, and reports what is wrong.
func (a *app) rulesetFiles(seen map[string]string) []rulesetFile {
	if a.config.Rulesets.Dir == "" {
		source, err := campus.FS.ReadFile("campus.yaml")
		tests, err2 := campus.FS.ReadFile("campus_test.yaml")
		if err := errors.Join(err, err2); err != nil {
			a.log.Error("the shipped ruleset cannot be read", "error", err)
			return nil
		}
		if _, tried := seen["campus"]; tried {
			return nil
		}
		seen["campus"] = ""
		return []rulesetFile{{"campus", string(source), string(tests)}}
	}
	paths, err := filepath.Glob(filepath.Join(a.config.Rulesets.Dir, "*.yaml"))
	if err != nil || len(paths) == 0 {
		a.log.Warn("no rulesets in the directory", "dir", a.config.Rulesets.Dir)
		return nil
	}
	var files []rulesetFile
	for _, path := range paths {
		if strings.HasSuffix(path, "_test.yaml") {
			continue
		}
		source, err := os.ReadFile(path)
		if err != nil {
			a.reloads.count(reloadFailed)
			a.log.Error("a ruleset cannot be read", "file", path, "error", err)
			continue
		}
		tests, err := os.ReadFile(strings.TrimSuffix(path, ".yaml") + "_test.yaml")
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			a.reloads.count(reloadFailed)
			a.log.Error("the tests of a ruleset cannot be read", "file", path, "error", err)
			continue
		}
		digest := digestOf(string(source) + "\x00" + string(tests))
		if seen[path] == digest {
			continue
		}
		seen[path] = digest
		set, problems := rulesets.Compile(filepath.Base(path), source, compileOptions(a.texts))
		if set == nil {
			a.reloads.count(reloadRefused)
			a.log.Error("a ruleset is wrong; what was in force goes on", "file", path, "problems", problems.Err())
			continue
		}
		files = append(files, rulesetFile{set.Name, string(source), string(tests)})
	}
	return files
}

func digestOf(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:])
}

// adopt stores a file as a version and puts it in force, unless it is.
func (a *app) adopt(ctx context.Context, active map[string]event.RulesetRecord, file rulesetFile) error {
	digest := digestOf(file.source)
	if r := active[file.name].Ruleset; r != nil && r.Digest == digest {
		return nil
	}
	report, err := rehearsalPort{a}.Test(ctx, file.name, file.source, file.tests)
	if err != nil {
		return err
	}
	for _, t := range report.Tests {
		if !t.Passed {
			return fmt.Errorf("its test %q fails: %s", t.Name, strings.Join(t.Failures, "; "))
		}
	}
	port := rulesetsPort{a}
	latest, err := port.Version(ctx, file.name, 0)
	if err != nil && !errors.Is(err, api.ErrNoRuleset) {
		return err
	}
	if latest.Source != file.source {
		latest, err = port.Put(ctx, api.RulesetVersion{
			Name: file.name, Source: file.source, Tests: file.tests, Digest: digest, By: "file", At: time.Now().UTC().Truncate(time.Second),
		}, latest.Version)
		if err != nil {
			return err
		}
	}
	a.log.Info("putting a ruleset in force", "ruleset", file.name, "version", latest.Version, "digest", digest[:12])
	err = a.engine.Producer().PutRuleset(ctx, event.Activation{
		Name: file.name, Version: latest.Version, Digest: digest, Source: file.source, By: "file", At: time.Now().UTC().Truncate(time.Second),
	}.After(active[file.name].Ruleset))
	if err == nil {
		a.reloads.count(reloadActivated)
	}
	return err
}
