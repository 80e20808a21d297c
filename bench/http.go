package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/redis/go-redis/v9"
	"github.com/valyala/fasthttp"

	"tideline/api"
	"tideline/engine/catalog"
	"tideline/engine/event"
	"tideline/engine/match"
	"tideline/feeds"
)

const (
	httpPartitions = 8
	httpStudents   = 500
	httpJobs       = 2000
	httpClients    = 8 // connections, each with one request under way
	pageSize       = 20
)

// recommend asks for the first page of a student's jobs over loopback, and
// holds that against a handler that does nothing but read the same feed.
func (l *lab) recommend() row {
	return row{
		name: "GET /recommendations/jobs", unit: "requests/s", against: "bare Fiber handler, one ZRANGE", bar: 0.5, atLeast: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			server, err := l.server(ctx)
			if err != nil {
				return nil, nil, err
			}
			h := &httpRun{server: server, store: server.store(), span: l.span / 2, auth: api.AuthConfig{Secret: "a secret of thirty-two characters"}}
			if err := h.open(ctx, l.seed); err != nil {
				h.close()
				return nil, nil, err
			}
			return h.sample, h.close, nil
		},
		note: func() string { return "both sides and the client share the machine's processors" },
	}
}

type httpRun struct {
	server *redisServer
	store  *feeds.Store
	span   time.Duration
	auth   api.AuthConfig

	catalog    *catalog.Catalog
	ours, bare string // addresses
	tokens     []string
	closers    []func()
}

func (h *httpRun) close() {
	for i := range h.closers {
		h.closers[len(h.closers)-1-i]()
	}
	h.store.Close()
}

func (h *httpRun) open(ctx context.Context, seed uint64) error {
	dict := match.NewDictionary(fold)
	h.catalog = catalog.New(match.Default(), dict)
	if err := h.fill(ctx, newCampus(seed, streamLive), dict); err != nil {
		return fmt.Errorf("fill the feeds: %w", err)
	}
	for i := range httpStudents {
		token, err := api.Mint(h.auth, api.Student, studentID(i), time.Now(), 24*time.Hour)
		if err != nil {
			return err
		}
		h.tokens = append(h.tokens, "Bearer "+token)
	}
	if err := h.serveOurs(ctx); err != nil {
		return err
	}
	return h.serveBare()
}

// fill publishes jobs to the catalog and the students' feeds to Redis.
func (h *httpRun) fill(ctx context.Context, c *campus, dict *match.Dictionary) error {
	var changes []catalog.Change
	for i := range httpJobs {
		o := c.job(fmt.Sprint("job", i), c.posted())
		o.Description = fmt.Sprintf("%0500d", i)
		changes = append(changes, catalog.Change{Position: catalog.Position{Offset: int64(i)}, ID: o.ID, Opportunity: &o})
	}
	if err := h.catalog.Apply(changes); err != nil {
		return err
	}
	students := match.NewStudents(dict, match.Default())
	var writers [httpPartitions]*storeWriter
	for n := range int32(httpPartitions) {
		fence, err := h.store.Claim(ctx, n, 0, 0)
		if err != nil {
			return err
		}
		if err := h.store.Live(ctx, n, fence.Token); err != nil {
			return err
		}
		writers[n] = &storeWriter{h.store, feeds.Batch{Partition: n, Token: fence.Token, Seq: 1}}
	}
	var scratch match.Scratch
	for i := range httpStudents {
		p := c.student(i)
		students.Put(p.ID, p)
		s, _ := students.Lookup(p.ID)
		op := event.FeedOp{Student: p.ID, Bucket: event.Jobs, Replace: true}
		op.Add, op.Truncated = h.catalog.Top(s, event.Jobs, event.FeedStore, benchNow, &scratch)
		if err := writers[event.Partition(p.ID, httpPartitions)].write(ctx, []event.FeedOp{op}); err != nil {
			return err
		}
	}
	return nil
}

func (h *httpRun) serveOurs(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server, err := api.New(ctx, api.Config{Addr: listener.Addr().String(), Loopback: true, Auth: h.auth}, api.Ports{
		Feeds: partitioned{h.store}, Catalog: h.catalog, Scorer: match.NewScorer(match.Default(), fold),
		Ready: func() (bool, string) { return true, "" }, Now: time.Now,
	}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	h.ours = "http://" + listener.Addr().String() + "/recommendations/jobs?limit=20"
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // a failure shows in every request
	h.closers = append(h.closers, func() { _ = server.Shutdown(ctx); serving.Wait() })
	return nil
}

// partitioned finds a student's partition, as the process does.
type partitioned struct{ *feeds.Store }

func (p partitioned) Page(ctx context.Context, student string, b event.Bucket, limit int) ([]event.Entry, error) {
	return p.Store.Page(ctx, event.Partition(student, httpPartitions), student, b, limit)
}

func (p partitioned) View(ctx context.Context, student string) (event.View, error) {
	return p.Store.View(ctx, event.Partition(student, httpPartitions), student)
}

func (h *httpRun) serveBare() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	client := redis.NewClient(&redis.Options{Addr: h.server.addr})
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/feed/:student", func(c *fiber.Ctx) error {
		key := fmt.Sprintf("feed:{p%03d}:jobs:%s", event.Partition(c.Params("student"), httpPartitions), c.Params("student"))
		members, err := client.ZRangeArgs(c.Context(), redis.ZRangeArgs{Key: key, Start: 0, Stop: pageSize - 1, Rev: true}).Result()
		if err != nil {
			return err
		}
		return c.JSON(members)
	})
	h.bare = "http://" + listener.Addr().String() + "/feed/"
	var serving sync.WaitGroup
	serving.Go(func() { _ = app.Listener(listener) }) // as above
	h.closers = append(h.closers, func() { _ = app.Shutdown(); serving.Wait(); client.Close() })
	return nil
}

func (h *httpRun) sample() (sample, error) {
	peer, err := h.drive(func(r *fasthttp.Request, i int) { r.SetRequestURI(h.bare + studentID(i)) }, `","`)
	if err != nil {
		return sample{}, fmt.Errorf("bare handler: %w", err)
	}
	reached, err := h.drive(func(r *fasthttp.Request, i int) {
		r.SetRequestURI(h.ours)
		r.Header.Set("Authorization", h.tokens[i])
	}, `"rank":`)
	return sample{reached, peer}, err
}

// drive sends requests on all connections for the span and gives answers per
// second. Every answer must be 200 and hold a full page, told by a mark that
// stands between or in each of its items.
func (h *httpRun) drive(prepare func(*fasthttp.Request, int), mark string) (float64, error) {
	client := &fasthttp.Client{MaxConnsPerHost: httpClients}
	defer client.CloseIdleConnections()
	var (
		group sync.WaitGroup
		count atomic.Int64
		fails [httpClients]error
	)
	start := time.Now()
	for w := range httpClients {
		group.Go(func() {
			request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(request)
			defer fasthttp.ReleaseResponse(response)
			for i := w; time.Since(start) < h.span && fails[w] == nil; i += httpClients {
				request.Reset()
				prepare(request, i%httpStudents)
				if err := client.Do(request, response); err != nil {
					fails[w] = err
				} else if n := bytes.Count(response.Body(), []byte(mark)); response.StatusCode() != 200 || n < pageSize-1 {
					fails[w] = fmt.Errorf("status %d with %d items: %.200s", response.StatusCode(), n, response.Body())
				}
				count.Add(1)
			}
		})
	}
	group.Wait()
	return float64(count.Load()) / time.Since(start).Seconds(), errors.Join(fails[:]...)
}
