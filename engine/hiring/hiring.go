package hiring

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"github.com/google/uuid"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

// Errors that callers tell apart; others come from the store.
var (
	ErrNoApplication = errors.New("no such application")
	ErrNoJob         = errors.New("no such job, or it takes no applications")
	ErrVersion       = errors.New("the application was changed since it was read")
	ErrBusy          = errors.New("too many changes of one application at once")
	ErrErasing       = errors.New("the student is being erased; that takes some seconds")
)

// Store keeps records. Errors wrap ErrNoApplication or ErrConflict where they
// apply. Safe for concurrent use.
type Store interface {
	Application(ctx context.Context, id string) (*application.Record, int64, error)
	InsertApplication(ctx context.Context, r *application.Record) error
	// InsertApplications says of each whether it was inserted; that one is there already is no error.
	InsertApplications(ctx context.Context, list []*application.Record) ([]bool, error)
	ReplaceApplication(ctx context.Context, r *application.Record, revision int64) error
	// MarkPublished raises how many items of the log the topics have, by id.
	MarkPublished(ctx context.Context, published map[string]int) error
	PendingApplications(ctx context.Context, limit int) ([]*application.Record, error)
	EachApplication(ctx context.Context, yield func(*application.Record) error) error
	Pipeline(ctx context.Context, job string) (application.Pipeline, error)
	Reasons(ctx context.Context, organisation string) (application.Reasons, error)
	Graves
	// Note writes into the audit what was done with applications. What has an id
	// that is there is not written again.
	Note(ctx context.Context, done []application.Done) error
}

// ErrConflict says that somebody else wrote first.
var ErrConflict = errors.New("written by somebody else meanwhile")

// Topics tells the topics, in order, and returns when that is durable.
type Topics interface {
	Tell(ctx context.Context, told []application.Told) error
}

// Jobs looks opportunities up.
type Jobs interface {
	Opportunity(id string) (event.Opportunity, bool)
}

// Service is safe for concurrent use.
type Service struct {
	store   Store
	jobs    Jobs
	board   *board.Board
	now     func() time.Time
	log     *slog.Logger
	outbox  *outbox
	changes *prometheus.CounterVec
}

// New gives a service; Run must run for the topics to be told.
func New(store Store, topics Topics, jobs Jobs, b *board.Board, now func() time.Time, reg prometheus.Registerer, log *slog.Logger) *Service {
	return &Service{
		store: store, jobs: jobs, board: b, now: now, log: log, outbox: newOutbox(store, topics, reg, log),
		changes: promauto.With(reg).NewCounterVec(prometheus.CounterOpts{
			Name: "tideline_applications_changes_total", Help: "What was asked of applications, by what became of it.",
		}, []string{"outcome"}),
	}
}

// Run tells the topics until ctx ends; what is left then is told after the next start.
func (s *Service) Run(ctx context.Context) error { return s.outbox.run(ctx) }

// Load fills the board from the store.
func (s *Service) Load(ctx context.Context) error {
	return s.store.EachApplication(ctx, func(r *application.Record) error {
		s.board.Put(board.RowOf(r))
		return nil
	})
}

// Follow takes a step from the topic onto the board.
func (s *Service) Follow(ctx context.Context, change event.StageChange) error {
	if s.board.Apply(change) {
		return nil
	}
	if change.Kind == event.Erased {
		return s.followErasure(ctx, change)
	}
	r, _, err := s.store.Application(ctx, change.Application)
	if errors.Is(err, ErrNoApplication) { // erased since
		return nil
	}
	if err != nil {
		return err
	}
	s.board.Put(board.RowOf(r))
	return nil
}

// Get gives a record as it is stored; its log may begin late.
func (s *Service) Get(ctx context.Context, id string) (*application.Record, error) {
	r, _, err := s.store.Application(ctx, id)
	if err == nil && r.Gone() {
		return nil, ErrNoApplication
	}
	return r, err
}

// Pipeline is that of a job, with its organisation's reasons.
func (s *Service) Pipeline(ctx context.Context, job, organisation string) (application.Pipeline, error) {
	p, err := s.store.Pipeline(ctx, job)
	if err != nil {
		return p, err
	}
	p.Reasons, err = s.store.Reasons(ctx, organisation)
	return p, err
}

// Decision decides about a record as it is now; it may be asked again when
// somebody else was faster. Nil: there is nothing to change.
type Decision func(r *application.Record, p application.Pipeline) (*application.Item, error)

// tries is how often a change is decided anew because others were faster.
const tries = 16

// Change lets decide change a record. Version, when it is not 0, is the version
// that the caller has seen: another one is ErrVersion. It returns the record and
// the item that was appended, or nil when there was nothing to do.
func (s *Service) Change(ctx context.Context, id string, version int, decide Decision) (*application.Record, *application.Item, error) {
	for range tries {
		r, revision, err := s.store.Application(ctx, id)
		if err != nil {
			return nil, nil, err
		}
		if err := changeable(r); err != nil {
			return nil, nil, err
		}
		if version != 0 && version != r.Version {
			return r, nil, ErrVersion
		}
		p, err := s.Pipeline(ctx, r.Opportunity, r.Organisation)
		if err != nil {
			return nil, nil, err
		}
		item, err := decide(r, p)
		if item == nil || err != nil {
			s.count(err)
			return r, nil, err
		}
		r.Append(*item)
		r.Published = max(r.Published, s.outbox.told(id))
		err = s.store.ReplaceApplication(ctx, r, revision)
		if errors.Is(err, ErrConflict) {
			s.changes.WithLabelValues("conflict").Inc()
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		s.done(r)
		return r, item, nil
	}
	return nil, nil, ErrBusy
}

func (s *Service) done(r *application.Record) {
	s.changes.WithLabelValues("done").Inc()
	s.board.Put(board.RowOf(r))
	s.outbox.put(r)
}

func (s *Service) count(err error) {
	outcome := "nothing"
	if err != nil {
		outcome = "refused"
	}
	s.changes.WithLabelValues(outcome).Inc()
}

// Apply lets a student apply for a job. A repetition gives what is there: then
// created is false and the error nil if the event is known, else a *Refusal.
func (s *Service) Apply(ctx context.Context, student, job string, origin application.Origin, m application.Move, by application.Actor) (r *application.Record, created bool, err error) {
	o, ok := s.jobs.Opportunity(job)
	if !ok || o.Bucket != event.Jobs {
		return nil, false, ErrNoJob
	}
	p, err := s.Pipeline(ctx, job, o.Organisation)
	if err != nil {
		return nil, false, err
	}
	now, err := s.after(ctx, student)
	if err != nil {
		return nil, false, err
	}
	if o.Status == event.Open && (o.Deadline == nil || s.now().Before(*o.Deadline)) {
		about := application.Job{ID: job, Title: o.Title, Organisation: o.Organisation, Recruiter: o.Recruiter, Source: o.Source}
		if r, err = application.Begin(student, about, origin, m, by, p, now); err != nil {
			return nil, false, err
		}
		err = s.store.InsertApplication(ctx, r)
		if err == nil {
			s.done(r)
			return r, true, nil
		}
		if !errors.Is(err, ErrConflict) {
			return nil, false, err
		}
	}
	r, item, err := s.Change(ctx, event.ApplicationID(student, job), 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		if known, err := r.Repeat(m.EventID, m.Request); known != nil || err != nil {
			return nil, err
		}
		i, err := r.Again(m, by, p, s.now())
		return &i, err
	})
	if errors.Is(err, ErrNoApplication) {
		return nil, false, ErrNoJob // closed, and never applied for
	}
	return r, item != nil && err == nil, err
}

// Add takes applications that come with their histories, unless there is one of
// the id. What they say is not held against anything.
func (s *Service) Add(ctx context.Context, list []*application.Record) error {
	added, err := s.store.InsertApplications(ctx, list)
	for i, r := range list {
		if added[i] {
			s.done(r)
		}
	}
	return err
}

// Fact takes a step that another service published. A *Refusal says that it
// contradicts what is known; nothing is stored then.
func (s *Service) Fact(ctx context.Context, f event.StageChange) error {
	void, now, err := s.isVoid(ctx, f.Student, f.At)
	if void || err != nil {
		return err
	}
	_, _, err = s.Change(ctx, f.Application, 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		return r.Fact(f, p, s.now())
	})
	if !errors.Is(err, ErrNoApplication) {
		return err
	}
	o, _ := s.jobs.Opportunity(f.Opportunity) // it may be gone; the step is true all the same
	r := &application.Record{
		ID: f.Application, Student: f.Student, Opportunity: f.Opportunity, Title: o.Title, Organisation: o.Organisation,
		Recruiter: o.Recruiter, Source: o.Source, Origin: application.Origin{Via: f.Via, Position: f.Position, Match: f.Match},
	}
	p, err := s.Pipeline(ctx, f.Opportunity, o.Organisation)
	if err != nil {
		return err
	}
	item, err := r.Fact(f, p, now)
	if err != nil || item == nil {
		return err
	}
	r.Append(*item)
	if err := s.store.InsertApplication(ctx, r); err != nil {
		if errors.Is(err, ErrConflict) { // somebody was faster: decide again
			return s.Fact(ctx, f)
		}
		return err
	}
	s.done(r)
	return nil
}

// Message takes what the platform's messaging published.
func (s *Service) Message(ctx context.Context, m event.Message) error {
	void, _, err := s.isVoid(ctx, m.Student, m.At)
	if void || err != nil {
		return err
	}
	_, _, err = s.Change(ctx, m.Application, 0, func(r *application.Record, _ application.Pipeline) (*application.Item, error) {
		if _, known := r.Known(m.EventID); known {
			return nil, nil
		}
		by := application.Actor{ID: m.Author, Role: application.Role(m.AuthorRole)}
		if m.ReadUpTo > 0 {
			return r.Receive(m.ReadUpTo, m.EventID, "", by, s.now())
		}
		var i application.Item
		var err error
		if m.Interview != nil {
			if m.Interview.ID == "" {
				m.Interview.ID = m.EventID
			}
			i, err = r.Meet(*m.Interview, m.EventID, "", by, s.now())
		} else {
			i, err = r.Say(application.Said{Body: m.Body, Interview: m.About}, m.Visibility, m.EventID, "", by, m.At, s.now())
		}
		return &i, err
	})
	return err
}

// NewEvent gives an event an id.
func NewEvent() string {
	id, err := uuid.NewV7()
	if err != nil {
		id = uuid.New()
	}
	return id.String()
}
