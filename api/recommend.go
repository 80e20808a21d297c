package api

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/gofiber/fiber/v2"

	"tideline/engine/event"
)

const defaultLimit = 20

// pageQuery is what a request for a feed says.
type pageQuery struct {
	limit    int
	explain  bool
	returned []seen // by the pages before
	first    bool   // there were none
}

func (s *Server) pageQuery(c *fiber.Ctx, of scope) (pageQuery, error) {
	limit, wrong := pageLimit(c)
	q := pageQuery{limit: limit}
	if text := c.Query("explain"); text != "" {
		var err error
		if q.explain, err = strconv.ParseBool(text); err != nil {
			wrong = append(wrong, Complaint{"query.explain", string(event.UnknownValue), "must be true or false"})
		}
	}
	if len(wrong) > 0 {
		return q, refusal(http.StatusUnprocessableEntity, "the query is not valid", wrong...)
	}
	cursor := c.Query("cursor")
	if q.first = cursor == ""; q.first {
		return q, nil
	}
	var err error
	if q.returned, err = s.cursors.read(of, cursor); err != nil {
		return q, badCursor(err)
	}
	return q, nil
}

func pageLimit(c *fiber.Ctx) (int, []Complaint) {
	text := c.Query("limit")
	if text == "" {
		return defaultLimit, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > event.FeedShow {
		return 0, []Complaint{{"query.limit", string(event.OutOfRange), "must be a whole number from 1 to 100"}}
	}
	return n, nil
}

func badCursor(err error) *Problem {
	return refusal(http.StatusBadRequest, "the cursor is not valid", Complaint{"query.cursor", codeBadCursor, err.Error()})
}

// recommend gives the best entries that no page before has given. The first
// page is one look into Redis and no encoding: opportunities are rendered once.
func (s *Server) recommend(c *fiber.Ctx, who principal) error {
	bucket, err := pathBucket(c)
	if err != nil {
		return err
	}
	student, err := student(c, who)
	if err != nil {
		return err
	}
	of := scope{student, bucket}
	q, err := s.pageQuery(c, of)
	if err != nil {
		return err
	}
	p := pages.Get().(*page)
	defer pages.Put(p)
	if err := s.fill(c, p, of, q); err != nil {
		return err
	}
	if q.explain {
		if err := s.explain(c, p, student); err != nil {
			return err
		}
	}
	p.write(s, of, q)
	c.Response().Header.SetContentType(fiber.MIMEApplicationJSON)
	c.Response().SetBody(p.body) // copies, so that the page can be used again
	return nil
}

// page is one answer being put together.
type page struct {
	items []pageItem
	more  bool // others are left for the next page
	body  []byte
}

type pageItem struct {
	entry       event.Entry
	rank        int
	item        *item
	explanation []byte // nil: not asked for
}

var pages = sync.Pool{New: func() any { return &page{} }}

// fill chooses the items. One entry more than asked for tells whether others
// follow; only when some that were read can no longer be shown is the whole
// feed read.
func (s *Server) fill(c *fiber.Ctx, p *page, of scope, q pageQuery) error {
	want := event.FeedShow
	if q.first {
		want = min(want, q.limit+1)
	}
	for {
		entries, err := s.ports.Feeds.Page(c.UserContext(), of.student, of.bucket, want)
		if err != nil {
			return err
		}
		if err := s.choose(p, entries, q); err != nil {
			return err
		}
		if p.more || len(entries) < want || want == event.FeedShow {
			return nil
		}
		want = event.FeedShow
	}
}

// choose takes the best entries that can be shown and were not returned before.
func (s *Server) choose(p *page, entries []event.Entry, q pageQuery) error {
	before := make(map[seen]struct{}, len(q.returned))
	for _, id := range q.returned {
		before[id] = struct{}{}
	}
	p.items, p.more = p.items[:0], false
	rank := 0
	for shown, err := range s.shown(entries, s.ports.Now()) {
		if err != nil {
			return err
		}
		rank++
		if len(before) > 0 {
			if _, again := before[seenOf(shown.entry.Member)]; again {
				continue
			}
		}
		if len(p.items) == q.limit {
			p.more = true
			return nil
		}
		shown.rank = rank
		p.items = append(p.items, shown)
	}
	return nil
}

// shown runs through the entries whose opportunity exists and can still be
// taken up; the engine is about to take the others out.
func (s *Server) shown(entries []event.Entry, now time.Time) func(func(pageItem, error) bool) {
	return func(yield func(pageItem, error) bool) {
		for _, e := range entries {
			item := s.items.get(e.Member)
			if item == nil && !s.catalogLoaded() {
				yield(pageItem{}, ErrRebuilding)
				return
			}
			if item == nil || !item.open(now) {
				continue
			}
			if !yield(pageItem{entry: e, item: item}, nil) {
				return
			}
		}
	}
}

func (s *Server) explain(c *fiber.Ctx, p *page, student string) error {
	view, err := s.ports.Feeds.View(c.UserContext(), student)
	if err != nil {
		return err
	}
	now := s.ports.Now()
	for i := range p.items {
		if p.items[i].explanation, err = json.Marshal(s.ports.Scorer.Explain(view, p.items[i].item.opportunity, now)); err != nil {
			return err
		}
	}
	return nil
}

// write puts the answer together; recommendations (document.go) describes it.
func (p *page) write(s *Server, of scope, q pageQuery) {
	b := append(p.body[:0], `{"items":[`...)
	for i, it := range p.items {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(append(b, `{"rank":`...), int64(it.rank), 10)
		b = strconv.AppendInt(append(b, `,"key":`...), it.entry.Key, 10)
		b = append(append(b, `,"opportunity":`...), it.item.json...)
		if it.explanation != nil {
			b = append(append(b, `,"explanation":`...), it.explanation...)
		}
		b = append(b, '}')
	}
	b = append(b, ']')
	if p.more && len(q.returned)+len(p.items) <= maxReturned {
		returned := slices.Grow(q.returned, len(p.items))
		for _, it := range p.items {
			returned = append(returned, seenOf(it.entry.Member))
		}
		b = append(s.cursors.append(append(b, `,"next_cursor":"`...), of, returned), '"')
	}
	p.body = append(b, '}')
}
