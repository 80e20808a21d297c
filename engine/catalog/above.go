package catalog

import (
	"tideline/engine/event"
	"tideline/engine/match"
)

// Above lists every open opportunity of some buckets whose skill overlap with a
// student is at least overlap, and more than nothing; see match.Opportunities.Above.
func (c *Catalog) Above(s *match.Student, buckets [3]bool, overlap float64, scratch *match.Scratch) []*Item {
	var members []event.Member
	c.mu.RLock()
	c.index.Above(s, buckets, overlap, scratch, func(m event.Member) { members = append(members, m) })
	c.mu.RUnlock()
	items := make([]*Item, 0, len(members))
	for _, m := range members {
		if item, ok := c.first(byMember, number(uint64(m))); ok && item.Latest().Opportunity != nil {
			items = append(items, item)
		}
	}
	return items
}

// Each gives every item whose latest version is not a deletion, by id, until
// yield returns false.
func (c *Catalog) Each(yield func(*Item) bool) {
	found, err := c.db.Txn(false).Get(table, byID)
	if err != nil { // only an unknown index gives an error
		return
	}
	for raw := found.Next(); raw != nil; raw = found.Next() {
		if item := raw.(*Item); item.Latest().Opportunity != nil && !yield(item) {
			return
		}
	}
}
