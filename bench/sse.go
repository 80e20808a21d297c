package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"tideline/api"
	"tideline/engine/event"
)

const (
	openStreams = 5000
	sseRounds   = 4 // items that every stream is told in one sample
	// Fewer plain connections that are written to more often: both sides together
	// have to stay below 20,000 open files.
	plainConnections = 4000
	plainRounds      = openStreams * sseRounds / plainConnections
	sseWithin        = 20 * time.Second
)

// fanOutStreams is what open streams of notifications cost: items handed to the
// switchboard of a whole API, until every stream's client has them.
func (l *lab) fanOutStreams() row {
	s := &sseRun{auth: api.AuthConfig{Secret: "a secret of thirty-two characters"}, board: api.NewSwitchboard()}
	return row{
		name: fmt.Sprintf("SSE to %d open streams", openStreams), unit: "deliveries/s",
		against: "the same bytes written to plain connections", shown: true,
		open: func(ctx context.Context) (func() (sample, error), func(), error) {
			if err := s.open(ctx); err != nil {
				s.close()
				return nil, nil, err
			}
			return s.sample, s.close, nil
		},
		note: func() string { return s.summary },
	}
}

type sseRun struct {
	auth    api.AuthConfig
	board   *api.Switchboard
	ours    readers
	plain   readers
	writers []net.Conn // the server's end of the plain connections
	seq     int64
	bytes   int
	summary string
	closers []func()
}

func (s *sseRun) close() {
	for i := range s.closers {
		s.closers[len(s.closers)-1-i]()
	}
}

// mark stands once in every delivery and nowhere else. Deliveries are counted by
// it: bytes cannot tell, since what comes while a stream is being written to goes
// out in one chunk with the next, and heartbeats come between.
const mark = '~'

// readers count what arrives on all connections of one side.
type readers struct {
	conns []net.Conn
	got   atomic.Int64 // deliveries
	bytes atomic.Int64
}

func (r *readers) add(conn net.Conn) {
	r.conns = append(r.conns, conn)
	go func() { // ends with its connection
		_, _ = io.Copy(r, conn)
	}()
}

func (r *readers) Write(b []byte) (int, error) {
	r.bytes.Add(int64(len(b)))
	r.got.Add(int64(bytes.Count(b, []byte{mark})))
	return len(b), nil
}

// reach waits until so many deliveries have arrived.
func (r *readers) reach(deliveries int64) error {
	giveUp := time.Now().Add(sseWithin)
	for r.got.Load() < deliveries {
		if time.Now().After(giveUp) {
			return fmt.Errorf("%d deliveries of %d arrived in %v", r.got.Load(), deliveries, sseWithin)
		}
		time.Sleep(100 * time.Microsecond)
	}
	return nil
}

// quietInbox has nothing in it: what streams get comes from the switchboard.
type quietInbox struct{ api.Inbox }

func (quietInbox) List(context.Context, string, int64, int) ([]event.InboxItem, error) {
	return nil, nil
}

func (quietInbox) After(context.Context, string, int64, int) (api.Since, error) {
	return api.Since{Next: 1}, nil
}

type liveBoard struct{ *api.Switchboard }

func (liveBoard) Position(string) int64 { return 0 }

func (s *sseRun) open(ctx context.Context) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server, err := api.New(ctx, api.Config{Addr: listener.Addr().String(), Loopback: true, Auth: s.auth}, api.Ports{
		Ready: func() (bool, string) { return true, "" }, Now: time.Now,
		Notify: api.NotifyPorts{Inbox: quietInbox{}, Live: liveBoard{s.board}},
	}, nil, slog.New(slog.DiscardHandler))
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	var serving sync.WaitGroup
	serving.Go(func() { _ = server.Serve(listener) }) // a failure shows on every connection
	s.closers = append(s.closers, func() { _ = server.Shutdown(ctx); serving.Wait() })
	for i := range openStreams {
		token, err := api.Mint(s.auth, api.Student, studentID(i), time.Now(), time.Hour)
		if err != nil {
			return err
		}
		conn, err := s.dial(&s.ours, listener.Addr().String())
		if err != nil {
			return err
		}
		if _, err := fmt.Fprintf(conn, "GET /notifications/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer %s\r\n\r\n", token); err != nil {
			return err
		}
	}
	if err := until(ctx, sseWithin, func() bool { return s.subscribed() }); err != nil {
		return fmt.Errorf("wait for the streams to open: %w", err)
	}
	return s.openPlain()
}

func (s *sseRun) subscribed() bool {
	for i := range openStreams {
		if !s.board.Wanted(studentID(i)) {
			return false
		}
	}
	return true
}

func (s *sseRun) dial(r *readers, addr string) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connection %d: %w", len(r.conns), err)
	}
	s.closers = append(s.closers, func() { _ = conn.Close() })
	r.add(conn)
	return conn, nil
}

func (s *sseRun) openPlain() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	for range plainConnections {
		if _, err := s.dial(&s.plain, listener.Addr().String()); err != nil {
			return err
		}
		conn, err := listener.Accept()
		if err != nil {
			return err
		}
		s.writers = append(s.writers, conn)
		s.closers = append(s.closers, func() { _ = conn.Close() })
	}
	return nil
}

func (s *sseRun) sample() (sample, error) {
	item := event.InboxItem{
		ID: "0123456789abcdef0123456789abcdef", Rule: "job-match", Category: "jobs", Priority: "normal", At: benchNow,
		Title: "A new job matches" + string(mark), Body: "Go Engineer Intern at Nordia asks for what you can do: go, sql, docker.", URL: "https://example.org/jobs/1",
	}
	if s.bytes == 0 { // what one delivery is on the wire is found out from the first
		if err := s.measureOne(item); err != nil {
			return sample{}, err
		}
	}
	start, before := time.Now(), s.ours.got.Load()
	for range sseRounds {
		s.publish(item)
	}
	if err := s.ours.reach(before + openStreams*sseRounds); err != nil {
		return sample{}, fmt.Errorf("streams: %w", err)
	}
	took := time.Since(start)
	bare, err := s.write()
	if err != nil {
		return sample{}, err
	}
	const deliveries = openStreams * sseRounds
	s.summary = fmt.Sprintf("%d bytes a delivery; the last run's %d deliveries took %.0f ms; the clients share the processors", s.bytes, deliveries, millis(took))
	return sample{deliveries / took.Seconds(), deliveries / bare.Seconds()}, nil
}

func (s *sseRun) publish(item event.InboxItem) {
	s.seq++
	item.Seq = 1_000_000 + s.seq // as many digits in all
	for i := range openStreams {
		s.board.Publish(studentID(i), api.Told{Sequence: item.Seq, Item: &item})
	}
}

// measureOne tells every stream one thing and finds out what that is on the wire.
func (s *sseRun) measureOne(item event.InboxItem) error {
	before := s.ours.bytes.Load()
	s.publish(item)
	if err := s.ours.reach(openStreams); err != nil {
		return fmt.Errorf("streams: %w", err)
	}
	// What opens a stream may arrive in between as well; it is little.
	s.bytes = int(s.ours.bytes.Load()-before) / openStreams
	return nil
}

// write sends as many bytes on plain connections, each written by its own
// goroutine as streams are.
func (s *sseRun) write() (time.Duration, error) {
	data := make([]byte, s.bytes)
	data[0] = mark
	start, before := time.Now(), s.plain.got.Load()
	var group sync.WaitGroup
	for _, conn := range s.writers {
		group.Go(func() {
			for range plainRounds {
				if _, err := conn.Write(data); err != nil {
					return // shows in what arrives
				}
			}
		})
	}
	group.Wait()
	if err := s.plain.reach(before + openStreams*sseRounds); err != nil {
		return 0, fmt.Errorf("plain connections: %w", err)
	}
	return time.Since(start), nil
}
