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
	"tideline/rulesets/templates"
	"tideline/streams"
	"tideline/streams/sources/runner"
	"tideline/timelines"
)

// app is one process: engine, projections to MongoDB, inboxes, API and admin listener.
type app struct {
	config     config.Config
	now        func() time.Time
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
	tail       *streams.Tail
	board      *api.Switchboard
	texts      *templates.Texts // what people are told

	applications applications
	sources      *runner.Runner
	reloads      reloadMetrics
	lag          *streams.LagReader
	deliverer    *deliverer // nil: nothing to deliver to, or another process does it
	preparing    sync.Mutex
	prepared     bool // the collections exist
	auth         api.AuthConfig
	apiAddr      string // where it listens
	adminAddr    string
	teardown     []closer // last first

	stopWithin time.Duration
	stopOnce   sync.Once
	stop       context.Context // see stopping
	stopped    context.CancelFunc
	stuck      bool // something did not end
}

func openApp(ctx context.Context, c config.Config, log *slog.Logger) (*app, error) {
	return openAppAt(ctx, c, log, time.Now)
}

// openAppAt opens an app with a clock of its own, for data of another time.
func openAppAt(ctx context.Context, c config.Config, log *slog.Logger, now func() time.Time) (*app, error) {
	a := &app{config: c, now: now, log: log, registry: prometheus.NewRegistry(), stopWithin: stopWithin}
	a.reloads = newReloadMetrics(a.registry)
	a.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	if err := a.open(ctx); err != nil {
		return nil, errors.Join(err, a.close())
	}
	return a, nil
}

func (a *app) open(ctx context.Context) (err error) {
	sources, err := readSources(a.config)
	if err != nil {
		return err
	}
	if a.texts, err = ownTexts(a.config); err != nil {
		return err
	}
	if a.backend, err = startBackend(ctx, a.config, a.log); err != nil {
		return err
	}
	a.defers("embedded servers", a.backend.close)
	if a.partitions, err = a.backend.topics(ctx, a.config, a.log); err != nil {
		return err
	}
	a.store = feeds.New(a.backend.feeds(a.config), a.registry, a.log)
	a.defers("Redis client", func() { _ = a.store.Close() })
	if err := a.store.Ping(ctx); err != nil {
		return err
	}
	a.store.CheckEncoding(ctx)
	engine := node.EngineConfig{
		Partition:  partition.Config{Match: matchConfig(a.config.Scoring), MaxEntries: a.config.Batch.MaxEntries},
		MaxRecords: a.config.Batch.MaxRecords, RetryEvery: time.Second, Tick: a.config.Tick, EndWithin: finishWithin, Now: a.now,
	}
	kafka := a.backend.kafka(a.config)
	a.engine, err = node.Open(ctx, kafka, a.partitions, a.store, engine, match.NewDictionary(skills.Normalize), a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers("engine", a.engine.Close)
	a.timelines, err = timelines.New(timelines.Config{URI: a.backend.MongoURI, Database: a.config.Mongo.Database, Serial: a.config.Mongo.URI == ""}, a.registry, a.log)
	if err != nil {
		return err
	}
	a.defers("MongoDB client", a.timelines.Close)
	if a.projection, err = streams.NewProjection(kafka, "timelines", []string{streams.Opportunities}, 500, a.registry, a.log); err != nil {
		return err
	}
	a.defers("projection", a.projection.Close)
	if a.lag, err = streams.NewLagReader(kafka, a.registry, a.log); err != nil {
		return err
	}
	a.defers("lag reader", a.lag.Close)
	if err := a.openInbox(kafka); err != nil {
		return err
	}
	if err := a.openTail(ctx, kafka); err != nil {
		return err
	}
	if err := a.openHiring(ctx, kafka); err != nil {
		return err
	}
	a.auth = api.AuthConfig{
		Secret: a.config.Auth.HS256Secret, JWKSURL: a.config.Auth.JWKSURL,
		Issuer: a.config.Auth.Issuer, Audience: a.config.Auth.Audience,
	}
	if a.auth.Secret == "" && a.auth.JWKSURL == "" {
		if a.auth.Secret, err = localSecret(a.config.DataDir); err != nil {
			return err
		}
	}
	a.openSources(sources)
	return a.openDelivery(kafka)
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
	a.apiAddr, a.adminAddr = listener.Addr().String(), adminListener.Addr().String()
	admin := &http.Server{Handler: api.Admin(a.config.Admin.Addr, a.registry), ReadHeaderTimeout: 10 * time.Second}
	var running parts
	part := func(name string, run func() error) {
		running.start(name, func() {
			if err := run(); err != nil {
				cancel(fmt.Errorf("%s: %w", name, err))
			}
		})
	}
	part("engine", func() error { return a.engine.Run(ctx) })
	part("projection", func() error { return a.projection.Run(ctx, a.project) })
	part("lag reader", func() error { return a.lag.Run(ctx, lagEvery) })
	if a.deliverer != nil {
		part("delivery", func() error { return a.deliverer.run(ctx) })
	}
	part("tail of notifications", func() error { return a.tail.Run(ctx) })
	part("applications", func() error { return a.follow(ctx) })
	part("outbox of applications", func() error { return a.applications.service.Run(ctx) })
	part("erasures", func() error { return a.erase(ctx) })
	part("facts of applications", func() error { return a.applications.facts.Run(ctx, a.accept) })
	part("rulesets", func() error { return a.watchRulesets(ctx) })
	part("sources", func() error { return a.runSources(ctx) })
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
		running.start("start", func() { started(ctx) })
	}
	<-ctx.Done()
	return a.end(context.Cause(ctx), &running, server, admin)
}

// lagEvery is how often the lag is measured: about as often as it is scraped.
const lagEvery = 15 * time.Second

// end lets what is under way finish and waits for the parts, as long as a stop
// may take. The cause of the end is the error, unless it was asked for.
func (a *app) end(cause error, running *parts, server *api.Server, admin *http.Server) error {
	a.log.Info("stopping")
	stop := a.stopping()
	finish, done := context.WithTimeout(stop, min(finishWithin, a.stopWithin))
	defer done()
	stopped := errors.Join(server.Shutdown(finish), admin.Shutdown(finish))
	if stopped != nil { // requests that do not end, such as a long profile
		_ = admin.Close()
	}
	if err := running.wait(stop); err != nil {
		a.log.Error("the process ends with something still at work", "error", err)
		a.stuck, stopped = true, errors.Join(stopped, err)
	}
	if !errors.Is(cause, context.Canceled) {
		return errors.Join(cause, stopped)
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
		changes = append(changes, timelines.Change{ID: id, Opportunity: o, Topic: in.Incarnation, Offset: in.Offset})
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
		Ready:     a.engine.Ready, Gatherer: a.registry, Now: a.now,
		Notify: a.notifyPorts(), Hiring: a.hiringPorts(), Sources: sourcesPort{a.sources}, Merges: mergesPort{a.sources}, Doubles: a.doubles(),
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
		feeds.ErrNoItem: api.ErrNoItem, feeds.ErrNoStudent: api.ErrNoStudent, feeds.ErrRebuilding: api.ErrRebuilding, feeds.ErrUnavailable: api.ErrUnavailable,
	} {
		if errors.Is(err, from) {
			return fmt.Errorf("%w: %w", to, err)
		}
	}
	return err
}
