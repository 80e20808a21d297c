package api

import (
	"bufio"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/gofiber/fiber/v2"
	"github.com/valyala/fasthttp"
	"github.com/valyala/fasthttp/fasthttputil"

	"tideline/engine/event"
)

// BenchmarkRecommend compares the route with a bare Fiber handler that reads
// the same feed and answers members and keys. Both go through a connection in
// memory, and neither through Redis: what differs is the processor time.
func BenchmarkRecommend(b *testing.B) {
	w := newWorld(b)
	ids := numbered("o", 100)
	for i, id := range ids {
		o := job(id)
		o.Description = strings.Repeat("What you would do here. ", 100)
		o.URL = fmt.Sprintf("https://jobs.example/%d", i)
		w.apply(id, &o)
	}
	w.feed("sam", ids...)
	bare := fiber.New(fiber.Config{DisableStartupMessage: true})
	bare.Get("/recommendations/jobs", func(c *fiber.Ctx) error {
		entries, err := w.Page(c.UserContext(), "sam", event.Jobs, defaultLimit)
		if err != nil {
			return err
		}
		return c.JSON(entries)
	})
	for _, v := range []struct {
		name string
		app  *fiber.App
	}{{"bare", bare}, {"tideline", w.server.app}} {
		b.Run(v.name, func(b *testing.B) { requests(b, v.app, w.token(Student, "sam")) })
	}
	b.Run("tideline without CatalogVersion", func(b *testing.B) {
		w.server.items.version = nil
		requests(b, w.server.app, w.token(Student, "sam"))
	})
}

// requests sends one after the other over one connection.
func requests(b *testing.B, app *fiber.App, token string) {
	l := fasthttputil.NewInmemoryListener()
	served := make(chan error, 1)
	go func() { served <- app.Listener(l) }()
	conn, err := l.Dial()
	if err != nil {
		b.Fatal(err)
	}
	text := fmt.Appendf(nil, "GET /recommendations/jobs HTTP/1.1\r\nHost: tideline\r\nAuthorization: %s\r\n\r\n", token)
	r := bufio.NewReaderSize(conn, 64<<10)
	var resp fasthttp.Response
	b.ReportAllocs()
	for b.Loop() {
		exchange(b, conn, r, text, &resp)
	}
	b.SetBytes(int64(len(resp.Body())))
	if err := conn.Close(); err != nil {
		b.Fatal(err)
	}
	if err := l.Close(); err != nil {
		b.Fatal(err)
	}
	if err := <-served; err != nil {
		b.Fatal(err)
	}
}

func exchange(b *testing.B, conn net.Conn, r *bufio.Reader, text []byte, resp *fasthttp.Response) {
	if _, err := conn.Write(text); err != nil {
		b.Fatal(err)
	}
	if err := resp.Read(r); err != nil || resp.StatusCode() != fiber.StatusOK {
		b.Fatal(resp.StatusCode(), err)
	}
}
