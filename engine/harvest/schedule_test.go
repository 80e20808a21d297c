package harvest

import (
	"testing"
	"time"
)

func schedule(t *testing.T, text, zone string, jitter time.Duration) Schedule {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSchedule(text, z, jitter)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTimesAreThoseOfTheZone(t *testing.T) {
	s := schedule(t, "30 2 * * *", "Asia/Kolkata", 0)
	if got := s.Next("x", noon); !got.Equal(time.Date(2026, 5, 1, 21, 0, 0, 0, time.UTC)) {
		t.Errorf("next is %s", got)
	}
}

func TestJitterIsTheSameEverywhereAndSkipsNothing(t *testing.T) {
	s := schedule(t, "0 * * * *", "UTC", 90*time.Minute)
	a := s.Next("a", noon)
	if !a.Equal(s.Next("a", noon)) || a.Equal(s.Next("b", noon)) {
		t.Error("the jitter is not the name's")
	}
	runs := 0
	for at := noon; at.Before(noon.Add(48 * time.Hour)); at = s.Next("a", at) {
		runs++
	}
	if runs < 40 {
		t.Errorf("%d runs in 48 hours", runs)
	}
}

func TestWhatIsDue(t *testing.T) {
	s := schedule(t, "0 2 * * *", "UTC", 0)
	two := time.Date(2026, 5, 2, 2, 0, 0, 0, time.UTC)
	ran := State{Started: noon, Finished: noon.Add(time.Minute)}
	for name, c := range map[string]struct {
		state State
		now   time.Time
		want  string
	}{
		"not yet":                {ran, two.Add(-time.Second), ""},
		"now":                    {ran, two, BySchedule},
		"missed while away":      {ran, two.Add(300 * time.Hour), BySchedule},
		"never run, before":      {State{}, two.Add(-time.Second), ""},
		"never run":              {State{}, two, BySchedule},
		"asked for":              {State{Started: noon, Finished: noon, Requested: noon, NotBefore: two}, noon, ByRequest},
		"somebody is at it":      {State{Started: noon, Holder: "x", Until: two, Requested: noon}, two.Add(-1), ""},
		"failed":                 {State{Started: noon, Finished: noon, Failures: 1}, noon.Add(15 * time.Minute), ByRetry},
		"failed just now":        {State{Started: noon, Finished: noon, Failures: 1}, noon.Add(14 * time.Minute), ""},
		"failed thrice":          {State{Started: noon, Finished: noon, Failures: 3}, noon.Add(4 * time.Hour), ByRetry},
		"failed too often":       {State{Started: noon, Finished: noon, Failures: 4}, noon.Add(10 * time.Hour), ""},
		"cut off":                {State{Started: noon, Holder: "x", Until: two}, two, ByRetry},
		"wants to be left alone": {State{Started: noon, Finished: noon, NotBefore: two.Add(time.Hour)}, two, ""},
	} {
		if got := Due(s, c.state, noon, c.now); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestTheBudgetIsOfADay(t *testing.T) {
	var s State
	s.Spend(7, noon)
	s.Spend(2, noon)
	if s.Left(10, noon) != 1 || s.Left(5, noon) != 0 || s.Left(10, noon.Add(12*time.Hour)) != 10 {
		t.Errorf("%+v", s)
	}
}
