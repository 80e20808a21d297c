package command

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"tideline/api"
	"tideline/engine/config"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/engine/node"
	"tideline/engine/partition"
	"tideline/engine/skills"
	"tideline/feeds"
	"tideline/streams"
	"tideline/timelines"
)

// app is one process: engine, projections to MongoDB, inboxes, API and admin listener.
type app struct {
	config     config.Config
	log        *slog.Logger
	registry   *prometheus.Registry
	backend    *backend
	partitions int
	store      *feeds.Store
	engine     *node.Engine
	timelines  *timelines.Store
	projection *streams.Projection
	record     *streams.Projection // of notifications
	projector  *streams.Projector
	preparing  sync.Mutex
	prepared   bool // the collections exist
	auth       api.AuthConfig
	teardown   []func() // last first
}

// stopWithin is how long a graceful stop may take.
const stopWithin = 9 * time.Second

func openApp(ctx context.Context, c config.Config, log *slog.Logger) (*app, error) {
	a := &app{config: c, log: log, registry: prometheus.NewRegistry()}
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.open(ctx); err != nil {
		a.close()
		return nil, err
	}
	return a, nil
}

func (a *app) open(ctx context.Context) (err error) {
	if a.backend, err = startBackend(ctx, a.config, a.log); err != nil {
		return err
	}
	a.defers(a.backend.close)
	if a.partitions, err = a.backend.topics(ctx, a.config, a.log); err != nil {
		return err
	}
	a.store = feeds.New(a.backend.feeds(a.config), a.registry, a.log)
	a.defers(func() { _ = a.store.Close() })
	if err := a.store.Ping(ctx); err != nil {
		return err
	}
	a.store.CheckEncoding(ctx)
	engine := node.EngineConfig{
		Partition:  partition.Config{Match: matchConfig(a.config.Scoring), MaxEntries: a.config.Batch.MaxEntries},
		MaxRecords: a.config.Batch.MaxRecords, RetryEvery: time.Second, Tick: a.config.Tick,
	}
	kafka := a.backend.kafka(a.config)
	a.engine, err = node.Open(ctx, kafka, a.partitions, a.store, engine, match.NewDictionary(skills.Normalize), a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers(a.engine.Close)
	a.timelines, err = timelines.New(timelines.Config{URI: a.backend.MongoURI, Database: a.config.Mongo.Database}, a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers(a.timelines.Close)
	if a.projection, err = streams.NewProjection(kafka, "timelines", []string{streams.Opportunities}, 500, a.registry, a.log); err != nil {
		return err
	}
	a.defers(a.projection.Close)
	if err := a.openInbox(kafka); err != nil {
		return err
	}
	a.auth = api.AuthConfig{
		Secret: a.config.Auth.HS256Secret, JWKSURL: a.config.Auth.JWKSURL,
		Issuer: a.config.Auth.Issuer, Audience: a.config.Auth.Audience,
	}
	if a.auth.Secret == "" && a.auth.JWKSURL == "" {
		a.auth.Secret, err = localSecret(a.config.DataDir)
	}
	return err
}

// localSecret makes, once, the secret of a Tideline that only this machine can reach.
func localSecret(dir string) (string, error) {
	path := filepath.Join(dir, "secret")
	data, err := os.ReadFile(path)
	if err == nil {
		return strings.TrimSpace(string(data)), nil
	}
	secret := rand.Text() + rand.Text()
	if err := errors.Join(os.MkdirAll(dir, 0o750), os.WriteFile(path, []byte(secret), 0o600)); err != nil {
		return "", fmt.Errorf("keep a secret for local tokens: %w", err)
	}
	return secret, nil
}

func (a *app) defers(f func()) { a.teardown = append(a.teardown, f) }

func (a *app) close() {
	for i := range a.teardown {
		a.teardown[len(a.teardown)-1-i]()
	}
	a.teardown = nil
}

func matchConfig(s config.Scoring) match.Config {
	var c match.Config
	for i, w := range []config.Weights{s.Jobs, s.Hackathons, s.Content} {
		c.Buckets[i] = match.Weights{Overlap: w.Overlap, Fit: w.Fit, Interest: w.Interest, Sigma: w.Sigma, HalfLife: w.HalfLife}
	}
	return c
}

// run serves until ctx ends or a part fails. Started is called when the
// listeners are open.
func (a *app) run(ctx context.Context, started func(ctx context.Context)) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	server, err := a.newAPI(ctx)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", a.config.HTTP.Addr)
	if err != nil {
		return fmt.Errorf("listen for the API: %w", err)
	}
	adminListener, err := net.Listen("tcp", a.config.Admin.Addr)
	if err != nil {
		return errors.Join(fmt.Errorf("listen for metrics: %w", err), listener.Close())
	}
	admin := &http.Server{Handler: api.Admin(a.registry), ReadHeaderTimeout: 10 * time.Second}
	var parts sync.WaitGroup
	part := func(name string, run func() error) {
		parts.Go(func() {
			if err := run(); err != nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	part("engine", func() error { return a.engine.Run(ctx) })
	part("projection", func() error { return a.projection.Run(ctx, a.project) })
	part("inbox", func() error { return a.projector.Run(ctx) })
	part("record of notifications", func() error { return a.record.Run(ctx, a.recordNotifications) })
	part("API", func() error { return server.Serve(listener) })
	part("admin", func() error {
		if err := admin.Serve(adminListener); !errors.Is(err, http.ErrServerClosed) {
			return err
		}
		return nil
	})
	if started != nil {
		parts.Go(func() { started(ctx) })
	}
	<-ctx.Done()
	a.log.Info("stopping")
	stop, done := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer done()
	stopped := errors.Join(server.Shutdown(stop), admin.Shutdown(stop))
	parts.Wait()
	if cause := context.Cause(ctx); !errors.Is(cause, context.Canceled) {
		return cause
	}
	return stopped
}

// prepare creates the collections; it is tried with the first batch, not at
// start, so that MongoDB may be away without holding anything else up.
func (a *app) prepare(ctx context.Context) error {
	a.preparing.Lock() // both projections begin with it
	defer a.preparing.Unlock()
	if a.prepared {
		return nil
	}
	if err := a.timelines.Prepare(ctx); err != nil {
		return err
	}
	if err := a.backend.servers.IndexIDs(ctx, a.config.Mongo.Database); err != nil {
		return err
	}
	a.prepared = true
	return nil
}

// project copies opportunity records to MongoDB.
func (a *app) project(ctx context.Context, inputs []streams.Input) error {
	if err := a.prepare(ctx); err != nil {
		return err
	}
	var changes []timelines.Change
	for _, in := range inputs {
		id, o, err := streams.DecodeOpportunity(in)
		if err != nil {
			continue // the engine keeps it in dead-letters
		}
		changes = append(changes, timelines.Change{ID: id, Opportunity: o, Partition: in.Partition, Offset: in.Offset})
	}
	return a.timelines.ApplyOpportunities(ctx, changes)
}

func (a *app) newAPI(ctx context.Context) (*api.Server, error) {
	loopback := config.Loopback(a.config.HTTP.Addr)
	return api.New(ctx, api.Config{
		Addr: a.config.HTTP.Addr, Loopback: loopback, Auth: a.auth, CORS: a.config.HTTP.CORS,
	}, api.Ports{
		Feeds: feedsPort{a.store, a.partitions}, Catalog: a.engine.Catalog(), CatalogVersion: a.engine.Catalog().Revision,
		Publisher: a.engine.Producer(),
		Scorer:    match.NewScorer(matchConfig(a.config.Scoring), skills.Normalize),
		Ready:     a.engine.Ready, Gatherer: a.registry, Now: time.Now,
	}, a.registry, a.log)
}

// feedsPort gives the API feeds by student and translates errors into the API's.
type feedsPort struct {
	store      *feeds.Store
	partitions int
}

func (f feedsPort) Page(ctx context.Context, student string, b event.Bucket, limit int) ([]event.Entry, error) {
	entries, err := f.store.Page(ctx, event.Partition(student, f.partitions), student, b, limit)
	return entries, apiError(err)
}

func (f feedsPort) View(ctx context.Context, student string) (event.View, error) {
	view, err := f.store.View(ctx, event.Partition(student, f.partitions), student)
	return view, apiError(err)
}

func apiError(err error) error {
	for from, to := range map[error]error{
		feeds.ErrNoStudent: api.ErrNoStudent, feeds.ErrRebuilding: api.ErrRebuilding, feeds.ErrUnavailable: api.ErrUnavailable,
	} {
		if errors.Is(err, from) {
			return fmt.Errorf("%w: %w", to, err)
		}
	}
	return err
}
