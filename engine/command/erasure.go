package command

import (
	"context"
	"errors"
	"fmt"
	"time"

	"tideline/engine/application"
	"tideline/engine/erasure"
	"tideline/engine/event"
	"tideline/streams"
	"tideline/timelines"
)

// openErasures opens the erasure of students.
func (a *app) openErasures() {
	a.applications.erasures = erasure.New(erasure.Ports{
		Store: erasureStore{a}, Applications: a.applications.service, Topics: erasureTopics{a}, Inboxes: erasureInboxes{a}, Now: a.now,
	}, a.registry, a.log)
}

// erase carries erasures out, once MongoDB answers.
func (a *app) erase(ctx context.Context) error {
	for a.prepare(ctx) != nil {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second):
		}
	}
	return a.applications.erasures.Run(ctx)
}

// erasureStore keeps erasures in MongoDB.
type erasureStore struct{ app *app }

func erasureError(err error) error {
	if errors.Is(err, timelines.ErrNotFound) {
		return fmt.Errorf("%w: %w", erasure.ErrNone, err)
	}
	return hiringError(err)
}

func erasureOf(e timelines.Erasure) erasure.Erasure { return erasure.Erasure(e) }

func (s erasureStore) Begin(ctx context.Context, e erasure.Erasure) (erasure.Erasure, error) {
	begun, err := s.app.timelines.BeginErasure(ctx, timelines.Erasure(e))
	return erasureOf(begun), erasureError(err)
}

func (s erasureStore) Put(ctx context.Context, e erasure.Erasure) error {
	return erasureError(s.app.timelines.PutErasure(ctx, timelines.Erasure(e)))
}

func (s erasureStore) Last(ctx context.Context, student string) (erasure.Erasure, error) {
	e, err := s.app.timelines.Erasure(ctx, student)
	return erasureOf(e), erasureError(err)
}

func (s erasureStore) Running(ctx context.Context) ([]erasure.Erasure, error) {
	stored, err := s.app.timelines.RunningErasures(ctx)
	list := make([]erasure.Erasure, len(stored))
	for i, e := range stored {
		list[i] = erasureOf(e)
	}
	return list, erasureError(err)
}

func (s erasureStore) ApplicationsOf(ctx context.Context, student string) ([]string, error) {
	return s.app.timelines.ApplicationsOf(ctx, student)
}

func (s erasureStore) ForgetNotifications(ctx context.Context, student string, told func(recipient string) error) (int, error) {
	return s.app.timelines.ForgetNotifications(ctx, student, told)
}

func (s erasureStore) ForgetAudit(ctx context.Context, student string) (int, error) {
	return s.app.timelines.ForgetAudit(ctx, student)
}

func (s erasureStore) Note(ctx context.Context, e erasure.Erasure) error {
	action, at := "erase student", e.At
	if !e.Running() {
		action, at = "student erased", e.Done
	}
	return erasureError(s.app.timelines.Audit(ctx, timelines.AuditEntry{
		ID: fmt.Sprintf("%s %s %d", e.Hash, action, e.At.UnixMilli()), Actor: e.By, Role: e.Role, Action: action, Students: []string{e.Hash}, At: at,
	}))
}

// erasureTopics tells the topics that somebody is gone.
type erasureTopics struct{ app *app }

func (t erasureTopics) Erase(ctx context.Context, student string) (int, error) {
	records := []streams.Record{streams.NoProfile(student), streams.NoPreferences(student)}
	silences, err := t.silences(ctx, student)
	if err != nil {
		return 0, err
	}
	for _, id := range silences {
		records = append(records, streams.NoRuleset(streams.SilenceKey(id)))
	}
	return len(silences), t.app.engine.Producer().Send(ctx, records...)
}

// silences gives the silences of a student, those that are over too.
func (t erasureTopics) silences(ctx context.Context, student string) ([]string, error) {
	of := map[string]string{}
	err := streams.ReadLog(ctx, t.app.backend.kafka(t.app.config), t.app.log, streams.Rulesets, func(in streams.Input) error {
		r, err := event.DecodeRuleset(in.Value)
		if err == nil && r.Silence != nil {
			of[r.Silence.ID] = r.Silence.Student
		} else if in.Value == nil {
			for id := range of {
				if streams.SilenceKey(id) == string(in.Key) {
					delete(of, id)
				}
			}
		}
		return nil
	})
	var ids []string
	for id, whose := range of {
		if whose == student {
			ids = append(ids, id)
		}
	}
	return ids, err
}

// waves are the topics in the order in which one thing leads to another: what a
// student's partition reads, what it tells those of jobs and recruiters, what
// they tell each other, and what is made of it.
var waves = [][]string{
	{streams.Profiles, streams.Preferences, streams.StageChanges, streams.Evaluations, streams.Messages, streams.Rulesets},
	{streams.Signals, streams.Candidates, streams.Proposals, streams.Fanout},
	{streams.Proposals},
}

func (t erasureTopics) Await(ctx context.Context) error {
	for _, topics := range waves {
		err := t.await(ctx, topics, func(ctx context.Context, ends streams.Places) (bool, error) { return t.app.lag.Passed(ctx, "", ends) })
		if err != nil {
			return err
		}
	}
	err := t.await(ctx, []string{streams.Notifications}, func(ctx context.Context, ends streams.Places) (bool, error) {
		return t.app.lag.Passed(ctx, "notifications", ends)
	})
	if err != nil {
		return err
	}
	return t.await(ctx, []string{streams.Notifications, streams.Preferences}, func(ctx context.Context, ends streams.Places) (bool, error) {
		return t.app.lag.InboxPassed(ctx, inboxStore{store: t.app.store}, ends)
	})
}

// await returns when everything that is in the topics now has been passed.
func (t erasureTopics) await(ctx context.Context, topics []string, passed func(context.Context, streams.Places) (bool, error)) error {
	ends, err := t.app.lag.Ends(ctx, topics...)
	if err != nil {
		return err
	}
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		done, err := passed(ctx, ends)
		if done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(wait):
		}
	}
}

// erasureInboxes finds inboxes by recipient.
type erasureInboxes struct{ app *app }

func (i erasureInboxes) ForgetInbox(ctx context.Context, student string, before time.Time) (int, error) {
	return i.app.store.ForgetInbox(ctx, event.Partition(student, i.app.partitions), student, before)
}

func (i erasureInboxes) ForgetInInbox(ctx context.Context, recipient, student string) (int, error) {
	return i.app.store.ForgetInInbox(ctx, event.Partition(recipient, i.app.partitions), recipient, student)
}

func (s hiringStore) Erased(ctx context.Context, student string) (void time.Time, running bool, err error) {
	e, err := s.app.timelines.Erasure(ctx, student)
	if errors.Is(err, timelines.ErrNotFound) {
		return time.Time{}, false, nil
	}
	return e.Void, e.Running(), hiringError(err)
}

func (s hiringStore) Bury(ctx context.Context, id string, remains *application.Record) error {
	return hiringError(s.app.timelines.Bury(ctx, id, remains))
}

func (s hiringStore) Note(ctx context.Context, done []application.Done) error {
	return hiringError(s.app.timelines.Note(ctx, done))
}
