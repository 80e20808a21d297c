package api

import (
	"encoding/json"
	"sync/atomic"
	"time"

	"tideline/engine/event"
)

// maxItems bounds how many rendered opportunities are kept, about 1 KB each.
const maxItems = 20_000

// item is an opportunity as feeds show it.
type item struct {
	opportunity event.Opportunity
	json        []byte // without the description, which would be most of a page; never changed
	checked     atomic.Uint64
}

// open says whether the opportunity can still be taken up.
func (i *item) open(now time.Time) bool {
	o := &i.opportunity
	return o.Status == event.Open && (o.Deadline == nil || now.Before(*o.Deadline))
}

// items gives opportunities by member and renders each version once. Safe for concurrent use.
type items struct {
	catalog Catalog
	version func() uint64 // nil: nothing is known about changes
	kept    *cache[event.Member, *item]
}

func newItems(catalog Catalog, version func() uint64) *items {
	return &items{catalog: catalog, version: version, kept: newCache[event.Member, *item](maxItems)}
}

// get gives what the catalog has now under a member, nil for nothing.
func (c *items) get(m event.Member) *item {
	kept, hit := c.kept.get(m)
	var version uint64
	if c.version != nil {
		// Read before the catalog: a change in between is seen the next time.
		version = c.version()
		if hit && kept.checked.Load() == version {
			return kept
		}
	}
	o, ok := c.catalog.ByMember(m)
	if !ok {
		return nil
	}
	if !hit || !sameVersion(&kept.opportunity, &o) {
		kept = &item{opportunity: o, json: render(o)}
		c.kept.put(m, kept)
	}
	kept.checked.Store(version)
	return kept
}

func render(o event.Opportunity) []byte {
	o.Description = ""
	body, err := json.Marshal(o)
	if err != nil { // texts, numbers and times always encode
		return []byte("null")
	}
	return body
}

// sameVersion tells two versions apart cheaply: the catalog hands out copies of one
// value until a new version comes, and versions share no memory. Versions that
// differ in nothing may be taken for different, never the other way round.
func sameVersion(a, b *event.Opportunity) bool {
	return a.ID == b.ID && a.Bucket == b.Bucket && a.Kind == b.Kind && a.Title == b.Title && a.Organisation == b.Organisation &&
		a.URL == b.URL && a.Description == b.Description && a.Source == b.Source && a.Recruiter == b.Recruiter &&
		a.Remote == b.Remote && a.Status == b.Status && a.PostedAt.Equal(b.PostedAt) &&
		a.Deadline == b.Deadline && a.Difficulty == b.Difficulty &&
		sameMemory(a.Skills, b.Skills) && sameMemory(a.Locations, b.Locations) && sameMemory(a.GraduationYears, b.GraduationYears) &&
		sameMemory(a.Also, b.Also) && a.MergedInto == b.MergedInto
}

func sameMemory[T any](a, b []T) bool { return len(a) == len(b) && (len(a) == 0 || &a[0] == &b[0]) }
