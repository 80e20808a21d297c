package catalog

// Release drops the versions that no local partition needs any more. Passed
// gives, per partition of the opportunities topic, the first offset that some
// local partition has not yet processed. A partition of the topic that is not
// listed releases nothing.
func (c *Catalog) Release(passed map[int32]int64) error {
	txn := c.db.Txn(true)
	defer txn.Abort()
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
		limit, known := passed[latest.Partition]
		if !known || latest.Offset >= limit {
			continue // some partition may still hold an older version
		}
		delete(c.stale, id)
		if latest.Opportunity == nil {
			err = txn.Delete(table, item)
		} else {
			err = txn.Insert(table, &Item{ID: item.ID, Member: item.Member, Versions: []Version{*latest}})
		}
		if err != nil {
			return err
		}
	}
	txn.Commit()
	for partition, offset := range passed {
		if offset > c.Released(partition) {
			c.released.Store(partition, offset)
		}
	}
	return nil
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
