package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"

	"tideline/api"
	"tideline/engine/application"
	"tideline/engine/board"
	"tideline/engine/event"
)

const (
	candidatesOfOne = 10_000
	pipelineClients = 4
	// Each request goes over all ten thousand cards, to count each column and who
	// is stuck by now; the bare side sends bytes that are there.
	pipelineBar = 0.05
)

// pipelines is what it costs to show a job's pipeline, with as many cards as a
// page has, when ten thousand have applied.
func (l *lab) pipelines() row {
	p := &pipelineRun{span: l.span / 2, auth: api.AuthConfig{Secret: "a secret of thirty-two characters"}}
	return row{
		name: fmt.Sprintf("GET /jobs/{id}/pipeline, %d applications", candidatesOfOne), unit: "requests/s",
		against: "bare Fiber handler: the same bytes after the same two reads of the store", bar: pipelineBar, atLeast: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			if err := p.open(ctx, l.seed); err != nil {
				p.close()
				return nil, nil, err
			}
			return p.sample, p.close, nil
		},
		note: func() string {
			return fmt.Sprintf("%d bytes an answer; nine columns of up to 20 cards; the store is the embedded MongoDB", len(p.answer))
		},
	}
}

type pipelineRun struct {
	document
	span       time.Duration
	auth       api.AuthConfig
	token      string
	answer     []byte
	ours, bare string
}

func (p *pipelineRun) open(ctx context.Context, seed uint64) error {
	if err := p.document.open(ctx); err != nil {
		return err
	}
	random := rand.New(rand.NewPCG(seed, 0))
	for i := range candidatesOfOne {
		r := &application.Record{
			ID: event.ApplicationID(studentID(i), "job"), Student: studentID(i), Opportunity: "job", Organisation: "Nordia", Recruiter: "r01",
			Origin: application.Origin{Via: "feed", Position: 1 + i%20, Match: random.IntN(1001)},
		}
		at := benchNow.Add(time.Duration(random.IntN(30*24*3600)) * time.Second)
		for n, stage := range event.Stages[:1+random.IntN(len(event.Stages))] {
			if stage.Open() || random.IntN(2) == 0 {
				r.Path = append(r.Path, application.Change{Seq: len(r.Path) + 1, Kind: event.Advance, To: stage, At: at.Add(time.Duration(n) * time.Hour)})
			}
		}
		p.board.Put(board.RowOf(r))
	}
	var err error
	if p.token, err = api.Mint(p.auth, api.Recruiter, "r01", time.Now(), time.Hour); err != nil {
		return err
	}
	if err := p.serveOurs(ctx); err != nil {
		return err
	}
	if p.answer, err = p.ask(); err != nil {
		return err
	}
	return p.serveBare()
}

func (p *pipelineRun) serveOurs(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server, err := api.New(ctx, api.Config{Addr: listener.Addr().String(), Loopback: true, Auth: p.auth}, api.Ports{
		Catalog: oneJob{}, Ready: func() (bool, string) { return true, "" }, Now: time.Now,
		Hiring: api.HiringPorts{Service: p.service, Board: p.board, Loaded: func() bool { return true }},
	}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	p.ours = "http://" + listener.Addr().String() + "/jobs/job/pipeline?limit=20"
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // a failure shows in every request
	p.closers = append(p.closers, func() { _ = server.Shutdown(ctx); serving.Wait() })
	return nil
}

func (p *pipelineRun) serveBare() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	app := fiber.New(fiber.Config{DisableStartupMessage: true})
	app.Get("/", func(c *fiber.Ctx) error {
		if _, err := p.service.Pipeline(c.UserContext(), "job", "Nordia"); err != nil {
			return err
		}
		c.Set(fiber.HeaderContentType, fiber.MIMEApplicationJSON)
		return c.Send(p.answer)
	})
	p.bare = "http://" + listener.Addr().String() + "/"
	var serving sync.WaitGroup
	serving.Go(func() { _ = app.Listener(listener) }) // as above
	p.closers = append(p.closers, func() { _ = app.Shutdown(); serving.Wait() })
	return nil
}

// ask gives one answer, and requires that it is a whole pipeline.
func (p *pipelineRun) ask() ([]byte, error) {
	request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
	defer fasthttp.ReleaseRequest(request)
	defer fasthttp.ReleaseResponse(response)
	request.SetRequestURI(p.ours)
	request.Header.Set("Authorization", "Bearer "+p.token)
	if err := fasthttp.Do(request, response); err != nil {
		return nil, err
	}
	body := bytes.Clone(response.Body())
	if n := bytes.Count(body, []byte(`"applied_at"`)); response.StatusCode() != 200 || n < 5*20 {
		return nil, fmt.Errorf("status %d with %d cards: %.200s", response.StatusCode(), n, body)
	}
	return body, nil
}

func (p *pipelineRun) sample() (sample, error) {
	limit, err := p.drive(p.bare)
	if err != nil {
		return sample{}, fmt.Errorf("bare handler: %w", err)
	}
	reached, err := p.drive(p.ours)
	return sample{reached, limit}, err
}

// drive reads on all connections for the span and gives answers per second, all
// of the same length give or take the digits of a wait.
func (p *pipelineRun) drive(uri string) (float64, error) {
	client := &fasthttp.Client{MaxConnsPerHost: pipelineClients}
	defer client.CloseIdleConnections()
	var group sync.WaitGroup
	var count atomic.Int64
	var fails [pipelineClients]error
	start := time.Now()
	for w := range pipelineClients {
		group.Go(func() {
			request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
			defer fasthttp.ReleaseRequest(request)
			defer fasthttp.ReleaseResponse(response)
			request.SetRequestURI(uri)
			request.Header.Set("Authorization", "Bearer "+p.token)
			for time.Since(start) < p.span && fails[w] == nil {
				if err := client.Do(request, response); err != nil {
					fails[w] = err
				} else if n := len(response.Body()); response.StatusCode() != 200 || n < len(p.answer)-200 || n > len(p.answer)+200 {
					fails[w] = fmt.Errorf("status %d with %d bytes, not about %d", response.StatusCode(), n, len(p.answer))
				}
				count.Add(1)
			}
		})
	}
	group.Wait()
	return float64(count.Load()) / time.Since(start).Seconds(), errors.Join(fails[:]...)
}
