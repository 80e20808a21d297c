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
	// As many streams as plain connections, each with both its ends in this
	// process: four files for each stay below a limit of 20,000 open files.
	openStreams = 4500
	sseRounds   = 20  // items that every stream is told in one sample, one after the other
	sseBar      = 0.5 // as much as the other row of the API must reach of its bare handler
	sseWithin   = 20 * time.Second
)

// fanOutStreams is what open streams of notifications cost: items handed to the
// switchboard of a whole API, until every stream's client has them.
func (l *lab) fanOutStreams() row {
	s := &sseRun{auth: api.AuthConfig{Secret: "a secret of thirty-two characters"}, board: api.NewSwitchboard()}
	return row{
		name: fmt.Sprintf("SSE to %d open streams", openStreams), unit: "deliveries/s",
		against: "a plain loop that writes the same frames to as many connections", bar: sseBar, atLeast: true,
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
	tap     tap    // on the first stream
	frame   []byte // one delivery as it is on the wire
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
}

// tap keeps what one connection was sent.
type tap struct {
	mu   sync.Mutex
	kept bytes.Buffer
}

func (t *tap) Write(b []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept.Write(b)
}

// take gives what was kept and begins anew.
func (t *tap) take() []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := bytes.Clone(t.kept.Bytes())
	t.kept.Reset()
	return all
}

func (r *readers) add(conn net.Conn, into io.Writer) {
	r.conns = append(r.conns, conn)
	go func() { // ends with its connection
		_, _ = io.Copy(into, conn)
	}()
}

func (r *readers) Write(b []byte) (int, error) {
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
		into := io.Writer(&s.ours)
		if i == 0 {
			into = io.MultiWriter(&s.tap, into) // kept before it is counted
		}
		conn, err := s.dial(&s.ours, listener.Addr().String(), into)
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

func (s *sseRun) dial(r *readers, addr string, into io.Writer) (net.Conn, error) {
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("connection %d: %w", len(r.conns), err)
	}
	s.closers = append(s.closers, func() { _ = conn.Close() })
	r.add(conn, into)
	return conn, nil
}

func (s *sseRun) openPlain() error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	defer func() { _ = listener.Close() }()
	for range openStreams {
		if _, err := s.dial(&s.plain, listener.Addr().String(), &s.plain); err != nil {
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
	if s.frame == nil {
		if err := s.learnFrame(item); err != nil {
			return sample{}, err
		}
	}
	var took, bare time.Duration
	for range sseRounds {
		ours, err := timed(&s.ours, func() error { s.publish(item); return nil })
		if err != nil {
			return sample{}, fmt.Errorf("streams: %w", err)
		}
		plain, err := timed(&s.plain, s.write)
		if err != nil {
			return sample{}, fmt.Errorf("plain connections: %w", err)
		}
		took, bare = took+ours, bare+plain
	}
	const deliveries = openStreams * sseRounds
	s.summary = fmt.Sprintf("%d bytes a delivery; the last run's %d deliveries took %.0f ms; the clients share the processors", len(s.frame), deliveries, millis(took))
	return sample{deliveries / took.Seconds(), deliveries / bare.Seconds()}, nil
}

func (s *sseRun) publish(item event.InboxItem) {
	s.seq++
	item.Seq = 1_000_000 + s.seq // as many digits in all
	for i := range openStreams {
		s.board.Publish(studentID(i), api.Told{Sequence: item.Seq, Item: &item})
	}
}

// learnFrame finds out what one delivery is on the wire. The first one comes after
// all that opens a stream, so that the second stands alone.
func (s *sseRun) learnFrame(item event.InboxItem) error {
	for range 2 {
		before := s.ours.got.Load()
		s.tap.take()
		s.publish(item)
		if err := s.ours.reach(before + openStreams); err != nil {
			return fmt.Errorf("streams: %w", err)
		}
	}
	frame := s.tap.take()
	if bytes.Count(frame, []byte{mark}) != 1 || !bytes.HasSuffix(frame, []byte("\r\n")) {
		return fmt.Errorf("a delivery is not one whole chunk but %q: measure again", frame)
	}
	s.frame = frame
	return nil
}

// write sends the frame to the plain connections, one after the other: the least
// that a server can do.
func (s *sseRun) write() error {
	for i, conn := range s.writers {
		if _, err := conn.Write(s.frame); err != nil {
			return fmt.Errorf("connection %d: %w", i, err)
		}
	}
	return nil
}

// timed is how long it takes until something sent has arrived on all connections
// of one side. One round at a time: items that follow each other at once share a
// write on a stream, and what is compared would not be the same number of writes.
func timed(side *readers, send func() error) (time.Duration, error) {
	start, before := time.Now(), side.got.Load()
	if err := send(); err != nil {
		return 0, err
	}
	err := side.reach(before + openStreams)
	return time.Since(start), err
}
