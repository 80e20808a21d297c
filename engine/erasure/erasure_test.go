package erasure

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

var noon = time.Date(2026, 6, 1, 12, 0, 0, 500, time.UTC)

var errCrash = errors.New("crash")

// campus is a world in which a student has left something everywhere. It ends,
// as a process does, before its call number crash.
type campus struct {
	mu           sync.Mutex         // of kept: who waits reads while another writes
	kept         map[string]Erasure // by hash
	applications map[string]string  // id -> open, erased
	topics       bool               // they know the student
	about        bool               // the record of notifications names the student
	inbox        bool
	others       bool // the inbox of somebody else names the student
	audit        bool
	calls        []string
	crash        int
	late         string // an application that is there only when the first round is over
}

func newCampus() *campus {
	return &campus{
		kept: map[string]Erasure{}, applications: map[string]string{"a1": "open", "a2": "open"},
		topics: true, about: true, inbox: true, others: true, audit: true, crash: -1,
	}
}

func (c *campus) call(what string) error {
	if len(c.calls) == c.crash {
		return errCrash
	}
	c.calls = append(c.calls, what)
	return nil
}

func (c *campus) Begin(_ context.Context, e Erasure) (Erasure, error) {
	if err := c.call("begin"); err != nil {
		return e, err
	}
	e.Hash = "#" + e.Student
	if old := c.kept[e.Hash]; old.Running() {
		return old, nil
	}
	c.kept[e.Hash] = e
	return e, nil
}

func (c *campus) Put(_ context.Context, e Erasure) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.kept[e.Hash] = e
	return c.call("put")
}

func (c *campus) Last(_ context.Context, student string) (Erasure, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e, known := c.kept["#"+student]; known {
		return e, nil
	}
	return Erasure{}, ErrNone
}

func (c *campus) Running(context.Context) (list []Erasure, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, e := range c.kept {
		if e.Running() {
			list = append(list, e)
		}
	}
	return list, nil
}

func (c *campus) ApplicationsOf(context.Context, string) (ids []string, err error) {
	for id := range c.applications {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids, nil
}

func forget(what *bool) (n int) {
	if *what {
		n = 1
	}
	*what = false
	return n
}

func (c *campus) ForgetNotifications(_ context.Context, _ string, told func(string) error) (int, error) {
	if c.about {
		if err := told("rita"); err != nil {
			return 0, err
		}
	}
	if err := c.call("forget notifications"); err != nil {
		return 0, err
	}
	return forget(&c.about), nil
}

func (c *campus) ForgetAudit(context.Context, string) (int, error) {
	if err := c.call("forget audit"); err != nil {
		return 0, err
	}
	if c.late != "" {
		c.applications[c.late], c.late = "open", ""
	}
	return forget(&c.audit), nil
}

func (c *campus) Note(_ context.Context, e Erasure) error {
	return c.call(fmt.Sprint("note ", e.Running()))
}

func (c *campus) Erase(_ context.Context, id string, void time.Time) (time.Time, error) {
	if err := c.call("erase application"); err != nil {
		return void, err
	}
	c.applications[id] = "erased"
	if id == "a2" { // it was changed by a clock that is ahead
		return noon.Add(time.Hour), nil
	}
	return void, nil
}

func (c *campus) Bury(_ context.Context, id string) (bool, error) {
	if c.applications[id] == "erased" {
		c.applications[id] = "told" // while it is waited for
		return false, nil
	}
	if err := c.call("bury"); err != nil {
		return false, err
	}
	delete(c.applications, id)
	return true, nil
}

// topicsOf are the topics, which also erase.
type topicsOf struct{ *campus }

func (c topicsOf) Erase(context.Context, string) (int, error) {
	if err := c.call("tell"); err != nil {
		return 0, err
	}
	return forget(&c.topics), nil
}

func (c topicsOf) Await(context.Context) error { return c.call("await") }

func (c *campus) ForgetInbox(_ context.Context, _ string, before time.Time) (int, error) {
	if !before.Equal(noon.Add(time.Hour)) {
		return 0, fmt.Errorf("before %v", before)
	}
	if err := c.call("forget inbox"); err != nil {
		return 0, err
	}
	return forget(&c.inbox), nil
}

func (c *campus) ForgetInInbox(_ context.Context, recipient, _ string) (int, error) {
	if err := c.call("forget in the inbox of " + recipient); err != nil {
		return 0, err
	}
	return forget(&c.others), nil
}

func (c *campus) service() *Service {
	return New(Ports{Store: c, Applications: c, Topics: topicsOf{c}, Inboxes: c, Now: func() time.Time { return noon }}, nil, slog.New(slog.DiscardHandler))
}

// round lets a service do what is under way, until it is done or the process ends.
func (c *campus) round(t *testing.T) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { c.service().round(t.Context()) })
}

func (c *campus) finished(t *testing.T) {
	t.Helper()
	if e, err := c.Last(t.Context(), "s"); err != nil || e.Running() || e.Done.IsZero() || !e.Void.Equal(noon.Add(time.Hour)) {
		t.Errorf("the erasure: %+v, %v", e, err)
	}
	if len(c.applications) > 0 || c.topics || c.about || c.inbox || c.others || c.audit {
		t.Errorf("left: %+v", c)
	}
}

func TestAnErasureGoesThroughTheStoresWhenTheTopicsHaveSettled(t *testing.T) {
	c := newCampus()
	e, err := c.service().Begin(t.Context(), "s", "olga", "ops")
	if err != nil || e.By != "olga" || !e.Void.After(noon) || e.Void.Nanosecond() != 0 {
		t.Fatal(e, err)
	}
	c.round(t)
	c.finished(t)
	order := strings.Join(slices.DeleteFunc(c.calls, func(s string) bool { return s == "put" }), ", ")
	want := "begin, note true, erase application, erase application, tell, bury, bury, await, " +
		"forget in the inbox of rita, forget notifications, forget inbox, forget audit, note false"
	if order != want {
		t.Errorf("got  %s\nwant %s", order, want)
	}
	counts := map[string]int{CountApplications: 2, CountNotifications: 1, CountInbox: 1, CountInboxes: 1, CountAudit: 1, CountSilences: 1}
	if got := c.kept["#s"].Counts; fmt.Sprint(got) != fmt.Sprint(counts) {
		t.Errorf("counts: %v", got)
	}
}

func TestWhateverAProcessLeavesTheNextOneFinishes(t *testing.T) {
	whole := newCampus()
	if _, err := whole.service().Begin(t.Context(), "s", "olga", "ops"); err != nil {
		t.Fatal(err)
	}
	whole.round(t)
	for crash := 1; crash < len(whole.calls); crash++ {
		c := newCampus()
		c.crash = crash
		_, err := c.service().Begin(t.Context(), "s", "olga", "ops")
		c.round(t)
		if err == nil && c.kept["#s"].Running() != (crash < len(whole.calls)-1) {
			t.Errorf("ended at %d, it is running: %t", crash, c.kept["#s"].Running())
		}
		c.crash = -1
		c.round(t)
		c.finished(t)
	}
}

func TestAnApplicationThatCameInBetweenIsErasedToo(t *testing.T) {
	c := newCampus()
	c.late = "a3"
	if _, err := c.service().Begin(t.Context(), "s", "s", "student"); err != nil {
		t.Fatal(err)
	}
	c.round(t)
	c.finished(t)
	if n := c.kept["#s"].Counts[CountApplications]; n != 3 {
		t.Errorf("%d applications", n)
	}
}

func TestWhoWaitsIsToldWhenItIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newCampus()
		s := c.service()
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error, 1)
		e, err := s.Begin(ctx, "s", "olga", "ops")
		if err != nil {
			t.Fatal(err)
		}
		soon, cancel := context.WithTimeout(ctx, time.Second)
		defer cancel()
		if early, err := s.Wait(soon, e); err != nil || !early.Running() {
			t.Errorf("nobody has begun: %+v, %v", early, err)
		}
		go func() { ended <- s.Run(ctx) }()
		for range 2 {
			if done, err := s.Wait(ctx, e); err != nil || done.Running() {
				t.Errorf("%+v, %v", done, err)
			}
		}
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
}
