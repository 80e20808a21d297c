package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"tideline/engine/event"
	"tideline/streams"
)

const (
	restartLimit  = 15     // seconds
	restartPiece  = 20_000 // records of one send while the campus is loaded
	restartTaught = 10     // one student in so many has sent a signal that teaches
	restartWithin = 10 * time.Minute
)

// restart is how long a process that comes back is deaf: from opening an engine
// whose name has processed all students before, to the first new record in Redis.
func (l *lab) restart() row {
	r := &restartRun{lab: l}
	return row{
		name: "restart with all students, to the first record processed", unit: "s", against: "limit", bar: 1, runs: 1,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			r.redis = server
			if err := r.open(ctx); err != nil {
				r.close()
				return nil, nil, err
			}
			return func() (sample, error) { return r.sample(ctx) }, r.close, nil
		},
		note: func() string { return r.summary },
	}
}

type restartRun struct {
	lab     *lab
	redis   *redisServer
	kafka   streams.Config
	stop    func()
	serial  int
	summary string
}

func (r *restartRun) close() {
	if r.stop != nil {
		r.stop()
	}
}

// open lets an engine process the whole campus, and ends it.
func (r *restartRun) open(ctx context.Context) (err error) {
	if r.kafka, r.stop, err = startKafka(ctx); err != nil {
		return err
	}
	store := r.redis.store()
	defer store.Close()
	engine, err := openEngine(ctx, r.kafka, store)
	if err != nil {
		return err
	}
	defer engine.Close()
	defer running(ctx, engine)()
	c := newCampus(r.lab.seed, streamStudents)
	job := c.job("job", benchNow)
	teach := load{campus: newCampus(r.lab.seed, streamLoad), students: r.lab.students, jobs: []event.Opportunity{job}}
	for i := 0; i < r.lab.students; {
		var records []streams.Record
		for end := min(i+restartPiece, r.lab.students); i < end; i++ {
			records = append(records, streams.Profile(c.student(i)))
			if i%restartTaught == 0 {
				records = append(records, teach.signal(benchNow, event.Save, event.ApplyClick))
			}
		}
		if err := engine.Producer().Send(ctx, records...); err != nil {
			return fmt.Errorf("load the campus: %w", err)
		}
	}
	lag, err := streams.NewLagReader(r.kafka, nil, troubles())
	if err != nil {
		return err
	}
	defer lag.Close()
	processed := func() bool {
		behind, err := lag.Lag(ctx)
		return err == nil && behind[streams.Profiles]+behind[streams.Signals] == 0 && engine.Students() == r.lab.students && engine.Settled()
	}
	return until(ctx, restartWithin, processed)
}

// sample restarts the engine and waits for a student who is new.
func (r *restartRun) sample(ctx context.Context) (sample, error) {
	store := r.redis.store()
	defer store.Close()
	start := time.Now()
	engine, err := openEngine(ctx, r.kafka, store)
	if err != nil {
		return sample{}, err
	}
	defer engine.Close()
	defer running(ctx, engine)()
	opened := time.Since(start)
	r.serial++
	id := fmt.Sprint("newcomer", r.serial)
	if err := engine.Producer().PutProfile(ctx, event.Profile{ID: id}); err != nil {
		return sample{}, err
	}
	key := fmt.Sprintf("student:{p%03d}:%s", event.Partition(id, studentPartitions), id)
	var failed error
	err = until(ctx, restartWithin, func() bool {
		err := r.redis.client.Get(ctx, key).Err()
		if !errors.Is(err, redis.Nil) {
			failed = err
		}
		return !errors.Is(err, redis.Nil)
	})
	if err := errors.Join(err, failed); err != nil {
		return sample{}, fmt.Errorf("wait for the first record: %w", err)
	}
	took := time.Since(start)
	if err := until(ctx, restartWithin, func() bool { return engine.Students() >= r.lab.students }); err != nil {
		return sample{}, fmt.Errorf("only %d students came back of %d: %w", engine.Students(), r.lab.students, err)
	}
	r.summary = fmt.Sprintf("no opportunities; one student in %d with learnt weights; clients open after %.1f s", restartTaught, opened.Seconds())
	return sample{took.Seconds(), restartLimit}, nil
}
