// Package catalog holds the opportunities that one process knows, in go-memdb:
// by id, feed member, deadline and place in the log; and beside it the inverted index from which feeds are rebuilt.
//
// Readers take snapshots and never wait for each other or for the writer. One
// goroutine writes. Older versions of an opportunity stay until Release says
// that every local partition has passed them, because taking an opportunity out
// of feeds needs the version that brought it in, and whether a rule has become
// true of it what it said before. It does no I/O and reads no clock.
package catalog

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-memdb"

	"tideline/engine/event"
	"tideline/engine/match"
)

// Position is a place in the opportunities topic.
type Position struct {
	Partition int32
	Offset    int64
}

func (p Position) compare(q Position) int {
	return cmp.Or(cmp.Compare(p.Partition, q.Partition), cmp.Compare(p.Offset, q.Offset))
}

// Version is what one record of the opportunities topic said.
type Version struct {
	Position
	Opportunity *event.Opportunity // nil: deleted
	Compiled    *match.Opportunity // nil: deleted
}

// Item is one opportunity with its versions, oldest first, at least one.
// Items are immutable: every change stores a new one.
type Item struct {
	ID       string
	Member   event.Member
	Versions []Version
	// Past are versions from before those, oldest first, which every local partition
	// has passed. The last maxPast of all items are kept: a partition that is taken
	// over may be a little behind.
	Past []Version
}

// Before is the newest version of which a condition on its place is true; nil
// when there is none, or it is no longer known.
func (i *Item) Before(is func(Position) bool) *Version {
	for _, list := range [2][]Version{i.Versions, i.Past} {
		for n := len(list) - 1; n >= 0; n-- {
			if is(list[n].Position) {
				return &list[n]
			}
		}
	}
	return nil
}

// since lists the versions from a place on, in the order of places.
func (i *Item) since(from Position) (list []*Version) {
	for n := range len(i.Past) + len(i.Versions) {
		if v := i.version(n); v.compare(from) >= 0 {
			list = append(list, v)
		}
	}
	slices.SortFunc(list, func(a, b *Version) int { return a.compare(b.Position) }) // an id can have come to another partition
	return list
}

// version is the n-th oldest that is known.
func (i *Item) version(n int) *Version {
	if n < len(i.Past) {
		return &i.Past[n]
	}
	return &i.Versions[n-len(i.Past)]
}

// Latest is the newest version.
func (i *Item) Latest() *Version { return &i.Versions[len(i.Versions)-1] }

// Older are the versions before the latest that some partition may have in its feeds.
func (i *Item) Older() []Version { return i.Versions[:len(i.Versions)-1] }

// Catalog is safe for one writer and any number of readers.
type Catalog struct {
	config match.Config
	dict   *match.Dictionary
	db     *memdb.MemDB

	revision atomic.Uint64

	mu    sync.RWMutex // guards index
	index *match.Opportunities

	stale    map[string]struct{} // ids with versions that Release may drop; guarded by the write transaction
	past     []passed            // the versions in Past, by when they were released; guarded by the write transaction
	released sync.Map            // opportunities partition -> lowest offset whose predecessors are still known
}

// New returns an empty catalog.
func New(config match.Config, dict *match.Dictionary) *Catalog {
	db, err := memdb.NewMemDB(schema())
	if err != nil { // the schema is a constant
		panic(fmt.Sprintf("catalog: %v", err))
	}
	return &Catalog{
		config: config, dict: dict, db: db,
		index: match.NewOpportunities(), stale: map[string]struct{}{},
	}
}

// Change is one record of the opportunities topic; a nil Opportunity deletes.
type Change struct {
	Position
	ID          string
	Opportunity *event.Opportunity
}

// Apply stores changes in order, all in one go-memdb transaction: a
// transaction of thousands costs milliseconds an object, so callers pass at
// most a few hundred, or everything at once.
//
// Each opportunity is stored once however often it changed: a log that is read
// from its start holds hundreds of versions of what changes often.
func (c *Catalog) Apply(changes []Change) error {
	txn := c.db.Txn(true)
	defer txn.Abort()
	items := map[string]*Item{}
	var order []string
	for _, change := range changes {
		item := items[change.ID]
		if item == nil {
			var err error
			if item, err = c.open(txn, change.ID); err != nil {
				return fmt.Errorf("catalog: opportunity %q: %w", change.ID, err)
			}
			items[change.ID] = item
			order = append(order, change.ID)
		}
		c.add(item, change)
	}
	for _, id := range order {
		if err := c.put(txn, items[id]); err != nil {
			return fmt.Errorf("catalog: opportunity %q: %w", id, err)
		}
	}
	txn.Commit()
	c.revision.Add(1)
	return nil
}

// Revision differs after every change from what it was before.
func (c *Catalog) Revision() uint64 { return c.revision.Load() }

// open gives an item to add versions to, a copy of what is stored if anything is.
func (c *Catalog) open(txn *memdb.Txn, id string) (*Item, error) {
	item := &Item{ID: id, Member: event.MemberOf(id)}
	raw, err := txn.First(table, byID, text(id))
	if err == nil && raw != nil {
		item.Versions, item.Past = slices.Clone(raw.(*Item).Versions), raw.(*Item).Past
	}
	return item, err
}

// add adds a version, unless it is there already: records may be read again.
func (c *Catalog) add(item *Item, change Change) {
	if len(item.Versions) > 0 {
		if last := item.Latest(); last.Partition == change.Partition && last.Offset >= change.Offset {
			return
		}
	}
	version := Version{Position: change.Position, Opportunity: change.Opportunity}
	if change.Opportunity != nil {
		version.Compiled = match.Compile(c.dict, *change.Opportunity, c.config)
	}
	item.Versions = append(item.Versions, version)
}

// put stores an item and brings the index to its latest version.
func (c *Catalog) put(txn *memdb.Txn, item *Item) error {
	if err := txn.Insert(table, item); err != nil {
		return err
	}
	latest := item.Latest()
	if len(item.Versions) > 1 || latest.Compiled == nil {
		c.stale[item.ID] = struct{}{}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if latest.Compiled == nil {
		c.index.Remove(item.Member)
	} else {
		c.index.Put(latest.Compiled)
	}
	return nil
}

// Get returns the item of an id; deleted ones are found too, until released.
func (c *Catalog) Get(id string) (*Item, bool) { return c.first(byID, text(id)) }

// Opportunity returns the latest version of an opportunity that is not deleted.
func (c *Catalog) Opportunity(id string) (event.Opportunity, bool) {
	return opportunity(c.Get(id))
}

// ByMember is Opportunity by the name used in feeds.
func (c *Catalog) ByMember(m event.Member) (event.Opportunity, bool) {
	return opportunity(c.first(byMember, number(uint64(m))))
}

func opportunity(item *Item, found bool) (event.Opportunity, bool) {
	if !found || item.Latest().Opportunity == nil {
		return event.Opportunity{}, false
	}
	return *item.Latest().Opportunity, true
}

func (c *Catalog) first(index string, key []byte) (*Item, bool) {
	raw, err := c.db.Txn(false).First(table, index, key)
	if err != nil || raw == nil { // only an unknown index gives an error
		return nil, false
	}
	return raw.(*Item), true
}

// Written is one version and the opportunity it is of.
type Written struct {
	*Version

	Item *Item
}

// Latest says whether no later version is known.
func (w Written) Latest() bool { return w.Version == w.Item.Latest() }

// Changed lists the versions that were written in the range, in the order of
// the log. What Release has let go of is not among them, unless it is the latest.
func (c *Catalog) Changed(r event.Range) []Written {
	found, err := c.db.Txn(false).LowerBound(table, byPosition, position(Position{r.Partition, r.From}))
	if err != nil { // only an unknown index gives an error
		return nil
	}
	var list []Written
	rest := map[*Item][]*Version{} // of those with several versions, the ones that the index comes to next
	for raw := found.Next(); raw != nil; raw = found.Next() {
		item := raw.(*Item)
		v := item.Latest()
		if len(item.Past)+len(item.Versions) > 1 {
			versions, again := rest[item]
			if !again {
				versions = item.since(Position{r.Partition, r.From})
			}
			v, rest[item] = versions[0], versions[1:]
		}
		if v.Partition != r.Partition || v.Offset > r.To {
			break
		}
		list = append(list, Written{v, item})
	}
	return list
}

// Changing lists, by id, the items of which more than the latest version counts still.
func (c *Catalog) Changing() []*Item {
	return c.between(byChange, nil, func(*Item) bool { return true })
}

// Expiring lists the open items whose deadline lies in (after, upTo], earliest first.
func (c *Catalog) Expiring(after, upTo time.Time) []*Item {
	return c.between(byDeadline, moment(after.Unix()+1), func(i *Item) bool {
		return !i.Latest().Opportunity.Deadline.After(upTo)
	})
}

func (c *Catalog) between(index string, from []byte, in func(*Item) bool) []*Item {
	found, err := c.db.Txn(false).LowerBound(table, index, from)
	if err != nil { // only an unknown index gives an error
		return nil
	}
	var items []*Item
	for raw := found.Next(); raw != nil && in(raw.(*Item)); raw = found.Next() {
		items = append(items, raw.(*Item))
	}
	return items
}

// Top gives the k best opportunities of a bucket that a student may be shown,
// best first, and whether others were left out. Scratch belongs to the caller
// and must not be shared between goroutines.
func (c *Catalog) Top(s *match.Student, b event.Bucket, k int, now time.Time, scratch *match.Scratch) ([]event.Entry, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.index.Top(s, b, k, now, scratch)
}

// Count gives the number of opportunities that are not deleted, by bucket.
func (c *Catalog) Count() [3]int {
	c.mu.RLock()
	defer c.mu.RUnlock()
	var n [3]int
	for i, b := range event.Buckets {
		n[i] = c.index.Len(b)
	}
	return n
}
