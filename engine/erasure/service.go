package erasure

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

const (
	lookEvery  = 30 * time.Second       // for what another process left
	retryEvery = 5 * time.Second        // after a failure
	pollEvery  = 200 * time.Millisecond // of what others do in the meantime
)

// Ports is what a service stands on.
type Ports struct {
	Store        Store
	Applications Applications
	Topics       Topics
	Inboxes      Inboxes
	Now          func() time.Time
}

// Service is safe for concurrent use.
type Service struct {
	Ports
	log      *slog.Logger
	wake     chan struct{}
	running  prometheus.Gauge
	failures prometheus.Counter

	mu      sync.Mutex
	waiting map[string]chan struct{} // by hash: closed when it is done
}

// New gives a service; Run must run for anything to be erased.
func New(p Ports, reg prometheus.Registerer, log *slog.Logger) *Service {
	return &Service{
		Ports: p, log: log, wake: make(chan struct{}, 1), waiting: map[string]chan struct{}{},
		running: promauto.With(reg).NewGauge(prometheus.GaugeOpts{
			Name: "tideline_erasures_running", Help: "Erasures of students that are under way, as this process last saw.",
		}),
		failures: promauto.With(reg).NewCounter(prometheus.CounterOpts{
			Name: "tideline_erasure_failures_total", Help: "Attempts to carry an erasure out that failed; they are repeated.",
		}),
	}
}

// Begin writes down that a student is to be erased, and has it begun. When it
// returns, nothing keeps it from being done but time.
func (s *Service) Begin(ctx context.Context, student, by, role string) (Erasure, error) {
	now := s.Now().UTC()
	e, err := s.Store.Begin(ctx, Erasure{Student: student, By: by, Role: role, At: now, Void: now.Truncate(time.Second).Add(time.Second)})
	if err != nil {
		return e, err
	}
	if err := s.Store.Note(ctx, e); err != nil {
		return e, err
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
	return e, nil
}

// Last gives the last erasure of a student, or ErrNone.
func (s *Service) Last(ctx context.Context, student string) (Erasure, error) {
	return s.Store.Last(ctx, student)
}

// Wait gives the erasure when it is done, or how far it has come when ctx ends.
func (s *Service) Wait(ctx context.Context, e Erasure) (Erasure, error) {
	s.mu.Lock()
	done := s.waiting[e.Hash]
	if done == nil {
		done = make(chan struct{})
		s.waiting[e.Hash] = done
	}
	s.mu.Unlock()
	last, err := s.Store.Last(context.WithoutCancel(ctx), e.Student) // it may be done already
	if err != nil || !last.Running() {
		return last, err
	}
	select {
	case <-done:
	case <-ctx.Done():
	}
	return s.Store.Last(context.WithoutCancel(ctx), e.Student)
}

func (s *Service) ended(hash string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if done := s.waiting[hash]; done != nil {
		close(done)
		delete(s.waiting, hash)
	}
}

// Run carries erasures out, one after the other, until ctx ends.
func (s *Service) Run(ctx context.Context) error {
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		again := s.round(ctx)
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-look.C:
		case <-again:
		}
	}
}

// round carries out what is under way. What fails is tried again after a while.
func (s *Service) round(ctx context.Context) (again <-chan time.Time) {
	list, err := s.Store.Running(ctx)
	s.running.Set(float64(len(list)))
	for _, e := range list {
		if err == nil {
			err = s.carry(ctx, e)
		}
	}
	if err == nil || ctx.Err() != nil {
		return nil
	}
	s.failures.Inc()
	s.log.Warn("a student is not erased everywhere yet; tried again", "error", err, "in", retryEvery)
	return time.After(retryEvery)
}
