package api

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"tideline/engine/event"
)

// patience bounds what a test waits for; nothing waits for it to pass.
const patience = 20 * time.Second

// follow opens a stream; sent gives its blocks, and is closed when it ends.
func (w *world) follow(address, path, token, lastID string) (sent chan string) {
	w.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	w.t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, "GET", address+path, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	r.Header.Set("Authorization", token)
	if lastID != "" {
		r.Header.Set("Last-Event-ID", lastID)
	}
	resp, err := (&http.Client{Transport: &http.Transport{}}).Do(r) //nolint:bodyclose // by the goroutine below, when the stream ends
	if err != nil || resp.StatusCode != 200 || resp.Header.Get("Content-Type") != "text/event-stream" {
		w.t.Fatal(resp, err)
	}
	sent = make(chan string, 1000)
	go func() {
		defer close(sent)
		defer resp.Body.Close()
		var block []string
		for lines := bufio.NewScanner(resp.Body); lines.Scan(); {
			if lines.Text() != "" {
				block = append(block, lines.Text())
				continue
			}
			sent <- strings.Join(block, "\n")
			block = nil
		}
	}()
	return sent
}

func next(t testing.TB, sent chan string) string {
	t.Helper()
	select {
	case block := <-sent:
		return block
	case <-time.After(patience):
		t.Fatal("nothing comes")
		return ""
	}
}

// came requires that the ids of the next events are these, each once.
func came(t testing.TB, sent chan string, want ...int64) {
	t.Helper()
	for _, seq := range want {
		block := next(t, sent)
		if prefix := fmt.Sprintf("id: %d\nevent: notification\ndata: {\"sequence\":%d,", seq, seq); !strings.HasPrefix(block, prefix) {
			t.Fatalf("want item %d, got %s", seq, block)
		}
	}
}

// tell is what the tail does with a new item.
func (w *world) tell(recipient string, items ...event.InboxItem) {
	for _, i := range items {
		w.notify.Publish(recipient, Told{Sequence: i.Seq, Item: &i})
	}
}

func TestNewItemsAndRetractionsArriveWithIDs(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	w.inbox("sam", inboxItemOf(4))
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "")
	if got := next(t, sent); got != "id: 4\nretry: 3000" {
		t.Errorf("it begins with %s", got)
	}
	w.tell("kim", inboxItemOf(5))
	w.tell("sam", inboxItemOf(6))
	came(t, sent, 6)
	w.notify.Publish("sam", Told{Sequence: 7, Retract: `n"6`})
	if got := next(t, sent); got != "id: 7\nevent: retraction\ndata: {\"id\":\"n\\\"6\"}" {
		t.Error(got)
	}
}

func TestAResumeSendsWhatCameMeanwhileOnceThoughTheInboxIsBehindTheTail(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	w.inbox("sam", inboxItemOf(0), inboxItemOf(1), inboxItemOf(2))
	looked := make(chan struct{}, 1000)
	w.notify.next, w.notify.looked = 2, looked // item 2 was handed out and does not show yet
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "0")
	next(t, sent)
	came(t, sent, 1)
	<-looked
	<-looked                      // it waits for the inbox
	w.tell("sam", inboxItemOf(3)) // meanwhile
	w.inbox("sam", inboxItemOf(3))
	came(t, sent, 2, 3)
	w.tell("sam", inboxItemOf(4))
	came(t, sent, 4)

	byQuery := w.follow(address, "/notifications/stream?after=1", w.token(Student, "sam"), "")
	next(t, byQuery)
	came(t, byQuery, 2, 3)
}

// Item 1 is taken back while the client is away, item 2 while it comes back: the
// inbox and the tail both have that.
func TestAResumeIsToldOnceWhatWasTakenBack(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	w.inbox("sam", inboxItemOf(0), inboxItemOf(1), inboxItemOf(2))
	w.retract("sam", "n1", 3)
	w.inbox("sam", inboxItemOf(4))
	looked := make(chan struct{}, 1000)
	w.notify.position, w.notify.looked = 6, looked // what was handed out before does not show yet
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "2")
	gone := func(seq int, id string) {
		t.Helper()
		if got, want := next(t, sent), fmt.Sprintf("id: %d\nevent: retraction\ndata: {\"id\":%q}", seq, id); got != want {
			t.Fatalf("got %s, want %s", got, want)
		}
	}
	next(t, sent)
	gone(3, "n1")
	came(t, sent, 4)
	<-looked
	w.notify.Publish("sam", Told{Sequence: 5, Retract: "n2"})
	w.retract("sam", "n2", 5)
	w.tell("sam", inboxItemOf(6))
	w.inbox("sam", inboxItemOf(6))
	gone(5, "n2")
	came(t, sent, 6)

	again := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "5")
	next(t, again)
	came(t, again, 6)
}

// What was taken back before a first visit was never there for the visitor.
func TestAFirstVisitBeginsNow(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	w.inbox("sam", inboxItemOf(0), inboxItemOf(1))
	w.retract("sam", "n1", 2)
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "")
	if got := next(t, sent); got != "id: 2\nretry: 3000" {
		t.Errorf("it begins with %s", got)
	}
	w.tell("sam", inboxItemOf(3))
	came(t, sent, 3)
}

func TestAResumeLongerThanOneLookMissesNothing(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	var all []int64
	for seq := range int64(2*resumeBatch + 1) {
		w.inbox("sam", inboxItemOf(seq))
		all = append(all, seq)
	}
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "-1")
	next(t, sent)
	came(t, sent, all...)
}

func TestAGapIsAnnouncedOnce(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	w.inbox("sam", inboxItemOf(8), inboxItemOf(9))
	w.notify.cut["sam"] = 8
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "3")
	next(t, sent)
	if got := next(t, sent); !strings.HasPrefix(got, "id: 7\nevent: reset\ndata: {\"reason\":") {
		t.Errorf("no reset: %s", got)
	}
	came(t, sent, 8, 9)
	w.notify.Missed()
	w.tell("sam", inboxItemOf(10))
	came(t, sent, 10)
}

func TestAFirstVisitHasNoGap(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	w.notify.next, w.notify.position = 50, 50
	w.notify.cut["sam"] = 40 // of the topic, before sam was ever told anything
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "")
	next(t, sent)
	w.notify.Missed()
	w.tell("sam", inboxItemOf(50))
	came(t, sent, 50)
}

func TestASlowConsumerIsCaughtUpFromTheInbox(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	stuck, looked := make(chan struct{}), make(chan struct{}, 1000)
	w.notify.looked = stuck
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "-1")
	next(t, sent)
	var all []int64
	for seq := range int64(3*backlog + 3) { // more than its backlog holds, and the inbox shows none of it
		w.tell("sam", inboxItemOf(seq))
		all = append(all, seq)
	}
	w.notify.mu.Lock()
	w.notify.looked = looked
	w.notify.mu.Unlock()
	<-stuck
	<-looked
	for _, seq := range all {
		w.inbox("sam", inboxItemOf(seq))
	}
	came(t, sent, all...)
}

func TestAlertsAreOfCandidatesOnly(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	alert := func(seq int64) event.InboxItem {
		i := inboxItemOf(seq)
		i.Category = "candidates"
		return i
	}
	w.inbox("rita", inboxItemOf(1), alert(2), inboxItemOf(3))
	sent := w.follow(address, "/alerts/stream", w.token(Recruiter, "rita"), "0")
	next(t, sent)
	w.tell("rita", inboxItemOf(4), alert(5))
	came(t, sent, 2, 5)
}

func TestAnIdleStreamShowsThatItLives(t *testing.T) {
	w := newWorld(t)
	w.server.heartbeat = time.Millisecond
	address, _ := w.listen()
	w.notify.position = 1 // also while it waits for the inbox, which shows nothing
	sent := w.follow(address, "/notifications/stream", w.token(Student, "sam"), "")
	next(t, sent)
	for range 3 {
		if got := next(t, sent); got != ": still here" {
			t.Errorf("%q", got)
		}
	}
}

func TestAPlaceToResumeFromThatIsNoneIsRefused(t *testing.T) {
	w := newWorld(t)
	for _, bad := range []string{"x", "-2", "1.5"} {
		p := w.do("GET", "/notifications/stream?after="+bad, w.token(Student, "sam"), "").problem(t, 422)
		if got := p.locations(); !slices.Equal(got, []string{"query.after unknown_value"}) {
			t.Errorf("%s: %v", bad, got)
		}
	}
}

func TestAStopEndsOpenStreams(t *testing.T) {
	w := newWorld(t)
	address, _ := w.listen()
	var open []chan string
	w.notify.position = 5 // some still wait for the inbox
	for i := range 20 {
		open = append(open, w.follow(address, "/notifications/stream", w.token(Student, fmt.Sprint(i)), ""))
		next(t, open[i])
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := w.server.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	for _, sent := range open {
		if block, more := <-sent; more {
			t.Errorf("sent at the end: %s", block)
		}
	}
}

// manyStreams is what one process has to hold open.
const manyStreams = 5000

func TestThousandsOfStreamsAreToldAtOnce(t *testing.T) {
	if testing.Short() {
		t.Skip("opens 10,000 sockets")
	}
	w := newWorld(t)
	address, _ := w.listen()
	token := w.token(Student, "sam")
	var opened, told sync.WaitGroup
	opened.Add(manyStreams)
	told.Add(manyStreams)
	dialling := make(chan struct{}, 4*runtime.GOMAXPROCS(0))
	var conns []net.Conn
	for range manyStreams {
		dialling <- struct{}{}
		conn, err := net.Dial("tcp", strings.TrimPrefix(address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		conns = append(conns, conn)
		go func() {
			_ = conn.SetDeadline(time.Now().Add(3 * patience))
			fmt.Fprintf(conn, "GET /notifications/stream HTTP/1.1\r\nHost: x\r\nAuthorization: %s\r\n\r\n", token)
			lines := bufio.NewScanner(conn)
			sees := func(line string, done *sync.WaitGroup) {
				defer done.Done()
				for lines.Scan() {
					if lines.Text() == line {
						return
					}
				}
				t.Errorf("no %q: %v", line, lines.Err())
			}
			sees("retry: 3000", &opened)
			<-dialling
			sees("id: 1", &told)
		}()
	}
	opened.Wait()
	begin := time.Now()
	w.tell("sam", inboxItemOf(1))
	told.Wait()
	t.Logf("%d streams were told within %s", manyStreams, time.Since(begin))
	for _, conn := range conns {
		_ = conn.Close()
	}
}
