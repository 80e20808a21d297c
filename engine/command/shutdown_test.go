//go:build !noembed

package command

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestAStopThatDoesNotEndSaysWhatIsStillAtWork(t *testing.T) {
	a, err := openApp(t.Context(), testConfig(t), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	a.stopWithin = time.Second
	hang, ended := make(chan struct{}), make(chan error, 1)
	run, stop := context.WithCancel(t.Context())
	go func() { ended <- a.run(run, func(context.Context) { stop(); <-hang }) }()
	select {
	case err = <-ended:
	case <-time.After(patience):
		t.Fatal("it does not end")
	}
	if !errors.Is(err, errNotStopped) || !strings.Contains(err.Error(), "start") || ExitCode(err) != exitFailed {
		t.Errorf("exit code %d: %v", ExitCode(err), err)
	}
	if err := a.close(); err != nil || len(a.teardown) == 0 {
		t.Errorf("what is in use was closed: %v", err)
	}
	close(hang)
	a.stuck, a.stopWithin = false, patience // the rest of the test's process goes on
	a.stop, a.stopped = context.WithTimeout(context.Background(), patience)
	if err := a.close(); err != nil {
		t.Error(err)
	}
}

func TestClosingIsBoundedToo(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	a := &app{stopWithin: 10 * time.Millisecond}
	a.defers("never reached", func() { t.Error("closed what the one above may still use") })
	a.defers("door", func() { <-hang })
	a.defers("window", func() {})
	err := a.close()
	if !errors.Is(err, errNotStopped) || err.Error() != "closing the door: did not end in time" {
		t.Errorf("%v", err)
	}
}
