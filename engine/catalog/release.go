package catalog

import (
	"slices"

	"github.com/hashicorp/go-memdb"
)

// maxPast is how many versions are remembered that every local partition has
// passed. Beyond them a partition that is taken over cannot be told what an
// opportunity said before, and its rules take what is true of it for news.
const maxPast = 4096

// maxPastOfOne is how many of them are of one opportunity: each change writes them all anew.
const maxPastOfOne = 16

// passed is a version that every local partition has passed.
type passed struct {
	id string
	at Position
}

// Release lets go of the versions that no local partition needs any more. PassedTo
// gives, per partition of the opportunities topic, the first offset that some
// local partition has not yet processed. A partition of the topic that is not
// listed releases nothing.
func (c *Catalog) Release(passedTo map[int32]int64) error {
	txn := c.db.Txn(true)
	defer txn.Abort()
	room := maxPast // for the past of one call: the first one has the whole log's
	for id := range c.stale {
		raw, err := txn.First(table, byID, text(id))
		if err != nil {
			return err
		}
		if raw == nil {
			delete(c.stale, id)
			continue
		}
		item := raw.(*Item)
		latest := item.Latest()
		limit, known := passedTo[latest.Partition]
		if !known || latest.Offset >= limit {
			continue // some partition may still hold an older version
		}
		delete(c.stale, id)
		var past []Version
		if room -= len(item.Older()); room >= 0 {
			past = slices.Concat(item.Past, item.Older())
			past = past[max(0, len(past)-maxPastOfOne):]
			for _, v := range item.Older() {
				c.past = append(c.past, passed{id, v.Position})
			}
		}
		if err := settle(txn, item, past, item.Versions[len(item.Versions)-1:]); err != nil {
			return err
		}
	}
	for len(c.past) > maxPast {
		if err := forget(txn, c.past[0]); err != nil {
			return err
		}
		c.past = c.past[1:]
	}
	txn.Commit()
	for partition, offset := range passedTo {
		if offset > c.Released(partition) {
			c.released.Store(partition, offset)
		}
	}
	return nil
}

// forget drops a version of the past.
func forget(txn *memdb.Txn, old passed) error {
	raw, err := txn.First(table, byID, text(old.id))
	if err != nil || raw == nil {
		return err
	}
	item := raw.(*Item)
	past := slices.DeleteFunc(slices.Clone(item.Past), func(v Version) bool { return v.Position == old.at })
	return settle(txn, item, past, item.Versions)
}

// settle stores what is left of an item: nothing of one that is deleted, once nobody asks what it was.
func settle(txn *memdb.Txn, item *Item, past, versions []Version) error {
	if len(past) == 0 && len(versions) == 1 && versions[0].Opportunity == nil {
		return txn.Delete(table, item)
	}
	return txn.Insert(table, &Item{ID: item.ID, Member: item.Member, Past: past, Versions: slices.Clone(versions)})
}

// Released is the first offset of an opportunities partition whose
// predecessors are all still known. A student partition that is taken over with
// an earlier position must rebuild its feeds.
func (c *Catalog) Released(partition int32) int64 {
	if v, ok := c.released.Load(partition); ok {
		return v.(int64)
	}
	return 0
}
