package partition

import (
	"slices"
	"testing"

	"tideline/engine/event"
)

// nothing fails when anything that s said shows.
func nothing(t *testing.T, b *bench) {
	t.Helper()
	v := b.View("s")
	if v == nil || len(v.Saved)+len(v.Ignored)+len(v.Weights) > 0 {
		t.Errorf("the view is %+v", v)
	}
}

func TestSignalsFromBeforeAnErasureThatAreReadAfterItLeaveNothingBehind(t *testing.T) {
	b := newBench(t, Config{})
	o := opportunity(1)
	r := b.publish("o1", &o)
	b.do(putProfile(b, "s"), func(out *Effects) { b.Range(r, out) }, said(b, "s", "1", event.Save, "o1"))
	out := b.do(erase(b, "s"))
	if !slices.Equal(out.Erased, []Erasure{{"s", 2}}) {
		t.Fatalf("the signals are told of %v", out.Erased)
	}
	b.do(putProfile(b, "s"))
	late := []func(*Effects){
		said(b, "s", "2", event.Save, "o1"), said(b, "s", "3", event.Ignore, "o2"), said(b, "s", "4", event.ApplyClick, "o1"),
	}
	b.do(late...)
	nothing(t, b)
	b = b.restarted(profile("s")) // it must know that the erasure is not over
	b.do(said(b, "s", "5", event.Save, "o1"))
	nothing(t, b)
	b.do(void(b, "s", 1))
	nothing(t, b)
	b.do(said(b, "s", "6", event.Save, "o1"))
	if v := b.View("s"); len(v.Saved) != 1 || v.Signals != 1 {
		t.Errorf("afterwards the view is %+v", v)
	}
}

func TestEachOfTwoErasuresWaitsForItsOwnSignals(t *testing.T) {
	b := newBench(t, Config{})
	b.do(erase(b, "s"), putProfile(b, "s"), erase(b, "s"), putProfile(b, "s"))
	b.do(void(b, "s", 1), said(b, "s", "1", event.Save, "o1"))
	nothing(t, b)
	b = b.restarted(profile("s"))
	b.do(said(b, "s", "2", event.Save, "o1"), void(b, "s", 2))
	nothing(t, b)
	for key := range b.state {
		if key == erasedKey("s") {
			t.Error("an erasure is remembered though it is over")
		}
	}
}

// A broker that lost half of a transaction makes the engine read an erasure again.
func TestAnErasureThatIsReadTwiceIsOne(t *testing.T) {
	b := newBench(t, Config{})
	again := func(out *Effects) { b.Erase("s", 7, out) }
	over := func(out *Effects) { b.Void("s", 8, out) }
	b.do(again, again, putProfile(b, "s"), over, said(b, "s", "1", event.Save, "o1"))
	if v := b.View("s"); len(v.Saved) != 1 {
		t.Errorf("an erasure seems to be outstanding: %+v", v)
	}
	b.do(over)
	nothing(t, b)
}

func TestSignalsReadBeforeAnErasureThatCameLateAreVoidedToo(t *testing.T) {
	b := newBench(t, Config{})
	o := opportunity(1)
	r := b.publish("o1", &o)
	b.do(putProfile(b, "s"), func(out *Effects) { b.Range(r, out) })
	b.do(said(b, "s", "1", event.Save, "o1"), said(b, "s", "2", event.Ignore, "o1"))
	out := b.do(void(b, "s", 0)) // written by somebody else
	nothing(t, b)
	if len(out.Feeds) != 3 || !out.Feeds[0].Replace || len(out.Feeds[0].Add) != 1 {
		t.Errorf("what was hidden does not come back: %+v", out.Feeds)
	}
	b.do(said(b, "s", "3", event.Save, "o1"))
	if v := b.View("s"); len(v.Saved) != 1 {
		t.Errorf("an erasure seems to be outstanding: %+v", v)
	}
}

func TestARepetitionDoesNotOutliveAnErasure(t *testing.T) {
	b := newBench(t, Config{})
	b.do(putProfile(b, "s"), said(b, "s", "1", event.Save, "o1"))
	b.do(erase(b, "s"), void(b, "s", 1), putProfile(b, "s"))
	b = b.restarted(profile("s"))
	b.do(said(b, "s", "1", event.Save, "o1"))
	nothing(t, b)
}

func TestWhatTheGlobalModelLearnsDoesNotDependOnWhenAnErasureIsRead(t *testing.T) {
	var models []map[string][]byte
	for _, early := range []bool{true, false} {
		b := newBench(t, Config{})
		events := []func(*Effects){
			putProfile(b, "s"), said(b, "s", "1", event.Save, "o1"), said(b, "s", "2", event.Ignore, "o1"),
			said(b, "s", "3", event.ApplyClick, "o1"), void(b, "s", 1), said(b, "r", "4", event.Save, "o1"),
		}
		b.do(slices.Insert(events, map[bool]int{true: 1, false: 4}[early], erase(b, "s"))...)
		models = append(models, b.state)
	}
	for _, key := range []string{globalKey("skill:go"), weightsKey("r")} {
		if a, b := models[0][key], models[1][key]; a == nil || string(a) != string(b) {
			t.Errorf("%q: %s, and %s", key, a, b)
		}
	}
}
