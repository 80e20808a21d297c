package hiring

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

// Graves knows who was erased, and keeps what stays. Errors as of Store.
type Graves interface {
	// Erased says from when on what is told of a student counts again, and
	// whether the erasure is still under way; the zero time: never erased.
	Erased(ctx context.Context, student string) (void time.Time, running bool, err error)
	// Bury stores what remains of an application, unless it is there, and removes
	// the application and its buckets. A repetition does what is left to do.
	Bury(ctx context.Context, id string, remains *application.Record) error
}

// Erase begins to erase one application: the topics are told, and from now on
// nobody finds it. It gives when that was recorded, which is after all that was
// recorded of it. A repetition changes nothing.
func (s *Service) Erase(ctx context.Context, id string, void time.Time) (time.Time, error) {
	for range tries {
		r, revision, err := s.store.Application(ctx, id)
		if err != nil {
			return time.Time{}, err
		}
		if r.Gone() {
			s.done(r) // a process that ended may not have shown and told it
			return r.ErasedAt, nil
		}
		r.Append(r.Erase(pseudonym(), void, s.now()))
		r.Published = max(r.Published, s.outbox.told(id))
		err = s.store.ReplaceApplication(ctx, r, revision)
		if errors.Is(err, ErrConflict) {
			continue
		}
		if err != nil {
			return time.Time{}, err
		}
		s.done(r)
		return r.ErasedAt, nil
	}
	return time.Time{}, ErrBusy
}

// pseudonym cannot be worked out from what it stands for.
func pseudonym() string {
	var b [16]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// Bury ends the erasure of one application, once the topics have been told of
// it: then only what is counted stays. It is false as long as they have not.
func (s *Service) Bury(ctx context.Context, id string) (bool, error) {
	r, _, err := s.store.Application(ctx, id)
	switch {
	case errors.Is(err, ErrNoApplication):
		return true, nil
	case err != nil:
		return false, err
	case !r.Gone():
		return false, fmt.Errorf("application %q is not being erased", id)
	case r.Published < r.Version:
		return false, nil
	}
	return true, s.store.Bury(ctx, id, r.Remains())
}

// followErasure shows what the store has of an application that was erased.
func (s *Service) followErasure(ctx context.Context, change event.StageChange) error {
	for _, id := range []string{change.Replacement, change.Application, change.Replacement} { // it may be buried in between
		r, _, err := s.store.Application(ctx, id)
		if errors.Is(err, ErrNoApplication) {
			continue
		}
		if err != nil {
			return err
		}
		if id == change.Replacement {
			s.board.Replace(change.Application, at(change), board.RowOf(r))
		} else if r.Gone() {
			s.board.Put(board.RowOf(r))
		}
		return nil
	}
	return nil
}

// at is when a step was recorded.
func at(change event.StageChange) time.Time {
	if change.RecordedAt != nil {
		return *change.RecordedAt
	}
	return change.At
}

// changeable refuses what was erased.
func changeable(r *application.Record) error {
	switch {
	case r.Gone():
		return ErrNoApplication
	case r.Counted():
		return &application.Refusal{
			Rule: application.IsErased, Message: "the student was erased; what stays of the application is only counted", Stage: r.Stage, Step: r.Step, Version: r.Version,
		}
	}
	return nil
}

// after is now, and not before what counts again of a student who was erased.
func (s *Service) after(ctx context.Context, student string) (time.Time, error) {
	void, running, err := s.store.Erased(ctx, student)
	if err != nil {
		return time.Time{}, err
	}
	if running {
		return time.Time{}, ErrErasing
	}
	if now := s.now(); !now.Before(void) {
		return now, nil
	}
	return void, nil
}

// isVoid says whether what happened to a student at a time is from before their
// erasure: it brings nothing back. What happened after it waits until that is done.
func (s *Service) isVoid(ctx context.Context, student string, at time.Time) (void bool, now time.Time, err error) {
	from, running, err := s.store.Erased(ctx, student)
	switch {
	case err != nil:
		return false, now, err
	case at.Before(from):
		s.changes.WithLabelValues("void").Inc()
		return true, now, nil
	case running:
		return false, now, ErrErasing
	}
	now = s.now()
	if now.Before(from) {
		now = from
	}
	return false, now, nil
}
