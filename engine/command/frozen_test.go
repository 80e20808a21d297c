//go:build crash

package command

import (
	"os"
	"syscall"
	"testing"
	"time"
)

// A process that stands still for longer than its session may wake in the
// middle of a batch, when all it owned is another's.
func TestAFrozenProcessUnderLoadDoesNoHarm(t *testing.T) {
	if os.Getenv("TIDELINE_TEST_BROKERS") == "" {
		t.Skip("two processes need brokers outside of both")
	}
	a, r, campus := newVictim(t).onRealRedis(), newRandom(), newSeason()
	a.verifying = []string{"--rules=false"} // each has an embedded MongoDB of its own, with half of the notifications
	b := a.another()
	a.start()
	b.start()
	a.under(r, campus, func() {
		tell(b, syscall.SIGSTOP)
		time.Sleep(25 * time.Second) // the group forgets it after 20
		tell(b, syscall.SIGCONT)
		time.Sleep(time.Second) // it finds out under load
	})
	a.verify()
	b.stop()
	a.verify() // what b had, a takes when b's session is over
	a.stop()
}

func tell(v *victim, s syscall.Signal) {
	if err := v.cmd.Process.Signal(s); err != nil {
		v.t.Fatal(err)
	}
}
