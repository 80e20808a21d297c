package hiring

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

// shelf keeps records as bytes, so that nothing is shared with who wrote them.
type shelf struct {
	mu        sync.Mutex
	records   map[string][]byte
	revisions map[string]int64
	conflicts int // so many writes are told that somebody was faster
	void      time.Time
	erasing   bool
	notes     []application.Done
}

func (s *shelf) Erased(context.Context, string) (time.Time, bool, error) {
	return s.void, s.erasing, nil
}

func (s *shelf) Bury(ctx context.Context, id string, remains *application.Record) error {
	if err := s.InsertApplication(ctx, remains); err != nil && !errors.Is(err, ErrConflict) {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.records, id)
	delete(s.revisions, id)
	return nil
}

func (s *shelf) Note(_ context.Context, done []application.Done) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.notes = append(s.notes, done...)
	return nil
}

func newShelf() *shelf { return &shelf{records: map[string][]byte{}, revisions: map[string]int64{}} }

func (s *shelf) Application(_ context.Context, id string) (*application.Record, int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	data, ok := s.records[id]
	if !ok {
		return nil, 0, ErrNoApplication
	}
	r, err := application.Decode(data)
	return r, s.revisions[id], err
}

func (s *shelf) InsertApplication(_ context.Context, r *application.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.records[r.ID]; ok {
		return ErrConflict
	}
	return s.write(r)
}

func (s *shelf) InsertApplications(ctx context.Context, list []*application.Record) ([]bool, error) {
	added := make([]bool, len(list))
	for i, r := range list {
		err := s.InsertApplication(ctx, r)
		if added[i] = err == nil; err != nil && !errors.Is(err, ErrConflict) {
			return added, err
		}
	}
	return added, nil
}

func (s *shelf) write(r *application.Record) (err error) {
	s.revisions[r.ID]++
	s.records[r.ID], err = json.Marshal(r)
	return err
}

func (s *shelf) ReplaceApplication(_ context.Context, r *application.Record, revision int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.conflicts > 0 || s.revisions[r.ID] != revision {
		s.conflicts = max(0, s.conflicts-1)
		return ErrConflict
	}
	return s.write(r)
}

func (s *shelf) MarkPublished(ctx context.Context, published map[string]int) error {
	for id, n := range published {
		r, _, err := s.Application(ctx, id)
		if err != nil {
			return err
		}
		s.mu.Lock()
		r.Published = max(r.Published, n)
		err = s.write(r)
		s.mu.Unlock()
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) PendingApplications(ctx context.Context, _ int) (list []*application.Record, err error) {
	err = s.EachApplication(ctx, func(r *application.Record) error {
		if r.Published < r.Version {
			list = append(list, r)
		}
		return nil
	})
	return list, err
}

func (s *shelf) EachApplication(_ context.Context, yield func(*application.Record) error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, data := range s.records {
		r, err := application.Decode(data)
		if err == nil {
			err = yield(r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (s *shelf) Pipeline(context.Context, string) (application.Pipeline, error) {
	return application.Pipeline{}, nil
}

func (s *shelf) Reasons(context.Context, string) (application.Reasons, error) { return nil, nil }

// wire is what the topics have.
type wire struct {
	mu    sync.Mutex
	told  []application.Told
	fails int
}

func (w *wire) Tell(_ context.Context, told []application.Told) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fails > 0 {
		w.fails--
		return errors.New("no broker")
	}
	w.told = append(w.told, told...)
	return nil
}

// seqs are the steps in the topic, in its order.
func (w *wire) seqs() (list []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, one := range w.told {
		list = append(list, one.Change.Seq)
	}
	return list
}

type jobs struct{}

func (jobs) Opportunity(id string) (event.Opportunity, bool) {
	return event.Opportunity{ID: id, Bucket: event.Jobs, Title: "Baker", Organisation: "Oven", Recruiter: "r", Status: event.Open}, id == "j"
}

var (
	student   = application.Actor{ID: "s", Role: application.Student}
	recruiter = application.Actor{ID: "r", Role: application.Recruiter}
)

func service(s Store, w *wire) *Service {
	return New(s, w, jobs{}, board.New(), time.Now, nil, slog.New(slog.DiscardHandler))
}

func (s *Service) applied(t *testing.T) string {
	t.Helper()
	r, created, err := s.Apply(t.Context(), "s", "j", application.Origin{}, application.Move{EventID: "e0"}, student)
	if err != nil || !created {
		t.Fatalf("created %t, %v", created, err)
	}
	return r.ID
}

func (s *Service) move(ctx context.Context, id, event, from, to string) error {
	_, _, err := s.Change(ctx, id, 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		i, err := r.Move(application.Move{EventID: event, From: from, To: to}, recruiter, p, time.Now())
		return &i, err
	})
	return err
}

func TestOfManyWhoMoveACardFromTheSameStageOneWins(t *testing.T) {
	s := service(newShelf(), &wire{})
	id := s.applied(t)
	won := make(chan error, 12)
	var all sync.WaitGroup
	for n := range cap(won) {
		all.Go(func() { won <- s.move(t.Context(), id, fmt.Sprint("m", n), "applied", "shortlisted") })
	}
	all.Wait()
	close(won)
	wins := 0
	for err := range won {
		if err == nil {
			wins++
			continue
		}
		refusal, ok := errors.AsType[*application.Refusal](err)
		if !ok || refusal.Rule != application.StageChanged || refusal.Stage != event.Shortlisted {
			t.Errorf("a loser is told: %v", err)
		}
	}
	r, err := s.Get(t.Context(), id)
	if err != nil || wins != 1 || r.Seq != 2 {
		t.Errorf("%d won, %d steps, %v", wins, r.Seq, err)
	}
	if row, ok := s.board.Get(id); !ok || row.Stage != event.Shortlisted {
		t.Errorf("the board shows %+v", row)
	}
}

func TestAChangeIsDecidedAnewWhenOthersWereFaster(t *testing.T) {
	store := newShelf()
	s := service(store, &wire{})
	id := s.applied(t)
	store.conflicts = 3
	if err := s.move(t.Context(), id, "m", "applied", "shortlisted"); err != nil {
		t.Error(err)
	}
	store.conflicts = tries
	if err := s.move(t.Context(), id, "n", "shortlisted", "offer_extended"); !errors.Is(err, ErrBusy) {
		t.Error(err)
	}
}

func TestAVersionThatWasNotReadIsNotChanged(t *testing.T) {
	s := service(newShelf(), &wire{})
	id := s.applied(t)
	_, _, err := s.Change(t.Context(), id, 7, func(*application.Record, application.Pipeline) (*application.Item, error) {
		t.Error("it was decided about")
		return nil, nil
	})
	if !errors.Is(err, ErrVersion) {
		t.Error(err)
	}
}

func TestTheTopicsAreToldEverythingInOrderWhateverFails(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newShelf(), &wire{fails: 2}
		s := service(store, w)
		ctx, stop := context.WithCancel(t.Context())
		id := s.applied(t)
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		for i, to := range []string{"shortlisted", "interview_scheduled", "interview_completed"} {
			if err := s.move(ctx, id, fmt.Sprint("m", i), "", to); err != nil {
				t.Fatal(err)
			}
			synctest.Wait()
		}
		time.Sleep(5 * time.Second) // of the bubble: until the failed attempt is repeated and written down
		if got := w.seqs(); !slices.Equal(got, []int{1, 2, 3, 4}) {
			t.Errorf("told %v", got)
		}
		if pending, _ := store.PendingApplications(ctx, 10); len(pending) > 0 {
			t.Errorf("%d are still pending", len(pending))
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// slow is a store that takes its time to write down what was told.
type slow struct {
	*shelf
	each time.Duration
}

func (s slow) MarkPublished(ctx context.Context, published map[string]int) error {
	for id, n := range published {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(s.each):
		}
		if err := s.shelf.MarkPublished(ctx, map[string]int{id: n}); err != nil {
			return err
		}
	}
	return nil
}

func TestASlowStoreCatchesUpQuietlyAndADeadOneIsNamed(t *testing.T) {
	for each, warnings := range map[time.Duration]int{90 * time.Millisecond: 0, time.Hour: 2} {
		synctest.Test(t, func(t *testing.T) {
			var said bytes.Buffer
			store := slow{newShelf(), each}
			s := New(store, &wire{}, jobs{}, board.New(), time.Now, nil, slog.New(slog.NewTextHandler(&said, nil)))
			for i := range 200 {
				id := fmt.Sprint("s", i)
				if _, _, err := s.Apply(t.Context(), id, "j", application.Origin{}, application.Move{EventID: id}, student); err != nil {
					t.Fatal(err)
				}
			}
			ctx, stop := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- s.Run(ctx) }()
			time.Sleep(75 * time.Second) // of the bubble
			stop()
			if err := <-done; err != nil {
				t.Error(err)
			}
			pending, _ := store.PendingApplications(t.Context(), 1000)
			if got := strings.Count(said.String(), "level=WARN"); got != warnings || (len(pending) == 0) != (warnings == 0) {
				t.Errorf("of a store that takes %s: %d warnings, %d not written down: %s", each, got, len(pending), said.String())
			}
		})
	}
}

func TestWhatACrashLeftUntoldIsToldByTheNextProcess(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, w := newShelf(), &wire{}
		dead := service(store, w) // it never runs
		id := dead.applied(t)
		if err := dead.move(t.Context(), id, "m", "", "shortlisted"); err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		s := service(store, w)
		done := make(chan error, 1)
		go func() { done <- s.Run(ctx) }()
		synctest.Wait()
		if got := w.seqs(); !slices.Equal(got, []int{1, 2}) {
			t.Errorf("told %v", got)
		}
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestAnApplicationThatIsSentTwiceIsOne(t *testing.T) {
	s := service(newShelf(), &wire{})
	id := s.applied(t)
	r, created, err := s.Apply(t.Context(), "s", "j", application.Origin{}, application.Move{EventID: "e0"}, student)
	if err != nil || created || r.ID != id || r.Version != 1 {
		t.Errorf("the repetition: %+v, %t, %v", r, created, err)
	}
	_, _, err = s.Apply(t.Context(), "s", "j", application.Origin{}, application.Move{EventID: "e1"}, student)
	if refusal, ok := errors.AsType[*application.Refusal](err); !ok || refusal.Rule != application.AlreadyThere {
		t.Errorf("another one: %v", err)
	}
	if _, _, err := s.Apply(t.Context(), "s", "unknown", application.Origin{}, application.Move{EventID: "e2"}, student); !errors.Is(err, ErrNoJob) {
		t.Errorf("an unknown job: %v", err)
	}
}

func TestAnApplicationThatComesWithItsHistoryIsTakenOnce(t *testing.T) {
	store := newShelf()
	made := service(store, &wire{})
	id := made.applied(t)
	if err := made.move(t.Context(), id, "m", "", "shortlisted"); err != nil {
		t.Fatal(err)
	}
	whole, err := made.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	s := service(newShelf(), &wire{})
	for range 2 {
		if err := s.Add(t.Context(), []*application.Record{whole}); err != nil {
			t.Fatal(err)
		}
	}
	if row, ok := s.board.Get(id); !ok || row.Stage != event.Shortlisted || len(s.outbox.queue) != 1 {
		t.Errorf("%+v, %d waiting", row, len(s.outbox.queue))
	}
	if err := s.move(t.Context(), id, "n", "shortlisted", "offer_extended"); err != nil {
		t.Fatal(err)
	}
	if err := s.Add(t.Context(), []*application.Record{whole}); err != nil {
		t.Fatal(err)
	}
	if r, err := s.Get(t.Context(), id); err != nil || r.Stage != event.OfferExtended {
		t.Errorf("what came again has taken the place of what it has become: %+v, %v", r, err)
	}
}

func TestFactsOfOtherServicesAreAcceptedOnce(t *testing.T) {
	s := service(newShelf(), &wire{})
	at := time.Now().Add(-time.Hour).UTC().Truncate(time.Second)
	fact := event.StageChange{EventID: "f1", Application: event.ApplicationID("s", "j"), Student: "s", Opportunity: "j", To: event.Shortlisted, At: at}
	for range 2 {
		if err := s.Fact(t.Context(), fact); err != nil {
			t.Fatal(err)
		}
	}
	fact.EventID, fact.To, fact.At = "f2", event.Rejected, at.Add(time.Minute)
	if err := s.Fact(t.Context(), fact); err != nil {
		t.Fatal(err)
	}
	fact.EventID, fact.To, fact.At = "f3", event.OfferExtended, at.Add(2*time.Minute)
	if refusal, ok := errors.AsType[*application.Refusal](s.Fact(t.Context(), fact)); !ok || refusal.Rule != application.Ended {
		t.Errorf("after the end: %v", refusal)
	}
	r, err := s.Get(t.Context(), fact.Application)
	if err != nil || r.Seq != 2 || r.Stage != event.Rejected || r.Organisation != "Oven" {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestAReceiptOfThePlatformsMessagingIsTakenOnce(t *testing.T) {
	s := service(newShelf(), &wire{})
	id := s.applied(t)
	said := event.Message{EventID: "m", Application: id, Student: "s", Opportunity: "j", At: time.Now(), Author: "s", AuthorRole: "student", Body: "hello", Visibility: event.ForStudent}
	read := event.Message{EventID: "r", Application: id, Student: "s", Opportunity: "j", At: time.Now(), Author: "r", AuthorRole: "recruiter", ReadUpTo: 2}
	for _, m := range []event.Message{said, read, read} {
		if err := s.Message(t.Context(), m); err != nil {
			t.Fatal(err)
		}
	}
	r, err := s.Get(t.Context(), id)
	if err != nil || r.Version != 3 || r.ReadBy(recruiter) != 2 || r.ReadBy(student) != 0 {
		t.Errorf("%+v, %v", r, err)
	}
}
