package command

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"tideline/api"
	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/erasure"
	"tideline/engine/event"
	"tideline/engine/hiring"
	"tideline/streams"
	"tideline/timelines"
)

// applications is what a process needs for the tracking of applications.
type applications struct {
	board   *board.Board
	service *hiring.Service
	loaded  atomic.Bool         // the board has what the store had
	tail    *streams.Tail       // of accepted steps, onto the board
	facts   *streams.Projection // of what other services publish

	erasures *erasure.Service
	audit    *audit
}

// openHiring opens the tracking of applications. The tail is opened before the
// board is loaded, so that nothing falls between the two.
func (a *app) openHiring(ctx context.Context, kafka streams.Config) (err error) {
	h := &a.applications
	h.board = board.New()
	h.service = hiring.New(hiringStore{a}, hiringTopics{a}, a.engine.Catalog(), h.board, a.now, a.registry, a.log)
	h.audit = &audit{write: a.timelines.Audit}
	a.openErasures()
	a.registry.MustRegister(standing{h.board, h.loaded.Load})
	h.tail, err = streams.NewTail(ctx, kafka, streams.StageChanges, func(in streams.Input) error {
		change, err := event.DecodeStageChange(in.Value)
		if err != nil || change.Seq == 0 {
			return err
		}
		within, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if err := h.service.Follow(within, change); err != nil {
			a.log.Warn("an application could not be read again; the board shows it late", "application", change.Application, "error", err)
		}
		return nil
	}, a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers("tail of stage changes", h.tail.Close)
	h.facts, err = streams.NewProjection(kafka, "applications", []string{streams.StageChanges, streams.Messages}, 500, a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers("applications", h.facts.Close)
	return nil
}

// follow loads the board, as soon as MongoDB answers, and keeps it up to date.
func (a *app) follow(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := a.prepare(ctx)
		if err == nil {
			err = a.applications.service.Load(ctx)
		}
		if err == nil {
			break
		}
		if ctx.Err() != nil {
			return nil
		}
		a.log.Warn("the applications could not be loaded; tried again", "error", err, "in", wait)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
	a.applications.loaded.Store(true)
	return a.applications.tail.Run(ctx)
}

// accept takes what other services published into the records. What contradicts
// them is kept in dead-letters.
func (a *app) accept(ctx context.Context, inputs []streams.Input) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	for _, in := range inputs {
		err := a.acceptOne(ctx, in)
		code, message := "", ""
		if refusal, ok := errors.AsType[*application.Refusal](err); ok {
			code, message = string(refusal.Rule), refusal.Message
		} else if errors.Is(err, hiring.ErrNoApplication) {
			code, message = string(application.NotApplied), "a message of an application that does not exist"
		}
		if code != "" {
			err = a.engine.Producer().Send(ctx, streams.DeadLetter(in, code, message))
		}
		if err != nil {
			return fmt.Errorf("take %s[%d]@%d into the applications: %w", in.Topic, in.Partition, in.Offset, err)
		}
	}
	return nil
}

func (a *app) acceptOne(ctx context.Context, in streams.Input) error {
	if in.Topic == streams.Messages {
		m, err := event.DecodeMessage(in.Value)
		if err != nil {
			return a.engine.Producer().Send(ctx, deadLetter(in, err))
		}
		if m.N > 0 {
			return nil // ours
		}
		return a.applications.service.Message(ctx, m)
	}
	change, err := event.DecodeStageChange(in.Value)
	if err != nil || change.Seq > 0 {
		return nil // the engine keeps what cannot be read; what has a place is ours
	}
	return a.applications.service.Fact(ctx, change)
}

func deadLetter(in streams.Input, err error) streams.Record {
	code := "malformed_json"
	if invalid, ok := errors.AsType[*event.Invalid](err); ok {
		code = string(invalid.Code())
	}
	return streams.DeadLetter(in, code, err.Error())
}

// hiringTopics tells the topics what the logs of applications say.
type hiringTopics struct{ app *app }

func (t hiringTopics) Tell(ctx context.Context, told []application.Told) error {
	records := make([]streams.Record, 0, len(told))
	for _, one := range told {
		switch {
		case one.Change != nil:
			records = append(records, streams.StageChange(*one.Change))
		case one.Evaluation != nil:
			records = append(records, streams.Evaluation(*one.Evaluation))
		case one.Message != nil:
			records = append(records, streams.Message(*one.Message))
		}
	}
	return t.app.engine.Producer().Send(ctx, records...)
}

// hiringStore gives the service the records and translates errors.
type hiringStore struct{ app *app }

func hiringError(err error) error {
	for from, to := range map[error]error{timelines.ErrNotFound: hiring.ErrNoApplication, timelines.ErrConflict: hiring.ErrConflict} {
		if errors.Is(err, from) {
			return fmt.Errorf("%w: %w", to, err)
		}
	}
	if err != nil && !errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: %w", api.ErrUnavailable, err)
	}
	return err
}

func (s hiringStore) Application(ctx context.Context, id string) (*application.Record, int64, error) {
	r, revision, err := s.app.timelines.Application(ctx, id)
	return r, revision, hiringError(err)
}

func (s hiringStore) InsertApplication(ctx context.Context, r *application.Record) error {
	return hiringError(s.app.timelines.InsertApplication(ctx, r))
}

func (s hiringStore) InsertApplications(ctx context.Context, list []*application.Record) ([]bool, error) {
	added, err := s.app.timelines.InsertApplications(ctx, list)
	return added, hiringError(err)
}

func (s hiringStore) ReplaceApplication(ctx context.Context, r *application.Record, revision int64) error {
	return hiringError(s.app.timelines.ReplaceApplication(ctx, r, revision))
}

func (s hiringStore) MarkPublished(ctx context.Context, published map[string]int) error {
	return hiringError(s.app.timelines.MarkPublished(ctx, published))
}

func (s hiringStore) PendingApplications(ctx context.Context, limit int) ([]*application.Record, error) {
	list, err := s.app.timelines.PendingApplications(ctx, limit)
	return list, hiringError(err)
}

func (s hiringStore) EachApplication(ctx context.Context, yield func(*application.Record) error) error {
	return hiringError(s.app.timelines.EachApplication(ctx, yield))
}

func (s hiringStore) Pipeline(ctx context.Context, job string) (application.Pipeline, error) {
	p, err := s.app.timelines.Pipeline(ctx, job)
	return p, hiringError(err)
}

func (s hiringStore) Reasons(ctx context.Context, organisation string) (application.Reasons, error) {
	r, err := s.app.timelines.Reasons(ctx, organisation)
	return r, hiringError(err)
}

// hiringPorts gives the API what applications stand on.
func (a *app) hiringPorts() api.HiringPorts {
	return api.HiringPorts{
		Service: a.applications.service, Board: a.applications.board, Timelines: timelinesPort{a}, Loaded: a.applications.loaded.Load,
		Erasures: a.applications.erasures,
	}
}

// timelinesPort gives the API what is kept beside the records.
type timelinesPort struct{ app *app }

func (p timelinesPort) Log(ctx context.Context, id string) ([]application.Item, error) {
	items, err := p.app.timelines.ApplicationLog(ctx, id)
	return items, hiringError(err)
}

func (p timelinesPort) PutPipeline(ctx context.Context, pipeline application.Pipeline) error {
	return hiringError(p.app.timelines.PutPipeline(ctx, pipeline))
}

func (p timelinesPort) PutReasons(ctx context.Context, organisation string, reasons application.Reasons) error {
	return hiringError(p.app.timelines.PutReasons(ctx, organisation, reasons))
}
