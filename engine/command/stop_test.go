//go:build crash

package command

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"
)

// stops is how often the process is asked to end.
const stops = 4

// stop asks the process to end, and requires that it does in time and content.
func (v *victim) stop() {
	start := time.Now()
	if err := v.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		v.t.Fatal(err)
	}
	overdue := time.AfterFunc(10*time.Second, func() { _ = v.cmd.Process.Signal(syscall.SIGQUIT) }) // it writes down where it stands
	defer overdue.Stop()
	if err := v.cmd.Wait(); err != nil {
		v.t.Fatalf("after %s: %v; its log:\n%s", time.Since(start), err, v.log())
	}
	v.cmd = nil // nothing is left to be killed
	v.t.Logf("stopped in %s", time.Since(start).Round(time.Millisecond))
}

func TestAStopUnderLoadIsQuickAndLosesNothing(t *testing.T) {
	v, r, campus := newVictim(t).onRealRedis(), newRandom(), newSeason()
	for range stops {
		v.start()
		v.under(r, campus, func() {
			time.Sleep(time.Duration(200+rand.IntN(1800)) * time.Millisecond) // the signal comes at any moment
			v.stop()
		})
	}
	v.start()
	v.verify()
	v.stop()
}
