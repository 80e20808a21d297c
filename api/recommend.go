package api

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"tideline/engine/event"
	"tideline/engine/match"
)

type recommendInput struct {
	Bucket  string `path:"bucket" enum:"jobs,hackathons,content"`
	Limit   int    `query:"limit" default:"20" minimum:"1" maximum:"100"`
	Cursor  string `query:"cursor" doc:"next_cursor of the page before"`
	Explain bool   `query:"explain" doc:"say why each item stands where it does"`
	Student string `query:"student" doc:"for ops and services; students get their own"`
}

// rawJSON is an answer that was put together beforehand.
type rawJSON struct {
	ContentType string `header:"Content-Type"`
	Body        []byte
}

// feedPage documents what recommendations answer.
type feedPage struct {
	Items []struct {
		Rank        int                `json:"rank" doc:"1-based place in the page's order"`
		Key         int64              `json:"key"`
		Opportunity event.Opportunity  `json:"opportunity"`
		Explanation *match.Explanation `json:"explanation,omitempty"`
	} `json:"items"`
	NextCursor string `json:"next_cursor,omitempty"`
}

func (s *Server) recommendations() {
	registry := s.api.OpenAPI().Components.Schemas
	schema := huma.SchemaFromType(registry, typeOf[feedPage]())
	huma.Register(s.api, huma.Operation{
		OperationID: "recommend", Method: http.MethodGet, Path: "/recommendations/{bucket}",
		Summary: "A student's feed, best first", Tags: []string{"feeds"}, Security: token,
		Responses: map[string]*huma.Response{"200": {
			Description: "The next items", Content: map[string]*huma.MediaType{"application/json": {Schema: schema}},
		}},
	}, s.recommend)
	huma.Register(s.api, huma.Operation{
		OperationID: "why", Method: http.MethodGet, Path: "/recommendations/{bucket}/{opportunity}/why",
		Summary: "Why an opportunity stands where it does in a student's feed, or why not", Tags: []string{"feeds"}, Security: token,
	}, s.why)
}

// recommend gives the best entries that the cursor has not seen. The first page
// is one look into Redis; opportunities are rendered once and kept.
func (s *Server) recommend(ctx context.Context, in *recommendInput) (*rawJSON, error) {
	student, err := whose(ctx, in.Student)
	if err != nil {
		return nil, err
	}
	bucket, scope := event.Bucket(in.Bucket), student+"\x00"+in.Bucket
	var returned []seen
	if in.Cursor != "" {
		if returned, err = s.cursors.read(scope, in.Cursor); err != nil {
			return nil, huma.Error400BadRequest("the cursor is not valid", &huma.ErrorDetail{Location: "query.cursor", Message: err.Error()})
		}
	}
	want := event.FeedShow
	if in.Cursor == "" {
		want = min(want, in.Limit+1) // one more tells whether there is a next page
	}
	entries, err := s.ports.Feeds.Page(ctx, student, bucket, want)
	if err != nil {
		return nil, s.problem(err)
	}
	var view event.View
	if in.Explain {
		if view, err = s.ports.Feeds.View(ctx, student); err != nil {
			return nil, s.problem(err)
		}
	}
	page := pageWriter{server: s, now: s.ports.Now(), limit: in.Limit, returned: returned, body: []byte(`{"items":[`)}
	if in.Explain {
		page.view = &view
	}
	more := page.fill(entries)
	if more && len(page.returned) < event.FeedShow {
		page.body = append(page.body, `],"next_cursor":"`...)
		page.body = append(page.body, s.cursors.write(scope, page.returned)...)
		page.body = append(page.body, `"}`...)
	} else {
		page.body = append(page.body, `]}`...)
	}
	return &rawJSON{"application/json", page.body}, nil
}

// pageWriter appends items to an answer.
type pageWriter struct {
	server   *Server
	now      time.Time
	view     *event.View // explanations are wanted
	limit    int
	returned []seen
	body     []byte
}

// fill writes up to limit entries and reports whether there are others.
func (p *pageWriter) fill(entries []event.Entry) (more bool) {
	n, rank := 0, 0
	skip := len(p.returned) > 0
	for _, e := range entries {
		rank++
		id := seenOf(e.Member)
		if skip && slices.Contains(p.returned, id) {
			continue
		}
		if n == p.limit {
			return true
		}
		item, ok := p.server.items.get(p.server.ports.Catalog, e.Member, p.now)
		if !ok {
			continue // gone or over since the feed was written; the engine is about to take it out
		}
		p.item(n, rank, e, item)
		p.returned = append(p.returned, id)
		n++
	}
	return false
}

func (p *pageWriter) item(n, rank int, e event.Entry, item rendered) {
	if n > 0 {
		p.body = append(p.body, ',')
	}
	p.body = append(p.body, `{"rank":`...)
	p.body = strconv.AppendInt(p.body, int64(rank), 10)
	p.body = append(p.body, `,"key":`...)
	p.body = strconv.AppendInt(p.body, e.Key, 10)
	p.body = append(p.body, `,"opportunity":`...)
	p.body = append(p.body, item.json...)
	if p.view != nil {
		why, err := json.Marshal(p.server.ports.Scorer.Explain(*p.view, item.opportunity, p.now))
		if err == nil { // numbers and texts only
			p.body = append(append(p.body, `,"explanation":`...), why...)
		}
	}
	p.body = append(p.body, '}')
}

// rendered is an opportunity and its JSON.
type rendered struct {
	opportunity event.Opportunity
	json        []byte
}

// itemCache keeps the JSON of opportunities that feeds show.
type itemCache struct {
	mu    sync.RWMutex
	items map[event.Member]rendered
}

// maxItems bounds the cache; when it is full it starts anew.
const maxItems = 50_000

// get renders an opportunity that can still be taken up. The catalog's value
// decides whether what was kept is current.
func (c *itemCache) get(catalog Catalog, m event.Member, now time.Time) (rendered, bool) {
	o, ok := catalog.ByMember(m)
	if !ok || o.Status != event.Open || o.Deadline != nil && !now.Before(*o.Deadline) {
		return rendered{}, false
	}
	c.mu.RLock()
	kept, hit := c.items[m]
	c.mu.RUnlock()
	if hit && same(&kept.opportunity, &o) {
		return kept, true
	}
	fresh := rendered{o, o.Encode()}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.items == nil || len(c.items) >= maxItems {
		c.items = map[event.Member]rendered{}
	}
	c.items[m] = fresh
	return fresh, true
}

// same compares what tells two versions apart cheaply: the catalog hands out
// copies of one value until a new version comes, and versions share no slices.
func same(a, b *event.Opportunity) bool {
	return a.Title == b.Title && a.Description == b.Description && a.URL == b.URL && a.Status == b.Status && a.Deadline == b.Deadline &&
		a.PostedAt.Equal(b.PostedAt) && a.Difficulty == b.Difficulty && a.Remote == b.Remote && a.Kind == b.Kind && a.Source == b.Source &&
		a.Recruiter == b.Recruiter && a.Organisation == b.Organisation && sameSlice(a.Skills, b.Skills) &&
		sameSlice(a.Locations, b.Locations) && sameSlice(a.GraduationYears, b.GraduationYears)
}

// sameSlice says whether two slices are the same memory.
func sameSlice[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }
