package main

import (
	"context"
	"os"

	"tideline/deploy/local"
	"tideline/timelines"
)

// database is the embedded MongoDB, as the process uses it, in a directory of its own.
type database struct {
	dir     string
	servers *local.Servers
	store   *timelines.Store
	closers []func()
}

const benchDatabase = "bench"

func (d *database) close() {
	for i := range d.closers {
		d.closers[len(d.closers)-1-i]()
	}
}

// open starts it, with the embedded broker if asked. Close must be called, also after an error.
func (d *database) open(ctx context.Context, kafka bool) (err error) {
	if d.dir, err = os.MkdirTemp("", "tideline-bench-"); err != nil {
		return err
	}
	d.closers = append(d.closers, func() { _ = os.RemoveAll(d.dir) })
	if d.servers, err = local.Start(ctx, local.Options{Dir: d.dir, Kafka: kafka, Mongo: true, Log: troubles()}); err != nil {
		return err
	}
	d.closers = append(d.closers, d.servers.Close)
	d.store, err = timelines.New(timelines.Config{URI: d.servers.MongoURI, Database: benchDatabase, Serial: true}, nil, troubles())
	if err != nil {
		return err
	}
	d.closers = append(d.closers, d.store.Close)
	if err := d.store.Prepare(ctx); err != nil {
		return err
	}
	return d.servers.IndexIDs(ctx, benchDatabase)
}
