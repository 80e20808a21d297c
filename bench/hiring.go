package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"tideline/api"
	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
	"tideline/engine/hiring"
	"tideline/timelines"
)

const (
	movedApplications = 400
	movers            = 4
	// A move is five calls, one after the other, where the bare side has one: it
	// reads the application, the job's stages and the organisation's reasons, writes
	// the step, and notes that the topics know.
	movesBar = 0.2
)

// moves is what a move of an application costs the store.
func (l *lab) moves() row {
	m := &movesRun{span: l.span / 2}
	return row{
		name: "moves of applications", unit: "moves/s", against: "bare guarded findOneAndUpdate of the same documents", bar: movesBar, atLeast: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			if err := m.open(ctx); err != nil {
				m.close()
				return nil, nil, err
			}
			return func() (sample, error) { return m.sample(ctx) }, m.close, nil
		},
		note: func() string {
			return fmt.Sprintf("%d applications, %d at a time; the embedded MongoDB, which does one thing at a time; the topics are told by a sink", movedApplications, movers)
		},
	}
}

// document is a store of applications, and what stands on it.
type document struct {
	database
	service *hiring.Service
	board   *board.Board
}

func (d *document) open(ctx context.Context) error {
	if err := d.database.open(ctx, false); err != nil {
		return err
	}
	log := slog.New(slog.DiscardHandler)
	d.board = board.New()
	d.service = hiring.New(stored{d.store}, told{}, oneJob{}, d.board, time.Now, nil, log)
	run, stop := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { _ = d.service.Run(run) })
	d.closers = append(d.closers, func() { stop(); running.Wait() })
	return nil
}

// stored gives the service the store, as the process does.
type stored struct{ *timelines.Store }

func storedError(err error) error {
	switch {
	case errors.Is(err, timelines.ErrNotFound):
		return fmt.Errorf("%w: %w", hiring.ErrNoApplication, err)
	case errors.Is(err, timelines.ErrConflict):
		return fmt.Errorf("%w: %w", hiring.ErrConflict, err)
	}
	return err
}

func (s stored) Application(ctx context.Context, id string) (*application.Record, int64, error) {
	r, revision, err := s.Store.Application(ctx, id)
	return r, revision, storedError(err)
}

func (s stored) InsertApplication(ctx context.Context, r *application.Record) error {
	return storedError(s.Store.InsertApplication(ctx, r))
}

func (s stored) ReplaceApplication(ctx context.Context, r *application.Record, revision int64) error {
	return storedError(s.Store.ReplaceApplication(ctx, r, revision))
}

// Erased says that nobody ever was.
func (stored) Erased(context.Context, string) (time.Time, bool, error) {
	return time.Time{}, false, nil
}

// told takes what the topics would be told.
type told struct{}

func (told) Tell(context.Context, []application.Told) error { return nil }

// oneJob is the job that everybody applies for.
type oneJob struct{}

func (oneJob) Opportunity(id string) (event.Opportunity, bool) {
	return event.Opportunity{
		ID: id, Bucket: event.Jobs, Title: "Go Engineer Intern", Organisation: "Nordia", Recruiter: "r01", Status: event.Open, PostedAt: benchNow,
	}, true
}

func (oneJob) ByMember(event.Member) (event.Opportunity, bool) { return event.Opportunity{}, false }

type movesRun struct {
	document
	span time.Duration
	bare *mongo.Collection
	ids  []string
	revs []int64 // of the bare documents
}

func (m *movesRun) open(ctx context.Context) error {
	if err := m.document.open(ctx); err != nil {
		return err
	}
	client, err := mongo.Connect(options.Client().ApplyURI(m.servers.MongoURI))
	if err != nil {
		return err
	}
	m.closers = append(m.closers, func() { _ = client.Disconnect(context.WithoutCancel(ctx)) })
	m.bare = client.Database(benchDatabase).Collection("bare")
	ours := client.Database(benchDatabase).Collection("applications")
	for i := range movedApplications {
		by := application.Actor{ID: studentID(i), Role: application.Student}
		r, _, err := m.service.Apply(ctx, studentID(i), "job", application.Origin{Via: "feed"}, application.Move{EventID: hiring.NewEvent()}, by)
		if err != nil {
			return err
		}
		m.ids = append(m.ids, r.ID)
		var copied bson.D
		if err := ours.FindOne(ctx, bson.D{{Key: "_id", Value: r.ID}}).Decode(&copied); err != nil {
			return err
		}
		if _, err := m.bare.InsertOne(ctx, copied); err != nil {
			return err
		}
		m.revs = append(m.revs, 1)
	}
	return m.servers.IndexIDs(ctx, benchDatabase) // also the copies
}

func (m *movesRun) sample(ctx context.Context) (sample, error) {
	limit, err := m.drive(func(i, n int) error { return m.update(ctx, i, n) })
	if err != nil {
		return sample{}, fmt.Errorf("bare: %w", err)
	}
	reached, err := m.drive(func(i, _ int) error { return m.move(ctx, i) })
	return sample{reached, limit}, err
}

// drive lets the movers work, each on applications of its own, and gives moves per second.
func (m *movesRun) drive(do func(i, n int) error) (float64, error) {
	var group sync.WaitGroup
	var count atomic.Int64
	var fails [movers]error
	start := time.Now()
	for w := range movers {
		group.Go(func() {
			for n := 0; time.Since(start) < m.span && fails[w] == nil; n++ {
				fails[w] = do((n*movers+w)%movedApplications, n)
				count.Add(1)
			}
		})
	}
	group.Wait()
	return float64(count.Load()) / time.Since(start).Seconds(), errors.Join(fails[:]...)
}

// move moves an application to and fro.
func (m *movesRun) move(ctx context.Context, i int) error {
	_, _, err := m.service.Change(ctx, m.ids[i], 0, func(r *application.Record, p application.Pipeline) (*application.Item, error) {
		to := event.Shortlisted
		if r.Stage == to {
			to = event.Applied
		}
		item, err := r.Move(application.Move{EventID: hiring.NewEvent(), From: string(r.Stage), To: string(to)}, application.Actor{ID: "r01", Role: application.Recruiter}, p, time.Now())
		return &item, err
	})
	return err
}

// update is the least that a guarded change of a document can be. With the
// revision in the filter, the embedded MongoDB would read the whole collection;
// the document that it found says what it was.
func (m *movesRun) update(ctx context.Context, i, n int) error {
	stage := []event.Stage{event.Shortlisted, event.Applied}[n%2]
	var found struct {
		Revision int64 `bson:"revision"`
	}
	err := m.bare.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: m.ids[i]}}, bson.D{
		{Key: "$set", Value: bson.D{{Key: "stage", Value: stage}}}, {Key: "$inc", Value: bson.D{{Key: "revision", Value: int64(1)}}},
	}).Decode(&found)
	if err == nil && found.Revision != m.revs[i] {
		err = fmt.Errorf("document %d was at revision %d, not at %d", i, found.Revision, m.revs[i])
	}
	m.revs[i]++
	return err
}

var _ api.Catalog = oneJob{}
