package erasure

import (
	"context"
	"fmt"
	"maps"
	"time"
)

// carry does everything that an erasure asks for. It goes round again when a
// student who had just applied was not seen the first time.
func (s *Service) carry(ctx context.Context, e Erasure) error {
	for {
		if err := s.once(ctx, &e); err != nil {
			return err
		}
		left, err := s.Store.ApplicationsOf(ctx, e.Student)
		if err != nil {
			return err
		}
		if len(left) == 0 {
			return s.finish(ctx, e)
		}
	}
}

// once does each step once. The stores are gone through when everything that
// follows in the topics has reached them, so that nothing comes after.
func (s *Service) once(ctx context.Context, e *Erasure) error {
	ids, err := s.begin(ctx, e)
	if err != nil {
		return err
	}
	silences, err := s.Topics.Erase(ctx, e.Student)
	if err != nil {
		return fmt.Errorf("tell the topics of an erasure: %w", err)
	}
	if err := s.count(ctx, e, CountSilences, silences); err != nil {
		return err
	}
	for _, id := range ids {
		if err := s.bury(ctx, e, id); err != nil {
			return err
		}
	}
	if err := s.Topics.Await(ctx); err != nil {
		return fmt.Errorf("wait for what follows from an erasure: %w", err)
	}
	return s.sweep(ctx, e)
}

// begin ends the student's applications; from now on nobody finds them.
func (s *Service) begin(ctx context.Context, e *Erasure) ([]string, error) {
	ids, err := s.Store.ApplicationsOf(ctx, e.Student)
	if err != nil {
		return nil, err
	}
	void := e.Void
	for _, id := range ids {
		at, err := s.Applications.Erase(ctx, id, e.Void)
		if err != nil {
			return nil, fmt.Errorf("erase application %s: %w", id, err)
		}
		if at.After(void) {
			void = at
		}
	}
	if void.After(e.Void) { // what comes next must be recorded later than all that is void
		e.Void = void
		return ids, s.Store.Put(ctx, *e)
	}
	return ids, nil
}

// bury waits until the topics were told of an application's end and leaves what is counted.
func (s *Service) bury(ctx context.Context, e *Erasure, id string) error {
	for {
		done, err := s.Applications.Bury(ctx, id)
		if err != nil {
			return fmt.Errorf("bury application %s: %w", id, err)
		}
		if done {
			return s.count(ctx, e, CountApplications, 1)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pollEvery):
		}
	}
}

// sweep goes through what no topic takes back.
func (s *Service) sweep(ctx context.Context, e *Erasure) error {
	told := func(recipient string) error {
		n, err := s.Inboxes.ForgetInInbox(ctx, recipient, e.Student)
		if err != nil {
			return err
		}
		return s.count(ctx, e, CountInboxes, n)
	}
	for _, part := range []struct {
		what   string
		forget func() (int, error)
	}{
		{CountNotifications, func() (int, error) { return s.Store.ForgetNotifications(ctx, e.Student, told) }},
		{CountInbox, func() (int, error) { return s.Inboxes.ForgetInbox(ctx, e.Student, e.Void) }},
		{CountAudit, func() (int, error) { return s.Store.ForgetAudit(ctx, e.Student) }},
	} {
		n, err := part.forget()
		if err == nil {
			err = s.count(ctx, e, part.what, n)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finish forgets whom this was about.
func (s *Service) finish(ctx context.Context, e Erasure) error {
	e.Student, e.Done = "", s.Now().UTC()
	if err := s.Store.Note(ctx, e); err != nil {
		return err
	}
	if err := s.Store.Put(ctx, e); err != nil {
		return err
	}
	s.ended(e.Hash)
	s.log.Info("a student is erased", "hash", e.Hash, "counts", e.Counts)
	return nil
}

// count adds to the report. What a repetition finds done is not counted twice.
func (s *Service) count(ctx context.Context, e *Erasure, what string, n int) error {
	if n == 0 {
		return nil
	}
	counts := maps.Clone(e.Counts)
	if counts == nil {
		counts = map[string]int{}
	}
	counts[what] += n
	e.Counts = counts
	return s.Store.Put(ctx, *e)
}
