package delivery

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"tideline/engine/event"
	"tideline/streams/breaker"
)

func TestEachTargetGetsANotificationOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, a, b := &journal{}, &receiver{}, &receiver{}
		only := b.target("b")
		only.Wants = func(n event.Notification) bool { return n.ID != "1" }
		q, stop := start(t, j, Config{Targets: []Target{a.target("a"), only}})
		defer stop()
		quiet := sent("3")
		quiet.Channels = []event.Channel{event.InApp}
		accept(t, q, sent("1"), sent("2"), quiet)
		accept(t, q, sent("1"), sent("2")) // the same again, as after a lost commit
		synctest.Wait()
		accept(t, q, sent("2"))
		synctest.Wait()
		if a.got() != "1 2" || b.got() != "2" {
			t.Errorf("a got %s, b %s", a.got(), b.got())
		}
		if left := j.states(t); len(left) != 0 || outcomes(q, "a", Delivered) != 2 {
			t.Errorf("left %v", left)
		}
	})
}

func TestAttemptsGoOnForThreeDaysAndThenEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		r := &receiver{answer: func(int) error { return &Failure{Err: errors.New("mailbox full")} }}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		begin := time.Now()
		accept(t, q, sent("1"))
		pass(90 * time.Hour)
		times := r.moments()
		if len(times) != len(Schedule)+1 {
			t.Fatalf("%d attempts", len(times))
		}
		for i, wait := range Schedule {
			got := times[i+1].Sub(times[i])
			if got < wait*9/10 || got > wait*11/10 {
				t.Errorf("pause %d was %s, want %s give or take 10%%", i, got, wait)
			}
		}
		if all := times[len(times)-1].Sub(begin); all < 68*time.Hour || all > 84*time.Hour {
			t.Errorf("in all %s", all)
		}
		d := j.states(t)["1 a"]
		if d.State != GivenUp || d.Reason != Exhausted || d.Error != "mailbox full" || d.Notification != nil || d.Attempt != 11 {
			t.Errorf("kept %+v", d)
		}
	})
}

func TestWaitingDeliveriesSurviveARestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		r := &receiver{answer: func(attempt int) error {
			if attempt < 4 {
				return &Failure{Err: errors.New("later")}
			}
			return nil
		}}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		accept(t, q, sent("1"))
		pass(2 * time.Minute) // attempts at 0 s, 10 s and 70 s
		stop()
		if r.got() != "1 1 1" {
			t.Fatalf("got %s", r.got())
		}
		due := j.states(t)["1 a"].Due
		q, stop = start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		pass(10 * time.Minute)
		if times := r.moments(); len(times) != 4 || !times[3].Equal(due) {
			t.Errorf("came at %v, the last is due at %s", times, due)
		}
		accept(t, q, sent("1"))
		pass(time.Minute)
		if r.got() != "1 1 1 1" {
			t.Errorf("delivered again after it was done")
		}
	})
}

func TestWhatWasDoneBeforeACrashIsNotDoneAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := &journal{}, &receiver{}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		accept(t, q, sent("1"), sent("2"))
		synctest.Wait()
		stop()
		q, stop = start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		accept(t, q, sent("1"), sent("2"), sent("3")) // the offsets were not committed
		synctest.Wait()
		if r.got() != "1 2 3" {
			t.Errorf("got %s", r.got())
		}
	})
}

func TestASlowTargetHoldsUpNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, slow, fast := &journal{}, &receiver{takes: 20 * time.Second}, &receiver{}
		q, stop := start(t, j, Config{Targets: []Target{slow.target("slow"), fast.target("fast")}, MaxPerTarget: 3})
		defer stop()
		for i := range 10 {
			accept(t, q, sent(fmt.Sprint(i)))
			synctest.Wait()
		}
		if fast.got() != "0 1 2 3 4 5 6 7 8 9" {
			t.Errorf("fast got %s", fast.got())
		}
		pass(10 * time.Minute)
		if slow.got() != "0 1 2 3" || outcomes(q, "slow", Overflow) != 6 {
			t.Errorf("slow got %s", slow.got())
		}
		if d := j.states(t)["9 slow"]; d.State != GivenUp || d.Reason != Overflow {
			t.Errorf("kept %+v", d)
		}
	})
}

func TestAFullQueueStopsTheReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := &journal{}, &receiver{takes: 10 * time.Second}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}, MaxQueued: 2})
		defer stop()
		accept(t, q, sent("1"), sent("2"), sent("3"))
		begin := time.Now()
		if err := q.Room(t.Context()); err != nil {
			t.Fatal(err)
		}
		if waited := time.Since(begin); waited != 20*time.Second {
			t.Errorf("there was room after %s", waited)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.Room(ctx); err == nil {
			t.Error("room after the end")
		}
	})
}

func TestATargetThatIsAwayIsLeftAloneAndProbed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		var back time.Time
		r := &receiver{}
		r.answer = func(int) error {
			if time.Now().Before(back) {
				return errors.New("connection refused")
			}
			return nil
		}
		back = time.Now().Add(20 * time.Minute)
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		for i := range 100 {
			accept(t, q, sent(fmt.Sprint(i)))
		}
		pass(19 * time.Minute)
		if n := r.count(); n < breaker.After || n > breaker.After+6 {
			t.Errorf("%d attempts at a target that is away", n)
		}
		if got := testutil.ToFloat64(q.metrics.breaker.WithLabelValues("webhook", "a")); got != breaker.Open {
			t.Errorf("breaker is %v", got)
		}
		pass(time.Hour)
		if left := j.states(t); len(left) != 0 {
			t.Errorf("%d are left after it came back", len(left))
		}
	})
}

func TestATargetMayAskToBeLeftAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		r := &receiver{answer: func(attempt int) error {
			if attempt == 1 {
				return &Failure{Err: errors.New("429"), After: 10 * time.Minute}
			}
			return nil
		}}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		accept(t, q, sent("1"), sent("2"))
		pass(10*time.Minute - time.Second)
		if r.got() != "1" {
			t.Errorf("got %s too early", r.got())
		}
		pass(2 * time.Second)
		if r.count() != 3 {
			t.Errorf("got %s", r.got())
		}
	})
}

func TestAFinalAnswerEndsADeliveryAndGoneEndsAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		r := &receiver{answer: func(attempt int) error {
			return &Failure{Err: errors.New("no"), Final: attempt == 1, Gone: attempt == 2}
		}}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		accept(t, q, sent("1"), sent("2"), sent("3"))
		pass(time.Minute)
		accept(t, q, sent("4"))
		pass(time.Hour)
		if r.got() != "1 2" || outcomes(q, "a", Refused) != 4 {
			t.Errorf("got %s, refused %v", r.got(), outcomes(q, "a", Refused))
		}
	})
}

func TestWhatIsNoLongerTrueIsNotDelivered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &journal{}
		r := &receiver{takes: time.Second, answer: func(int) error { return &Failure{Err: errors.New("later")} }}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		accept(t, q, sent("0"), retracted("0")) // before anything is sent
		accept(t, q, sent("1"))
		pass(5 * time.Second)
		accept(t, q, retracted("1")) // between attempts
		accept(t, q, sent("2"))
		pass(500 * time.Millisecond)
		accept(t, q, retracted("2")) // during one
		pass(100 * time.Hour)
		if r.got() != "1 2" {
			t.Errorf("got %s", r.got())
		}
		if left := j.states(t); len(left) != 0 || outcomes(q, "a", Retracted) != 3 || q.waiting() != 0 {
			t.Errorf("left %v, retracted %v, queued %d", left, outcomes(q, "a", Retracted), q.waiting())
		}
	})
}

func TestWhatIsTooOldIsNoNews(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := &journal{}, &receiver{answer: func(int) error { return errors.New("away for good") }}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		old := sent("old")
		old.Decided = old.Decided.Add(-81 * time.Hour)
		accept(t, q, old)
		for i := range 500 {
			accept(t, q, sent(fmt.Sprint(i)))
		}
		pass(83 * time.Hour)
		if left := q.waiting(); left != 0 || outcomes(q, "a", Expired)+outcomes(q, "a", Exhausted) != 501 {
			t.Errorf("%d wait, %v expired", left, outcomes(q, "a", Expired))
		}
		if _, ok := j.states(t)["old a"]; ok {
			t.Error("what was old from the start was queued")
		}
	})
}

func TestAReleasedPartitionWaitsForItsAttemptsAndLeavesTheRest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := &journal{}, &receiver{takes: 3 * time.Second}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		accept(t, q, sent("1"), sent("2"))
		synctest.Wait()
		begin := time.Now()
		q.Release(t.Context(), 1)
		if waited := time.Since(begin); waited != 3*time.Second {
			t.Errorf("waited %s", waited)
		}
		accept(t, q, sent("3")) // read before the partition went
		pass(time.Minute)
		left := j.states(t)
		if r.got() != "1" || len(left) != 1 || left["2 a"].State != Pending || q.waiting() != 0 {
			t.Errorf("got %s, left %v, queued %d", r.got(), left, q.waiting())
		}
		q.Release(t.Context(), 1) // twice, and what was never taken
		q.Release(t.Context(), 7)
	})
}

func TestAStopLetsAttemptsEndAndThenBreaksThemOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, quick, stuck := &journal{}, &receiver{takes: 2 * time.Second}, &receiver{takes: time.Hour}
		q, stop := start(t, j, Config{Targets: []Target{quick.target("quick"), stuck.target("stuck")}, Timeout: 2 * time.Hour})
		accept(t, q, sent("1"))
		synctest.Wait()
		begin := time.Now()
		stop()
		if waited := time.Since(begin); waited != stopWithin {
			t.Errorf("stopped after %s", waited)
		}
		left := j.states(t)
		if len(left) != 1 || left["1 stuck"].Attempt != 0 {
			t.Errorf("left %v", left)
		}
	})
}

func TestNothingIsTrueBeforeItIsWritten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := &journal{failures: 1}, &receiver{}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		defer stop()
		if err := q.Accept(t.Context(), 1, []event.Notification{sent("1")}); err == nil {
			t.Fatal("accepted without a record")
		}
		synctest.Wait()
		if r.got() != "" {
			t.Error("sent without a record")
		}
		j.mu.Lock()
		j.failures = 0
		j.mu.Unlock()
		accept(t, q, sent("1"))
		j.mu.Lock()
		j.failures = 3 // of the outcome
		j.mu.Unlock()
		pass(time.Minute)
		if r.got() != "1" || len(j.states(t)) != 0 {
			t.Errorf("got %s, left %v", r.got(), j.states(t))
		}
	})
}

func TestATargetThatIsNoLongerConfiguredIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j, r := &journal{}, &receiver{answer: func(int) error { return errors.New("away") }}
		q, stop := start(t, j, Config{Targets: []Target{r.target("a")}})
		accept(t, q, sent("1"))
		synctest.Wait()
		stop()
		_, stop = start(t, j, Config{})
		stop()
		if d := j.states(t)["1 a"]; d.State != GivenUp || d.Reason != Removed {
			t.Errorf("kept %+v", d)
		}
	})
}
