package api

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math"
	"net"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

// How a stream behaves.
const (
	heartbeat   = 15 * time.Second      // comments, so that proxies and clients know it lives
	resumeBatch = 100                   // items of one look into the inbox
	writeWithin = 30 * time.Second      // a client that takes nothing for so long is gone
	settling    = 50 * time.Millisecond // before the second look into an inbox that is a moment behind; doubles
	settleMost  = time.Second           // so that many streams do not besiege a store that is in trouble
	streamRetry = 3000                  // milliseconds after which a client comes back
)

// hub ends all streams at once. A stream would otherwise hold up a stop: nothing
// tells a writer that the server is going.
type hub struct {
	mu     sync.Mutex
	closed chan struct{}
}

func newHub() *hub { return &hub{closed: make(chan struct{})} }

func (h *hub) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.closed:
	default:
		close(h.closed)
	}
}

// stream sends a recipient's notifications, and what was taken back of them, as
// server-sent events. The id of an event is its sequence; the first block has the
// id of the place where the stream begins. Last-Event-ID, or ?after=, resumes
// behind it and loses nothing: what the inbox no longer keeps is announced by a
// reset event.
func (s *Server) stream(keep func(event.InboxItem) bool) func(*fiber.Ctx, principal) error {
	return func(c *fiber.Ctx, who principal) error {
		whose, err := recipient(c, who)
		if err != nil {
			return err
		}
		after, resumes, err := lastEventID(c)
		if err != nil {
			return err
		}
		if !resumes {
			since, err := s.ports.Notify.Inbox.After(c.UserContext(), whose, math.MaxInt64, 1)
			if err != nil {
				return err
			}
			after = since.Next - 1
		}
		// Subscribed before the inbox is read, and read until it shows all that was
		// handed out before: what comes in between is seen twice here and sent once.
		f := &follower{server: s, recipient: whose, keep: keep, conn: c.Context().Conn(), last: after}
		c.Set(fiber.HeaderContentType, "text/event-stream")
		c.Set(fiber.HeaderCacheControl, "no-store")
		c.Set("X-Accel-Buffering", "no")
		if c.Method() == http.MethodHead {
			return nil // it has no body that would end
		}
		f.sub = s.ports.Notify.Live.Subscribe(whose)
		f.from = s.ports.Notify.Live.Position(whose)
		c.Context().SetBodyStreamWriter(f.run)
		return nil
	}
}

func lastEventID(c *fiber.Ctx) (after int64, resumes bool, err error) {
	text, at := c.Get("Last-Event-ID"), "header.Last-Event-ID"
	if text == "" {
		text, at = c.Query("after"), "query.after"
	}
	if text == "" {
		return 0, false, nil
	}
	after, err = strconv.ParseInt(text, 10, 64)
	if err != nil || after < -1 {
		return 0, false, refusal(http.StatusUnprocessableEntity, "the place to resume from is not valid", Complaint{at, string(event.UnknownValue), "must be the id of an event of this stream"})
	}
	return after, true, nil
}

// follower is one open stream.
type follower struct {
	server    *Server
	recipient string
	keep      func(event.InboxItem) bool
	sub       Subscription
	conn      net.Conn
	last      int64 // sequence up to which everything has been sent, or is not to be
	from      int64 // sequence from which on the subscription has everything
	beat      *time.Ticker
}

// run writes until the client, the server or the store goes away. The client
// resumes then from the last id it has seen.
func (f *follower) run(w *bufio.Writer) {
	defer f.sub.Close()
	f.server.metrics.streams.Inc()
	defer f.server.metrics.streams.Dec()
	f.beat = time.NewTicker(f.server.heartbeat)
	defer f.beat.Stop()
	fmt.Fprintf(w, "id: %d\nretry: %d\n\n", f.last, streamRetry) // an id without data moves the place to resume from
	if !f.flush(w) || !f.catchUp(w) {
		return
	}
	for {
		select {
		case <-f.server.hub.closed:
			return
		case <-f.beat.C:
			if !f.alive(w) {
				return
			}
		case told, open := <-f.sub.Told():
			if !open || !f.told(w, told) {
				return
			}
		}
	}
}

// told sends one thing that came.
func (f *follower) told(w *bufio.Writer, t Told) bool {
	if t.Item != nil || t.Retract != "" {
		return f.send(w, t) && f.flush(w)
	}
	// The tail may still be at what was dropped, and the inbox before it.
	f.from = max(t.Sequence+1, f.server.ports.Notify.Live.Position(f.recipient))
	return f.catchUp(w)
}

// catchUp sends what the inbox holds behind the last thing that was sent, until it
// shows everything that the subscription does not have. The inbox follows the
// topic by a moment.
func (f *follower) catchUp(w *bufio.Writer) bool {
	for pause := settling; ; pause = min(2*pause, settleMost) {
		since, err := f.since()
		if err != nil {
			f.server.log.Warn("a stream could not be resumed", "error", err)
			return false
		}
		if since.Lost > f.last {
			f.reset(w, since.Lost)
		}
		for _, told := range since.Told {
			if !f.send(w, told) {
				return false
			}
		}
		if !f.flush(w) {
			return false
		}
		if len(since.Told) == resumeBatch {
			continue
		}
		f.last = max(f.last, since.Next-1) // or a gap would be told again
		if since.Next >= f.from {
			return true
		}
		if !f.wait(w, pause) {
			return false
		}
	}
}

// reset tells the client that something is missing up to a place. Its id is that
// place, so that whoever resumes from there is not told again; what is still known
// of before is not sent, since the client reads the inbox now.
func (f *follower) reset(w *bufio.Writer, lost int64) {
	f.last = lost
	fmt.Fprintf(w, "id: %d\nevent: reset\ndata: {\"reason\":\"older notifications are no longer kept here; read GET /notifications\"}\n\n", lost)
}

// wait lets the inbox come nearer; the client is told meanwhile that the stream lives.
func (f *follower) wait(w *bufio.Writer, pause time.Duration) bool {
	wait := time.NewTimer(pause)
	defer wait.Stop()
	for {
		select {
		case <-f.server.hub.closed:
			return false
		case <-f.beat.C:
			if !f.alive(w) {
				return false
			}
		case <-wait.C:
			return true
		}
	}
}

// alive writes a comment, by which a client that is gone is found out.
func (f *follower) alive(w *bufio.Writer) bool {
	fmt.Fprint(w, ": still here\n\n")
	return f.flush(w)
}

func (f *follower) since() (Since, error) {
	ctx, cancel := f.server.background()
	defer cancel()
	return f.server.ports.Notify.Inbox.After(ctx, f.recipient, f.last, resumeBatch)
}

// flush sends what was written. Each flush moves the connection's deadline: the
// server's, set when the answer began, would end the stream in the middle.
func (f *follower) flush(w *bufio.Writer) bool { return flush(f.conn, w) }

func flush(conn net.Conn, w *bufio.Writer) bool {
	if conn != nil && conn.SetWriteDeadline(time.Now().Add(writeWithin)) != nil {
		return false
	}
	return w.Flush() == nil
}

// send writes one thing, unless it was sent before or is not for this stream.
func (f *follower) send(w *bufio.Writer, t Told) bool {
	if t.Sequence <= f.last {
		return true
	}
	f.last = t.Sequence
	if t.Item == nil {
		_, err := fmt.Fprintf(w, "id: %d\nevent: retraction\ndata: {\"id\":%s}\n\n", t.Sequence, quote(t.Retract))
		return err == nil
	}
	if !f.keep(*t.Item) {
		return true
	}
	data, err := json.Marshal(shownItem(*t.Item))
	if err != nil {
		return false
	}
	_, err = fmt.Fprintf(w, "id: %d\nevent: notification\ndata: %s\n\n", t.Sequence, data)
	return err == nil
}
