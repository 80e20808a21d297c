//go:build !noembed

package command

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"tideline/engine/config"
)

// patience is how long anything in these tests may take.
const patience = 2 * time.Minute

// testConfig is of a Tideline that nothing else meets.
func testConfig(t *testing.T) config.Config {
	c := config.Default()
	c.DataDir, c.Instance, c.Partitions, c.Tick = t.TempDir(), "test", 2, time.Second
	c.HTTP.Addr, c.Admin.Addr = "127.0.0.1:0", "127.0.0.1:0"
	return c
}

// running starts a whole Tideline, with everything embedded, and waits until it is ready.
func running(t *testing.T) (context.Context, *app) { return runningWith(t, testConfig(t)) }

func runningWith(t *testing.T, c config.Config) (context.Context, *app) {
	t.Helper()
	return runningAt(t, c, time.Now, patience)
}

// runningAt is running, by a clock of the test's and with a patience of its own.
func runningAt(t *testing.T, c config.Config, now func() time.Time, patience time.Duration) (context.Context, *app) {
	t.Helper()
	a, err := openAppAt(t.Context(), c, slog.New(slog.DiscardHandler), now)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	up, ended := make(chan struct{}), make(chan error, 1)
	run, stop := context.WithCancel(t.Context())
	go func() { ended <- a.run(run, func(context.Context) { close(up) }) }()
	t.Cleanup(func() {
		cancel()
		stop()
		if err := errors.Join(<-ended, a.close()); err != nil {
			t.Errorf("the end: %v", err)
		}
	})
	select {
	case <-up:
	case err := <-ended:
		ended <- err
		t.Fatalf("ended at once: %v", err)
	}
	if err := await(ctx, func() bool { ok, _ := a.engine.Ready(); return ok && a.engine.Settled() }); err != nil {
		t.Fatal(err)
	}
	return ctx, a
}
